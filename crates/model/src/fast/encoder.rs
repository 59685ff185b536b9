//! Hours to the moments of their latents' posterior, on the calling thread.

use super::layout::Layout;
use super::network::{Network, Streams};
use crate::config::{ModelConfig, STEP_HOURS};
use crate::parameters::ParameterError;
use crate::vae::Vae;

/// The encoder of a trained model.
#[derive(Clone, Debug)]
pub struct Encoder {
    network: Network,
    weights: Vec<f32>,
    latents: usize,
}

/// Room to encode in, kept from sequence to sequence.
#[derive(Clone, Debug, Default)]
pub struct Workspace(Streams);

impl Encoder {
    /// The encoder of that model.
    ///
    /// # Errors
    /// When the device does not give the weights back.
    pub fn new(vae: &Vae, config: &ModelConfig) -> Result<Encoder, ParameterError> {
        let layout = Layout::of(vae)?;
        Ok(Encoder {
            network: Network::encoder(vae, &layout),
            weights: layout.read(vae)?,
            latents: config.latent_channels,
        })
    }

    /// Means and log variances of each step, as [`Vae::encode`] gives them for one sequence.
    ///
    /// # Shapes
    /// `[hour]`, a multiple of 96, to `[step, 2 * latent]`: the means of a step, then its log variances.
    pub fn encode<'a>(&self, hours: &[f32], workspace: &'a mut Workspace) -> &'a [f32] {
        let steps = hours.len() / STEP_HOURS;
        self.network.run(&self.weights, hours, steps, &mut workspace.0);
        let moments = workspace.0.output().sequence(0);
        debug_assert_eq!(moments.len(), steps * 2 * self.latents);
        moments
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;

    #[test]
    fn moments_are_those_of_burns_operations() {
        let config = ModelConfig { filters: 6, latent_channels: 3, ..ModelConfig::article() };
        let vae = Vae::init(&config, 2, &Device::flex()).unwrap();
        let hours: Vec<f32> = (0..4 * STEP_HOURS).map(|hour| (hour as f32 * 0.37).sin()).collect();
        let data = TensorData::new(hours.clone(), [1, hours.len()]);
        let posterior = vae.encode(Tensor::<2>::from_data(data, &Device::flex()));
        let (mean, log_var) = (posterior.mean.into_data(), posterior.log_var.into_data());
        let (mean, log_var) = (mean.as_slice::<f32>().unwrap(), log_var.as_slice::<f32>().unwrap());
        let mut workspace = Workspace::default();
        let moments = Encoder::new(&vae, &config).unwrap().encode(&hours, &mut workspace).to_vec();
        for (step, moments) in moments.chunks_exact(6).enumerate() {
            for channel in 0..3 {
                let at = step * 3 + channel;
                // Sums of some hundred terms of size 1 in 32 bits.
                assert!((moments[channel] - mean[at]).abs() < 1e-5);
                assert!((moments[3 + channel] - log_var[at]).abs() < 1e-5);
            }
        }
    }
}
