//! A trained model to standardised hours: a latent path, decoded in chunks of one fixed shape, and
//! the noise hour by hour. An hour depends on the seed, the member and the hours before it, and on
//! nothing else: not on how many hours or members are drawn, nor on threads.

use std::collections::VecDeque;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::config::{Reach, STEP_HOURS};
use crate::fast::decoder::{Decoder, PIECE_STEPS};
use crate::latents::{LatentSource, Season};
use crate::noise::HOURS;
use crate::noise::sampler::{Given, History, NoiseSampler};
use crate::persistence::{Bands, Persistence, SETTLING_HOURS};

/// Latent steps of a chunk: 5.6 years.
pub const CHUNK_STEPS: usize = 8 * PIECE_STEPS;
/// Hours of a chunk.
pub const CHUNK_HOURS: usize = CHUNK_STEPS * STEP_HOURS;
/// Latent steps before the first hour in which the noise and the running means of the bands forget where they began.
const BURN_IN_STEPS: usize = 24;
const _: () = assert!(BURN_IN_STEPS * STEP_HOURS >= SETTLING_HOURS);

/// Everything that hours are drawn from.
pub struct Simulator<'a> {
    pub decoder: &'a Decoder,
    pub latents: &'a LatentSource,
    /// `None` for the decoder's mean alone.
    pub noise: Option<&'a NoiseSampler>,
    /// Gains of drawn hours' bands of time scales; nothing without noise.
    pub persistence: Option<&'a Persistence>,
    pub seed: u64,
}

/// One member's hours, chunk by chunk.
pub struct Member<'a> {
    simulator: &'a Simulator<'a>,
    season: Season<'a>,
    member: u32,
    path: Box<dyn Iterator<Item = Vec<f32>> + Send + 'a>,
    /// Latents of the steps around the next one that the decoder still needs.
    window: VecDeque<Vec<f32>>,
    next_step: i64,
    history: Option<History>,
    bands: Bands,
}

impl<'a> Simulator<'a> {
    /// Starts a member. Step 0 begins with the first hour of a day.
    pub fn member(&'a self, member: u32, season: Season<'a>) -> Member<'a> {
        let before = self.decoder.reach().before;
        let settles = self.noise.is_some_and(|noise| noise.has_memory() || self.persistence.is_some());
        let next_step = if settles { -(BURN_IN_STEPS as i64) } else { 0 };
        let mut started = Member {
            simulator: self,
            season,
            member,
            path: self.latents.path(self.seed, member, next_step - before as i64, season),
            window: VecDeque::new(),
            next_step,
            history: self.noise.map(NoiseSampler::history),
            bands: Bands::default(),
        };
        if settles {
            started.draw(BURN_IN_STEPS);
        }
        started
    }
}

impl Member<'_> {
    /// The next standardised hours, with their bands' gains: [`CHUNK_HOURS`], or where no more than `wanted`
    /// are, those that have to be drawn for them.
    pub fn chunk(&mut self, wanted: usize) -> Vec<f32> {
        let steps = wanted.div_ceil(STEP_HOURS).next_multiple_of(PIECE_STEPS).min(CHUNK_STEPS);
        self.draw(steps)
    }

    fn draw(&mut self, steps: usize) -> Vec<f32> {
        let decoded = self.decode(steps);
        let channels = self.simulator.decoder.channels();
        let first = self.next_step;
        self.next_step += steps as i64;
        let (Some(noise), Some(history)) = (self.simulator.noise, &mut self.history) else {
            return decoded.into_iter().step_by(channels).collect();
        };
        let mut random = random(self.simulator.seed, self.member, first);
        let mut hours = Vec::with_capacity(steps * STEP_HOURS);
        for (step, decoded) in (first..).zip(decoded.chunks_exact(STEP_HOURS * channels)) {
            let seasonal = self.season.features_of(step);
            for (hour, decoded) in decoded.chunks_exact(channels).enumerate() {
                let given = Given { hour_of_day: hour % HOURS, seasonal: &seasonal, decoded };
                let hour = noise.draw(history, given, &mut random);
                hours.push(match self.simulator.persistence {
                    Some(persistence) => persistence.apply(&mut self.bands, f64::from(hour)) as f32,
                    None => hour,
                });
            }
        }
        hours
    }

    /// The decoder's channels for the next steps, hour by hour. It sees the latents around them too.
    fn decode(&mut self, steps: usize) -> Vec<f32> {
        let decoder = self.simulator.decoder;
        let Reach { before, after } = decoder.reach();
        let seen = before + steps + after;
        while self.window.len() < seen {
            let Some(latent) = self.path.next() else { break };
            self.window.push_back(latent);
        }
        let latents: Vec<f32> = self.window.iter().flatten().copied().collect();
        self.window.drain(..steps);
        decoder.decode(&latents, before..before + steps)
    }
}

/// The noise's generator for the chunk that begins with `first_step`.
fn random(seed: u64, member: u32, first_step: i64) -> ChaCha8Rng {
    /// Words of the generator that a step may use: several for each of its hours.
    const WORDS: u128 = 1 << 16;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(u64::from(member) << 2 | 1);
    random.set_word_pos((first_step + BURN_IN_STEPS as i64) as u128 * WORDS);
    random
}
