//! Values far outside the climatology: further from the median of their month of the year and hour of the day than
//! [`LARGEST_DEVIATION`] robust standard deviations, the interquartile range divided by 1.349 as of a normal
//! distribution. In 22 years of ERA5 at one place no value of temperature, pressure or wind reaches 7 (the tests
//! measure it); records of a century and of heavier tails are left room. Units that change for a while, sensors
//! indoors and digits that were swapped are found. A month and hour with fewer than [`LEAST_VALUES`] values, of three
//! years, has no climatology. Rain and radiation are not looked at: most of their hours are at zero.

use contract::artifact::flag;
use contract::calendar::{self, DAY_HOURS};
use contract::variable::{Sampling, Variable};

use super::resolution;
use crate::dataset::Hour;

/// Of robust standard deviations.
const LARGEST_DEVIATION: f64 = 10.0;

const LEAST_VALUES: usize = 84;

/// The interquartile range of a normal distribution, in standard deviations.
const NORMAL_RANGE: f64 = 1.349;

/// Flags the outliers of `hours`.
pub(super) fn flag(variable: &Variable, hours: &mut [Hour]) {
    if variable.sampling != Sampling::Instantaneous {
        return;
    }
    for (hour, deviation) in deviations(hours) {
        if deviation > LARGEST_DEVIATION {
            hours[hour].flags |= flag::OUTLIER;
        }
    }
}

/// The distance of each hour from its median, in robust standard deviations; without hours that have no climatology.
fn deviations(hours: &[Hour]) -> Vec<(usize, f64)> {
    let mut cells: Vec<Vec<usize>> = vec![Vec::new(); 12 * DAY_HOURS];
    for (at, hour) in hours.iter().enumerate() {
        let civil = calendar::civil(hour.time_us);
        let month = usize::from(civil.month.unsigned_abs()) - 1;
        cells[month * DAY_HOURS + usize::from(civil.hour.unsigned_abs())].push(at);
    }
    let resolution = resolution(hours);
    let of_cell = |cell: Vec<usize>| {
        let mut values: Vec<f64> = cell.iter().map(|at| f64::from(hours[*at].value)).collect();
        values.sort_unstable_by(f64::total_cmp);
        let quantile = |quarter: usize| values[values.len() * quarter / 4];
        let (median, deviation) = (quantile(2), (quantile(3) - quantile(1)) / NORMAL_RANGE);
        let deviation = deviation.max(resolution);
        let of_hour = move |at: usize| (at, (f64::from(hours[at].value) - median).abs() / deviation);
        cell.into_iter().map(of_hour).filter(|(_, deviation)| deviation.is_finite())
    };
    cells.into_iter().filter(|cell| cell.len() >= LEAST_VALUES).flat_map(of_cell).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{flagged, series};
    use super::*;

    /// Years of a cosine through the year and another through the day, with noise of one K either way.
    fn years(number: usize) -> Vec<f32> {
        let of_hour = |hour: usize| {
            let turn = |hours: f64| (std::f64::consts::TAU * hour as f64 / hours).cos();
            let noise = ((hour.wrapping_mul(2_654_435_761) >> 7) % 2001) as f64 / 1000.0 - 1.0;
            (285.0 - 8.0 * turn(8766.0) - 4.0 * turn(24.0) + noise) as f32
        };
        (0..number * 8766).map(of_hour).collect()
    }

    fn check(mut values: Vec<f32>, changed: &[(usize, f32)], expected: &[usize]) {
        for (hour, change) in changed {
            values[*hour] += change;
        }
        let mut hours = series(values);
        flag(Variable::named("t2m").unwrap(), &mut hours);
        assert_eq!(flagged(&hours, flag::OUTLIER), expected);
    }

    #[test]
    fn what_is_far_from_the_hours_of_its_month_is_flagged() {
        check(years(4), &[], &[]);
        check(years(4), &[(5000, 25.0), (20_000, -25.0), (30_000, 4.0)], &[5000, 20_000]);
        // A day in other units, 9/5 as far from the freezing point of brine.
        let day: Vec<(usize, f32)> = (10_000..10_024).map(|hour| (hour, 32.0)).collect();
        check(years(4), &day, &(10_000..10_024).collect::<Vec<_>>());
    }

    #[test]
    fn two_years_are_no_climatology() {
        check(years(2), &[(5000, 40.0)], &[]);
    }

    #[test]
    fn rain_has_none() {
        let mut hours = series((0..4 * 8766).map(|hour| if hour % 500 == 0 { 20.0 } else { 0.0 }));
        flag(Variable::named("tp").unwrap(), &mut hours);
        assert!(flagged(&hours, flag::OUTLIER).is_empty());
    }
}
