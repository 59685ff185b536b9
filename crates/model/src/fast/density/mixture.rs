//! The mixture density network: blocks of hours through its layers and back.

use std::ops::Range;

use super::super::layout::Layout;
use super::super::matrix::{Matrix, MatrixMut, add_product, set_product};
use super::super::vector::{add_scaled, dot, exp, vectorised};
use super::{Gradient, Sequence};
use crate::config::{MixtureConfig, ModelConfig, STEP_HOURS};
use crate::gaussian::LN_TWO_PI;
use crate::noise::mixture::{DIFFERENCE_SCALE, LOG_SIGMA, MEAN_SCALE, inputs, seasonal_inputs};
use crate::noise::{HISTORY_HOURS, HOURS};

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

/// What a block of hours holds on its way; gradients have the shape of what they are of.
#[derive(Clone, Debug, Default)]
struct Room {
    /// `[hour, input]`.
    inputs: Vec<f32>,
    /// `[hour]`: the step from the hour before, the linear part of its mean, the log of its scale.
    step: Vec<f32>,
    linear: Vec<f32>,
    log_scale: Vec<f32>,
    first: Hidden,
    second: Hidden,
    /// `[3 * component, hour]`: logits, means, log standard deviations.
    output: Vec<f32>,
    of_output: Vec<f32>,
    /// `[hour]`.
    of_linear: Vec<f32>,
    of_log_scale: Vec<f32>,
    /// `[hour]`: largest term and sums of the logarithms of sums.
    scratch: [Vec<f32>; 4],
}

/// A hidden layer, `[hour, unit]`.
#[derive(Clone, Debug, Default)]
struct Hidden {
    value: Vec<f32>,
    /// Of the value by the sum that it is the activation of.
    derivative: Vec<f32>,
    gradient: Vec<f32>,
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
        let mut sum = 0.0;
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
            sum += self.score(scale);
            if let Some(gradient) = &mut gradient {
                self.backward(weights, sequence, start..end, gradient);
            }
            start = end;
        }
        sum
    }

    /// The seasonal inputs of an hour.
    fn season<'a>(&'a self, sequence: Sequence<'a>, hour: usize) -> impl Iterator<Item = f32> + 'a {
        let features = &sequence.seasonal[hour / STEP_HOURS * self.features..];
        self.seasonal.iter().map(move |&i| features[i])
    }

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

    fn linear_part(&mut self, weights: &[f32], sequence: Sequence<'_>, hours: Range<usize>) {
        let mut room = std::mem::take(&mut self.room);
        let bias = &weights[self.hour_bias.clone()];
        for (rows, first) in Mixture::stretches(hours) {
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

    /// The sum of the negative log densities; gradients by the network's output and the linear part where
    /// an hour counts `scale`.
    fn score(&mut self, scale: Option<f32>) -> f64 {
        let (rows, components) = (self.room.step.len(), self.components);
        let Room { step, linear, log_scale, output, of_output, of_linear, of_log_scale, scratch, .. } =
            &mut self.room;
        let [largest, total, largest_term, total_term] = scratch;
        vectorised(|| {
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
        });
        let mut sum = 0.0;
        for row in 0..rows {
            let log_density = (total_term[row] / total[row]).ln() + largest_term[row] - largest[row];
            sum += f64::from(0.5 * LN_TWO_PI - log_density);
        }
        let Some(scale) = scale else { return sum };
        vectorised(|| {
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
        });
        sum
    }

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
        vectorised(|| {
            let rows = room.of_output.chunks_exact(rows);
            all[self.output_bias.clone()].iter_mut().zip(rows).for_each(|(sum, row)| *sum += total(row));
        });
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

        for (rows, first) in Mixture::stretches(hours) {
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
        self.room = room;
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

impl Room {
    fn resize(&mut self, rows: usize, inputs: usize, hidden: usize, components: usize) {
        if self.step.len() == rows {
            return;
        }
        self.inputs.resize(rows * inputs, 0.0);
        for hidden_layer in [&mut self.first, &mut self.second] {
            for values in [&mut hidden_layer.value, &mut hidden_layer.derivative, &mut hidden_layer.gradient]
            {
                values.resize(rows * hidden, 0.0);
            }
        }
        for values in [&mut self.output, &mut self.of_output] {
            values.resize(3 * components * rows, 0.0);
        }
        let of_hours = [
            &mut self.step,
            &mut self.linear,
            &mut self.log_scale,
            &mut self.of_linear,
            &mut self.of_log_scale,
        ];
        of_hours.into_iter().chain(&mut self.scratch).for_each(|values| values.resize(rows, 0.0));
    }
}

impl Hidden {
    /// Adds the bias, one row or one for each hour of day, and takes x / (1 + exp(-x)).
    fn activate(&mut self, bias: &[f32]) {
        vectorised(|| {
            let periods = self.value.chunks_mut(bias.len()).zip(self.derivative.chunks_mut(bias.len()));
            for (values, derivatives) in periods {
                for ((value, derivative), bias) in values.iter_mut().zip(derivatives).zip(bias) {
                    let x = *value + bias;
                    let sigmoid = 1.0 / (1.0 + exp(-x));
                    *value = x * sigmoid;
                    *derivative = sigmoid * (1.0 + x * (1.0 - sigmoid));
                }
            }
        });
    }

    /// Takes the gradient of the values to that of the sums, and adds it to the bias's.
    fn through_activation(&mut self, of_bias: &mut [f32]) {
        vectorised(|| {
            let length = of_bias.len();
            let periods = self.gradient.chunks_mut(length).zip(self.derivative.chunks(length));
            for (gradients, derivatives) in periods {
                for ((gradient, derivative), sum) in gradients.iter_mut().zip(derivatives).zip(&mut *of_bias)
                {
                    *gradient *= derivative;
                    *sum += *gradient;
                }
            }
        });
    }
}

/// The sum, in eight partial sums.
#[inline(always)]
fn total(x: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let lanes = x.chunks_exact(8);
    let rest: f32 = lanes.remainder().iter().sum();
    lanes.for_each(|x| sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x));
    sums.iter().sum::<f32>() + rest
}
