//! Independent hours with one variance.

use std::ops::Range;

use super::super::layout::Layout;
use super::super::vector::{dot, vectorised};
use super::{Gradient, Sequence};
use crate::config::STEP_HOURS;
use crate::gaussian::LN_TWO_PI;

#[derive(Clone, Debug)]
pub(in super::super) struct White {
    log_var: Range<usize>,
}

impl White {
    pub(super) fn new(layout: &Layout) -> White {
        White { log_var: layout.range("noise_log_var") }
    }

    pub(super) fn negative_log(
        &self,
        weights: &[f32],
        sequence: Sequence<'_>,
        gradient: Option<Gradient<'_>>,
    ) -> f64 {
        let Sequence { hours, decoded, .. } = sequence;
        let log_var = weights[self.log_var.start];
        let precision = (-log_var).exp();
        let squares = squared_errors(hours, decoded);
        if let Some(gradient) = gradient {
            let factor = precision * gradient.scale;
            scaled_errors(hours, decoded, factor, gradient.decoded);
            let of_log_var = 0.5 * (hours.len() as f64 - squares * f64::from(precision));
            gradient.weights[self.log_var.start] += of_log_var as f32 * gradient.scale;
        }
        let constant = f64::from(log_var + LN_TWO_PI);
        0.5 * (hours.len() as f64 * constant + squares * f64::from(precision))
    }
}

vectorised! {
    /// The sum of the squared errors, in short stretches, so that few digits are lost.
    fn squared_errors(hours: &[f32], decoded: &[f32]) -> f64 {
        let stretches = hours.chunks(STEP_HOURS).zip(decoded.chunks(STEP_HOURS));
        let squares = stretches.map(|(hours, decoded)| {
            let mut errors = [0.0; STEP_HOURS];
            for ((error, hour), mean) in errors.iter_mut().zip(hours).zip(decoded) {
                *error = hour - mean;
            }
            f64::from(dot(&errors, &errors))
        });
        squares.sum()
    }
}

vectorised! {
    fn scaled_errors(hours: &[f32], decoded: &[f32], factor: f32, out: &mut [f32]) {
        for ((out, mean), hour) in out.iter_mut().zip(decoded).zip(hours) {
            *out = (mean - hour) * factor;
        }
    }
}
