//! One draw of all missing hours of a stretch for each of a few members, side by side: what the noise needs
//! of an hour is computed for all of them at once. No member's numbers depend on who is beside it.

use std::ops::Range;

use model::fast::decoder::LaneRoom;
use model::fast::encoder;
use model::noise::sampler::{Chance, Factor, LANES, Lanes, Row, SharedHour};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::episode::Episode;
use super::stretch::Stretch;
use super::{DecodedLanes, Posterior};
use contract::calendar::DAY_HOURS;
use model::config::STEP_HOURS;

/// Members of the largest group.
pub(super) const LARGEST: usize = LANES;
/// Times that latents and hours are drawn by turns.
const SWEEPS: usize = 2;
/// Proposals of an episode's latents and hours, of which one is taken.
const EPISODE_PARTICLES: usize = 8;
/// Proposals of a cluster's hours, of which one is taken.
const PARTICLES: usize = 3;

/// Steps that are decoded at once, at least.
const WINDOW_STEPS: usize = 16;

/// Room to encode and decode in.
#[derive(Default)]
pub(super) struct Workspace {
    encoder: encoder::Workspace,
    decoder: LaneRoom,
    decoded: Vec<DecodedLanes>,
}

/// Members on their way.
struct Group<'a> {
    posterior: &'a Posterior<'a>,
    stretch: &'a Stretch,
    workspace: &'a mut Workspace,
    random: Vec<ChaCha8Rng>,
    series: Vec<Vec<f32>>,
    /// `[step, latent]` of each.
    latents: Vec<Vec<f64>>,
    shared: SharedHour,
    /// Before the hours that are proposed.
    before: Lanes,
    particles: Vec<Particle>,
}

/// One proposal of each member.
struct Particle {
    lanes: Lanes,
    log_weight: [f64; LANES],
    /// Of the missing hours.
    values: Vec<Row>,
}

impl Posterior<'_> {
    /// The stretch's hours of each member, those of the core that were missing drawn.
    pub(super) fn group(
        &self,
        stretch: &Stretch,
        seed: u64,
        (number, members): (usize, Range<usize>),
        workspace: &mut Workspace,
    ) -> Vec<Vec<f32>> {
        let mut random: Vec<ChaCha8Rng> = members
            .map(|member| {
                let mut random = ChaCha8Rng::seed_from_u64(seed);
                random.set_stream((number as u64) << 32 | member as u64);
                random
            })
            .collect();
        let latents =
            random.iter_mut().map(|random| self.latents_of(stretch, &stretch.moments, Some(random)));
        let mut group = Group {
            posterior: self,
            stretch,
            workspace,
            latents: latents.collect(),
            series: vec![stretch.reference.clone(); random.len()],
            random,
            shared: SharedHour::default(),
            before: self.noise.lanes(),
            particles: Vec::new(),
        };
        group.draw();
        group.series
    }
}

