//! Latents that the hours seen leave open: some steps with many missing hours, and the steps beside them.
//! The posterior of their latents and missing hours together is Gaussian where the noise's mean is
//! linearised in both. With `x_t ~ N(m_t + a_t'dx + b_t'dz, v_t)` and the prior `z ~ N(mu, L^-1)` given the
//! steps around, the mode of
//!
//! `-1/2 (z - mu)'L(z - mu) - 1/2 sum over t of (x_t - m_t(x, z))^2 / v_t`
//!
//! is found by Gauss and Newton's method, each step from a linearisation at the last point; the precision
//! there, with the missing hours eliminated (its Schur complement), is that of the Gaussian which latents are
//! proposed from. Proposals are corrected by the model's own density ([`super::member`]).

use std::ops::Range;

use anyhow::Context;
use model::conditional::Conditional;
use model::config::STEP_HOURS;
use model::fast::decoder::LaneRoom;
use model::latents::Season;
use model::linear::{Matrix, dot};
use model::noise::sampler::{Factor, LANES, Lanes, LinearHour, Row, plus_products};

use super::shifts::{self, LinearStep};
use super::stretch::Stretch;
use super::{DecodedLanes, Posterior};

/// Steps of Gauss and Newton's method.
const PASSES: usize = 3;
/// What latents are moved by to see what the decoder does.
const LATENT_STEP: f64 = 0.1;
/// Latents that are moved side by side.
const BESIDE: usize = LANES - 1;
/// The largest move of a standardised hour in one pass.
const LARGEST_MOVE: f64 = 2.0;

/// A stretch's hours with the missing ones filled in, and all its latents, `[step, latent]`.
#[derive(Clone)]
pub(super) struct Filled {
    pub reference: Vec<f32>,
    pub latents: Vec<f64>,
}

impl Filled {
    /// Takes out what is there for some steps, and puts others' in its place.
    pub(super) fn exchange(&mut self, of: &Filled, steps: &Range<usize>, of_step: usize) -> Filled {
        let hours = steps.start * STEP_HOURS..steps.end * STEP_HOURS;
        let latents = steps.start * of_step..steps.end * of_step;
        let taken = Filled {
            reference: self.reference[hours.clone()].to_vec(),
            latents: self.latents[latents.clone()].to_vec(),
        };
        self.reference[hours.clone()].copy_from_slice(&of.reference[hours]);
        self.latents[latents.clone()].copy_from_slice(&of.latents[latents]);
        taken
    }

    /// Puts in what was taken out of the steps from `first` on.
    pub(super) fn put(&mut self, part: &Filled, first: usize, of_step: usize) {
        let (hours, latents) = (first * STEP_HOURS, first * of_step);
        self.reference[hours..hours + part.reference.len()].copy_from_slice(&part.reference);
        self.latents[latents..latents + part.latents.len()].copy_from_slice(&part.latents);
    }
}

/// Open steps of a stretch, and what is known about them.
pub(super) struct Episode {
    /// Steps whose latents are drawn.
    pub open: Range<usize>,
    /// Hours that are drawn or scored.
    pub hours: Range<usize>,
    /// The steps that the prior of the open ones is given by.
    window: Range<usize>,
    prior: Conditional,
    prior_precision: Matrix,
    /// The mean of the open latents given the window's latents of the reference.
    prior_mean: Vec<f64>,
    /// The mode.
    latents: Vec<f64>,
    /// Lower Cholesky factor of the latents' precision.
    factor: Matrix,
    linear: Vec<LinearStep>,
}

