//! The density of a block's hours given the network's output.

use super::super::super::vector::{exp, vectorised};
use super::room::Room;
use crate::gaussian::LN_TWO_PI;
use crate::noise::mixture::{LOG_SIGMA, MEAN_SCALE};

impl Room {
    /// The sum of the negative log densities; gradients by the network's output and the linear part where
    /// an hour counts `scale`.
    pub(super) fn score(&mut self, components: usize, scale: Option<f32>) -> f64 {
        fill_terms(self, components);
        let mut sum = 0.0;
        let [largest, total, largest_term, total_term] = &self.scratch;
        for row in 0..self.step.len() {
            let log_density = (total_term[row] / total[row]).ln() + largest_term[row] - largest[row];
            sum += f64::from(0.5 * LN_TWO_PI - log_density);
        }
        if let Some(scale) = scale {
            fill_gradients(self, components, scale);
        }
        sum
    }
}

vectorised! {
    /// Each component's logit and term as powers over the largest, with their sums; what gradients need is kept
    /// in the output and its gradient.
    fn fill_terms(room: &mut Room, components: usize) {
        let rows = room.step.len();
        let Room { step, linear, log_scale, output, of_output, scratch, .. } = room;
        let [largest, total, largest_term, total_term] = scratch;
        largest.fill(f32::NEG_INFINITY);
        largest_term.fill(f32::NEG_INFINITY);
        total.fill(0.0);
        total_term.fill(0.0);
        let (logits, rest) = output.split_at_mut(components * rows);
        let (means, log_sigmas) = rest.split_at_mut(components * rows);
        let (of_terms, rest) = of_output.split_at_mut(components * rows);
        let (scaled_errors, precisions) = rest.split_at_mut(components * rows);
        for component in 0..components {
            let place = component * rows..(component + 1) * rows;
            let (logits, means) = (&logits[place.clone()], &means[place.clone()]);
            let log_sigmas = &mut log_sigmas[place.clone()];
            let (of_terms, errors) = (&mut of_terms[place.clone()], &mut scaled_errors[place.clone()]);
            let precisions = &mut precisions[place];
            for row in 0..rows {
                let unbounded = log_sigmas[row] + log_scale[row];
                let log_sigma = unbounded.max(LOG_SIGMA.0).min(LOG_SIGMA.1);
                // Kept as a flag for the gradient, which is zero at the bounds.
                log_sigmas[row] = if unbounded == log_sigma { 1.0 } else { 0.0 };
                precisions[row] = exp(-log_sigma);
                let mean = means[row] * MEAN_SCALE + linear[row];
                errors[row] = (step[row] - mean) * precisions[row];
                of_terms[row] = logits[row] - errors[row] * errors[row] * 0.5 - log_sigma;
                largest[row] = largest[row].max(logits[row]);
                largest_term[row] = largest_term[row].max(of_terms[row]);
            }
        }
        for component in 0..components {
            let place = component * rows..(component + 1) * rows;
            let (logits, of_terms) = (&mut logits[place.clone()], &mut of_terms[place]);
            for row in 0..rows {
                logits[row] = exp(logits[row] - largest[row]);
                of_terms[row] = exp(of_terms[row] - largest_term[row]);
                total[row] += logits[row];
                total_term[row] += of_terms[row];
            }
        }
    }
}

vectorised! {
    fn fill_gradients(room: &mut Room, components: usize, scale: f32) {
        let rows = room.step.len();
        let Room { output, of_output, of_linear, of_log_scale, scratch, .. } = room;
        let [_, total, _, total_term] = scratch;
        of_linear.fill(0.0);
        of_log_scale.fill(0.0);
        for row in 0..rows {
            total[row] = 1.0 / total[row];
            total_term[row] = 1.0 / total_term[row];
        }
        let (logits, rest) = output.split_at(components * rows);
        let (_, free) = rest.split_at(components * rows);
        let (of_logits, rest) = of_output.split_at_mut(components * rows);
        let (of_means, of_log_sigmas) = rest.split_at_mut(components * rows);
        for component in 0..components {
            let place = component * rows..(component + 1) * rows;
            let (logits, free) = (&logits[place.clone()], &free[place.clone()]);
            let (of_logits, of_means) = (&mut of_logits[place.clone()], &mut of_means[place.clone()]);
            let of_log_sigmas = &mut of_log_sigmas[place];
            for row in 0..rows {
                let share = of_logits[row] * total_term[row];
                of_logits[row] = (logits[row] * total[row] - share) * scale;
                let (error, precision) = (of_means[row], of_log_sigmas[row]);
                let of_mean = -share * error * precision * scale;
                of_means[row] = of_mean * MEAN_SCALE;
                of_linear[row] += of_mean;
                of_log_sigmas[row] = share * (1.0 - error * error) * free[row] * scale;
                of_log_scale[row] += of_log_sigmas[row];
            }
        }
    }
}
