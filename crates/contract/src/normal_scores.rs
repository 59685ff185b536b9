//! The monotone map of each day of year and hour of day between values and normal scores. Here it is
//! evaluated; `preprocess` fits it.

use serde::{Deserialize, Serialize};

use crate::calendar::DAY_HOURS;
use crate::harmonics::harmonics;
use crate::monotone_cubic::{KNOTS, MonotoneCubic};

/// Harmonics of the mean over the year.
pub const MEAN_HARMONICS: usize = 6;
/// Harmonics over the year of each quantile's departure from the mean: two fewer, because a quantile
/// in the tail is known less well than the mean.
pub const QUANTILE_HARMONICS: usize = 4;
/// Terms of the mean.
pub const MEAN_TERMS: usize = 1 + 2 * MEAN_HARMONICS;
/// Terms of each quantile.
pub const QUANTILE_TERMS: usize = 1 + 2 * QUANTILE_HARMONICS;

/// The knot of the median, from where the knots are kept apart.
const MEDIAN: usize = KNOTS / 2;

/// Fourier coefficients over the phase of year, in the order of [`harmonics`] and in the variable's
/// canonical unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormalScores {
    /// The mean of each hour of day: `[hour][term]`.
    pub mean: [[f64; MEAN_TERMS]; DAY_HOURS],
    /// The quantile at each knot's normal score, as a departure from the mean: `[hour][term][knot]`.
    pub quantiles: [[[f64; KNOTS]; QUANTILE_TERMS]; DAY_HOURS],
    /// Neighbouring knots are at least so far apart, whatever the harmonics say.
    pub minimum_step: f64,
    /// Slopes beyond the first and the last knot over those of the outer segments.
    pub tails: [f64; 2],
}

impl NormalScores {
    /// The map at that phase of year and hour of day.
    pub fn curve(&self, year_phase: f64, hour: usize) -> MonotoneCubic {
        let terms = harmonics::<MEAN_TERMS>(year_phase);
        let mean = self.mean[hour].iter().zip(&terms).map(|(coefficient, term)| coefficient * term).sum();
        let mut knots: [f64; KNOTS] = [mean; KNOTS];
        for (coefficients, term) in self.quantiles[hour].iter().zip(&terms) {
            for (knot, coefficient) in knots.iter_mut().zip(coefficients) {
                *knot += term * coefficient;
            }
        }
        for knot in MEDIAN + 1..KNOTS {
            knots[knot] = knots[knot].max(knots[knot - 1] + self.minimum_step);
        }
        for knot in (0..MEDIAN).rev() {
            knots[knot] = knots[knot].min(knots[knot + 1] - self.minimum_step);
        }
        MonotoneCubic::through(knots, self.tails)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::monotone_cubic::{FIRST_SCORE, SCORE_STEP};

    fn score(knot: usize) -> f64 {
        FIRST_SCORE + SCORE_STEP * knot as f64
    }

    /// Season and day in the mean, season in the spread, and a skewed distribution.
    pub(crate) fn skewed() -> NormalScores {
        let mut scores = NormalScores {
            mean: [[0.0; MEAN_TERMS]; DAY_HOURS],
            quantiles: [[[0.0; KNOTS]; QUANTILE_TERMS]; DAY_HOURS],
            minimum_step: 0.01,
            tails: [1.0; 2],
        };
        for hour in 0..DAY_HOURS {
            scores.mean[hour][0] = 285.0 + 0.3 * hour as f64;
            scores.mean[hour][2] = -10.0;
            for knot in 0..KNOTS {
                let skewed = (0.3 * score(knot)).exp_m1() / 0.3;
                scores.quantiles[hour][0][knot] = 4.0 * skewed;
                scores.quantiles[hour][1][knot] = 2.0 * skewed;
            }
        }
        scores
    }

    #[test]
    fn a_normal_distribution_with_season_and_day_is_a_line_everywhere() {
        let mut scores = skewed();
        for hour in 0..DAY_HOURS {
            for knot in 0..KNOTS {
                scores.quantiles[hour][0][knot] = 4.0 * score(knot);
                scores.quantiles[hour][1][knot] = 2.0 * score(knot);
            }
        }
        for step in 0..500 {
            let (phase, hour) = (f64::from(step) / 500.0, step as usize % DAY_HOURS);
            let curve = scores.curve(phase, hour);
            let mean = 285.0 + 0.3 * hour as f64 - 10.0 * (TAU * phase).cos();
            let deviation = 4.0 + 2.0 * (TAU * phase).sin();
            for z in [-6.0, -2.5, -1.1, 0.0, 0.7, 2.5, 5.0] {
                assert!((curve.value(z) - mean - deviation * z).abs() < 1e-10, "{z} at {phase}");
                assert!((curve.slope(z) - deviation).abs() < 1e-10, "{z} at {phase}");
            }
        }
    }

    #[test]
    fn knots_that_harmonics_make_cross_are_kept_apart_around_the_median() {
        let mut scores = skewed();
        scores.mean = [[0.0; MEAN_TERMS]; DAY_HOURS];
        scores.quantiles = [[[0.0; KNOTS]; QUANTILE_TERMS]; DAY_HOURS];
        let crossing = [-5.0, -6.0, -3.0, -2.0, 0.5, 0.0, 1.0, 0.9, 3.0, 4.0, 3.0];
        scores.quantiles[7][0] = crossing;
        let curve = scores.curve(0.3, 7);
        let wanted = [-6.01, -6.0, -3.0, -2.0, -0.01, 0.0, 1.0, 1.01, 3.0, 4.0, 4.01];
        for (knot, wanted) in wanted.into_iter().enumerate() {
            assert!((curve.value(score(knot)) - wanted).abs() < 1e-12, "knot {knot}");
        }
    }
}
