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
use model::latents::Season;
use model::linear::{Matrix, dot};
use model::noise::sampler::LinearHour;
use rayon::prelude::*;

use super::Posterior;
use super::stretch::Stretch;

/// Steps of Gauss and Newton's method.
const PASSES: usize = 3;
/// What latents are moved by to see what the decoder does.
const LATENT_STEP: f64 = 0.1;
/// The largest move of a standardised hour in one pass.
const LARGEST_MOVE: f64 = 2.0;

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

/// One hour near the mode, and the part of the guide that is the same for all latents.
struct LinearStep {
    slopes: Vec<f64>,
    by_variance: f64,
    /// The mean where the hours before are 0 and the latents are the mode's.
    constant: f64,
    /// By the open latents.
    by_latents: Vec<f64>,
    /// Of the hour itself in the information that later hours hold.
    precision: f64,
    /// Of the hours before it with it.
    coupling: Vec<f64>,
}

impl Episode {
    /// Finds the mode and what is around it. The reference is filled along the way.
    ///
    /// # Errors
    /// When rounding has made a covariance unusable.
    pub(super) fn solve(
        posterior: &Posterior<'_>,
        stretch: &mut Stretch,
        open: Range<usize>,
        latents: &mut [f64],
    ) -> anyhow::Result<Episode> {
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
            episode.linearise(posterior, stretch, latents);
            episode.improve(stretch).context(unusable)?;
            let at = episode.open.start * channels..episode.open.end * channels;
            latents[at].copy_from_slice(&episode.latents);
        }
        episode.linearise(posterior, stretch, latents);
        episode.improve(stretch).context(unusable)?;
        episode.look_back(stretch, posterior.noise.lags());
        Ok(episode)
    }

    /// Steps whose hours are looked at: one more than are scored, for the noise's memory.
    pub(super) fn decoded(&self) -> Range<usize> {
        (self.hours.start / STEP_HOURS).saturating_sub(1)..self.hours.end.div_ceil(STEP_HOURS)
    }

    /// The hours' means, variances and slopes at the reference and the latents.
    fn linearise(&mut self, posterior: &Posterior<'_>, stretch: &Stretch, latents: &[f64]) {
        let (of_step, channels) = (posterior.decoder.latents(), posterior.decoder.channels());
        let context = posterior.decode(latents, self.decoded());
        let columns = self.open.start * of_step..self.open.end * of_step;
        // What each latent does to the decoder's channels of each hour.
        let moved: Vec<Vec<f32>> = columns
            .into_par_iter()
            .map(|column| {
                let mut latents = latents.to_vec();
                latents[column] += LATENT_STEP;
                let moved = posterior.decode(&latents, self.decoded()).values;
                let pairs = moved.iter().zip(&context.values);
                pairs.map(|(moved, base)| (moved - base) / LATENT_STEP as f32).collect()
            })
            .collect();
        let of_hour = |hour: usize| {
            let mut history = stretch.history_before(posterior, &stretch.reference, hour, &context);
            let given = stretch.given(hour, &context);
            let LinearHour { mean, variance, slopes } = posterior.noise.linearise(&mut history, given);
            let by_context = posterior.noise.context_slopes(&mut history, given);
            let at = (hour - context.first_hour) * channels;
            let by_latent = |moved: &Vec<f32>| -> f64 {
                let row = &moved[at..at + channels];
                row.iter().zip(&by_context).map(|(moved, slope)| f64::from(*moved) * slope).sum()
            };
            let before = stretch.reference[..hour].iter().rev();
            let departure: f64 = slopes.iter().zip(before).map(|(slope, x)| slope * f64::from(*x)).sum();
            LinearStep {
                constant: mean - departure,
                by_variance: 1.0 / variance,
                by_latents: moved.iter().map(by_latent).collect(),
                slopes,
                precision: 0.0,
                coupling: Vec::new(),
            }
        };
        self.linear = self.hours.clone().into_par_iter().map(of_hour).collect();
    }

    /// One step of Gauss and Newton's method: moves the latents and the reference's missing hours to the
    /// mode of the linearised posterior. `None` if the precision is not positive definite.
    fn improve(&mut self, stretch: &mut Stretch) -> Option<()> {
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
        for (hour, linear) in self.hours.clone().zip(&self.linear) {
            // The residual's slopes: by the missing hours, then by the latents.
            let mut slopes: Vec<(usize, f64)> = Vec::new();
            slopes.extend(position(hour).map(|at| (at, 1.0)));
            let mut mean = linear.constant;
            for (lag, slope) in linear.slopes.iter().enumerate().take(hour) {
                let before = hour - 1 - lag;
                mean += slope * f64::from(stretch.reference[before]);
                slopes.extend(position(before).map(|at| (at, -slope)));
            }
            slopes.extend(
                linear
                    .by_latents
                    .iter()
                    .enumerate()
                    .filter(|(_, slope)| **slope != 0.0)
                    .map(|(at, slope)| (hours + at, -slope)),
            );
            let residual = f64::from(stretch.reference[hour]) - mean;
            for &(i, left) in &slopes {
                let left = left * linear.by_variance;
                gradient[i] -= left * residual;
                let row = &mut precision.values[i * size..(i + 1) * size];
                slopes.iter().for_each(|&(j, right)| row[j] += left * right);
            }
        }
        let factor = precision.cholesky()?;
        let right = Matrix { rows: size, columns: 1, values: gradient };
        let step = factor.solve_cholesky(&right).values;
        for (&hour, step) in missing.iter().zip(&step) {
            stretch.reference[hour] += step.clamp(-LARGEST_MOVE, LARGEST_MOVE) as f32;
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
            linear.coupling = guide.coupling.iter().map(|&value| f64::from(value)).collect();
            linear.coupling.resize(lags, 0.0);
            let hour_of =
                LinearHour { mean: 0.0, variance: 1.0 / linear.by_variance, slopes: linear.slopes.clone() };
            let observed = (!stretch.is_missing(hour)).then_some(0.0);
            information.step(&hour_of, 0.0, observed);
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

    /// Precision, coupling and shift of each missing hour's guide for these latents, in the hours' order; shifts
    /// of other hours are not used.
    pub(super) fn shifts(&self, stretch: &Stretch, latents: &[f64]) -> Vec<f64> {
        let lags = self.linear[0].slopes.len();
        let moved: Vec<f64> = latents.iter().zip(&self.latents).map(|(z, mode)| z - mode).collect();
        let mut shift = vec![0.0; lags];
        let mut found = vec![0.0; self.linear.len()];
        if lags == 0 {
            return found;
        }
        for (at, linear) in self.linear.iter().enumerate().rev() {
            let hour = self.hours.start + at;
            found[at] = shift[0];
            let constant = linear.constant + dot(&linear.by_latents, &moved);
            let first = shift[0];
            shift.rotate_left(1);
            shift[lags - 1] = 0.0;
            if stretch.is_missing(hour) {
                let total = linear.precision + linear.by_variance;
                let factor = (constant * linear.by_variance + first) / total;
                for ((shift, slope), coupled) in shift.iter_mut().zip(&linear.slopes).zip(&linear.coupling) {
                    let g = slope * linear.by_variance - coupled;
                    *shift += g * factor - slope * constant * linear.by_variance;
                }
            } else {
                let value = f64::from(stretch.observed[hour]);
                let error = (value - constant) * linear.by_variance;
                for ((shift, slope), coupled) in shift.iter_mut().zip(&linear.slopes).zip(&linear.coupling) {
                    *shift += slope * error - coupled * value;
                }
            }
        }
        found
    }

    /// The factor `exp(-precision x^2 / 2 + shift x)` of a missing hour, given the hours before it and the
    /// shift of [`Episode::shifts`].
    pub(super) fn guide(&self, hour: usize, shift: f64, before: &[f32]) -> (f64, f64) {
        let linear = &self.linear[hour - self.hours.start];
        let coupled = linear.coupling.iter().zip(before.iter().rev());
        let sum: f64 = coupled.map(|(b, x)| b * f64::from(*x)).sum();
        (linear.precision, shift - sum)
    }
}