impl Episode {
    /// Finds the mode, which is put in its place, and what is around it.
    ///
    /// # Errors
    /// When rounding has made a covariance unusable.
    pub(super) fn solve(
        posterior: &Posterior<'_>,
        stretch: &Stretch,
        open: Range<usize>,
        filled: &mut Filled,
    ) -> anyhow::Result<Episode> {
        let latents = &mut filled.latents;
        let channels = posterior.decoder.latents();
        let around = |steps: usize| open.start.saturating_sub(steps)..(open.end + steps).min(stretch.steps);
        let window = around(super::stretch::MEMORY_STEPS);
        let phase = |step| stretch.phase(step);
        let features = |phase| posterior.features(phase);
        let season = Season { phase: &phase, features: &features };
        let joint = posterior.latents.joint(season, window.start as i64, window.len());
        let (known, missing): (Vec<usize>, Vec<usize>) =
            (0..window.len()).partition(|step| !open.contains(&(window.start + step)));
        let unusable = "the model's prior of latent paths has no usable covariance; train it again";
        let prior = joint.given(&known, &missing).context(unusable)?;
        let prior_mean = prior.mean(&latents[window.start * channels..window.end * channels]);
        let core = stretch.core_hours();
        let hours = (open.start * STEP_HOURS).max(core.start)..(open.end * STEP_HOURS).min(core.end);
        latents[open.start * channels..open.end * channels].copy_from_slice(&prior_mean);
        let mut episode = Episode {
            prior_precision: prior.precision(),
            prior,
            factor: Matrix::identity(1),
            latents: prior_mean.clone(),
            prior_mean,
            linear: Vec::new(),
            open,
            hours,
            window,
        };
        for _ in 0..PASSES {
            episode.linearise(posterior, stretch, filled);
            episode.improve(stretch, filled).context(unusable)?;
            let at = episode.open.start * channels..episode.open.end * channels;
            filled.latents[at].copy_from_slice(&episode.latents);
        }
        episode.linearise(posterior, stretch, filled);
        episode.improve(stretch, filled).context(unusable)?;
        episode.look_back(stretch, posterior.noise.lags());
        Ok(episode)
    }

    /// Steps whose hours are looked at: one more than are scored, for the noise's memory.
    pub(super) fn decoded(&self) -> Range<usize> {
        (self.hours.start / STEP_HOURS).saturating_sub(1)..self.hours.end.div_ceil(STEP_HOURS)
    }

    /// The hours' means, variances and slopes at the reference and the latents.
    fn linearise(&mut self, posterior: &Posterior<'_>, stretch: &Stretch, filled: &Filled) {
        let Filled { reference, latents } = filled;
        let of_step = posterior.decoder.latents();
        let context = posterior.decode(latents, self.decoded());
        let mut room = LaneRoom::default();
        let moved: Vec<Vec<DecodedLanes>> =
            self.open.clone().map(|step| self.moved_context(posterior, latents, step, &mut room)).collect();
        let reach = posterior.decoder.reach();
        let of_hour = |hour: usize| {
            let mut history = stretch.history_before(posterior, reference, hour, &context);
            let given = stretch.given(hour, &context);
            let LinearHour { mean, variance, slopes, by_context } =
                posterior.noise.linearise(&mut history, given);
            let by_context: Vec<f32> = by_context.into_iter().map(|slope| slope as f32).collect();
            let step = hour / STEP_HOURS;
            let first = step.saturating_sub(reach.before).max(self.open.start);
            let last = (step + reach.after + 1).min(self.open.end);
            let mut by_latents = Vec::with_capacity((last - first) * of_step);
            for moved in &moved[first - self.open.start..last - self.open.start] {
                for moved in moved {
                    let row = plus_products([0.0; LANES], moved.at(hour), &by_context);
                    let count = (of_step - by_latents.len() % of_step).min(BESIDE);
                    let slope = |value: &f32| f64::from((value - row[BESIDE]) / LATENT_STEP as f32);
                    by_latents.extend(row[..count].iter().map(slope));
                }
            }
            let before = reference[..hour].iter().rev();
            let departure: f64 = slopes.iter().zip(before).map(|(slope, x)| slope * f64::from(*x)).sum();
            LinearStep {
                constant: mean - departure,
                by_variance: 1.0 / variance,
                by_latents,
                first_latent: (first - self.open.start) * of_step,
                slopes,
                ..LinearStep::default()
            }
        };
        self.linear = self.hours.clone().map(of_hour).collect();
    }

