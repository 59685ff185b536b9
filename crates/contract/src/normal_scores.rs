//! The monotone map of each day of year and hour of day between values and normal scores. Here it is
//! evaluated; `preprocess` fits it.

use serde::{Deserialize, Serialize};

use crate::harmonics::harmonics;
use crate::monotone_cubic::{KNOTS, MonotoneCubic};

/// Hours of the day, each with a map of its own.
pub const HOURS: usize = 24;
/// Harmonics of the mean over the year.
pub const MEAN_HARMONICS: usize = 6;
/// Harmonics over the year of each quantile's departure from the mean: one fewer, because a quantile
/// in the tail is known less well than the mean.
pub const QUANTILE_HARMONICS: usize = 5;
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
    pub mean: [[f64; MEAN_TERMS]; HOURS],
    /// The quantile at each knot's normal score, as a departure from the mean: `[hour][term][knot]`.
    pub quantiles: [[[f64; KNOTS]; QUANTILE_TERMS]; HOURS],
    /// Neighbouring knots are at least so far apart, whatever the harmonics say.
    pub minimum_step: f64,
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
        MonotoneCubic::through(knots)
    }
}
