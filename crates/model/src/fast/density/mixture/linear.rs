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
            let inputs = &room.inputs[rows.start * self.inputs..rows.end * self.inputs];
            let scales = &mut room.log_scale[rows.clone()];
            scales.iter_mut().zip(log_scales.iter().cycle()).for_each(|(out, log_scale)| *out = *log_scale);
            multiply_by_hour(&mut room.linear[rows], inputs, &coefficients, bias);
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
            for (row, hour) in rows.clone().zip((0..HOURS).cycle()) {
                of_bias[hour] += room.of_linear[row];
                of_log_scales[hour] += room.of_log_scale[row];
            }
            let inputs = &room.inputs[rows.start * self.inputs..rows.end * self.inputs];
            let of_linear = &room.of_linear[rows.clone()];
            add_outer_products(&mut of_coefficients, of_linear, inputs);
            let of_context = &mut of_context[rows.start * self.context..rows.end * self.context];
            add_context_gradient(of_context, of_linear, &coefficients, (self.lags, self.context));
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

vectorised! {
    /// Each row's product with the coefficients of its hour of day, plus the hour's bias. The first row is a
    /// day's first hour; so below.
    fn multiply_by_hour(out: &mut [f32], inputs: &[f32], coefficients: &[f32], bias: &[f32]) {
        let width = coefficients.len() / HOURS;
        let hours = coefficients.chunks_exact(width).zip(bias).cycle();
        for ((out, inputs), (coefficients, bias)) in out.iter_mut().zip(inputs.chunks_exact(width)).zip(hours) {
            *out = dot(coefficients, inputs) + bias;
        }
    }
}

vectorised! {
    /// Adds each row's inputs times its factor to the row of its hour of day.
    fn add_outer_products(out: &mut [f32], factors: &[f32], inputs: &[f32]) {
        let width = out.len() / HOURS;
        for ((factor, inputs), hour) in factors.iter().zip(inputs.chunks_exact(width)).zip((0..HOURS).cycle()) {
            add_scaled(&mut out[hour * width..(hour + 1) * width], *factor, inputs);
        }
    }
}

vectorised! {
    /// Adds to each row the coefficients of the context at its hour of day, times its factor. `place`: where
    /// the context begins among the inputs, and its size.
    fn add_context_gradient(out: &mut [f32], factors: &[f32], coefficients: &[f32], place: (usize, usize)) {
        let (first, count) = place;
        let hours = coefficients.chunks_exact(coefficients.len() / HOURS).cycle();
        for ((out, factor), coefficients) in out.chunks_exact_mut(count).zip(factors).zip(hours) {
            add_scaled(out, *factor, &coefficients[first..first + count]);
        }
    }
}
