//! The model: encoder, decoder, prior and the noise around the decoder.

use burn::module::{Module, Param};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::config::{ConfigError, ModelConfig};
use crate::conv::Conv;
use crate::gaussian::DiagonalGaussian;
use crate::noise::Noise;
use crate::prior::Prior;
use crate::transposed::Transposed;

#[derive(Module, Debug)]
pub struct Vae {
    pub encoder: Vec<Conv>,
    pub decoder: Vec<Transposed>,
    pub prior: Prior,
    pub noise: Noise,
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
                .map(|layer| Transposed::init(layer, config.decoder, random, device))
                .collect(),
            prior: Prior::init(config, random, device),
            noise: Noise::init(config, random, device),
        })
    }

    /// Starts the posterior out narrow, for training with free nats: variances of e⁻² and means three
    /// times as far apart, about a nat a latent. From the usual start, whose latents say next to nothing,
    /// it takes hundreds of steps until the decoder notices them.
    pub fn with_narrow_posterior(mut self) -> Vae {
        const LOG_VAR: f32 = -2.0;
        const SPREAD: f32 = 3.0;
        let Some(last) = self.encoder.last_mut() else { return self };
        let device = last.bias.val().device();
        let outputs = last.bias.dims()[0];
        // Means, then log variances.
        let halves = |mean: f32, log_var: f32| -> Vec<f32> {
            (0..outputs).map(|i| if i < outputs / 2 { mean } else { log_var }).collect()
        };
        let scale = TensorData::new(halves(SPREAD, 1.0), [1, 1, outputs]);
        let scale = Tensor::<3>::from_data(scale, &device);
        last.kernel = Param::from_tensor((last.kernel.val() * scale).detach());
        last.bias = Param::from_data(TensorData::new(halves(0.0, LOG_VAR), [outputs]), &device);
        self
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

    /// The mean of the standardised hours given the latents, and context for the noise.
    ///
    /// # Shapes
    /// `[batch, step, latent]` to `[batch, hour, channel]`; the mean is the first channel.
    pub fn decode(&self, latent: Tensor<3>) -> Tensor<3> {
        let last = self.decoder.len() - 1;
        self.decoder.iter().enumerate().fold(latent, |x, (i, layer)| {
            let y = layer.forward(x);
            if i < last { relu(y) } else { y }
        })
    }

    /// Where the model lives.
    pub fn device(&self) -> Device {
        self.encoder[0].bias.val().device()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Tensor;

    use super::*;

    #[test]
    fn a_narrow_posterior_has_the_usual_one_s_means_three_times_as_far_apart() {
        let usual = Vae::init(&ModelConfig::article(), 3, &Device::flex()).unwrap();
        let narrow = usual.clone().with_narrow_posterior();
        let hours: Vec<f32> = (0..192).map(|hour| (hour as f32 * 0.37).sin()).collect();
        let encode = |vae: &Vae| {
            let values = Tensor::<2>::from_data(TensorData::new(hours.clone(), [1, 192]), &Device::flex());
            let posterior = vae.encode(values);
            let read = |tensor: Tensor<3>| tensor.into_data().try_to_vec::<f32>().unwrap();
            (read(posterior.mean), read(posterior.log_var))
        };
        let ((mean, log_var), (narrow_mean, narrow_log_var)) = (encode(&usual), encode(&narrow));
        for (usual, narrow) in mean.iter().zip(narrow_mean) {
            assert!((narrow - 3.0 * usual).abs() < 1e-5, "{narrow} is not three times {usual}");
        }
        for (usual, narrow) in log_var.iter().zip(narrow_log_var) {
            assert!((narrow - usual + 2.0).abs() < 1e-5, "{narrow} is not two below {usual}");
        }
    }
}
