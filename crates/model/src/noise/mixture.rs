//! Noise as a conditional density: the step from one hour to the next is a mixture of Gaussians whose
//! weights, means and scales depend on the last hours, on the decoder's context, on the season and on
//! the hour of day, through a linear part and a small network (a mixture density network, Bishop
//! 1994). It holds what no Gaussian noise can: steps that are large on some days and small on others,
//! fronts, and days that go on as they began.

use burn::module::{Module, Param};
use burn::tensor::activation::{log_softmax, silu};
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::lags::{lags, scored};
use super::{HISTORY_HOURS, HOURS};
use crate::config::{MixtureConfig, ModelConfig, STEP_HOURS};
use crate::gaussian::LN_TWO_PI;
use crate::init;

/// What differences of successive hours are multiplied with to be of the size of the other inputs.
pub(crate) const DIFFERENCE_SCALE: f32 = 4.0;
/// What the network's means are multiplied with.
pub(crate) const MEAN_SCALE: f32 = 0.2;
/// Smallest and largest log standard deviation of a component.
pub(crate) const LOG_SIGMA: (f32, f32) = (-6.0, 1.0);
/// Log standard deviation of all components at the start.
const FIRST_LOG_SIGMA: f32 = -1.5;
/// Means of the first and the last component at the start.
const FIRST_MEANS: f32 = 0.3;
/// Harmonics of the year among the inputs.
const SEASONAL_DEGREE: usize = 2;

#[derive(Module, Debug)]
pub struct Mixture {
    /// `[inputs]`: the linear part that all hours share.
    pub linear: Param<Tensor<1>>,
    /// `[24, inputs]`: what each hour adds to it.
    pub hour_linear: Param<Tensor<2>>,
    /// `[24]`.
    pub hour_bias: Param<Tensor<1>>,
    /// `[season, inputs]`: what the season adds to the linear part.
    pub season_linear: Param<Tensor<2>>,
    /// `[24, 1 + season]`: log of the scale of all components by hour and season, the constant first.
    pub log_scale: Param<Tensor<2>>,
    /// `[inputs, hidden]`.
    pub input_kernel: Param<Tensor<2>>,
    /// `[24, hidden]`: the first layer's bias, one for each hour.
    pub input_bias: Param<Tensor<2>>,
    /// `[hidden, hidden]`.
    pub hidden_kernel: Param<Tensor<2>>,
    /// `[hidden]`.
    pub hidden_bias: Param<Tensor<1>>,
    /// `[hidden, 3 * components]`: weights (logits), means, log standard deviations.
    pub output_kernel: Param<Tensor<2>>,
    /// `[3 * components]`.
    pub output_bias: Param<Tensor<1>>,
    lags: usize,
}

/// Number of inputs: the last hour, differences of the ones before, context, season.
pub(crate) fn inputs(shape: &MixtureConfig, config: &ModelConfig) -> usize {
    shape.lags + shape.context + 2 * config.seasonal_degree.min(SEASONAL_DEGREE)
}

/// Indices of the seasonal features (sines, then cosines) that are inputs.
pub(crate) fn seasonal_inputs(features: usize) -> Vec<usize> {
    let degree = features / 2;
    let used = degree.min(SEASONAL_DEGREE);
    (0..used).chain(degree..degree + used).collect()
}

impl Mixture {
    pub(super) fn init(
        shape: &MixtureConfig,
        config: &ModelConfig,
        random: &mut ChaCha8Rng,
        device: &Device,
    ) -> Mixture {
        let (inputs, hidden, components) = (inputs(shape, config), shape.hidden, shape.components);
        let season = seasonal_inputs(config.seasonal_features()).len();
        let zeros = |shape: [usize; 2]| Param::from_tensor(Tensor::<2>::zeros(shape, device));
        let mean = |i: usize| match components {
            1 => 0.0,
            _ => FIRST_MEANS * (2.0 * i as f32 / (components - 1) as f32 - 1.0),
        };
        let bias: Vec<f32> = (0..components)
            .map(|_| 0.0)
            .chain((0..components).map(mean))
            .chain((0..components).map(|_| FIRST_LOG_SIGMA))
            .collect();
        let outputs = 3 * components;
        Mixture {
            linear: Param::from_tensor(Tensor::zeros([inputs], device)),
            hour_linear: zeros([HOURS, inputs]),
            hour_bias: Param::from_tensor(Tensor::zeros([HOURS], device)),
            season_linear: zeros([season, inputs]),
            log_scale: zeros([HOURS, 1 + season]),
            input_kernel: init::glorot_uniform([inputs, hidden], (inputs, hidden), random, device),
            input_bias: zeros([HOURS, hidden]),
            hidden_kernel: init::glorot_uniform([hidden, hidden], (hidden, hidden), random, device),
            hidden_bias: Param::from_tensor(Tensor::zeros([hidden], device)),
            // A hundredth of the usual variance: the first guess is the bias.
            output_kernel: init::glorot_uniform(
                [hidden, outputs],
                (100 * hidden, 100 * outputs),
                random,
                device,
            ),
            output_bias: Param::from_data(TensorData::new(bias, [outputs]), device),
            lags: shape.lags,
        }
    }