    /// The decoder's channels of the hours that a step reaches, each of its latents moved in a lane of its
    /// own; the last lane has none moved.
    fn moved_context(
        &self,
        posterior: &Posterior<'_>,
        latents: &[f64],
        step: usize,
        room: &mut LaneRoom,
    ) -> Vec<DecodedLanes> {
        let (of_step, reach, decoded) =
            (posterior.decoder.latents(), posterior.decoder.reach(), self.decoded());
        let reached =
            step.saturating_sub(reach.after).max(decoded.start)..(step + reach.before + 1).min(decoded.end);
        let steps = latents.len() / of_step;
        let decode = |first: usize| {
            let value = |lane: usize, at: usize| {
                let is_moved = lane < BESIDE && at == step * of_step + first + lane;
                latents[at] + if is_moved { LATENT_STEP } else { 0.0 }
            };
            posterior.decode_lanes((LANES, steps), value, reached.clone(), room, DecodedLanes::default())
        };
        (0..of_step).step_by(BESIDE).map(decode).collect()
    }

    /// One step of Gauss and Newton's method: moves the latents and the reference's missing hours to the
    /// mode of the linearised posterior. `None` if the precision is not positive definite.
    fn improve(&mut self, stretch: &Stretch, filled: &mut Filled) -> Option<()> {
        let missing: Vec<usize> = self.hours.clone().filter(|&hour| stretch.is_missing(hour)).collect();
        let (hours, latents) = (missing.len(), self.latents.len());
        let position = |hour: usize| missing.binary_search(&hour).ok();
        let size = hours + latents;
        let mut precision = Matrix::zeros(size, size);
        precision.set_block(hours, hours, &self.prior_precision);
        let mut gradient = vec![0.0; size];
        let departure: Vec<f64> =
            self.prior_mean.iter().zip(&self.latents).map(|(mean, at)| mean - at).collect();
        gradient[hours..].copy_from_slice(&self.prior_precision.times_vector(&departure));
        // The residual's slopes: by the missing hours, the last first, then by the latents.
        let mut slopes: Vec<(usize, f64)> = Vec::new();
        for (hour, linear) in self.hours.clone().zip(&self.linear) {
            slopes.clear();
            slopes.extend(position(hour).map(|at| (at, 1.0)));
            let mut mean = linear.constant;
            for (lag, slope) in linear.slopes.iter().enumerate().take(hour) {
                let before = hour - 1 - lag;
                mean += slope * f64::from(filled.reference[before]);
                slopes.extend(position(before).map(|at| (at, -slope)));
            }
            let residual = f64::from(filled.reference[hour]) - mean;
            for (number, &(i, left)) in slopes.iter().enumerate() {
                let left = left * linear.by_variance;
                gradient[i] -= left * residual;
                let row = &mut precision.values[i * size..(i + 1) * size];
                slopes[number..].iter().for_each(|&(j, right)| row[j] += left * right);
            }
            // Only the lower triangle is read.
            let first = hours + linear.first_latent;
            for (number, &slope) in linear.by_latents.iter().enumerate() {
                let left = -slope * linear.by_variance;
                gradient[first + number] -= left * residual;
                let row = &mut precision.values[(first + number) * size..(first + number + 1) * size];
                slopes.iter().for_each(|&(j, right)| row[j] += left * right);
                let columns = row[first..].iter_mut().zip(&linear.by_latents[..=number]);
                columns.for_each(|(sum, right)| *sum -= left * right);
            }
        }
        let factor = precision.cholesky()?;
        let right = Matrix { rows: size, columns: 1, values: gradient };
        let step = factor.solve_cholesky(&right).values;
        for (&hour, step) in missing.iter().zip(&step) {
            filled.reference[hour] += step.clamp(-LARGEST_MOVE, LARGEST_MOVE) as f32;
        }
        self.latents.iter_mut().zip(&step[hours..]).for_each(|(latent, step)| *latent += step);
        self.factor = Matrix::zeros(latents, latents);
        (0..latents).for_each(|i| (0..=i).for_each(|j| self.factor[(i, j)] = factor[(hours + i, hours + j)]));
        Some(())
    }

