//! One draw of all missing hours of a stretch.

use std::ops::Range;

use model::fast::encoder::Workspace;
use model::noise::sampler::{Density, LARGEST_VALUE};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::episode::Episode;
use super::stretch::Stretch;
use super::{Decoded, Posterior};

/// Times that latents and hours are drawn by turns.
const SWEEPS: usize = 2;
/// Proposals of an episode's latents and hours, of which one is taken.
const EPISODE_PARTICLES: usize = 8;
/// Proposals of a cluster's hours, of which one is taken.
const PARTICLES: usize = 3;

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
        let channels = self.decoder.latents();
        let mut latents = self.encode(stretch, &series, workspace, Some(&mut random));
        for episode in &stretch.episodes {
            let open = episode.open.start * channels..episode.open.end * channels;
            let (mean, _) = episode.proposal_mean(&latents, channels);
            latents[open].copy_from_slice(&mean);
        }
        for episode in &stretch.episodes {
            self.draw_episode(stretch, episode, &mut latents, &mut series, &mut random);
        }
        if stretch.clusters.is_empty() {
            return series;
        }
        for sweep in 0..SWEEPS {
            if sweep > 0 {
                let open = latents.clone();
                latents = self.encode(stretch, &series, workspace, Some(&mut random));
                for episode in &stretch.episodes {
                    let at = episode.open.start * channels..episode.open.end * channels;
                    latents[at.clone()].copy_from_slice(&open[at]);
                }
            }
            let context = self.decode(&latents, 0..stretch.steps);
            for cluster in &stretch.clusters {
                self.draw_cluster(stretch, cluster.clone(), &context, &mut series, &mut random);
            }
        }
        series
    }

    /// Draws an episode's latents and missing hours: several proposals of both, of which one is taken by
    /// its weight.
    fn draw_episode(
        &self,
        stretch: &Stretch,
        episode: &Episode,
        latents: &mut [f64],
        series: &mut [f32],
        random: &mut ChaCha8Rng,
    ) {
        let of_step = self.decoder.latents();
        let open = episode.open.start * of_step..episode.open.end * of_step;
        let (mean, prior_mean) = episode.proposal_mean(latents, of_step);
        let mut proposals = Vec::new();
        let mut log_weights = Vec::new();
        for _ in 0..EPISODE_PARTICLES {
            let normal: Vec<f64> = StandardNormal.sample_iter(&mut *random).take(mean.len()).collect();
            let drawn = episode.departure(&normal);
            let drawn: Vec<f64> = mean.iter().zip(drawn).map(|(mean, departure)| mean + departure).collect();
            latents[open.clone()].copy_from_slice(&drawn);
            let context = self.decode(latents, episode.decoded());
            let shifts = episode.shifts(stretch, &drawn);
            let guide = |hour: usize, before: &[f32]| {
                let shift = || shifts[hour - episode.hours.start];
                stretch.is_missing(hour).then(|| episode.guide(hour, shift(), before))
            };
            let log_density = self.propose(stretch, episode.hours.clone(), &context, guide, series, random);
            let log_proposal = -0.5 * normal.iter().map(|normal| normal * normal).sum::<f64>();
            log_weights.push(log_density + episode.log_prior(&drawn, &prior_mean) - log_proposal);
            proposals.push((drawn, series[episode.hours.clone()].to_vec()));
        }
        let chosen = choose_by_log(&log_weights, random);
        let (drawn, hours) = &proposals[chosen];
        latents[open].copy_from_slice(drawn);
        series[episode.hours.clone()].copy_from_slice(hours);
    }

    /// Replaces a cluster's missing hours by one of several proposals, by their weights.
    fn draw_cluster(
        &self,
        stretch: &Stretch,
        cluster: Range<usize>,
        context: &Decoded,
        series: &mut [f32],
        random: &mut ChaCha8Rng,
    ) {
        let guide = |hour: usize, before: &[f32]| stretch.guides[hour].as_ref().map(|guide| guide.at(before));
        let mut proposals = Vec::with_capacity(PARTICLES);
        let mut log_weights = Vec::with_capacity(PARTICLES);
        for _ in 0..PARTICLES {
            log_weights.push(self.propose(stretch, cluster.clone(), context, guide, series, random));
            proposals.push(series[cluster.clone()].to_vec());
        }
        series[cluster].copy_from_slice(&proposals[choose_by_log(&log_weights, random)]);
    }

    /// Draws missing hours, each from its density times the guide's factor, which is `None` for the hours
    /// that were seen; returns the log of the model's density of all these hours over the proposal's.
    fn propose(
        &self,
        stretch: &Stretch,
        hours: Range<usize>,
        context: &Decoded,
        guide: impl Fn(usize, &[f32]) -> Option<(f64, f64)>,
        series: &mut [f32],
        random: &mut ChaCha8Rng,
    ) -> f64 {
        let mut history = stretch.history_before(self, series, hours.start, context);
        let mut log_weight = 0.0;
        for hour in hours {
            let given = stretch.given(hour, context);
            let density = self.noise.density(&mut history, given);
            match guide(hour, &series[..hour]) {
                Some((precision, shift)) => {
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

/// Takes a number with the probability of its weight, of which the log is given.
fn choose_by_log(log_weights: &[f64], random: &mut impl Rng) -> usize {
    let largest = log_weights.iter().copied().fold(f64::MIN, f64::max);
    let weights: Vec<f64> = log_weights.iter().map(|log_weight| (log_weight - largest).exp()).collect();
    choose(&weights, random)
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
