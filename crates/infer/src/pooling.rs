//! Draws of missing hours pooled with a second opinion: `model/pooling.json`.
//!
//! With m and d the mean and the standard deviation of an hour's standardised draws, and a the mean that a seasonal
//! autoregression of the training years gives the hour from the same hours seen ([`crate::linear`]),
//!
//! `z' = m + c(d) (a - m) + s(d) (z - m)`.
//!
//! Two opinions that err differently are better than either (c), and a model is too sure of itself in years that it
//! was not trained on (s). d is 0 beside a seen hour, where m and a are the hour itself, so that a gap's edges stay where
//! they are, and about 1 where nothing is known and the draws are the climate. c is the same for all models, s depends on
//! the number of training years. Both were chosen on the validation years of six runs, three splits each of Phoenix (24
//! training years) and La Haute Borne (9), with hours hidden and forecasts made in them, at d = 0, 0.15, 0.35, 0.6, 0.8
//! and 1. By least squares c was 0.43, 0.49, 0.56, 0.68, 0.83 and 0.83; s, by which nine in ten hours lie in the central
//! 90 %, was 1.11, 1.10, 1.03, 0.97, 0.96 and 0.88 at Phoenix, and 1.03, 1.07, 1.15, 1.16, 1.15 and 0.93 at La Haute Borne.
//! The correction depends on all draws of an hour together; each remains a course of the weather.

use contract::artifact::FORMAT;
use contract::stage::{Inputs, read_json};
use serde::{Deserialize, Serialize};

use crate::linear::{Linear, Standardised};
use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;
use crate::which::Which;

/// The file in the model folder.
pub const POOLING: &str = "pooling.json";
/// Draws that the mean and the standard deviation are taken from, if fewer are wanted.
pub(crate) const FEWEST_DRAWS: usize = 24;
/// From this deviation on nothing but the season is known.
const UNKNOWN: f64 = 0.8;
/// c at d = 0, and from [`UNKNOWN`] on; linear between.
const WEIGHTS: [f64; 2] = [0.45, 0.8];
/// s - 1 up to the first deviation; from the second to [`UNKNOWN`] it is so many years over the training years, at
/// most as much as of four; linear between, and from there to 0 at d = 1.
const NEAR: f64 = 0.08;
const NEAR_DEVIATIONS: [f64; 2] = [0.15, 0.35];
const SPREAD_YEARS: f64 = 1.2;
const FEWEST_YEARS: f64 = 4.0;
const YEAR_HOURS: f64 = 8766.0;

/// What draws are pooled with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pooling {
    format: u32,
    /// `None` where the training hours are too few for it.
    linear: Option<Linear>,
    training_years: f64,
}

impl Pooling {
    /// Reads what the `calibrate` stage left.
    ///
    /// # Errors
    /// When the file is missing or of another format version.
    pub fn read(inputs: &Inputs) -> anyhow::Result<Pooling> {
        read_json(inputs.path(&format!("{}/{POOLING}", Which::of(inputs).calibration()))?)
    }

    /// Fits the autoregression on the training hours.
    pub fn learn(model: &TrainedModel, trained: &[ObservedHours]) -> Pooling {
        let stretches: Vec<Standardised> =
            trained.iter().map(|hours| Standardised::of(model, hours, 0)).collect();
        let hours: usize = trained.iter().map(|hours| hours.values.len()).sum();
        Pooling { format: FORMAT, linear: Linear::fit(&stretches), training_years: hours as f64 / YEAR_HOURS }
    }

    /// Corrects the standardised draws of hidden hours of a series, `members` of each.
    pub(crate) fn apply(&self, series: &Standardised, hidden: &[usize], draws: &mut [f32], members: usize) {
        let means = self.linear.as_ref().map(|linear| linear.means(series, hidden));
        for (hour, draws) in draws.chunks_exact_mut(members).enumerate() {
            pool(draws, means.as_ref().map(|means| means[hour]), self.training_years);
        }
    }
}

/// One hour's draws, with what the autoregression says, if anything.
fn pool(draws: &mut [f32], linear: Option<f64>, training_years: f64) {
    let (mean, deviation) = moments(draws);
    let [known, unknown] = WEIGHTS;
    let weight = known + (unknown - known) * (deviation / UNKNOWN).min(1.0);
    let spread = spread(deviation, training_years);
    let pooled = mean + linear.map_or(0.0, |linear| weight * (linear - mean));
    draws.iter_mut().for_each(|draw| *draw = (pooled + spread * (f64::from(*draw) - mean)) as f32);
}

/// s.
fn spread(deviation: f64, training_years: f64) -> f64 {
    let far = SPREAD_YEARS / training_years.max(FEWEST_YEARS);
    let [first, second] = NEAR_DEVIATIONS;
    let share = ((deviation - first) / (second - first)).clamp(0.0, 1.0);
    let known = ((1.0 - deviation) / (1.0 - UNKNOWN)).clamp(0.0, 1.0);
    1.0 + known * (NEAR + share * (far - NEAR))
}

/// Mean and standard deviation, of at least two draws.
fn moments(draws: &[f32]) -> (f64, f64) {
    let count = draws.len() as f64;
    let mean = draws.iter().map(|draw| f64::from(*draw)).sum::<f64>() / count;
    let squares = draws.iter().map(|draw| (f64::from(*draw) - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(draws: [f32; 3], linear: Option<f64>, expected: [f64; 3]) {
        let mut pooled = draws;
        pool(&mut pooled, linear, 12.0);
        for (draw, expected) in pooled.into_iter().zip(expected) {
            assert!((f64::from(draw) - expected).abs() < 1e-6, "{draw}, not {expected}");
        }
    }

    #[test]
    fn draws_move_to_the_pooled_mean_and_spread() {
        // Mean 1, deviation 0.4, half of what is unknown: the weight is 0.625; of twelve years 1.1 times as wide.
        check([0.6, 1.0, 1.4], Some(0.2), [0.06, 0.5, 0.94]);
        check([0.6, 1.0, 1.4], None, [0.56, 1.0, 1.44]);
    }

    #[test]
    fn the_fewer_training_years_the_wider_where_little_is_known() {
        for (deviation, years, expected) in [
            (0.1, 9.0, 1.08),
            (0.25, 24.0, 1.065),
            (0.6, 24.0, 1.05),
            (0.9, 24.0, 1.025),
            (0.5, 1.0, 1.3),
            (2.0, 9.0, 1.0),
        ] {
            let found = spread(deviation, years);
            assert!((found - expected).abs() < 1e-9, "{deviation} {years}: {found}");
        }
    }

    #[test]
    fn draws_that_are_the_climate_keep_their_spread() {
        check([-1.0, 0.0, 1.0], Some(0.0), [-1.0, 0.0, 1.0]);
        check([-1.5, 0.0, 1.5], Some(0.1), [-1.42, 0.08, 1.58]);
    }

    #[test]
    fn a_known_hour_stays() {
        check([2.0, 2.0, 2.0], Some(2.0), [2.0, 2.0, 2.0]);
    }
}
