//! Draws of missing hours corrected by what the validation years show: `model/pooling.json`.
//!
//! With m and d the mean and the standard deviation of an hour's standardised draws, and a the mean that a seasonal
//! autoregression gives the hour from the same hours seen ([`crate::linear`]),
//!
//! `z' = g(d) (m + c(d) (a - m)) + s(d) (z - m)`.
//!
//! Two opinions that err differently are better than either (c); a model that was trained on a few years is too sure
//! of what lies far from the hours seen (g draws its mean towards the climate's, which is 0) and of how narrow its
//! draws are (s). All three are piecewise linear in d, which is 0 beside a seen hour and about 1 where nothing is
//! known; g is 1 at d = 0, so that a gap's edges stay where they are. The correction depends on all draws of an hour
//! together; each remains a course of the weather. c and g are fitted by least squares, s by the share of hours inside
//! the central 90 %, each with a prior, since a validation year says little.

mod fit;

use contract::artifact::MODEL;
use contract::stage::{Inputs, read_json};
use serde::{Deserialize, Serialize};

use crate::linear::{Linear, Standardised};

/// The file in the model folder.
pub const POOLING: &str = "pooling.json";
/// Draws that the mean and the standard deviation are taken from, if fewer are wanted.
pub(crate) const FEWEST_DRAWS: usize = 24;

/// The correction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pooling {
    format: u32,
    /// `None` where the training hours are too few for it.
    linear: Option<Linear>,
    /// By ascending deviation; none where there are no validation years, which leaves draws as they are.
    knots: Vec<Knot>,
}

/// The correction at one standard deviation of the draws.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Knot {
    /// d.
    deviation: f64,
    /// c, 0 to 1.
    weight: f64,
    /// g, at most 1.
    damping: f64,
    /// s.
    spread: f64,
}

impl Pooling {
    /// Reads what the `calibrate` stage left.
    ///
    /// # Errors
    /// When the file is missing or of another format version.
    pub fn read(inputs: &Inputs) -> anyhow::Result<Pooling> {
        read_json(inputs.path(&format!("calibrate/{MODEL}/{POOLING}"))?)
    }

    /// The autoregression's means at hidden hours; 0 where there is none.
    pub(crate) fn means(&self, series: &Standardised, hidden: &[usize]) -> Vec<f64> {
        self.linear.as_ref().map_or_else(|| vec![0.0; hidden.len()], |linear| linear.means(series, hidden))
    }

    /// Corrects the standardised draws of an hour, of which the autoregression has the mean `linear`.
    pub(crate) fn apply(&self, draws: &mut [f32], linear: f64) {
        let (mean, deviation) = moments(draws);
        let Some(Knot { weight, damping, spread, .. }) = self.at(deviation) else { return };
        let weight = if self.linear.is_some() { weight } else { 0.0 };
        let pooled = damping * (mean + weight * (linear - mean));
        draws.iter_mut().for_each(|draw| *draw = (pooled + spread * (f64::from(*draw) - mean)) as f32);
    }

    /// Between the knots around it; `None` without knots.
    fn at(&self, deviation: f64) -> Option<Knot> {
        let hat = Hat::at(&self.knots.iter().map(|knot| knot.deviation).collect::<Vec<_>>(), deviation)?;
        let between = |of: fn(&Knot) -> f64| hat.between(|knot| of(&self.knots[knot]));
        Some(Knot {
            deviation,
            weight: between(|knot| knot.weight),
            damping: between(|knot| knot.damping),
            spread: between(|knot| knot.spread),
        })
    }
}

/// Mean and standard deviation, of at least two draws.
fn moments(draws: &[f32]) -> (f64, f64) {
    let count = draws.len() as f64;
    let mean = draws.iter().map(|draw| f64::from(*draw)).sum::<f64>() / count;
    let squares = draws.iter().map(|draw| (f64::from(*draw) - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0)).sqrt())
}

/// Where a value lies among ascending knots: by how much it belongs to two neighbours.
#[derive(Clone, Copy, Debug)]
struct Hat {
    below: usize,
    above: usize,
    /// Of the one above, 0 to 1.
    share: f64,
}

impl Hat {
    /// Beyond the ends it is the end; `None` without knots.
    fn at(knots: &[f64], value: f64) -> Option<Hat> {
        let last = knots.len().checked_sub(1)?;
        let above = knots.partition_point(|knot| *knot <= value).min(last);
        let below = above.saturating_sub(1);
        let width = knots[above] - knots[below];
        let share = if width > 0.0 { ((value - knots[below]) / width).clamp(0.0, 1.0) } else { 1.0 };
        Some(Hat { below, above, share })
    }

    fn between(self, of: impl Fn(usize) -> f64) -> f64 {
        (1.0 - self.share) * of(self.below) + self.share * of(self.above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooling() -> Pooling {
        let knot = |deviation, weight, damping, spread| Knot { deviation, weight, damping, spread };
        let knots = vec![knot(0.0, 0.5, 1.0, 1.2), knot(1.0, 0.1, 0.6, 1.0)];
        let cells = serde_json::json!({"cells": []});
        Pooling { format: 2, linear: serde_json::from_value(cells).unwrap(), knots }
    }

    #[test]
    fn draws_move_to_the_pooled_mean_and_spread() {
        // Mean 1, standard deviation 0.5.
        let mut draws = [0.5_f32, 1.0, 1.5];
        pooling().apply(&mut draws, 0.0);
        // Half way between the knots: 0.8 (1 + 0.3 (0 - 1)) = 0.56, and 1.1 times as wide.
        for (draw, expected) in draws.into_iter().zip([0.01, 0.56, 1.11]) {
            assert!((draw - expected).abs() < 1e-6, "{draw}");
        }
    }

    #[test]
    fn beyond_the_knots_the_nearest_holds() {
        let at = |deviation| pooling().at(deviation).unwrap();
        assert_eq!((at(0.0).weight, at(1.0).weight, at(7.0).weight), (0.5, 0.1, 0.1));
        assert_eq!(at(0.25).weight, 0.4);
    }

    #[test]
    fn without_knots_draws_stay_as_they_are() {
        let none = Pooling { format: 2, linear: None, knots: Vec::new() };
        let mut draws = [1.0_f32, 2.0];
        none.apply(&mut draws, 9.0);
        assert_eq!(draws, [1.0, 2.0]);
    }
}
