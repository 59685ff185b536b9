//! Draws paths from the prior of paths. The random numbers of a step depend on the seed, the
//! member and the step alone, so a member is the same wherever one starts to read it.

use std::f64::consts::TAU;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{PathPrior, SlowPart};
use crate::linear::Matrix;

/// Steps for which every path runs before step 0, from the mean, to forget where it started.
pub const BURN: i64 = 512;
/// The first step that can be read.
pub const FIRST_STEP: i64 = -64;

/// Whose random numbers.
#[derive(Clone, Copy)]
enum Purpose {
    Fast,
    Slow,
}

/// A path of latent steps, endless.
pub struct Sampler<'a, F> {
    prior: &'a PathPrior,
    coefficients: Matrix,
    phase: F,
    step: i64,
    /// `[lag][channel]`: the steps of the autoregression so far, the newest first.
    lags: Vec<f64>,
    fast: ChaCha8Rng,
    slow: ChaCha8Rng,
    /// `[slow part][component]`.
    slow_state: Vec<Vec<f64>>,
}

impl PathPrior {
    /// The path of a member from a step on. `phase` gives each step's phase of year from 0 to 1.
    /// Paths begin at [`FIRST_STEP`]: an earlier first step is an error of the caller.
    pub fn sampler<F: Fn(i64) -> f64>(
        &self,
        seed: u64,
        member: u32,
        first_step: i64,
        phase: F,
    ) -> Sampler<'_, F> {
        assert!(first_step >= FIRST_STEP, "first step {first_step} is before {FIRST_STEP}");
        let parts = self.parts();
        let random = |purpose: Purpose| {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            // The highest numbers below a member's 32 bits, which no chunk of a series reaches.
            random.set_stream(u64::from(member) << 32 | (0xffff_fff0 + purpose as u64));
            random
        };
        let mut sampler = Sampler {
            prior: self,
            coefficients: Matrix::from_rows(parts.channels, parts.coefficients.clone()),
            phase,
            step: -BURN,
            lags: vec![0.0; parts.order() * parts.channels],
            fast: random(Purpose::Fast),
            slow: random(Purpose::Slow),
            slow_state: parts
                .slow
                .iter()
                .map(|slow| vec![0.0; slow.loading.len() / parts.channels])
                .collect(),
        };
        (-BURN..first_step).for_each(|_| _ = sampler.advance());
        sampler
    }
}

impl<F> Sampler<'_, F> {
    /// u of the next step.
    fn advance(&mut self) -> Vec<f64> {
        let parts = self.prior.parts();
        let channels = parts.channels;
        let noise = self.prior.factor.times_vector(&normals(&mut self.fast, self.step, channels));
        let predicted = self.coefficients.times_vector(&self.lags);
        let mut next: Vec<f64> = predicted.iter().zip(&noise).map(|(mean, noise)| mean + noise).collect();
        self.lags.rotate_right(channels);
        self.lags[..channels].copy_from_slice(&next);
        self.advance_slow();
        for (part, state) in parts.slow.iter().zip(&self.slow_state).filter(|(_, state)| !state.is_empty()) {
            let rows = part.loading.chunks_exact(state.len());
            next.iter_mut().zip(rows).for_each(|(next, row)| *next += super::dot(row, state));
        }
        self.step += 1;
        next
    }

    /// Moves the slow components one step on; their first step is a draw of how they are in the
    /// long run.
    fn advance_slow(&mut self) {
        let count = self.slow_state.iter().map(Vec::len).sum();
        let numbers = normals(&mut self.slow, self.step, count);
        let mut numbers = numbers.iter();
        let first = self.step == -BURN;
        for (part, state) in self.prior.parts().slow.iter().zip(&mut self.slow_state) {
            let (memory, scale) = if first { (0.0, 1.0) } else { step_of(part) };
            for (value, number) in state.iter_mut().zip(&mut numbers) {
                *value = memory * *value + scale * number;
            }
        }
    }
}

/// Memory, and the scale of the noise that keeps the variance at 1.
fn step_of(part: &SlowPart) -> (f64, f64) {
    (part.memory(), (-(-2.0 / part.steps).exp_m1()).sqrt())
}

impl<F: Fn(i64) -> f64> Iterator for Sampler<'_, F> {
    type Item = Vec<f32>;

    /// `[channel]` of the next step.
    fn next(&mut self) -> Option<Vec<f32>> {
        let (mean, scale) = self.prior.season((self.phase)(self.step));
        let path = self.advance();
        let values = mean.iter().zip(scale).zip(path).map(|((mean, scale), u)| (mean + scale * u) as f32);
        Some(values.collect())
    }
}

/// `count` standard normal numbers of a step by Box and Muller's transform, which takes the same
/// number of words every time.
fn normals(random: &mut ChaCha8Rng, step: i64, count: usize) -> Vec<f64> {
    let words_a_pair = 4;
    let pairs = count.div_ceil(2);
    random.set_word_pos((step + BURN) as u128 * (words_a_pair * pairs) as u128);
    let mut normals = Vec::with_capacity(2 * pairs);
    for _ in 0..pairs {
        // Above 0, at most 1; 53 bits.
        let radius = ((random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        let angle = TAU * (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let radius = (-2.0 * radius.ln()).sqrt();
        normals.extend([radius * angle.cos(), radius * angle.sin()]);
    }
    normals.truncate(count);
    normals
}
