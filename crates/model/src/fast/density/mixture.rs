//! The mixture density network: blocks of hours through its layers and back.

mod linear;
mod room;
mod score;

use std::ops::Range;

use super::super::layout::Layout;
use super::super::matrix::{Matrix, MatrixMut, add_product, set_product};
use super::super::vector::sum;
use super::{Gradient, Sequence};
use crate::config::{MixtureConfig, ModelConfig, STEP_HOURS};
use crate::noise::HISTORY_HOURS;
use crate::noise::mixture::{DIFFERENCE_SCALE, inputs, seasonal_inputs};
use room::Room;

/// Latent steps whose hours go through the layers at once.
const BLOCK_STEPS: usize = 4;

#[derive(Clone, Debug)]
pub(in super::super) struct Mixture {
    lags: usize,
    context: usize,
    hidden: usize,
    components: usize,
    inputs: usize,
    features: usize,
    /// Which seasonal features are inputs.
    seasonal: Vec<usize>,
    linear: Range<usize>,
    hour_linear: Range<usize>,
    hour_bias: Range<usize>,
    season_linear: Range<usize>,
    log_scale: Range<usize>,
    input_kernel: Range<usize>,
    input_bias: Range<usize>,
    hidden_kernel: Range<usize>,
    hidden_bias: Range<usize>,
    output_kernel: Range<usize>,
    output_bias: Range<usize>,
    room: Room,
}

impl Mixture {
    pub(super) fn new(shape: &MixtureConfig, config: &ModelConfig, layout: &Layout) -> Mixture {
        let range = |name: &str| layout.range(&format!("noise.{name}"));
        Mixture {
            lags: shape.lags,
            context: shape.context,
            hidden: shape.hidden,
            components: shape.components,
            inputs: inputs(shape, config),
            features: config.seasonal_features(),
            seasonal: seasonal_inputs(config.seasonal_features()),
            linear: range("linear"),
            hour_linear: range("hour_linear"),
            hour_bias: range("hour_bias"),
            season_linear: range("season_linear"),
            log_scale: range("log_scale"),
            input_kernel: range("input_kernel"),
            input_bias: range("input_bias"),
            hidden_kernel: range("hidden_kernel"),
            hidden_bias: range("hidden_bias"),
            output_kernel: range("output_kernel"),
            output_bias: range("output_bias"),
            room: Room::default(),
        }
    }

    pub(super) fn negative_log(
        &mut self,
        weights: &[f32],
        sequence: Sequence<'_>,
        mut gradient: Option<Gradient<'_>>,
    ) -> f64 {
        let mut total = 0.0;
        let hours = sequence.hours.len();
        if let Some(gradient) = &mut gradient {
            gradient.decoded[..HISTORY_HOURS * self.context].fill(0.0);
        }
        let mut start = HISTORY_HOURS;
        while start < hours {
            let end = ((start / STEP_HOURS + BLOCK_STEPS) * STEP_HOURS).min(hours);
            self.room.resize(end - start, self.inputs, self.hidden, self.components);
            self.fill_inputs(sequence, start..end);
            self.linear_part(weights, sequence, start..end);
            self.hidden_part(weights);
            let scale = gradient.as_ref().map(|gradient| gradient.scale);
            total += self.room.score(self.components, scale);
            if let Some(gradient) = &mut gradient {
                self.backward(weights, sequence, start..end, gradient);
            }
            start = end;
        }
        total
    }

    /// The last hour, the differences of those before it, the decoder's context, the season.
    fn fill_inputs(&mut self, sequence: Sequence<'_>, hours: Range<usize>) {
        let mut all = std::mem::take(&mut self.room.inputs);
        for (row, hour) in all.chunks_exact_mut(self.inputs).zip(hours.clone()) {
            let last = sequence.hours[hour - 1];
            let (lags, rest) = row.split_at_mut(self.lags);
            lags[0] = last;
            let past = &sequence.hours[hour - self.lags..hour];
            for (out, pair) in lags[1..].iter_mut().zip(past.windows(2).rev()) {
                *out = (pair[1] - pair[0]) * DIFFERENCE_SCALE;
            }
            let (context, season) = rest.split_at_mut(self.context);
            context.copy_from_slice(&sequence.decoded[hour * self.context..(hour + 1) * self.context]);
            season.iter_mut().zip(self.season(sequence, hour)).for_each(|(out, feature)| *out = feature);
        }
        self.room.inputs = all;
        for (step, hour) in self.room.step.iter_mut().zip(hours) {
            *step = sequence.hours[hour] - sequence.hours[hour - 1];
        }
    }

