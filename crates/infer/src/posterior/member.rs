//! One draw of all missing hours of a stretch.

use std::ops::Range;

use model::fast::encoder::Workspace;
use model::noise::sampler::{Density, LARGEST_VALUE};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::Posterior;
use super::stretch::Stretch;

/// Times that latents and hours are drawn by turns.
const SWEEPS: usize = 3;
/// Proposals of a cluster's hours, of which one is taken.
const PARTICLES: usize = 4;

impl Posterior<'_> {
    /// The stretch's hours, those of the core that were missing drawn.
    pub(super) fn member(
        &self,
        stretch: &Stretch,
        seed: u64,
        (number, member): (usize, usize),
        workspace: &mut Workspace,
    ) -> Vec<f32> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream((number as u64) << 32 | member as u64);
        let mut series = stretch.reference.clone();
        for _ in 0..SWEEPS {
            let contexts = self.contexts(stretch, &series, workspace, &mut random);
            for cluster in &stretch.clusters {
                self.draw_cluster(stretch, cluster.clone(), &contexts, &mut series, &mut random);
            }
        }
        series
    }

    /// The decoder's channels given latents that were drawn given the series. Where steps are missing, each
    /// particle has its own, so that the hours which follow choose between them.
    fn contexts(
        &self,
        stretch: &Stretch,
        series: &[f32],
        workspace: &mut Workspace,
        random: &mut ChaCha8Rng,
    ) -> Vec<Vec<f32>> {
        let latents = self.encode(stretch, series, workspace, Some(&mut *random));
        if stretch.missing_steps.is_empty() {
            return vec![self.decode(&latents, stretch.steps)];
        }
        let draw = |_| {
            let mut latents = latents.clone();
            stretch.fill_steps(self, &mut latents, Some(&mut *random));
            self.decode(&latents, stretch.steps)
        };
        (0..PARTICLES).map(draw).collect()
    }

    /// Replaces a cluster's missing hours by one of several proposals, by their weights.
    fn draw_cluster(
        &self,
        stretch: &Stretch,
        cluster: Range<usize>,
        contexts: &[Vec<f32>],
        series: &mut [f32],
        random: &mut ChaCha8Rng,
    ) {
        let mut proposals = Vec::with_capacity(PARTICLES);
        for particle in 0..PARTICLES {
            let context = &contexts[particle % contexts.len()];
            let log_weight = self.propose(stretch, cluster.clone(), context, series, random);
            proposals.push((log_weight, series[cluster.clone()].to_vec()));
        }
        let largest = proposals.iter().map(|(log_weight, _)| *log_weight).fold(f64::MIN, f64::max);
        let weights: Vec<f64> =
            proposals.iter().map(|(log_weight, _)| (log_weight - largest).exp()).collect();
        let chosen = choose(&weights, random);
        series[cluster].copy_from_slice(&proposals[chosen].1);
    }

    /// Draws a cluster's missing hours from the proposal; returns the log of the model's density of the
    /// cluster over the proposal's.
    fn propose(
        &self,
        stretch: &Stretch,
        cluster: Range<usize>,
        context: &[f32],
        series: &mut [f32],
        random: &mut ChaCha8Rng,
    ) -> f64 {
        let channels = self.decoder.channels();
        let mut history = stretch.history_before(self, series, cluster.start, context);
        let mut log_weight = 0.0;
        for hour in cluster {
            let given = stretch.given(hour, context, channels);
            let density = self.noise.density(&mut history, given);
            match &stretch.guides[hour] {
                Some(guide) => {
                    let (precision, shift) = guide.at(&series[..hour]);
                    let (value, correction) = tilted(density, precision, shift, random);
                    series[hour] = value;
                    log_weight += correction;
                }
                None => log_weight += log_density(density, series[hour]),
            }
            self.noise.remember(&mut history, given, series[hour]);
        }
        log_weight
    }
}

/// Draws from a density times `exp(-precision x^2 / 2 + shift x)`; with it the log of the density over what
/// it was drawn from, up to nothing.
fn tilted(density: &Density, precision: f64, shift: f64, random: &mut impl Rng) -> (f32, f64) {
    let parts = density.weights.iter().zip(&density.means).zip(&density.sigmas);
    let tilted: Vec<(f64, f64, f64)> = parts
        .map(|((&weight, &mean), &sigma)| {
            let (mean, before) = (f64::from(mean), f64::from(sigma).powi(-2));
            let after = before + precision;
            let centre = (mean * before + shift) / after;
            let log_weight = f64::from(weight).ln()
                + 0.5 * (before / after).ln()
                + 0.5 * (centre * centre * after - mean * mean * before);
            (log_weight, centre, after.sqrt().recip())
        })
        .collect();
    let largest = tilted.iter().map(|part| part.0).fold(f64::MIN, f64::max);
    let weights: Vec<f64> = tilted.iter().map(|part| (part.0 - largest).exp()).collect();
    let log_total = largest + weights.iter().sum::<f64>().ln();
    let (_, centre, sigma) = tilted[choose(&weights, random)];
    let normal: f64 = StandardNormal.sample(random);
    let bound = f64::from(LARGEST_VALUE);
    let value = (centre + sigma * normal).clamp(-bound, bound);
    (value as f32, log_total - (shift - 0.5 * precision * value) * value)
}

/// The log density at a value.
fn log_density(density: &Density, value: f32) -> f64 {
    let parts = density.weights.iter().zip(&density.means).zip(&density.sigmas);
    let terms = parts.map(|((weight, mean), sigma)| {
        let scaled = f64::from((value - mean) / sigma);
        f64::from(*weight) / f64::from(*sigma) * (-0.5 * scaled * scaled).exp()
    });
    // Far in the tails the sum underflows: as unlikely as a number can say.
    terms.sum::<f64>().max(f64::MIN_POSITIVE).ln() - 0.5 * std::f64::consts::TAU.ln()
}

/// Takes a number with the probability of its weight.
fn choose(weights: &[f64], random: &mut impl Rng) -> usize {
    let mut left = random.random::<f64>() * weights.iter().sum::<f64>();
    for (number, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return number;
        }
    }
    weights.len() - 1
}
