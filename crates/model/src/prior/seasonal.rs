//! The article's prior: each latent step is Gaussian given the season, and independent of all
//! other steps. Mean and log variance are linear in the seasonal features, without a bias.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::config::ModelConfig;
use crate::gaussian::DiagonalGaussian;
use crate::init;

#[derive(Module, Debug)]
pub struct SeasonalPrior {
    /// `[features, 2 * latent]`: means, then log variances.
    pub kernel: Param<Tensor<2>>,
}

impl SeasonalPrior {
    pub(crate) fn init(config: &ModelConfig, random: &mut ChaCha8Rng, device: &Device) -> SeasonalPrior {
        let shape = [config.seasonal_features(), 2 * config.latent_channels];
        SeasonalPrior { kernel: init::glorot_uniform(shape, (shape[0], shape[1]), random, device) }
    }

    /// The prior of each step.
    ///
    /// # Shapes
    /// `[batch, step, features]` to `[batch, step, latent]`.
    pub fn forward(&self, seasonal: Tensor<3>) -> DiagonalGaussian {
        let [batch, steps, features] = seasonal.dims();
        let pair = seasonal.reshape([batch * steps, features]).matmul(self.kernel.val());
        let channels = pair.dims()[1];
        DiagonalGaussian::from_pair(pair.reshape([batch, steps, channels]))
    }
}
