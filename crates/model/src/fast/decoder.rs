//! Latents to the decoder's channels, in pieces that stay in the cache, both cores at work.

use std::ops::Range;

use rayon::prelude::*;

use super::layout::Layout;
use super::network::{Network, Streams};
use super::stream::Extent;
use crate::config::{ModelConfig, Reach, STEP_HOURS};
use crate::parameters::ParameterError;
use crate::vae::Vae;

/// Latent steps that are decoded at once.
pub const PIECE_STEPS: usize = 64;

/// The decoder of a trained model.
#[derive(Clone, Debug)]
pub struct Decoder {
    network: Network,
    weights: Vec<f32>,
    latents: usize,
    channels: usize,
    reach: Reach,
}

/// Room to decode in, kept from sequence to sequence.
#[derive(Clone, Debug, Default)]
pub struct Workspace(Streams);

impl Decoder {
    /// The decoder of that model.
    ///
    /// # Errors
    /// When the device does not give the weights back.
    pub fn new(vae: &Vae, config: &ModelConfig) -> Result<Decoder, ParameterError> {
        let layout = Layout::of(vae)?;
        Ok(Decoder {
            network: Network::decoder(vae, &layout),
            weights: layout.read(vae)?,
            latents: config.latent_channels,
            channels: config.noise.context(),
            reach: config.decoder_reach(),
        })
    }

    /// Channels of each hour; the first is the mean.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Latent channels of a step.
    pub fn latents(&self) -> usize {
        self.latents
    }

    /// Latent steps around a step that its hours depend on.
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// What [`Vae::decode`] gives for the hours of the steps `inside` one sequence. Where all steps that
    /// they depend on are there, they do not depend on how many follow them, to the bit, as long as these
    /// come in multiples of [`PIECE_STEPS`].
    ///
    /// # Shapes
    /// `[step, latent]` to `[hour, channel]`.
    pub fn decode(&self, latents: &[f32], inside: Range<usize>) -> Vec<f32> {
        let steps = latents.len() / self.latents;
        let of_step = STEP_HOURS * self.channels;
        let mut hours = vec![0.0; inside.len() * of_step];
        let pieces = hours.par_chunks_mut(PIECE_STEPS * of_step).enumerate();
        pieces.for_each_init(Streams::default, |streams, (number, out)| {
            let first = inside.start + number * PIECE_STEPS;
            let start = first.saturating_sub(self.reach.before);
            let end = (first + out.len() / of_step + self.reach.after).min(steps);
            let seen = &latents[start * self.latents..end * self.latents];
            self.network.run(&self.weights, seen, end - start, streams);
            let skipped = (first - start) * of_step;
            out.copy_from_slice(&streams.output().sequence(0)[skipped..skipped + out.len()]);
        });
        hours
    }

    /// [`Decoder::decode`] for sequences of the same length, one after the other, in one piece and on the
    /// calling thread.
    ///
    /// # Shapes
    /// `[sequence, step, latent]` to `[sequence, hour, channel]`.
    pub fn decode_sequences(
        &self,
        latents: &[f32],
        sequences: usize,
        inside: Range<usize>,
        Workspace(streams): &mut Workspace,
    ) -> Vec<f32> {
        let of_sequence = latents.len() / sequences;
        let of_step = STEP_HOURS * self.channels;
        self.network.resize(streams, Extent { sequences, steps: of_sequence / self.latents });
        for (number, latents) in latents.chunks_exact(of_sequence).enumerate() {
            streams.input_mut().sequence_mut(number).copy_from_slice(latents);
        }
        self.network.forward(&self.weights, streams);
        let part = inside.start * of_step..inside.end * of_step;
        let mut hours = Vec::with_capacity(sequences * part.len());
        (0..sequences)
            .for_each(|number| hours.extend_from_slice(&streams.output().sequence(number)[part.clone()]));
        hours
    }
}
