//! Independent hours whose variance depends on the season and the hour of day.

use std::ops::Range;

use super::super::layout::Layout;
use super::super::vector::add_scaled;
use super::{Gradient, Sequence};
use crate::config::{ModelConfig, STEP_HOURS};
use crate::gaussian::LN_TWO_PI;
use crate::noise::HOURS;

#[derive(Clone, Debug)]
pub(in super::super) struct Heteroscedastic {
    scale: Scale,
}

impl Heteroscedastic {
    pub(super) fn new(config: &ModelConfig, layout: &Layout) -> Heteroscedastic {
        Heteroscedastic { scale: Scale::new(config, layout) }
    }

    pub(super) fn negative_log(
        &self,
        weights: &[f32],
        sequence: Sequence<'_>,
        mut gradient: Option<Gradient<'_>>,
    ) -> f64 {
        let mut sum = 0.0;
        for (step, seasonal) in sequence.seasonal.chunks_exact(self.scale.features).enumerate() {
            let log_vars = self.scale.log_vars(weights, seasonal);
            let mut of_log_vars = [0.0; HOURS];
            for hour in step * STEP_HOURS..(step + 1) * STEP_HOURS {
                let error = sequence.hours[hour] - sequence.decoded[hour];
                let scored = Scored::of(error, log_vars[hour % HOURS]);
                sum += f64::from(scored.negative_log);
                if let Some(gradient) = &mut gradient {
                    gradient.decoded[hour] = -scored.of_error * gradient.scale;
                    of_log_vars[hour % HOURS] += scored.of_log_var * gradient.scale;
                }
            }
            if let Some(gradient) = &mut gradient {
                self.scale.add_gradient(seasonal, &of_log_vars, gradient.weights);
            }
        }
        sum
    }
}

/// Log variances by season and hour, `[1 + features, 24]`.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    log_var: Range<usize>,
    pub(super) features: usize,
}

impl Scale {
    pub(super) fn new(config: &ModelConfig, layout: &Layout) -> Scale {
        Scale { log_var: layout.range("noise.log_var"), features: config.seasonal_features() }
    }

    /// The log variance of each hour of day in a latent step.
    pub(super) fn log_vars(&self, weights: &[f32], seasonal: &[f32]) -> [f32; HOURS] {
        let mut log_vars = [0.0; HOURS];
        let rows = weights[self.log_var.clone()].chunks_exact(HOURS);
        for (feature, row) in std::iter::once(&1.0).chain(seasonal).zip(rows) {
            add_scaled(&mut log_vars, *feature, row);
        }
        log_vars
    }

    /// Adds what the gradients of a latent step's log variances are to those of the weights.
    pub(super) fn add_gradient(&self, seasonal: &[f32], of_log_vars: &[f32; HOURS], weights: &mut [f32]) {
        let rows = weights[self.log_var.clone()].chunks_exact_mut(HOURS);
        for (feature, row) in std::iter::once(&1.0).chain(seasonal).zip(rows) {
            add_scaled(row, *feature, of_log_vars);
        }
    }
}

/// A Gaussian error's negative log density and its derivatives.
pub(super) struct Scored {
    pub(super) negative_log: f32,
    pub(super) of_error: f32,
    pub(super) of_log_var: f32,
}

impl Scored {
    pub(super) fn of(error: f32, log_var: f32) -> Scored {
        let of_error = error * (-log_var).exp();
        let square = error * of_error;
        Scored {
            negative_log: 0.5 * (LN_TWO_PI + log_var + square),
            of_error,
            of_log_var: 0.5 * (1.0 - square),
        }
    }
}
