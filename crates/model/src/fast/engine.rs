//! A step of training: the loss and its gradients of a batch, in chunks of sequences that fit the cache.
//!
//! The batch is split into lanes, always the same ones, whatever the machine: each has a thread at a time,
//! and gradients are summed in the lanes' order, so that the number of threads changes no bit.

mod lane;

use rayon::prelude::*;

use super::LANES;
use super::density::Density;
use super::divergence::Divergence;
use super::layout::Layout;
use super::network::Network;
use super::stream::Extent;
use super::vector::add;
use crate::config::{ModelConfig, STEP_HOURS};
use crate::loss::KlCost;
use crate::parameters::ParameterError;
use crate::vae::Vae;
use lane::{Chunk, Lane, Scales};

/// Latent steps of a chunk, at least.
const CHUNK_STEPS: usize = 64;

/// What a step of training sees.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// The standardised hours of each sequence, all of the same length.
    pub hours: Vec<&'a [f32]>,
    /// Seasonal features at the start of each latent step, `[sequence, step, feature]`.
    pub seasonal: Vec<f32>,
    /// Standard normal numbers, `[sequence, step, latent]`.
    pub epsilon: Vec<f32>,
}

impl Batch<'_> {
    /// All hours, and those that the density scores.
    fn count_hours(&self, density: &Density) -> (usize, usize) {
        let hours: usize = self.hours.iter().map(|hours| hours.len()).sum();
        (hours, hours - density.history_hours() * self.hours.len())
    }
}

/// The terms of the negative bound of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// Nats per hour.
    pub reconstruction: f64,
    /// Nats per hour.
    pub kl: f64,
    /// Nats per latent step of each latent.
    pub kl_by_latent: Vec<f64>,
}

impl Loss {
    pub fn total(&self) -> f64 {
        self.reconstruction + self.kl
    }
}

/// Losses and gradients of one model's shape. It keeps what it works in from batch to batch.
pub struct Engine {
    plan: Plan,
    lanes: Vec<Lane>,
}

/// The model's parts, and where their weights are.
#[derive(Clone, Debug)]
struct Plan {
    layout: Layout,
    encoder: Network,
    decoder: Network,
    divergence: Divergence,
    latents: usize,
    features: usize,
}

impl Engine {
    /// The engine of a model's shape.
    ///
    /// # Errors
    /// When the device does not give the model's parameters back.
    pub fn new(vae: &Vae, config: &ModelConfig) -> Result<Engine, ParameterError> {
        let layout = Layout::of(vae)?;
        let plan = Plan {
            encoder: Network::encoder(vae, &layout),
            decoder: Network::decoder(vae, &layout),
            divergence: Divergence::new(config, &layout),
            latents: config.latent_channels,
            features: config.seasonal_features(),
            layout,
        };
        let lanes = (0..LANES).map(|_| Lane::new(config, &plan));
        Ok(Engine { lanes: lanes.collect(), plan })
    }

    /// Where each weight is in the slices that the engine takes and gives.
    pub fn layout(&self) -> &Layout {
        &self.plan.layout
    }

    /// The loss of a batch, and the gradients of what training minimises: the sum over its sequences by the hours that
    /// are scored. The latents' KL counts as `cost` says.
    pub fn gradient(&mut self, weights: &[f32], batch: &Batch<'_>, cost: KlCost) -> (Loss, &[f32]) {
        let Engine { plan, lanes } = self;
        let transition = plan.divergence.transition(weights);
        let waits = cost.free_nats_per_hour > 0.0;
        let scales = plan.scales(batch, &lanes[0].density, cost.beta);
        if waits {
            for_each(lanes, batch, |lane, chunks| {
                lane.start(chunks.len());
                for (number, chunk) in chunks.iter().enumerate() {
                    lane.encode(plan, weights, &transition, chunk, number);
                }
            });
            let kl = plan.loss(lanes, batch).kl;
            let kl_scale = scales.kl.filter(|_| cost.weight_of(kl) > 0.0);
            let scales = Scales { kl: kl_scale, ..scales };
            for_each(lanes, batch, |lane, chunks| {
                for (number, chunk) in chunks.iter().enumerate() {
                    lane.decode(plan, weights, chunk, number, Some(scales));
                    lane.backward(plan, weights, &transition, chunk, number, scales);
                }
            });
        } else {
            for_each(lanes, batch, |lane, chunks| {
                lane.start(1);
                for chunk in &chunks {
                    lane.encode(plan, weights, &transition, chunk, 0);
                    lane.decode(plan, weights, chunk, 0, Some(scales));
                    lane.backward(plan, weights, &transition, chunk, 0, scales);
                }
            });
        }
        let loss = plan.loss(lanes, batch);
        let (sum, others) = lanes.split_at_mut(1);
        let used = lanes_of(batch.hours.len());
        for lane in &others[..used - 1] {
            add(&mut sum[0].gradient, &lane.gradient);
        }
        (loss, &self.lanes[0].gradient)
    }

    /// The loss of a batch.
    pub fn loss(&mut self, weights: &[f32], batch: &Batch<'_>) -> Loss {
        let Engine { plan, lanes } = self;
        let transition = plan.divergence.transition(weights);
        for_each(lanes, batch, |lane, chunks| {
            lane.start(1);
            for chunk in &chunks {
                lane.encode(plan, weights, &transition, chunk, 0);
                lane.decode(plan, weights, chunk, 0, None);
            }
        });
        plan.loss(lanes, batch)
    }
}

/// How many lanes that many sequences take.
fn lanes_of(sequences: usize) -> usize {
    sequences.clamp(1, LANES)
}

/// Gives each lane its chunks of the batch.
fn for_each(lanes: &mut [Lane], batch: &Batch<'_>, work: impl Fn(&mut Lane, Vec<Chunk<'_>>) + Sync) {
    let (count, used) = (batch.hours.len(), lanes_of(batch.hours.len()));
    let steps = batch.hours.first().map_or(0, |hours| hours.len() / STEP_HOURS);
    let chunk = CHUNK_STEPS.div_ceil(steps.max(1));
    lanes[..used].par_iter_mut().enumerate().for_each(|(number, lane)| {
        let (start, end) = (count * number / used, count * (number + 1) / used);
        let starts = (start..end).step_by(chunk);
        let chunks = starts.map(|start| {
            let sequences = start..(start + chunk).min(end);
            Chunk { batch, extent: Extent { sequences: sequences.len(), steps }, sequences }
        });
        work(lane, chunks.collect());
    });
}

impl Plan {
    fn scales(&self, batch: &Batch<'_>, density: &Density, beta: f64) -> Scales {
        let (_, scored) = batch.count_hours(density);
        Scales { scored_hour: 1.0 / scored as f32, kl: Some(beta as f32 / scored as f32) }
    }

    /// The loss from what the lanes summed.
    fn loss(&self, lanes: &[Lane], batch: &Batch<'_>) -> Loss {
        let used = &lanes[..lanes_of(batch.hours.len())];
        let (hours, scored) = batch.count_hours(&lanes[0].density);
        let negative_log: f64 = used.iter().map(|lane| lane.negative_log).sum();
        let of_latent = |latent: usize| used.iter().map(|lane| lane.kl[latent]).sum::<f64>();
        let kl: Vec<f64> = (0..self.latents).map(of_latent).collect();
        let steps = (hours / STEP_HOURS) as f64;
        Loss {
            reconstruction: negative_log / scored as f64,
            kl: kl.iter().sum::<f64>() / hours as f64,
            kl_by_latent: kl.into_iter().map(|kl| kl / steps).collect(),
        }
    }
}
