//! Noise with memory: `r[t] = sum over k of phi[k, hour] r[t - k] + s e[t]`, r the hours minus the
//! decoder's mean, with coefficients that are periodic in the hour of day and a scale that depends
//! on season and hour (a periodic autoregression; Jones and Brelsford 1967).

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

use super::heteroscedastic::{Heteroscedastic, gaussian};
use super::lags::{lags, scored};
use super::{HOURS, mean_of};
use crate::config::ModelConfig;

/// First guess of the coefficient of the last hour.
const FIRST_COEFFICIENT: f32 = 0.9;

#[derive(Module, Debug)]
pub struct Autoregressive {
    /// `[24, order]`, the last hour's first.
    pub coefficients: Param<Tensor<2>>,
    pub scale: Heteroscedastic,
}

impl Autoregressive {
    pub(super) fn init(order: usize, config: &ModelConfig, device: &Device) -> Autoregressive {
        let row = (0..order).map(|lag| if lag == 0 { FIRST_COEFFICIENT } else { 0.0 });
        let values: Vec<f32> = (0..HOURS).flat_map(|_| row.clone()).collect();
        Autoregressive {
            coefficients: Param::from_data(TensorData::new(values, [HOURS, order]), device),
            scale: Heteroscedastic::init(config, device),
        }
    }

    pub(super) fn negative_log_likelihood(
        &self,
        values: Tensor<2>,
        decoded: Tensor<3>,
        seasonal: Tensor<3>,
    ) -> Tensor<1> {
        let residual = values - mean_of(decoded);
        let coefficients = self.coefficients.val();
        let [_, order] = coefficients.dims();
        let before = lags(&residual, order);
        let [batch, days, hours, _] = before.dims();
        let predicted = (before * coefficients.reshape([1, 1, HOURS, order])).sum_dim(3);
        let predicted = predicted.reshape([batch, days * hours]);
        gaussian(scored(residual) - predicted, scored(self.scale.forward(seasonal)))
    }
}