    /// The part of the guide that does not depend on the latents ([`super::guide`]).
    fn look_back(&mut self, stretch: &Stretch, lags: usize) {
        let mut information = super::guide::Backward::new(lags);
        for (hour, linear) in self.hours.clone().zip(&mut self.linear).rev() {
            let guide = information.guide();
            linear.precision = guide.precision;
            linear.coupling = guide.coupling;
            linear.coupling.resize(lags, 0.0);
            let hour_of = LinearHour {
                mean: 0.0,
                variance: 1.0 / linear.by_variance,
                slopes: linear.slopes.clone(),
                by_context: Vec::new(),
            };
            let observed = (!stretch.is_missing(hour)).then_some(0.0);
            information.step(&hour_of, 0.0, observed);
        }
        if lags > 0 {
            shifts::fill(&mut self.linear, |at| {
                let hour = self.hours.start + at;
                (!stretch.is_missing(hour)).then(|| f64::from(stretch.observed[hour]))
            });
        }
    }

    /// Mean of the latents' proposal where the window has other latents than the reference: the prior's
    /// mean moves, and the posterior's with it.
    pub(super) fn proposal_mean(&self, latents: &[f64], channels: usize) -> (Vec<f64>, Vec<f64>) {
        let prior_mean = self.prior.mean(&latents[self.window.start * channels..self.window.end * channels]);
        let moved: Vec<f64> =
            prior_mean.iter().zip(&self.prior_mean).map(|(here, mean)| here - mean).collect();
        let force = self.prior_precision.times_vector(&moved);
        let right = Matrix { rows: force.len(), columns: 1, values: force };
        let shift = self.factor.solve_cholesky(&right).values;
        let mean = self.latents.iter().zip(shift).map(|(mode, shift)| mode + shift).collect();
        (mean, prior_mean)
    }

    /// `L'^-1 e`: a departure from the proposal's mean, for standard normal numbers e.
    pub(super) fn departure(&self, normal: &[f64]) -> Vec<f64> {
        let size = normal.len();
        let mut solved = normal.to_vec();
        for i in (0..size).rev() {
            let below: f64 = (i + 1..size).map(|j| self.factor[(j, i)] * solved[j]).sum();
            solved[i] = (solved[i] - below) / self.factor[(i, i)];
        }
        solved
    }

    /// Log of the prior's density of latents, up to a constant.
    pub(super) fn log_prior(&self, latents: &[f64], prior_mean: &[f64]) -> f64 {
        let departure: Vec<f64> = latents.iter().zip(prior_mean).map(|(z, mean)| z - mean).collect();
        -0.5 * dot(&departure, &self.prior_precision.times_vector(&departure))
    }

    /// How far latents are from the mode.
    pub(super) fn moved(&self, latents: &[f64], mut take: impl FnMut(usize, f32)) {
        let pairs = latents.iter().zip(&self.latents).enumerate();
        pairs.for_each(|(number, (latent, mode))| take(number, (latent - mode) as f32));
    }

    /// The factor that a missing hour is drawn with, given how far the latents are from the mode.
    pub(super) fn guide(&self, hour: usize, moved: &[Row], lanes: &Lanes) -> Factor {
        let linear = &self.linear[hour - self.hours.start];
        let moved = &moved[linear.first_shifted..];
        let shift = plus_products([linear.shift as f32; LANES], moved, &linear.shift_by_latents);
        Factor { precision: linear.precision as f32, shift: lanes.coupled(shift, &linear.coupling) }
    }
}
