//! The model: encoder, decoder, prior and the variance of the white noise around the decoder.

use burn::module::{Module, Param};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::config::{ConfigError, ModelConfig};
use crate::conv::Conv;
use crate::gaussian::DiagonalGaussian;
use crate::prior::SeasonalPrior;
use crate::transposed::Transposed;

#[derive(Module, Debug)]
pub struct Vae {
    pub encoder: Vec<Conv>,
    pub decoder: Vec<Transposed>,
    pub prior: SeasonalPrior,
    /// `[1]`: log variance of the hours around the decoder's output, in standardised units.
    pub noise_log_var: Param<Tensor<1>>,
}

impl Vae {
    /// A model with fresh weights, drawn from `seed`.
    ///
    /// # Errors
    /// When the configuration is not one that a model can have.
    pub fn init(config: &ModelConfig, seed: u64, device: &Device) -> Result<Vae, ConfigError> {
        config.check()?;
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        Ok(Vae {
            encoder: config
                .encoder_layers()
                .into_iter()
                .map(|layer| Conv::init(layer, random, device))
                .collect(),
            decoder: config
                .decoder_layers()
                .into_iter()
                .map(|layer| Transposed::init(layer, random, device))
                .collect(),
            prior: SeasonalPrior::init(config, random, device),
            noise_log_var: Param::from_tensor(Tensor::zeros([1], device)),
        })
    }

    /// The posterior of the latents given standardised hours.
    ///
    /// # Shapes
    /// `[batch, hour]` to `[batch, step, latent]`; hours are a multiple of 96.
    pub fn encode(&self, values: Tensor<2>) -> DiagonalGaussian {
        let last = self.encoder.len() - 1;
        let hidden = self.encoder.iter().enumerate().fold(values.unsqueeze_dim::<3>(2), |x, (i, layer)| {
            let y = layer.forward(x);
            if i < last { relu(y) } else { y }
        });
        DiagonalGaussian::from_pair(hidden)
    }

    /// The mean of the standardised hours given the latents.
    ///
    /// # Shapes
    /// `[batch, step, latent]` to `[batch, hour]`.
    pub fn decode(&self, latent: Tensor<3>) -> Tensor<2> {
        let last = self.decoder.len() - 1;
        let hours = self.decoder.iter().enumerate().fold(latent, |x, (i, layer)| {
            let y = layer.forward(x);
            if i < last { relu(y) } else { y }
        });
        hours.squeeze_dim::<2>(2)
    }
}