    /// The network from its inputs to its output.
    fn hidden_part(&mut self, weights: &[f32]) {
        let (rows, hidden) = (self.room.step.len(), self.hidden);
        let room = &mut self.room;
        let inputs = Matrix::new(&room.inputs, rows, self.inputs);
        let kernel = Matrix::new(&weights[self.input_kernel.clone()], self.inputs, hidden);
        set_product(MatrixMut::new(&mut room.first.value, rows, hidden), inputs, kernel);
        // Blocks begin with a day's first hour.
        room.first.activate(&weights[self.input_bias.clone()]);
        let kernel = Matrix::new(&weights[self.hidden_kernel.clone()], hidden, hidden);
        let first = Matrix::new(&room.first.value, rows, hidden);
        set_product(MatrixMut::new(&mut room.second.value, rows, hidden), first, kernel);
        room.second.activate(&weights[self.hidden_bias.clone()]);
        let outputs = 3 * self.components;
        let kernel = Matrix::new(&weights[self.output_kernel.clone()], hidden, outputs).transposed();
        let second = Matrix::new(&room.second.value, rows, hidden).transposed();
        set_product(MatrixMut::new(&mut room.output, outputs, rows), kernel, second);
        let bias = &weights[self.output_bias.clone()];
        for (row, bias) in room.output.chunks_exact_mut(rows).zip(bias) {
            row.iter_mut().for_each(|x| *x += bias);
        }
    }

    /// From the gradients by the network's output to those of its weights and of the decoder's context.
    fn backward(
        &mut self,
        weights: &[f32],
        sequence: Sequence<'_>,
        hours: Range<usize>,
        gradient: &mut Gradient<'_>,
    ) {
        let (rows, hidden, outputs) = (self.room.step.len(), self.hidden, 3 * self.components);
        let mut room = std::mem::take(&mut self.room);
        let all = &mut *gradient.weights;

        let of_output = Matrix::new(&room.of_output, outputs, rows);
        let second = Matrix::new(&room.second.value, rows, hidden);
        let of_kernel = MatrixMut::new(&mut all[self.output_kernel.clone()], hidden, outputs);
        add_product(of_kernel, second.transposed(), of_output.transposed());
        for (out, row) in all[self.output_bias.clone()].iter_mut().zip(room.of_output.chunks_exact(rows)) {
            *out += sum(row);
        }
        let kernel = Matrix::new(&weights[self.output_kernel.clone()], hidden, outputs);
        let of_second = MatrixMut::new(&mut room.second.gradient, rows, hidden);
        set_product(of_second, of_output.transposed(), kernel.transposed());
        room.second.through_activation(&mut all[self.hidden_bias.clone()]);

        let of_second = Matrix::new(&room.second.gradient, rows, hidden);
        let first = Matrix::new(&room.first.value, rows, hidden);
        let of_kernel = MatrixMut::new(&mut all[self.hidden_kernel.clone()], hidden, hidden);
        add_product(of_kernel, first.transposed(), of_second);
        let kernel = Matrix::new(&weights[self.hidden_kernel.clone()], hidden, hidden);
        let of_first = MatrixMut::new(&mut room.first.gradient, rows, hidden);
        set_product(of_first, of_second, kernel.transposed());
        room.first.through_activation(&mut all[self.input_bias.clone()]);

        let of_first = Matrix::new(&room.first.gradient, rows, hidden);
        let inputs = Matrix::new(&room.inputs, rows, self.inputs);
        let of_kernel = MatrixMut::new(&mut all[self.input_kernel.clone()], self.inputs, hidden);
        add_product(of_kernel, inputs.transposed(), of_first);
        let kernel = Matrix::new(&weights[self.input_kernel.clone()], self.inputs, hidden);
        let of_context = &mut gradient.decoded[hours.start * self.context..hours.end * self.context];
        let kernel = kernel.take_rows(self.lags, self.context);
        set_product(MatrixMut::new(of_context, rows, self.context), of_first, kernel.transposed());

        self.room = room;
        self.linear_backward(weights, sequence, hours, gradient);
    }
}
