//! Independent hours whose variance depends on the season and the hour of day: harmonics of the
//! year for each hour, a smooth form of one number for each month and hour.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::{HOURS, mean_of};
use crate::config::{ModelConfig, STEP_HOURS};
use crate::gaussian::LN_TWO_PI;

#[derive(Module, Debug)]
pub struct Heteroscedastic {
    /// `[1 + features, 24]`: log variance, the constant first.
    pub log_var: Param<Tensor<2>>,
}

impl Heteroscedastic {
    pub(super) fn init(config: &ModelConfig, device: &Device) -> Heteroscedastic {
        let shape = [1 + config.seasonal_features(), HOURS];
        Heteroscedastic { log_var: Param::from_tensor(Tensor::zeros(shape, device)) }
    }

    pub(super) fn negative_log_likelihood(
        &self,
        values: Tensor<2>,
        decoded: Tensor<3>,
        seasonal: Tensor<3>,
    ) -> Tensor<1> {
        let log_var = self.forward(seasonal);
        gaussian(values - mean_of(decoded), log_var)
    }

    /// The log variance of each hour.
    ///
    /// # Shapes
    /// `[batch, step, feature]` to `[batch, hour]`.
    pub(super) fn forward(&self, seasonal: Tensor<3>) -> Tensor<2> {
        let [batch, steps, features] = seasonal.dims();
        let kernel = self.log_var.val();
        let constant = kernel.clone().narrow(0, 0, 1);
        let by_step = seasonal.reshape([batch * steps, features]).matmul(kernel.narrow(0, 1, features));
        let by_step: Tensor<3> = (by_step + constant).reshape([batch * steps, 1, HOURS]);
        by_step.repeat_dim(1, STEP_HOURS / HOURS).reshape([batch, steps * STEP_HOURS])
    }
}

/// The mean of `(ln 2π + ln s² + e² / s²) / 2`.
pub(super) fn gaussian(error: Tensor<2>, log_var: Tensor<2>) -> Tensor<1> {
    let scaled = error.square() * (-log_var.clone()).exp();
    ((log_var + scaled).mean() + LN_TWO_PI) * 0.5
}
