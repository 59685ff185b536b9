//! How a trend's slope departs from its mean over the year, by season and time of day: two harmonics
//! of the phase of year times two of the phase of day. What is fitted is in `preprocess`.

use serde::{Deserialize, Serialize};

use crate::harmonics::harmonics;

/// Harmonics over the year and over the day. Two follow a season and an asymmetric day; a map of
/// 12 months x 24 hours of their own would be noise with the years there are.
pub const PATTERN_HARMONICS: usize = 2;
/// Terms over the year and over the day.
pub const PATTERN_TERMS: usize = 1 + 2 * PATTERN_HARMONICS;

/// The departure of the slope from its mean over the year, in the canonical unit per year.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlopePattern {
    /// `[term of the year][term of the day]`, in the order of [`harmonics`]. The first is 0, and the
    /// others have the mean 0 over every whole year, so the pattern has too.
    pub coefficients: [[f64; PATTERN_TERMS]; PATTERN_TERMS],
}

impl SlopePattern {
    /// The departure at that phase of year and phase of day.
    pub fn at(&self, year_phase: f64, day_phase: f64) -> f64 {
        let (year, day) = (harmonics::<PATTERN_TERMS>(year_phase), harmonics::<PATTERN_TERMS>(day_phase));
        let of_row = |row: &[f64; PATTERN_TERMS]| row.iter().zip(&day).map(|(c, term)| c * term).sum::<f64>();
        self.coefficients.iter().zip(&year).map(|(row, term)| term * of_row(row)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{HOUR_US, Moment, year_start_us};

    #[test]
    fn the_mean_over_a_whole_year_is_zero_in_every_zone() {
        let mut coefficients = [[0.0; PATTERN_TERMS]; PATTERN_TERMS];
        for (number, coefficient) in coefficients.as_flattened_mut().iter_mut().enumerate().skip(1) {
            *coefficient = 0.3 - 0.05 * number as f64;
        }
        let pattern = SlopePattern { coefficients };
        for (year, first) in [(2001, 0), (2004, 0), (2004, HOUR_US / 2), (2001, HOUR_US / 4)] {
            let hours = (year_start_us(year) + first..year_start_us(year + 1)).step_by(HOUR_US as usize);
            let moments: Vec<Moment> = hours.map(Moment::of).collect();
            let sum: f64 = moments.iter().map(|moment| pattern.at(moment.year_phase, moment.day_phase)).sum();
            assert!((sum / moments.len() as f64).abs() < 1e-12, "{year} {first}");
        }
    }
}
