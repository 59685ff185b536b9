//! What one thread does of a step: chunks of sequences through the model and back.

use std::ops::Range;

use super::super::density::{self, Density, Sequence};
use super::super::divergence::{self, Latents, Transition};
use super::super::network::Streams;
use super::super::stream::Extent;
use super::{Batch, Plan};
use crate::config::ModelConfig;

/// What one thread works in.
pub(super) struct Lane {
    /// One for each chunk where chunks are gone through twice, else one.
    encoders: Vec<Streams>,
    of_encoder: Streams,
    decoder: Streams,
    of_decoder: Streams,
    pub(super) density: Density,
    pub(super) gradient: Vec<f32>,
    pub(super) negative_log: f64,
    pub(super) kl: Vec<f64>,
}

/// A batch's part that goes through the layers at once.
pub(super) struct Chunk<'a> {
    pub(super) batch: &'a Batch<'a>,
    pub(super) sequences: Range<usize>,
    pub(super) extent: Extent,
}

/// What each term counts in the gradients of a batch.
#[derive(Clone, Copy)]
pub(super) struct Scales {
    pub(super) scored_hour: f32,
    /// `None` while the latents' KL costs nothing.
    pub(super) kl: Option<f32>,
}

impl Chunk<'_> {
    /// Number of each sequence in the chunk, and in the batch.
    fn numbers(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        self.sequences.clone().enumerate()
    }

    fn seasonal(&self, sequence: usize, features: usize) -> &[f32] {
        let length = self.extent.steps * features;
        &self.batch.seasonal[sequence * length..(sequence + 1) * length]
    }

    fn epsilon(&self, sequence: usize, latents: usize) -> &[f32] {
        let length = self.extent.steps * latents;
        &self.batch.epsilon[sequence * length..(sequence + 1) * length]
    }
}

impl Lane {
    /// A lane with room for gradients of all weights.
    pub(super) fn new(config: &ModelConfig, plan: &Plan) -> Lane {
        Lane {
            encoders: Vec::new(),
            of_encoder: Streams::default(),
            decoder: Streams::default(),
            of_decoder: Streams::default(),
            density: Density::new(config, &plan.layout),
            gradient: vec![0.0; plan.layout.weights()],
            negative_log: 0.0,
            kl: vec![0.0; plan.latents],
        }
    }

    /// Begins a batch, with room for so many encoded chunks.
    pub(super) fn start(&mut self, encoders: usize) {
        self.encoders.resize_with(encoders, Streams::default);
        self.gradient.fill(0.0);
        self.negative_log = 0.0;
        self.kl.fill(0.0);
    }

    /// The chunk's hours to their posterior, and its KL.
    pub(super) fn encode(
        &mut self,
        plan: &Plan,
        weights: &[f32],
        transition: &Transition,
        chunk: &Chunk<'_>,
        number: usize,
    ) {
        let streams = &mut self.encoders[number];
        plan.encoder.resize(streams, chunk.extent);
        for (here, sequence) in chunk.numbers() {
            streams.input_mut().sequence_mut(here).copy_from_slice(chunk.batch.hours[sequence]);
        }
        plan.encoder.forward(weights, streams);
        for (here, sequence) in chunk.numbers() {
            let latents = Latents {
                posterior: streams.output().sequence(here),
                seasonal: chunk.seasonal(sequence, plan.features),
            };
            plan.divergence.add_kl(weights, transition, latents, &mut self.kl);
        }
    }

    /// A draw of the posterior to the decoder's channels, and what the noise says of the hours.
    pub(super) fn decode(
        &mut self,
        plan: &Plan,
        weights: &[f32],
        chunk: &Chunk<'_>,
        number: usize,
        scales: Option<Scales>,
    ) {
        plan.decoder.resize(&mut self.decoder, chunk.extent);
        plan.decoder.resize(&mut self.of_decoder, chunk.extent);
        for (here, sequence) in chunk.numbers() {
            let posterior = self.encoders[number].output().sequence(here).chunks_exact(2 * plan.latents);
            let epsilon = chunk.epsilon(sequence, plan.latents).chunks_exact(plan.latents);
            let drawn = self.decoder.input_mut().sequence_mut(here).chunks_exact_mut(plan.latents);
            for ((drawn, posterior), epsilon) in drawn.zip(posterior).zip(epsilon) {
                let (mean, log_var) = posterior.split_at(plan.latents);
                for (((drawn, mean), log_var), epsilon) in
                    drawn.iter_mut().zip(mean).zip(log_var).zip(epsilon)
                {
                    *drawn = mean + epsilon * (0.5 * log_var).exp();
                }
            }
        }
        plan.decoder.forward(weights, &mut self.decoder);
        for (here, sequence) in chunk.numbers() {
            let seen = Sequence {
                hours: chunk.batch.hours[sequence],
                decoded: self.decoder.output().sequence(here),
                seasonal: chunk.seasonal(sequence, plan.features),
            };
            let gradient = scales.map(|scales| density::Gradient {
                scale: scales.scored_hour,
                decoded: self.of_decoder.output_mut().sequence_mut(here),
                weights: &mut self.gradient,
            });
            self.negative_log += self.density.negative_log(weights, seen, gradient);
        }
    }

    /// From the gradients of the decoder's channels and of the KL to those of all weights.
    pub(super) fn backward(
        &mut self,
        plan: &Plan,
        weights: &[f32],
        transition: &Transition,
        chunk: &Chunk<'_>,
        number: usize,
        scales: Scales,
    ) {
        let (gradient, encoder) = (&mut self.gradient, &self.encoders[number]);
        plan.decoder.backward(weights, &self.decoder, &mut self.of_decoder, true, gradient);
        plan.encoder.resize(&mut self.of_encoder, chunk.extent);
        for (here, sequence) in chunk.numbers() {
            let posterior = encoder.output().sequence(here);
            let of_drawn = self.of_decoder.input().sequence(here).chunks_exact(plan.latents);
            let epsilon = chunk.epsilon(sequence, plan.latents).chunks_exact(plan.latents);
            let of_posterior = self.of_encoder.output_mut().sequence_mut(here);
            let steps = of_posterior.chunks_exact_mut(2 * plan.latents);
            let steps = steps.zip(posterior.chunks_exact(2 * plan.latents));
            for (((of_step, posterior), of_drawn), epsilon) in steps.zip(of_drawn).zip(epsilon) {
                let (of_mean, of_log_var) = of_step.split_at_mut(plan.latents);
                of_mean.copy_from_slice(of_drawn);
                for (i, out) in of_log_var.iter_mut().enumerate() {
                    let log_var = posterior[plan.latents + i];
                    *out = of_drawn[i] * epsilon[i] * 0.5 * (0.5 * log_var).exp();
                }
            }
            let Some(scale) = scales.kl else { continue };
            let latents = Latents { posterior, seasonal: chunk.seasonal(sequence, plan.features) };
            let mut out = divergence::Gradient { scale, posterior: of_posterior, weights: gradient };
            plan.divergence.add_gradient(weights, transition, latents, &mut out);
        }
        plan.encoder.backward(weights, encoder, &mut self.of_encoder, false, gradient);
    }
}
