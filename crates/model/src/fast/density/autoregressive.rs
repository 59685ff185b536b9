//! An autoregression of the hours around the decoder's mean, periodic in the hour of day.

use std::ops::Range;

use super::super::layout::Layout;
use super::super::vector::{add_scaled, dot};
use super::heteroscedastic::{Scale, Scored};
use super::{Gradient, Sequence};
use crate::config::{ModelConfig, STEP_HOURS};
use crate::noise::{HISTORY_HOURS, HOURS};

#[derive(Clone, Debug)]
pub(in super::super) struct Autoregressive {
    order: usize,
    /// `[24, order]`, the last hour's first.
    coefficients: Range<usize>,
    scale: Scale,
    /// The hours minus the decoder's mean, the last one first, so that those before an hour follow it.
    residuals: Vec<f32>,
    residual_gradient: Vec<f32>,
}

impl Autoregressive {
    pub(super) fn new(order: usize, config: &ModelConfig, layout: &Layout) -> Autoregressive {
        Autoregressive {
            order,
            coefficients: layout.range("noise.coefficients"),
            scale: Scale::new(config, layout),
            residuals: Vec::new(),
            residual_gradient: Vec::new(),
        }
    }

    pub(super) fn negative_log(
        &mut self,
        weights: &[f32],
        sequence: Sequence<'_>,
        mut gradient: Option<Gradient<'_>>,
    ) -> f64 {
        let count = sequence.hours.len();
        let errors = sequence.hours.iter().zip(sequence.decoded).rev();
        self.residuals.clear();
        self.residuals.extend(errors.map(|(hour, mean)| hour - mean));
        self.residual_gradient.clear();
        self.residual_gradient.resize(count, 0.0);
        let coefficients = &weights[self.coefficients.clone()];
        let row = |hour: usize| hour % HOURS * self.order..(hour % HOURS + 1) * self.order;
        let mut sum = 0.0;
        for (step, seasonal) in sequence.seasonal.chunks_exact(self.scale.features).enumerate() {
            let log_vars = self.scale.log_vars(weights, seasonal);
            let mut of_log_vars = [0.0; HOURS];
            for hour in (step * STEP_HOURS).max(HISTORY_HOURS)..(step + 1) * STEP_HOURS {
                let place = count - 1 - hour;
                let before = place + 1..place + 1 + self.order;
                let past = &self.residuals[before.clone()];
                let error = self.residuals[place] - dot(&coefficients[row(hour)], past);
                let scored = Scored::of(error, log_vars[hour % HOURS]);
                sum += f64::from(scored.negative_log);
                if let Some(gradient) = &mut gradient {
                    let of_error = scored.of_error * gradient.scale;
                    of_log_vars[hour % HOURS] += scored.of_log_var * gradient.scale;
                    let of_coefficients = &mut gradient.weights[self.coefficients.clone()][row(hour)];
                    add_scaled(of_coefficients, -of_error, past);
                    self.residual_gradient[place] += of_error;
                    add_scaled(&mut self.residual_gradient[before], -of_error, &coefficients[row(hour)]);
                }
            }
            if let Some(gradient) = &mut gradient {
                self.scale.add_gradient(seasonal, &of_log_vars, gradient.weights);
            }
        }
        if let Some(gradient) = gradient {
            for (out, of_residual) in gradient.decoded.iter_mut().zip(self.residual_gradient.iter().rev()) {
                *out = -of_residual;
            }
        }
        sum
    }
}
