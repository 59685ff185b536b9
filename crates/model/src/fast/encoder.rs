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
