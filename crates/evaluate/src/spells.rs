//! Warm and cold spells: days in a row beyond what is usual for the season.

use crate::figures::quantile;
use crate::series::{Day, Series, is_usable, largest, smallest};

/// Days on either side that a day's threshold is taken from.
const WINDOW_DAYS: i32 = 7;
const LONGEST_YEAR: i32 = 366;

/// The lengths of all spells, in days.
pub(crate) struct Spells {
    /// Days whose maximum is above the 90 % quantile of the maxima within 7 days of the day of year.
    pub(crate) warm: Vec<usize>,
    /// Days whose minimum is below the 10 % quantile of the minima.
    pub(crate) cold: Vec<usize>,
}

/// The spells of a series beyond its own thresholds; days that have enough hours are taken one after another
/// as they are, so that a hole or a new member does not end a spell.
pub(crate) fn spells(series: &Series) -> Spells {
    let (days, hours): (Vec<&Day>, Vec<&[f64]>) = series.iter().filter(|(_, hours)| is_usable(hours)).unzip();
    let maxima: Vec<f64> = hours.iter().map(|hours| largest(hours)).collect();
    let minima: Vec<f64> = hours.iter().map(|hours| smallest(hours)).collect();
    let warm = thresholds(&days, &maxima, 0.9);
    let cold = thresholds(&days, &minima, 0.1);
    let beyond = |values: &[f64], is_beyond: &dyn Fn(f64, usize) -> bool| {
        let days = values.iter().zip(&days);
        lengths(days.map(|(&value, day)| is_beyond(value, day.day_of_year as usize)))
    };
    Spells {
        warm: beyond(&maxima, &|value, day| value > warm[day]),
        cold: beyond(&minima, &|value, day| value < cold[day]),
    }
}

/// For each day of year that occurs (index 1 to 366), the quantile of the values within 7 days of it
/// around the circle of 366 days.
fn thresholds(days: &[&Day], values: &[f64], probability: f64) -> Vec<f64> {
    let mut by_day = vec![Vec::new(); LONGEST_YEAR as usize];
    for (day, &value) in days.iter().zip(values) {
        by_day[day.day_of_year as usize - 1].push(value);
    }
    let mut thresholds = vec![f64::NAN; LONGEST_YEAR as usize + 1];
    let mut near = Vec::new();
    for day in (0..LONGEST_YEAR).filter(|&day| !by_day[day as usize].is_empty()) {
        near.clear();
        for shift in -WINDOW_DAYS..=WINDOW_DAYS {
            near.extend_from_slice(&by_day[(day + shift).rem_euclid(LONGEST_YEAR) as usize]);
        }
        thresholds[day as usize + 1] = quantile_of_unsorted(&mut near, probability);
    }
    thresholds
}

/// The same as [`quantile`] of the ascending values, which are only sorted around it.
fn quantile_of_unsorted(values: &mut [f64], probability: f64) -> f64 {
    let below = (probability * (values.len() - 1) as f64).floor() as usize;
    let (_, _, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    if let Some(next) = (0..above.len()).min_by(|&a, &b| above[a].total_cmp(&above[b])) {
        above.swap(0, next);
    }
    quantile(values, probability)
}

fn lengths(days: impl Iterator<Item = bool>) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut length = 0;
    for is_beyond in days.chain([false]) {
        match is_beyond {
            true => length += 1,
            false if length > 0 => lengths.push(std::mem::take(&mut length)),
            false => {}
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::daily_steps;

    #[test]
    fn lengths_of_runs_are_counted_by_hand() {
        let days = "0110111010011".chars().map(|c| c == '1');
        assert_eq!(lengths(days), [2, 3, 1, 2]);
        assert_eq!(lengths([false; 4].into_iter()), [0; 0]);
    }

    #[test]
    fn one_hot_week_in_ten_years_is_one_warm_spell() {
        // Ten equal years but for a week in the middle of the sixth.
        let values: Vec<f64> =
            (0..3650).map(|day| if (2005..2012).contains(&day) { 9.0 } else { 1.0 }).collect();
        let sample = daily_steps(&values);
        assert_eq!(sample.spells.warm, [7]);
        assert_eq!(sample.spells.cold, [0; 0]);
    }
}
