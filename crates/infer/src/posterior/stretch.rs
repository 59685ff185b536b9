//! What all members of a stretch share: which steps and hours are missing, a reference series through the
//! missing hours, and what the observed hours after each of them say about it.

use std::ops::Range;

use anyhow::Context;
use contract::calendar::{DAY_HOURS, HOUR_US};
use model::conditional::Conditional;
use model::config::STEP_HOURS;
use model::fast::encoder::Workspace;
use model::latents::Season;
use model::noise::sampler::{Given, History, LinearHour};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::Posterior;
use super::grid::Grid;
use super::guide::{Backward, Guide};

/// A step is known by its hours if so many of them were seen; else it is drawn given the steps around.
const KNOWN_HOURS: usize = 24;
/// Observed hours that end a cluster of missing ones: what they do to each other's probability is over
/// by then.
const CLUSTER_END_HOURS: usize = 12;
/// Steps that are drawn at once, at most.
const BLOCK_STEPS: usize = 16;
/// Steps on each side of them that say something about them.
const MEMORY_STEPS: usize = 10;
/// Times that the reference series is made from the linearisation along the one before.
const REFERENCE_PASSES: usize = 2;

/// A stretch of the grid. Hours and steps count from its begin.
pub(super) struct Stretch {
    pub first_step: usize,
    pub steps: usize,
    /// Steps with hours of the series.
    pub core: Range<usize>,
    /// NaN where missing.
    pub observed: Vec<f32>,
    pub is_known: Vec<bool>,
    /// The steps that are not known, in order, each block with the window that it is drawn in.
    pub missing_steps: Vec<(Range<usize>, Conditional)>,
    /// Seasonal features of each step.
    pub features: Vec<Vec<f32>>,
    /// First local hour of the day of each hour of the day.
    pub first_hour_of_day: usize,
    /// Missing hours of the core filled in.
    pub reference: Vec<f32>,
    /// One for each missing hour of the core, else empty.
    pub guides: Vec<Option<Guide>>,
    pub clusters: Vec<Range<usize>>,
}

impl Stretch {
    /// Prepares steps of the grid.
    ///
    /// # Errors
    /// When rounding makes the prior's covariance unusable.
    pub(super) fn prepare(
        posterior: &Posterior<'_>,
        grid: &Grid,
        steps: Range<usize>,
    ) -> anyhow::Result<Stretch> {
        let observed = grid.hours[steps.start * STEP_HOURS..steps.end * STEP_HOURS].to_vec();
        let seen = |step: usize| {
            let hours = &observed[step * STEP_HOURS..(step + 1) * STEP_HOURS];
            hours.iter().filter(|hour| !hour.is_nan()).count()
        };
        let is_known: Vec<bool> = (0..steps.len()).map(|step| seen(step) >= KNOWN_HOURS).collect();
        let phase = |step| grid.phase(step);
        let features = |phase| grid.features(phase);
        let season = Season { phase: &phase, features: &features };
        let missing_steps = missing_steps(posterior, season, steps.start, &is_known)?;
        let core = grid.core.start.max(steps.start) - steps.start..grid.core.end.min(steps.end) - steps.start;
        let first_hour_of_day = grid.first_local_us.div_euclid(HOUR_US).rem_euclid(DAY_HOURS as i64) as usize;
        let mut stretch = Stretch {
            first_step: steps.start,
            steps: steps.len(),
            features: steps.clone().map(|step| season.features_of(step as i64)).collect(),
            reference: interpolated(&observed),
            guides: Vec::new(),
            clusters: Vec::new(),
            observed,
            is_known,
            missing_steps,
            core,
            first_hour_of_day,
        };
        stretch.clusters = stretch.clusters();
        for _ in 0..REFERENCE_PASSES {
            stretch.improve(posterior);
        }
        Ok(stretch)
    }

    /// Hours of the core.
    pub(super) fn core_hours(&self) -> Range<usize> {
        self.core.start * STEP_HOURS..self.core.end * STEP_HOURS
    }

    pub(super) fn is_missing(&self, hour: usize) -> bool {
        self.observed[hour].is_nan()
    }

    /// Draws the latents of the steps that are not known, or without random numbers takes their means.
    pub(super) fn fill_steps(
        &self,
        posterior: &Posterior<'_>,
        latents: &mut [f64],
        mut random: Option<&mut impl Rng>,
    ) {
        let channels = posterior.decoder.latents();
        for (window, missing) in &self.missing_steps {
            let window = &mut latents[window.start * channels..window.end * channels];
            missing.fill(window, random.as_deref_mut());
        }
    }

    /// What an hour is drawn given, in the context that was decoded for the stretch.
    pub(super) fn given<'a>(&'a self, hour: usize, context: &'a [f32], channels: usize) -> Given<'a> {
        Given {
            hour_of_day: (self.first_hour_of_day + hour) % DAY_HOURS,
            seasonal: &self.features[hour / STEP_HOURS],
            decoded: &context[hour * channels..(hour + 1) * channels],
        }
    }

    /// The history before an hour of a series.
    pub(super) fn history_before(
        &self,
        posterior: &Posterior<'_>,
        series: &[f32],
        hour: usize,
        context: &[f32],
    ) -> History {
        let (mut history, channels) = (posterior.noise.history(), posterior.decoder.channels());
        for before in hour.saturating_sub(posterior.noise.lags())..hour {
            posterior.noise.remember(&mut history, self.given(before, context, channels), series[before]);
        }
        history
    }