impl Group<'_> {
    fn draw(&mut self) {
        let (posterior, stretch) = (self.posterior, self.stretch);
        let channels = posterior.decoder.latents();
        for episode in &stretch.episodes {
            let open = episode.open.start * channels..episode.open.end * channels;
            for latents in &mut self.latents {
                let (mean, _) = episode.proposal_mean(latents, channels);
                latents[open.clone()].copy_from_slice(&mean);
            }
        }
        for episode in &stretch.episodes {
            self.draw_episode(episode);
        }
        if stretch.clusters.is_empty() {
            return;
        }
        self.draw_clusters();
        for _ in 1..SWEEPS {
            self.draw_latents();
            self.draw_clusters();
        }
    }

    /// Draws the latents of all steps that are not open, given all hours.
    fn draw_latents(&mut self) {
        let (posterior, stretch) = (self.posterior, self.stretch);
        let channels = posterior.decoder.latents();
        let members = self.latents.iter_mut().zip(&self.series).zip(&mut self.random);
        for ((latents, series), random) in members {
            let hours = &series[stretch.core_hours()];
            let moments = posterior.encoder.encode(hours, &mut self.workspace.encoder);
            let mut drawn = posterior.latents_of(stretch, moments, Some(random));
            for episode in &stretch.episodes {
                let at = episode.open.start * channels..episode.open.end * channels;
                drawn[at.clone()].copy_from_slice(&latents[at]);
            }
            *latents = drawn;
        }
    }

    /// Draws the missing hours of all clusters, given the latents.
    fn draw_clusters(&mut self) {
        let (posterior, stretch) = (self.posterior, self.stretch);
        let lags = posterior.noise.lags();
        let mut window = 0..0;
        let mut decoded = std::mem::take(&mut self.workspace.decoded);
        decoded.resize_with(1, DecodedLanes::default);
        for cluster in &stretch.clusters {
            let needed = cluster.start.saturating_sub(lags) / STEP_HOURS..cluster.end.div_ceil(STEP_HOURS);
            if needed.start < window.start || needed.end > window.end {
                window = needed.start..needed.end.max(needed.start + WINDOW_STEPS).min(stretch.steps);
                let value = |member: usize, at: usize| self.latents[member][at];
                let shape = (self.latents.len(), stretch.steps);
                let room = &mut self.workspace.decoder;
                let before = std::mem::take(&mut decoded[0]);
                decoded[0] = posterior.decode_lanes(shape, value, window.clone(), room, before);
            }
            self.propose(cluster.clone(), &decoded, PARTICLES, |_, hour, lanes| {
                let guide = stretch.guides[hour].as_ref()?;
                let shift = lanes.coupled([guide.shift as f32; LANES], &guide.coupling);
                Some(Factor { precision: guide.precision as f32, shift })
            });
            for member in 0..self.series.len() {
                self.choose(member, cluster.clone());
            }
        }
        self.workspace.decoded = decoded;
    }

    /// Draws an episode's latents and missing hours: several proposals of both, of which one is taken by
    /// its weight.
    fn draw_episode(&mut self, episode: &Episode) {
        let (posterior, stretch) = (self.posterior, self.stretch);
        let of_step = posterior.decoder.latents();
        let open = episode.open.start * of_step..episode.open.end * of_step;
        let mut moved = vec![vec![[0.0; LANES]; open.len()]; EPISODE_PARTICLES];
        let mut of_members = Vec::with_capacity(self.series.len());
        for (member, latents) in self.latents.iter().enumerate() {
            let (mean, prior_mean) = episode.proposal_mean(latents, of_step);
            let mut proposals = Vec::with_capacity(EPISODE_PARTICLES);
            for moved in &mut moved {
                let random = &mut self.random[member];
                let normal: Vec<f64> = StandardNormal.sample_iter(random).take(mean.len()).collect();
                let mut drawn = episode.departure(&normal);
                drawn.iter_mut().zip(&mean).for_each(|(drawn, mean)| *drawn += mean);
                let log_proposal = -0.5 * normal.iter().map(|normal| normal * normal).sum::<f64>();
                let log_weight = episode.log_prior(&drawn, &prior_mean) - log_proposal;
                episode.moved(&drawn, |latent, by| moved[latent][member] = by);
                proposals.push((drawn, log_weight));
            }
            of_members.push(proposals);
        }
        let mut decoded = std::mem::take(&mut self.workspace.decoded);
        decoded.resize_with(EPISODE_PARTICLES, DecodedLanes::default);
        for (particle, decoded) in decoded.iter_mut().enumerate() {
            let value = |member: usize, at: usize| match open.contains(&at) {
                true => of_members[member][particle].0[at - open.start],
                false => self.latents[member][at],
            };
            let shape = (self.latents.len(), stretch.steps);
            let room = &mut self.workspace.decoder;
            *decoded = posterior.decode_lanes(shape, value, episode.decoded(), room, std::mem::take(decoded));
        }
        self.propose(episode.hours.clone(), &decoded, EPISODE_PARTICLES, |particle, hour, lanes| {
            stretch.is_missing(hour).then(|| episode.guide(hour, &moved[particle], lanes))
        });
        self.workspace.decoded = decoded;
        for (member, proposals) in of_members.into_iter().enumerate() {
            for (particle, (_, log_weight)) in self.particles.iter_mut().zip(&proposals) {
                particle.log_weight[member] += log_weight;
            }
            let chosen = self.choose(member, episode.hours.clone());
            self.latents[member][open.clone()].copy_from_slice(&proposals[chosen].0);
        }
    }

    /// Draws missing hours in so many ways, each from its density times the guide's factor, which is `None` for
    /// the hours that were seen, and weighs them: the log of the model's density of all these hours over the
    /// proposal's. `decoded` is of each particle, or the same for all.
    fn propose(
        &mut self,
        hours: Range<usize>,
        decoded: &[DecodedLanes],
        particles: usize,
        guide: impl Fn(usize, usize, &Lanes) -> Option<Factor>,
    ) {
        self.begin(hours.start, &decoded[0], particles);
        let (noise, stretch) = (&self.posterior.noise, self.stretch);
        for hour in hours {
            self.share(hour);
            let is_missing = stretch.is_missing(hour);
            for (number, particle) in self.particles.iter_mut().enumerate() {
                let context = decoded[number.min(decoded.len() - 1)].at(hour);
                let Particle { lanes, log_weight, values } = particle;
                noise.look_ahead(lanes, &self.shared, context);
                let value = match guide(number, hour, lanes) {
                    Some(factor) => lanes.draw(factor, &chance(&mut self.random), log_weight),
                    None => {
                        let value = if is_missing { 0.0 } else { stretch.observed[hour] };
                        lanes.score(value, log_weight);
                        [value; LANES]
                    }
                };
                if is_missing {
                    values.push(value);
                }
                noise.remember_lanes(lanes, context, &value);
            }
        }
    }

    /// Puts the hours before one into the histories of so many particles.
    fn begin(&mut self, hour: usize, decoded: &DecodedLanes, particles: usize) {
        let noise = &self.posterior.noise;
        self.before.clear();
        for before in hour.saturating_sub(noise.lags())..hour {
            let mut values = [0.0; LANES];
            self.series.iter().zip(&mut values).for_each(|(series, value)| *value = series[before]);
            noise.remember_lanes(&mut self.before, decoded.at(before), &values);
        }
        let particle = || Particle { lanes: noise.lanes(), log_weight: [0.0; LANES], values: Vec::new() };
        self.particles.resize_with(particles, particle);
        for particle in &mut self.particles {
            particle.lanes.copy_hours(&self.before);
            particle.log_weight = [0.0; LANES];
            particle.values.clear();
        }
    }

    fn share(&mut self, hour: usize) {
        let hour_of_day = (self.stretch.first_hour_of_day + hour) % DAY_HOURS;
        let seasonal = &self.stretch.features[hour / STEP_HOURS];
        self.posterior.noise.share(hour_of_day, seasonal, &mut self.shared);
    }

    /// Takes one of a member's proposals by their weights; returns its number.
    fn choose(&mut self, member: usize, hours: Range<usize>) -> usize {
        let log_weights: Vec<f64> =
            self.particles.iter().map(|particle| particle.log_weight[member]).collect();
        let chosen = choose_by_log(&log_weights, &mut self.random[member]);
        let missing = hours.filter(|&hour| self.stretch.is_missing(hour));
        for (hour, values) in missing.zip(&self.particles[chosen].values) {
            self.series[member][hour] = values[member];
        }
        chosen
    }
}

/// The numbers of a draw, of each member its own.
fn chance(random: &mut [ChaCha8Rng]) -> Chance {
    let (mut uniform, mut normal) = ([0.0; LANES], [0.0; LANES]);
    for ((random, uniform), normal) in random.iter_mut().zip(&mut uniform).zip(&mut normal) {
        *uniform = random.random();
        *normal = StandardNormal.sample(random);
    }
    Chance { uniform, normal }
}

/// Takes a number with the probability of its weight, of which the log is given.
fn choose_by_log(log_weights: &[f64], random: &mut impl Rng) -> usize {
    let largest = log_weights.iter().copied().fold(f64::MIN, f64::max);
    let weights: Vec<f64> = log_weights.iter().map(|log_weight| (log_weight - largest).exp()).collect();
    let mut left = random.random::<f64>() * weights.iter().sum::<f64>();
    for (number, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return number;
        }
    }
    weights.len() - 1
}
