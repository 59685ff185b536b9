//! What all members of a stretch share: which steps and hours are missing, a reference series through the
//! missing hours, and what the observed hours after each of them say about it.

use std::ops::Range;

use contract::calendar::{DAY_HOURS, HOUR_US};
use model::config::STEP_HOURS;
use model::fast::encoder;
use model::latents::Season;
use model::noise::sampler::{Given, History, LinearHour};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::episode::{Episode, Filled};
use super::grid::Grid;
use super::guide::{Backward, Guide};
use super::{Decoded, Posterior};

/// Observed hours that end a cluster of missing ones: what they do to each other's probability is over
/// by then.
const CLUSTER_END_HOURS: usize = 12;
/// Missing hours of a step that make it open.
const OPEN_HOURS: usize = 12;
/// Steps of the longest episode.
const LONGEST_EPISODE_STEPS: usize = 24;
/// Episodes of the longest chain.
const LONGEST_CHAIN: usize = 4;
/// Steps on each side of open ones that say something about them.
pub(super) const MEMORY_STEPS: usize = 10;
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
    pub episodes: Vec<Episode>,
    /// Phase of year at the start of each step.
    grid_phase: Vec<f64>,
    /// Seasonal features of each step.
    pub features: Vec<Vec<f32>>,
    /// Hour of the day, local, of the first hour.
    pub first_hour_of_day: usize,
    /// Missing hours of the core filled in.
    pub reference: Vec<f32>,
    /// Of the latents given the reference, `[step of the core, 2 * latent]`.
    pub moments: Vec<f32>,
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
        let seen: Vec<usize> = observed
            .chunks_exact(STEP_HOURS)
            .map(|hours| hours.iter().filter(|hour| !hour.is_nan()).count())
            .collect();
        let is_sparse = |step: usize| seen[step] < STEP_HOURS - OPEN_HOURS;
        let phase = |step| grid.phase(step);
        let features = |phase| grid.features(phase);
        let season = Season { phase: &phase, features: &features };
        let core = grid.core.start.max(steps.start) - steps.start..grid.core.end.min(steps.end) - steps.start;
        let first_hour_of_day = grid.first_local_us.div_euclid(HOUR_US).rem_euclid(DAY_HOURS as i64) as usize;
        let mut stretch = Stretch {
            first_step: steps.start,
            steps: steps.len(),
            features: steps.clone().map(|step| season.features_of(step as i64)).collect(),
            reference: interpolated(&observed),
            moments: Vec::new(),
            guides: Vec::new(),
            clusters: Vec::new(),
            observed,
            episodes: Vec::new(),
            grid_phase: steps.clone().map(|step| grid.phase(step as i64)).collect(),
            core,
            first_hour_of_day,
        };
        let open = open_steps((0..steps.len()).filter(|&step| is_sparse(step)), steps.len());
        stretch.clusters = stretch.clusters(&open);
        let mut latents = stretch.look_at(posterior);
        for _ in 1..REFERENCE_PASSES {
            latents = stretch.look_at(posterior);
        }
        stretch.solve(posterior, open, latents)?;
        stretch.moments = stretch.encode(posterior);
        Ok(stretch)
    }

    /// Solves all episodes and fills the reference's missing hours with their modes. Every second chain is
    /// solved first, each by itself, then those between them: so threads can share the work, and how many
    /// they are changes nothing.
    fn solve(
        &mut self,
        posterior: &Posterior<'_>,
        open: Vec<Range<usize>>,
        latents: Vec<f64>,
    ) -> anyhow::Result<()> {
        let of_step = posterior.decoder.latents();
        let mut filled = Filled { reference: std::mem::take(&mut self.reference), latents };
        let chains = chains(open);
        let mut solved: Vec<Vec<Episode>> = Vec::new();
        solved.resize_with(chains.len(), Vec::new);
        for first in 0..2 {
            let numbers = (first..chains.len()).step_by(2).collect::<Vec<usize>>();
            let work = |here: &mut Filled, number: usize| -> anyhow::Result<(Vec<Episode>, Filled)> {
                let chain = &chains[number];
                let solve = |open: &Range<usize>| Episode::solve(posterior, self, open.clone(), here);
                let episodes = chain.iter().map(solve).collect::<anyhow::Result<_>>()?;
                let steps = chain[0].start..chain[chain.len() - 1].end;
                let part = here.exchange(&filled, &steps, of_step);
                Ok((episodes, part))
            };
            let of_chains =
                numbers.par_iter().map_init(|| filled.clone(), |here, &number| work(here, number));
            let of_chains = of_chains.collect::<anyhow::Result<Vec<_>>>()?;
            for (number, (episodes, part)) in numbers.into_iter().zip(of_chains) {
                filled.put(&part, chains[number][0].start, of_step);
                solved[number] = episodes;
            }
        }
        self.reference = filled.reference;
        self.episodes = solved.into_iter().flatten().collect();
        Ok(())
    }

    /// Phase of year at the start of a step.
    pub(super) fn phase(&self, step: i64) -> f64 {
        self.grid_phase[usize::try_from(step).unwrap_or_default().min(self.steps - 1)]
    }

    /// Hours of the core.
    pub(super) fn core_hours(&self) -> Range<usize> {
        self.core.start * STEP_HOURS..self.core.end * STEP_HOURS
    }

    pub(super) fn is_missing(&self, hour: usize) -> bool {
        self.observed[hour].is_nan()
    }

    /// What an hour is drawn given, in the context that was decoded for the stretch.
    pub(super) fn given<'a>(&'a self, hour: usize, context: &'a Decoded) -> Given<'a> {
        Given {
            hour_of_day: (self.first_hour_of_day + hour) % DAY_HOURS,
            seasonal: &self.features[hour / STEP_HOURS],
            decoded: context.at(hour),
        }
    }

    /// The history before an hour of a series.
    pub(super) fn history_before(
        &self,
        posterior: &Posterior<'_>,
        series: &[f32],
        hour: usize,
        context: &Decoded,
    ) -> History {
        let mut history = posterior.noise.history();
        for before in hour.saturating_sub(posterior.noise.lags())..hour {
            posterior.noise.remember(&mut history, self.given(before, context), series[before]);
        }
        history
    }

    /// Missing hours that depend on each other, with the observed ones among and after them, outside of
    /// open steps.
    fn clusters(&self, open: &[Range<usize>]) -> Vec<Range<usize>> {
        let mut clusters: Vec<Range<usize>> = Vec::new();
        let core = self.core_hours();
        let is_closed = |hour: usize| !open.iter().any(|open| open.contains(&(hour / STEP_HOURS)));
        for hour in core.clone().filter(|&hour| self.is_missing(hour) && is_closed(hour)) {
            let end = (hour + 1 + CLUSTER_END_HOURS).min(core.end);
            match clusters.last_mut().filter(|last| last.end >= hour) {
                Some(last) => last.end = end,
                None => clusters.push(hour..end),
            }
        }
        clusters
    }

    /// Moves the reference series along the linearisation around itself, and makes the guides that belong to
    /// it; returns the latents.
    fn look_at(&mut self, posterior: &Posterior<'_>) -> Vec<f64> {
        let latents = posterior.latents_of(self, &self.encode(posterior), None::<&mut ChaCha8Rng>);
        let context = posterior.decode(&latents, 0..self.steps);
        self.guides = self.look_back(posterior, &context);
        self.reference = self.look_ahead(posterior, &context);
        latents
    }

    /// The moments of the latents given the reference.
    fn encode(&self, posterior: &Posterior<'_>) -> Vec<f32> {
        let hours = &self.reference[self.core_hours()];
        posterior.encoder.encode(hours, &mut encoder::Workspace::default()).to_vec()
    }

    /// The guide of each missing hour.
    fn look_back(&self, posterior: &Posterior<'_>, context: &Decoded) -> Vec<Option<Guide>> {
        let lags = posterior.noise.lags();
        let core = self.core_hours();
        let missing_before = |hour: usize| {
            (hour.saturating_sub(lags).max(core.start)..hour).any(|before| self.is_missing(before))
        };
        let linearise = |hour: usize| -> Option<(LinearHour, f64)> {
            missing_before(hour).then(|| {
                let mut history = self.history_before(posterior, &self.reference, hour, context);
                let linear = posterior.noise.linearise(&mut history, self.given(hour, context));
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
    fn look_ahead(&self, posterior: &Posterior<'_>, context: &Decoded) -> Vec<f32> {
        let mut series = self.reference.clone();
        for cluster in &self.clusters {
            let mut history = self.history_before(posterior, &series, cluster.start, context);
            for hour in cluster.clone() {
                let given = self.given(hour, context);
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

/// Steps with many missing hours and their neighbours. Runs that meet are one episode as long as it is not too
/// long; a longer run is several, one after the other.
fn open_steps(sparse: impl Iterator<Item = usize>, steps: usize) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for step in sparse {
        let open = step.saturating_sub(1)..(step + 2).min(steps);
        let Some(last) = found.last_mut().filter(|last| last.end > open.start) else {
            found.push(open);
            continue;
        };
        match open.end - last.start <= LONGEST_EPISODE_STEPS {
            true => last.end = open.end,
            false => {
                let start = last.end;
                found.extend((start < open.end).then_some(start..open.end));
            }
        }
    }
    found
}

/// Episodes each of which begins where the one before it ends: these are solved one after the other, as long as
/// they are not too many.
fn chains(open: Vec<Range<usize>>) -> Vec<Vec<Range<usize>>> {
    let mut chains: Vec<Vec<Range<usize>>> = Vec::new();
    for open in open {
        let continues = |chain: &&mut Vec<Range<usize>>| {
            chain.len() < LONGEST_CHAIN && chain.last().is_some_and(|last| last.end == open.start)
        };
        match chains.last_mut().filter(continues) {
            Some(chain) => chain.push(open),
            None => chains.push(vec![open]),
        }
    }
    chains
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