    pub(super) fn negative_log_likelihood(
        &self,
        values: Tensor<2>,
        decoded: Tensor<3>,
        seasonal: Tensor<3>,
    ) -> Tensor<1> {
        let (inputs, last) = self.inputs(&values, decoded, seasonal);
        let step = scored(values) - last;
        let [batch, hours] = step.dims();
        self.density(inputs, step.reshape([batch * hours, 1])).mean().neg()
    }

    /// The network's inputs `[batch, day, 24, input]`, and the last hours `[batch, hour]`.
    fn inputs(&self, values: &Tensor<2>, decoded: Tensor<3>, seasonal: Tensor<3>) -> (Tensor<4>, Tensor<2>) {
        let before = lags(values, self.lags);
        let [batch, days, hours, count] = before.dims();
        let last = before.clone().narrow(3, 0, 1);
        let differences =
            (before.clone().narrow(3, 0, count - 1) - before.narrow(3, 1, count - 1)) * DIFFERENCE_SCALE;
        let context = decoded.dims()[2];
        let decoded = decoded.narrow(1, HISTORY_HOURS, days * hours).reshape([batch, days, hours, context]);
        let inputs = vec![last.clone(), differences, decoded, seasonal_hours(seasonal)];
        (Tensor::cat(inputs, 3), last.reshape([batch, days * hours]))
    }

    /// The log density of each step, `[row, 1]`, given inputs `[batch, day, 24, input]`.
    fn density(&self, inputs: Tensor<4>, step: Tensor<2>) -> Tensor<2> {
        let [batch, days, hours, count] = inputs.dims();
        let rows = batch * days * hours;
        let [seasons, _] = self.season_linear.dims();
        let hidden_size = self.hidden_bias.dims()[0];
        let linear = self.hour_linear.val() + self.linear.val().unsqueeze::<2>();
        let linear = (inputs.clone() * linear.reshape([1, 1, HOURS, count])).sum_dim(3)
            + self.hour_bias.val().reshape([1, 1, HOURS, 1]);
        let season = inputs.clone().narrow(3, count - seasons, seasons);
        let by_season = inputs.clone().reshape([rows, count]).matmul(self.season_linear.val().transpose());
        let by_season = (by_season * season.clone().reshape([rows, seasons])).sum_dim(1);
        let linear = linear.reshape([rows, 1]) + by_season;
        let scale = self.log_scale.val();
        let of_season = scale.clone().narrow(1, 1, seasons).reshape([1, 1, HOURS, seasons]);
        let of_hour = scale.narrow(1, 0, 1).reshape([1, 1, HOURS, 1]);
        let log_scale = ((season * of_season).sum_dim(3) + of_hour).reshape([rows, 1]);

        let hidden = inputs.reshape([rows, count]).matmul(self.input_kernel.val());
        let hidden =
            hidden.reshape([batch * days, HOURS, hidden_size]) + self.input_bias.val().unsqueeze::<3>();
        let hidden = silu(hidden.reshape([rows, hidden_size]));
        let hidden = silu(hidden.matmul(self.hidden_kernel.val()) + self.hidden_bias.val().unsqueeze::<2>());
        let output = hidden.matmul(self.output_kernel.val()) + self.output_bias.val().unsqueeze::<2>();

        let components = output.dims()[1] / 3;
        let part = |i: usize| output.clone().narrow(1, i * components, components);
        let log_sigma = (part(2) + log_scale).clamp(LOG_SIGMA.0, LOG_SIGMA.1);
        let mean = part(1) * MEAN_SCALE + linear;
        let scaled = (step - mean) * (-log_sigma.clone()).exp();
        let terms = log_softmax(part(0), 1) - scaled.square() * 0.5 - log_sigma;
        log_sum_exp(terms) - 0.5 * LN_TWO_PI
    }
}

/// The seasonal inputs of each scored hour: those of its latent step, `[batch, day, 24, feature]`.
fn seasonal_hours(seasonal: Tensor<3>) -> Tensor<4> {
    let [batch, steps, features] = seasonal.dims();
    let columns = seasonal_inputs(features).into_iter().map(|i| seasonal.clone().narrow(2, i, 1)).collect();
    let used: Tensor<3> = Tensor::cat(columns, 2);
    let count = used.dims()[2];
    let hours = used.reshape([batch, steps, 1, count]).repeat_dim(2, STEP_HOURS);
    let hours: Tensor<3> = hours.reshape([batch, steps * STEP_HOURS, count]);
    let scored = steps * STEP_HOURS - HISTORY_HOURS;
    hours.narrow(1, HISTORY_HOURS, scored).reshape([batch, scored / HOURS, HOURS, count])
}

/// `ln sum exp` over the columns, `[row, column]` to `[row, 1]`.
fn log_sum_exp(terms: Tensor<2>) -> Tensor<2> {
    let largest = terms.clone().detach().max_dim(1);
    (terms - largest.clone()).exp().sum_dim(1).log() + largest
}
