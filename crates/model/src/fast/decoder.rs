//! Latents to the decoder's channels, in pieces that stay in the cache, both cores at work.

mod lanes;

use std::ops::Range;

use rayon::prelude::*;

use super::lanes::Row;
use super::layout::Layout;
use super::network::{Network, Streams};
use crate::config::{ModelConfig, Reach, STEP_HOURS};
use crate::parameters::ParameterError;
use crate::vae::Vae;
use lanes::LaneNetwork;

pub use lanes::LaneRoom;

/// Latent steps that are decoded at once.
pub const PIECE_STEPS: usize = 64;

/// The decoder of a trained model.
#[derive(Clone, Debug)]
pub struct Decoder {
    network: Network,
    lanes: LaneNetwork,
    weights: Vec<f32>,
    latents: usize,
    channels: usize,
    reach: Reach,
}

impl Decoder {
    /// The decoder of that model.
    ///
    /// # Errors
    /// When the device does not give the weights back.
    pub fn new(vae: &Vae, config: &ModelConfig) -> Result<Decoder, ParameterError> {
        let layout = Layout::of(vae)?;
        let (network, weights) = (Network::decoder(vae, &layout), layout.read(vae)?);
        Ok(Decoder {
            lanes: LaneNetwork::of(&network, &weights),
            network,
            weights,
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

    /// [`Decoder::decode`] for sixteen sequences of the same length side by side, on the calling thread.
    ///
    /// # Shapes
    /// `[step, latent]` to `[hour, channel]`.
    pub fn decode_lanes(
        &self,
        latents: &[Row],
        inside: Range<usize>,
        room: &mut LaneRoom,
        hours: &mut Vec<Row>,
    ) {
        self.lanes.decode(latents, inside, room, hours);
    }
}
