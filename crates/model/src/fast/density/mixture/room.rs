//! What a block of hours holds on its way through the mixture.

use super::super::super::vector::{exp, vectorised};

/// A block's numbers; gradients have the shape of what they are of.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    /// `[hour, input]`.
    pub(super) inputs: Vec<f32>,
    /// `[hour]`: the step from the hour before, the linear part of its mean, the log of its scale.
    pub(super) step: Vec<f32>,
    pub(super) linear: Vec<f32>,
    pub(super) log_scale: Vec<f32>,
    pub(super) first: Hidden,
    pub(super) second: Hidden,
    /// `[3 * component, hour]`: logits, means, log standard deviations.
    pub(super) output: Vec<f32>,
    pub(super) of_output: Vec<f32>,
    /// `[hour]`.
    pub(super) of_linear: Vec<f32>,
    pub(super) of_log_scale: Vec<f32>,
    /// `[hour]`: largest term and sums of the logarithms of sums.
    pub(super) scratch: [Vec<f32>; 4],
}

/// A hidden layer, `[hour, unit]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Hidden {
    pub(super) value: Vec<f32>,
    /// Of the value by the sum that it is the activation of.
    pub(super) derivative: Vec<f32>,
    pub(super) gradient: Vec<f32>,
}

impl Room {
    pub(super) fn resize(&mut self, rows: usize, inputs: usize, hidden: usize, components: usize) {
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
    pub(super) fn activate(&mut self, bias: &[f32]) {
        activate(&mut self.value, &mut self.derivative, bias);
    }

    /// Takes the gradient of the values to that of the sums, and adds it to the bias's.
    pub(super) fn through_activation(&mut self, of_bias: &mut [f32]) {
        through_activation(&mut self.gradient, &self.derivative, of_bias);
    }
}

vectorised! {
    fn activate(values: &mut [f32], derivatives: &mut [f32], bias: &[f32]) {
        for (values, derivatives) in values.chunks_mut(bias.len()).zip(derivatives.chunks_mut(bias.len())) {
            for ((value, derivative), bias) in values.iter_mut().zip(derivatives).zip(bias) {
                let x = *value + bias;
                let sigmoid = 1.0 / (1.0 + exp(-x));
                *value = x * sigmoid;
                *derivative = sigmoid * (1.0 + x * (1.0 - sigmoid));
            }
        }
    }
}

vectorised! {
    fn through_activation(gradients: &mut [f32], derivatives: &[f32], of_bias: &mut [f32]) {
        let length = of_bias.len();
        for (gradients, derivatives) in gradients.chunks_mut(length).zip(derivatives.chunks(length)) {
            for ((gradient, derivative), sum) in gradients.iter_mut().zip(derivatives).zip(&mut *of_bias) {
                *gradient *= derivative;
                *sum += *gradient;
            }
        }
    }
}
