//! The mean of a year that lacks hours: the mean over the whole year of the climatology, plus the mean departure from it
//! of the hours that are there. The climatology is the mean of each month and hour of day over the years given.

use contract::calendar::{DAY_HOURS, civil, hours_in_year};

const CELLS: usize = 12 * DAY_HOURS;
/// Years that lack at most this share of their hours keep the mean of what is there.
const NEARLY_WHOLE: f64 = 0.01;

/// The sum and the number of the hours in each cell.
struct Sums([(f64, f64); CELLS]);

impl Sums {
    fn new() -> Sums {
        Sums([(0.0, 0.0); CELLS])
    }

    fn add(&mut self, cell: usize, value: f64) {
        self.0[cell].0 += value;
        self.0[cell].1 += 1.0;
    }

    fn mean(&self, cell: usize) -> Option<f64> {
        let (sum, count) = self.0[cell];
        (count > 0.0).then(|| sum / count)
    }
}

/// Puts such a mean in place of that of each year in `means` that lacks more than one in a hundred of its hours; NaN
/// is missing.
pub(crate) fn balance(local_times: &[i64], values: &[f64], means: &mut [(i16, f64)]) {
    let mut by_year: Vec<Sums> = means.iter().map(|_| Sums::new()).collect();
    let mut hours: Vec<[f64; CELLS]> = vec![[0.0; CELLS]; means.len()];
    let mut climatology = Sums::new();
    let mut number = None;
    let mut last_year = None;
    for (&local_us, &value) in local_times.iter().zip(values) {
        let moment = civil(local_us);
        if last_year != Some(moment.year) {
            last_year = Some(moment.year);
            number = means.iter().position(|(year, _)| *year == moment.year);
        }
        let Some(number) = number else { continue };
        let cell = (moment.month as usize - 1) * DAY_HOURS + moment.hour as usize;
        hours[number][cell] += 1.0;
        if !value.is_nan() {
            by_year[number].add(cell, value);
            climatology.add(cell, value);
        }
    }
    for (number, (year, mean)) in means.iter_mut().enumerate() {
        let there: f64 = by_year[number].0.iter().map(|(_, count)| count).sum();
        if there >= (1.0 - NEARLY_WHOLE) * hours_in_year(*year) as f64 {
            continue;
        }
        let (mut whole, mut departure) = (0.0, 0.0);
        for cell in 0..CELLS {
            let Some(usual) = climatology.mean(cell) else { continue };
            let (sum, count) = by_year[number].0[cell];
            whole += hours[number][cell] * usual;
            departure += sum - count * usual;
        }
        *mean = whole / hours[number].iter().sum::<f64>() + departure / there;
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use contract::calendar::{HOUR_US, year, year_phase, year_start_us};

    use super::*;

    /// A year half a kelvin warmer than the ten others, which lacks January.
    #[test]
    fn a_missing_winter_does_not_warm_a_year() {
        let local: Vec<i64> = (year_start_us(2001)..year_start_us(2012)).step_by(HOUR_US as usize).collect();
        let value = |&local_us: &i64| {
            let course = 280.0 - 10.0 * (TAU * year_phase(local_us)).cos();
            match (year(local_us), civil(local_us).month) {
                (2006, 1) => f64::NAN,
                (2006, _) => course + 0.5,
                _ => course,
            }
        };
        let values: Vec<f64> = local.iter().map(value).collect();
        let mean = |wanted: i16| {
            let hours =
                local.iter().zip(&values).filter(|(at, value)| year(**at) == wanted && !value.is_nan());
            let (sum, count) = hours.fold((0.0, 0.0), |(sum, count), (_, value)| (sum + value, count + 1.0));
            (wanted, sum / count)
        };
        let plain: Vec<(i16, f64)> = (2001..2012).map(mean).collect();
        assert!(plain[5].1 > 281.2, "{}", plain[5].1);
        let mut balanced = plain.clone();
        balance(&local, &values, &mut balanced);
        // The climatology is warmer itself by an eleventh of half a kelvin, outside January.
        assert!((balanced[5].1 - 280.5).abs() < 0.01, "{}", balanced[5].1);
        balanced.remove(5);
        assert_eq!(balanced, [&plain[..5], &plain[6..]].concat());
    }
}
