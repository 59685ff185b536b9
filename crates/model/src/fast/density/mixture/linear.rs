//! The linear part of the mean, whose coefficients depend on season and hour of day, and the scale of all
//! components.

use std::ops::Range;

use super::super::super::vector::{add_scaled, dot, vectorised};
use super::super::{Gradient, Sequence};
use super::Mixture;
use crate::config::STEP_HOURS;
use crate::noise::HOURS;

impl Mixture {
    /// The seasonal inputs of an hour.
    pub(super) fn season<'a>(
        &'a self,
        sequence: Sequence<'a>,
        hour: usize,
    ) -> impl Iterator<Item = f32> + 'a {
        let features = &sequence.seasonal[hour / STEP_HOURS * self.features..];
        self.seasonal.iter().map(move |&i| features[i])
    }

    /// The linear part's coefficients of each hour of day in the latent step of `hour`, `[24, input]`.
    fn coefficients(&self, weights: &[f32], sequence: Sequence<'_>, hour: usize) -> Vec<f32> {
        let mut shared = weights[self.linear.clone()].to_vec();
        let by_season = weights[self.season_linear.clone()].chunks_exact(self.inputs);
        for (feature, row) in self.season(sequence, hour).zip(by_season) {
            add_scaled(&mut shared, feature, row);
        }
        let mut all = weights[self.hour_linear.clone()].to_vec();
        all.chunks_exact_mut(self.inputs).for_each(|row| add_scaled(row, 1.0, &shared));
        all
    }

    /// The log of the scale of each hour of day in the latent step of `hour`.
    fn log_scales(&self, weights: &[f32], sequence: Sequence<'_>, hour: usize) -> [f32; HOURS] {
        let mut all = [0.0; HOURS];
        let rows = weights[self.log_scale.clone()].chunks_exact(1 + self.seasonal.len());
        for (out, row) in all.iter_mut().zip(rows) {
            let seasonal = self.season(sequence, hour).zip(&row[1..]).map(|(feature, x)| feature * x);
            *out = row[0] + seasonal.sum::<f32>();
        }
        all
    }

    /// Fills in the linear part and the log of the scale of each hour.
    pub(super) fn linear_part(&mut self, weights: &[f32], sequence: Sequence<'_>, hours: Range<usize>) {
        let mut room = std::mem::take(&mut self.room);
        let bias = &weights[self.hour_bias.clone()];
        for (rows, first) in stretches(hours) {
            let coefficients = self.coefficients(weights, sequence, first);
            let log_scales = self.log_scales(weights, sequence, first);
            vectorised(|| {
                for (row, hour) in rows.zip((0..HOURS).cycle()) {
                    let of_hour = &coefficients[hour * self.inputs..(hour + 1) * self.inputs];
                    let inputs = &room.inputs[row * self.inputs..(row + 1) * self.inputs];
                    room.linear[row] = dot(of_hour, inputs) + bias[hour];
                    room.log_scale[row] = log_scales[hour];
                }
            });
        }
        self.room = room;
    }

    /// From the gradients by each hour's linear part and scale to those of the weights and of the decoder's
    /// context, which is added to.
    pub(super) fn linear_backward(
        &self,
        weights: &[f32],
        sequence: Sequence<'_>,
        hours: Range<usize>,
        gradient: &mut Gradient<'_>,
    ) {
        let (room, all) = (&self.room, &mut *gradient.weights);
        let of_context = &mut gradient.decoded[hours.start * self.context..hours.end * self.context];
        for (rows, first) in stretches(hours) {
            let coefficients = self.coefficients(weights, sequence, first);
            let mut of_coefficients = vec![0.0; HOURS * self.inputs];
            let mut of_log_scales = [0.0; HOURS];
            let of_bias = &mut all[self.hour_bias.clone()];
            vectorised(|| {
                for (row, hour) in rows.zip((0..HOURS).cycle()) {
                    let place = hour * self.inputs..(hour + 1) * self.inputs;
                    let of_linear = room.of_linear[row];
                    let inputs = &room.inputs[row * self.inputs..(row + 1) * self.inputs];
                    add_scaled(&mut of_coefficients[place.clone()], of_linear, inputs);
                    let context = &mut of_context[row * self.context..(row + 1) * self.context];
                    add_scaled(context, of_linear, &coefficients[place][self.lags..]);
                    of_bias[hour] += of_linear;
                    of_log_scales[hour] += room.of_log_scale[row];
                }
            });
            self.add_linear_gradient(&of_coefficients, &of_log_scales, (sequence, first), all);
        }
    }

    /// Adds the gradients of a latent step's coefficients and scales to those of the weights they are of.
    fn add_linear_gradient(
        &self,
        of_coefficients: &[f32],
        of_log_scales: &[f32; HOURS],
        (sequence, hour): (Sequence<'_>, usize),
        all: &mut [f32],
    ) {
        let mut shared = vec![0.0; self.inputs];
        of_coefficients.chunks_exact(self.inputs).for_each(|row| add_scaled(&mut shared, 1.0, row));
        add_scaled(&mut all[self.hour_linear.clone()], 1.0, of_coefficients);
        add_scaled(&mut all[self.linear.clone()], 1.0, &shared);
        let by_season = all[self.season_linear.clone()].chunks_exact_mut(self.inputs);
        for (feature, row) in self.season(sequence, hour).zip(by_season) {
            add_scaled(row, feature, &shared);
        }
        let rows = all[self.log_scale.clone()].chunks_exact_mut(1 + self.seasonal.len());
        for (row, of_log_scale) in rows.zip(of_log_scales) {
            row[0] += of_log_scale;
            for (out, feature) in row[1..].iter_mut().zip(self.season(sequence, hour)) {
                *out += of_log_scale * feature;
            }
        }
    }
}

/// Stretches of a block's rows within one latent step, each with its first hour, which is a day's.
fn stretches(hours: Range<usize>) -> impl Iterator<Item = (Range<usize>, usize)> {
    let first = hours.start;
    let steps = hours.start / STEP_HOURS..hours.end.div_ceil(STEP_HOURS);
    steps.map(move |step| {
        let start = (step * STEP_HOURS).max(hours.start);
        let end = ((step + 1) * STEP_HOURS).min(hours.end);
        (start - first..end - first, start)
    })
}