    /// Missing hours that depend on each other, with the observed ones among and after them. Where the first
    /// lies in a step that is not known, the hours seen before it in that step are part of it.
    fn clusters(&self) -> Vec<Range<usize>> {
        let mut clusters: Vec<Range<usize>> = Vec::new();
        let core = self.core_hours();
        for hour in core.clone().filter(|&hour| self.is_missing(hour)) {
            let step = hour / STEP_HOURS;
            let start = if self.is_known[step] { hour } else { (step * STEP_HOURS).max(core.start) };
            let end = (hour + 1 + CLUSTER_END_HOURS).min(core.end);
            match clusters.last_mut().filter(|last| last.end >= start) {
                Some(last) => last.end = end,
                None => clusters.push(start..end),
            }
        }
        clusters
    }

    /// The reference series along the linearisation around itself, and the guides that belong to it.
    fn improve(&mut self, posterior: &Posterior<'_>) {
        let mut latents =
            posterior.encode(self, &self.reference, &mut Workspace::default(), None::<&mut ChaCha8Rng>);
        self.fill_steps(posterior, &mut latents, None::<&mut ChaCha8Rng>);
        let context = posterior.decode(&latents, self.steps);
        self.guides = self.look_back(posterior, &context);
        self.reference = self.look_ahead(posterior, &context);
    }

    /// The guide of each missing hour.
    fn look_back(&self, posterior: &Posterior<'_>, context: &[f32]) -> Vec<Option<Guide>> {
        let (lags, channels) = (posterior.noise.lags(), posterior.decoder.channels());
        let core = self.core_hours();
        let missing_before = |hour: usize| {
            (hour.saturating_sub(lags).max(core.start)..hour).any(|before| self.is_missing(before))
        };
        let linearise = |hour: usize| -> Option<(LinearHour, f64)> {
            missing_before(hour).then(|| {
                let mut history = self.history_before(posterior, &self.reference, hour, context);
                let linear = posterior.noise.linearise(&mut history, self.given(hour, context, channels));
                let before = self.reference[..hour].iter().rev();
                let departure: f64 = linear.slopes.iter().zip(before).map(|(a, x)| a * f64::from(*x)).sum();
                let constant = linear.mean - departure;
                (linear, constant)
            })
        };
        let linear: Vec<Option<(LinearHour, f64)>> = core.clone().into_par_iter().map(linearise).collect();
        let mut guides = vec![None; self.observed.len()];
        let mut backward = Backward::new(lags);
        for hour in core.clone().rev() {
            let is_missing = self.is_missing(hour);
            if is_missing {
                guides[hour] = Some(backward.guide());
            }
            match &linear[hour - core.start] {
                Some((linear, constant)) => {
                    backward.step(linear, *constant, (!is_missing).then_some(self.observed[hour]));
                }
                None => backward.forget(),
            }
        }
        guides
    }

    /// Each missing hour's mean given the hours before it, as the reference has them, and its guide.
    fn look_ahead(&self, posterior: &Posterior<'_>, context: &[f32]) -> Vec<f32> {
        let channels = posterior.decoder.channels();
        let mut series = self.reference.clone();
        for cluster in &self.clusters {
            let mut history = self.history_before(posterior, &series, cluster.start, context);
            for hour in cluster.clone() {
                let given = self.given(hour, context, channels);
                if let Some(guide) = &self.guides[hour] {
                    let (mean, variance) = posterior.noise.moments(&mut history, given);
                    let (precision, shift) = guide.at(&series[..hour]);
                    series[hour] = ((mean / variance + shift) / (1.0 / variance + precision)) as f32;
                }
                posterior.noise.remember(&mut history, given, series[hour]);
            }
        }
        series
    }
}

/// The blocks of steps that are not known, each given the steps before it and the known ones after it.
fn missing_steps(
    posterior: &Posterior<'_>,
    season: Season<'_>,
    first_step: usize,
    is_known: &[bool],
) -> anyhow::Result<Vec<(Range<usize>, Conditional)>> {
    let mut blocks: Vec<Range<usize>> = Vec::new();
    for step in (0..is_known.len()).filter(|&step| !is_known[step]) {
        match blocks.last_mut().filter(|last| last.end == step && last.len() < BLOCK_STEPS) {
            Some(last) => last.end = step + 1,
            None => blocks.push(step..step + 1),
        }
    }
    let condition = |block: Range<usize>| {
        let window = block.start.saturating_sub(MEMORY_STEPS)..(block.end + MEMORY_STEPS).min(is_known.len());
        let joint = posterior.latents.joint(season, (first_step + window.start) as i64, window.len());
        let after = (block.end..window.end).filter(|&step| is_known[step]);
        let known: Vec<usize> =
            (window.start..block.start).chain(after).map(|step| step - window.start).collect();
        let missing: Vec<usize> = block.map(|step| step - window.start).collect();
        let given = joint.given(&known, &missing);
        let given =
            given.context("the model's prior of latent paths has no usable covariance; train it again")?;
        Ok((window, given))
    };
    blocks.into_par_iter().map(condition).collect()
}

/// Straight lines between the hours seen, and 0, the climate's centre, beyond them.
fn interpolated(observed: &[f32]) -> Vec<f32> {
    let mut filled = observed.to_vec();
    let mut last: Option<usize> = None;
    for hour in 0..observed.len() {
        if observed[hour].is_nan() {
            continue;
        }
        if let Some(before) = last {
            for between in before + 1..hour {
                let share = (between - before) as f32 / (hour - before) as f32;
                filled[between] = observed[before] + share * (observed[hour] - observed[before]);
            }
        }
        last = Some(hour);
    }
    filled.iter_mut().filter(|hour| hour.is_nan()).for_each(|hour| *hour = 0.0);
    filled
}
