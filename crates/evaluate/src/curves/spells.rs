//! How long warm and cold spells last: runs of days whose largest value is above the 90th percentile of
//! the days within a week of the same day of year (warm), or whose smallest value is below the 10th
//! (cold), each series by its own percentiles. A spell ends at a hole.

use crate::figures::quantile;
use crate::series::{Series, is_usable};

use super::days::{mean_and_range, whole_years};

/// The last class has all longer spells, too.
pub(crate) const LONGEST_DAYS: usize = 15;

const DAYS_OF_YEAR: usize = 366;
const WINDOW_DAYS: usize = 7;
/// Fewer years say nothing about percentiles of a calendar day.
const LEAST_YEARS: usize = 3;

/// Warm and cold spells a year by length in days; empty where the years are too few.
pub(super) fn spells(series: &Series) -> [Vec<f64>; 2] {
    if whole_years(series).len() < LEAST_YEARS {
        return [Vec::new(), Vec::new()];
    }
    let ranges = series.iter().map(|(_, values)| match is_usable(values) {
        true => mean_and_range(values),
        false => (f64::NAN, f64::NAN, f64::NAN),
    });
    let (smallest, largest): (Vec<f64>, Vec<f64>) = ranges.map(|(_, low, high)| (low, high)).unzip();
    let (warm, cold) = (thresholds(series, &largest, 0.9), thresholds(series, &smallest, 0.1));
    let day_of_year = |day: usize| series.days[day].day_of_year as usize - 1;
    [
        by_length(series, |day| largest[day] > warm[day_of_year(day)]),
        by_length(series, |day| smallest[day] < cold[day_of_year(day)]),
    ]
}

/// For each of 366 days of year, the quantile of the values within a week of it.
fn thresholds(series: &Series, daily: &[f64], probability: f64) -> Vec<f64> {
    let mut by_day = vec![Vec::new(); DAYS_OF_YEAR];
    for (day, &value) in series.days.iter().zip(daily) {
        if !value.is_nan() {
            by_day[day.day_of_year as usize - 1].push(value);
        }
    }
    let around = |centre: usize| {
        let offsets = DAYS_OF_YEAR - WINDOW_DAYS..=DAYS_OF_YEAR + WINDOW_DAYS;
        let mut values: Vec<f64> =
            offsets.flat_map(|offset| by_day[(centre + offset) % DAYS_OF_YEAR].iter().copied()).collect();
        values.sort_unstable_by(f64::total_cmp);
        if values.is_empty() { f64::NAN } else { quantile(&values, probability) }
    };
    (0..DAYS_OF_YEAR).map(around).collect()
}

fn by_length(series: &Series, is_extreme: impl Fn(usize) -> bool) -> Vec<f64> {
    let mut counts = vec![0.0; LONGEST_DAYS];
    let mut count = |length: usize| {
        if length > 0 {
            counts[length.min(LONGEST_DAYS) - 1] += 1.0;
        }
    };
    for run in &series.runs {
        let mut length = 0;
        for day in run.clone() {
            if is_extreme(day) {
                length += 1;
            } else {
                count(length);
                length = 0;
            }
        }
        count(length);
    }
    let years = series.usable_days() as f64 / 365.25;
    counts.into_iter().map(|spells| spells / years).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::{daily_steps, sample};
    use contract::calendar::{DAY_US, civil};

    #[test]
    fn spells_by_hand_have_their_lengths() {
        let warm = [0, 1, 0, 1, 1, 0, 1, 1, 1, 1].map(f64::from);
        let sample = daily_steps(&warm);
        let counts = by_length(&sample.series, |day| warm[day] > 0.0);
        let years = 10.0 / 365.25;
        let counts: Vec<f64> = counts.iter().map(|count| (count * years).round()).collect();
        assert_eq!(counts[..5], [1.0, 1.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn a_spell_ends_at_a_hole_and_long_ones_share_a_class() {
        let mut days = vec![1.0; 40];
        days[20] = f64::NAN;
        let sample = daily_steps(&days);
        let counts = by_length(&sample.series, |_| true);
        let years = 39.0 / 365.25;
        assert!((counts[LONGEST_DAYS - 1] * years - 2.0).abs() < 1e-9);
        assert!(counts[..LONGEST_DAYS - 1].iter().all(|&count| count == 0.0));
    }

    #[test]
    fn a_tenth_of_independent_days_is_warm_and_most_spells_are_single_days() {
        let mut noise = crate::sample::tests::Noise(3);
        let mut day = (0, 0.0);
        let sample = sample(2001, 30 * 8766, |time| {
            if day.0 != time / DAY_US {
                day = (time / DAY_US, noise.normal());
            }
            day.1 + 0.1 * f64::from(civil(time).hour)
        });
        let [warm, cold] = spells(&sample.series);
        for spells in [warm, cold] {
            let days: f64 = (1..).zip(&spells).map(|(length, count)| f64::from(length) * count).sum();
            // 36.5 days a year lie beyond the percentile; of independent days 0.81 are single: 29.6 spells.
            assert!((days - 36.5).abs() < 1.5, "{days}");
            assert!((spells[0] - 36.5 * 0.81).abs() < 1.5, "{spells:?}");
        }
    }

    #[test]
    fn two_years_are_too_few() {
        assert_eq!(spells(&sample(2001, 2 * 8766, |_| 1.0).series), [vec![0.0; 0], vec![0.0; 0]]);
    }
}
