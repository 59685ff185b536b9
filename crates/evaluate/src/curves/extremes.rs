//! The largest and the smallest hour of each whole year, and what comes once in twenty years.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::Curve;
use super::days::whole_years;
use super::rounding::hundredth;
use crate::figures::yearly_extremes;
use crate::series::{Series, mean, standard_deviation};

/// Fewer years say nothing about extremes.
const LEAST_YEARS: usize = 3;
const EULER: f64 = 0.577_215_664_901_532_9;

/// What a side's years reach.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extremes {
    /// One value a year, from the most extreme on. The band is that of halves of the real years.
    pub(crate) years: Curve,
    /// What is reached once in twenty years: Gumbel's distribution, fitted by moments.
    pub(crate) real_level: Option<f64>,
    pub(crate) generated_level: Option<f64>,
}

impl Extremes {
    pub(super) fn of(years: Curve, level: fn(&[f64]) -> Option<f64>) -> Extremes {
        let of = |values: &[f64]| level(values).map(hundredth);
        Extremes { real_level: of(&years.real), generated_level: of(&years.generated), years }
    }
}

/// The years' maxima, descending, and their minima, ascending; empty where the years are too few.
pub(super) fn extremes(series: &Series) -> [Vec<f64>; 2] {
    let years = whole_years(series);
    let of = |sign: f64| -> Vec<f64> {
        let extremes = yearly_extremes(series, years.clone(), sign);
        extremes.into_iter().map(|value| sign * value).collect()
    };
    let (mut maxima, mut minima) = (of(1.0), of(-1.0));
    if maxima.len() < LEAST_YEARS || minima.len() < LEAST_YEARS {
        return [Vec::new(), Vec::new()];
    }
    maxima.sort_unstable_by(|a, b| b.total_cmp(a));
    minima.sort_unstable_by(f64::total_cmp);
    [maxima, minima]
}

/// The value that a year's maximum exceeds once in twenty years: `μ + β y`, with `β = s √6 / π`,
/// `μ = mean - γ β` and `y = -ln(-ln(1 - 1/20))`.
pub(super) fn maximum_level(maxima: &[f64]) -> Option<f64> {
    if maxima.len() < LEAST_YEARS {
        return None;
    }
    let beta = standard_deviation(maxima, 1) * 6.0_f64.sqrt() / PI;
    let variate = -(-(1.0 - 1.0 / 20.0_f64).ln()).ln();
    Some(mean(maxima) + beta * (variate - EULER))
}

/// The same downwards.
pub(super) fn minimum_level(minima: &[f64]) -> Option<f64> {
    let turned: Vec<f64> = minima.iter().map(|value| -value).collect();
    maximum_level(&turned).map(|level| -level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;
    use contract::calendar::civil;

    #[test]
    fn each_year_has_one_maximum_and_one_minimum() {
        let series = sample(2001, 3 * 365 * 24, |time| {
            let civil = civil(time);
            let peak = (civil.day_of_year, civil.hour) == (200, 15);
            if peak { f64::from(civil.year) } else { -f64::from(civil.day_of_year) }
        });
        let [maxima, minima] = extremes(&series.series);
        assert_eq!(maxima, [2003.0, 2002.0, 2001.0]);
        assert_eq!(minima, [-365.0; 3]);
    }

    #[test]
    fn the_twenty_year_level_is_gumbels() {
        // A Gumbel sample by its quantiles: location 40, scale 1.5; the level is 40 + 1.5 * 2.9702.
        let quantile = |i: i32| 40.0 - 1.5 * (-((f64::from(i) + 0.5) / 4000.0).ln()).ln();
        let maxima: Vec<f64> = (0..4000).map(quantile).collect();
        let level = maximum_level(&maxima).unwrap();
        assert!((level - 44.455).abs() < 0.01, "{level}");
        let minima: Vec<f64> = maxima.iter().map(|value| -value).collect();
        assert!((minimum_level(&minima).unwrap() + level).abs() < 1e-12);
    }
}
