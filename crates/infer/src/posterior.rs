//! The posterior: missing hours and the latent path, given any hours that were seen.
//!
//! With the latents z of the steps, the standardised hours x and the model's densities,
//! `p(x_M, z | x_O) ~ p(z) prod over t of p(x_t | x_(t-1), ..., x_(t-p), d_t(z))`, where d is the decoder.
//! Each member is a draw by turns of
//!
//! - **the latents given all hours** as they are filled so far: the encoder's posterior `q(z_k | x)` for the
//!   steps that are nearly complete, and for those that are not, and the steps beside them, the Gaussian of the
//!   linearised posterior ([`episode`]), whose prior given the steps around is exact ([`model::conditional`]);
//! - **the missing hours given the latents**: a guided particle filter. An hour is proposed from
//!   `p(x_t | ...) psi_t(x_t)`, a mixture times the Gaussian factor that the observed hours after it make
//!   ([`guide`]), in closed form; the weights `p / q` of the proposals and the density of the observed hours
//!   correct what the linearisation of psi has missed.
//!
//! This is the Gibbs sampler of Rezende et al. (2014, appendix F) with the noise's memory in it. What it
//! takes on trust is that the encoder's posterior is the model's (Mattei and Frellsen 2018 say what
//! that costs). A draw depends on the seed, the member and the hours, not on the number of threads. Draws are then
//! pooled with an autoregression's opinion ([`crate::pooling`]), for which the members of an hour count together.

mod episode;
mod grid;
mod group;
mod guide;
mod shifts;
mod stretch;

use std::ops::Range;
use std::sync::Mutex;

use contract::calendar::Moment;
use contract::progress::Progress;
use contract::season;
use model::config::STEP_HOURS;
use model::fast::decoder::{Decoder, LaneRoom};
use model::fast::encoder::Encoder;
use model::fast::lanes::{LANES, Row};
use model::latents::LatentSource;
use model::noise::sampler::NoiseSampler;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::linear::Standardised;
use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;
use crate::pooling::{FEWEST_DRAWS, Pooling};
use grid::Grid;
use stretch::Stretch;

/// A trained model, ready to fill series.
pub struct Posterior<'a> {
    model: &'a TrainedModel,
    noise: NoiseSampler,
    encoder: Encoder,
    decoder: Decoder,
    latents: LatentSource,
    pooling: Option<Pooling>,
}

/// Draws of the missing hours of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Numbers of the hours in the series, ascending.
    pub hours: Vec<usize>,
    pub members: usize,
    /// `[hour][member]`, in the canonical unit.
    pub values: Vec<f32>,
}

/// Which draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    pub members: usize,
    pub seed: u64,
    /// Missing hours that follow the series and are drawn too.
    pub following: usize,
}

impl<'a> Posterior<'a> {
    /// The posterior of that model; its draws are corrected by `pooling`, if there is one.
    ///
    /// # Errors
    /// When the device does not give the weights back.
    pub fn new(model: &'a TrainedModel, pooling: Option<Pooling>) -> anyhow::Result<Posterior<'a>> {
        Ok(Posterior {
            model,
            noise: NoiseSampler::new(&model.config, &model.vae.parameters()?)?,
            encoder: Encoder::new(&model.vae, &model.config)?,
            decoder: Decoder::new(&model.vae, &model.config)?,
            latents: LatentSource::of(&model.vae, model.path_prior.as_ref())?,
            pooling,
        })
    }

    pub(crate) fn model(&self) -> &'a TrainedModel {
        self.model
    }

    /// Draws every missing hour.
    ///
    /// # Errors
    /// When rounding makes the prior's covariance unusable.
    pub fn draw(&self, observed: &ObservedHours, draws: Draws) -> anyhow::Result<Drawn> {
        let wanted = draws.members;
        let members = if self.pooling.is_some() { wanted.max(FEWEST_DRAWS) } else { wanted };
        let mut drawn = self.scores(observed, Draws { members, ..draws })?;
        if let Some(pooling) = &self.pooling {
            let series = Standardised::of(self.model, observed, draws.following);
            pooling.apply(&series, &drawn.hours, &mut drawn.values, members);
            let kept = drawn.values.chunks_exact(members).flat_map(|draws| &draws[..wanted]);
            drawn.values = kept.copied().collect();
            drawn.members = wanted;
        }
        let of_hours = drawn.hours.iter().zip(drawn.values.chunks_exact_mut(wanted.max(1)));
        of_hours.for_each(|(&hour, draws)| observed.restore(self.model, hour, draws));
        Ok(drawn)
    }

    /// The draws before pooling, standardised.
    fn scores(&self, observed: &ObservedHours, draws: Draws) -> anyhow::Result<Drawn> {
        let grid = Grid::of(self.model, observed, draws.following);
        let inside = grid.inside();
        let hours: Vec<usize> =
            (0..grid.length).filter(|&hour| grid.hours[inside.start + hour].is_nan()).collect();
        let mut values = vec![0.0_f32; hours.len() * draws.members];
        let stretches = grid.stretches();
        let all = (stretches.len() * draws.members) as u64;
        let progress = Mutex::new((Progress::start("filling", 0, all, "draws"), 0));
        let mut row = 0;
        for (number, steps) in stretches.into_iter().enumerate() {
            let stretch = Stretch::prepare(self, &grid, steps)?;
            let first = stretch.first_step * STEP_HOURS;
            let end = first + stretch.steps * STEP_HOURS;
            let of_stretch: Vec<usize> = hours[row..]
                .iter()
                .map(|hour| inside.start + hour)
                .take_while(|hour| *hour < end)
                .map(|hour| hour - first)
                .collect();
            let size = draws.members.div_ceil(rayon::current_num_threads()).clamp(1, group::LARGEST);
            let groups = (0..draws.members.div_ceil(size)).into_par_iter();
            let drawn: Vec<Vec<f32>> = groups
                .map_init(group::Workspace::default, |workspace, group| {
                    let members = group * size..((group + 1) * size).min(draws.members);
                    let count = members.len() as u64;
                    let all = self.group(&stretch, draws.seed, (number, members), workspace);
                    if let Ok(mut progress) = progress.lock() {
                        progress.1 += count;
                        let done = progress.1;
                        progress.0.advance(done, String::new);
                    }
                    let missing = |series: Vec<f32>| of_stretch.iter().map(|&hour| series[hour]).collect();
                    all.into_iter().map(missing).collect::<Vec<Vec<f32>>>()
                })
                .flatten_iter()
                .collect();
            let rows = row..row + of_stretch.len();
            let out = values[rows.start * draws.members..rows.end * draws.members]
                .chunks_exact_mut(draws.members.max(1));
            for (at, (out, &hour)) in out.zip(&hours[rows.clone()]).enumerate() {
                out.iter_mut().zip(&drawn).for_each(|(out, drawn)| *out = drawn[at]);
                self.calibrate(observed.local_us(self.model, hour), out);
            }
            row = rows.end;
        }
        Ok(Drawn { hours, members: draws.members, values })
    }

    /// Corrects an hour's draws as generated hours are corrected, by as much as they are the model's own and not
    /// known from hours seen: `x + w (c(x) - x)`, where c is the map from the model's marginals to those
    /// of the training years and w the draws' variance over the climate's, which is 1, at most 1.
    fn calibrate(&self, local_us: i64, draws: &mut [f32]) {
        let Some(calibration) = &self.model.calibration else { return };
        let count = draws.len() as f64;
        let mean = draws.iter().map(|&draw| f64::from(draw)).sum::<f64>() / count;
        let variance = draws.iter().map(|&draw| (f64::from(draw) - mean).powi(2)).sum::<f64>() / count;
        let moment = Moment::of(local_us);
        let curve = calibration.curve(moment.year_phase, moment.hour);
        for draw in draws {
            let raw = f64::from(*draw);
            *draw = (raw + variance.min(1.0) * (curve.score(raw) - raw)) as f32;
        }
    }

    /// The model's seasonal features at a phase of year.
    fn features(&self, phase: f64) -> Vec<f32> {
        season::features(phase, self.model.config.seasonal_degree).collect()
    }

    /// Latents of a stretch's steps from the encoder's moments for all its hours, `[step, latent]`: drawn, or
    /// without random numbers their means. Steps outside the core are left at 0.
    fn latents_of(&self, stretch: &Stretch, moments: &[f32], mut random: Option<&mut impl Rng>) -> Vec<f64> {
        let latents = self.decoder.latents();
        let mut path = vec![0.0; stretch.steps * latents];
        let steps = path[stretch.core.start * latents..stretch.core.end * latents].chunks_exact_mut(latents);
        for (step, moments) in steps.zip(moments.chunks_exact(2 * latents)) {
            let (mean, log_var) = moments.split_at(latents);
            for ((out, mean), log_var) in step.iter_mut().zip(mean).zip(log_var) {
                *out = f64::from(*mean);
                if let Some(random) = &mut random {
                    let normal: f64 = StandardNormal.sample(random);
                    *out += (0.5 * f64::from(*log_var)).exp() * normal;
                }
            }
        }
        path
    }

    /// The steps whose latents reach into the hours of some steps of a stretch.
    fn seen(&self, steps: &Range<usize>, of: usize) -> Range<usize> {
        let reach = self.decoder.reach();
        steps.start.saturating_sub(reach.before)..(steps.end + reach.after).min(of)
    }

    /// The decoder's channels for the hours of some steps, from the latents of a whole stretch.
    fn decode(&self, latents: &[f64], steps: Range<usize>) -> Decoded {
        let of_step = self.decoder.latents();
        let seen = self.seen(&steps, latents.len() / of_step);
        let part = &latents[seen.start * of_step..seen.end * of_step];
        let part: Vec<f32> = part.iter().map(|&value| value as f32).collect();
        let values = self.decoder.decode(&part, steps.start - seen.start..steps.end - seen.start);
        Decoded { first_hour: steps.start * STEP_HOURS, channels: self.decoder.channels(), values }
    }

    /// [`Posterior::decode`] for several paths of `of` steps side by side, of which `value` gives the latents.
    /// `decoded` lends its room.
    fn decode_lanes(
        &self,
        (paths, of): (usize, usize),
        value: impl Fn(usize, usize) -> f64,
        steps: Range<usize>,
        room: &mut LaneRoom,
        mut decoded: DecodedLanes,
    ) -> DecodedLanes {
        let of_step = self.decoder.latents();
        let seen = self.seen(&steps, of);
        let mut latents: Vec<Row> = vec![[0.0; LANES]; seen.len() * of_step];
        for (row, at) in latents.iter_mut().zip(seen.start * of_step..) {
            row.iter_mut().take(paths).enumerate().for_each(|(path, out)| *out = value(path, at) as f32);
        }
        let inside = steps.start - seen.start..steps.end - seen.start;
        self.decoder.decode_lanes(&latents, inside, room, &mut decoded.rows);
        DecodedLanes { first_hour: steps.start * STEP_HOURS, channels: self.decoder.channels(), ..decoded }
    }
}

/// The decoder's channels for some hours of a stretch.
struct Decoded {
    first_hour: usize,
    channels: usize,
    values: Vec<f32>,
}

impl Decoded {
    /// The channels of an hour.
    fn at(&self, hour: usize) -> &[f32] {
        let at = (hour - self.first_hour) * self.channels;
        &self.values[at..at + self.channels]
    }
}

/// [`Decoded`] of several paths side by side.
#[derive(Default)]
struct DecodedLanes {
    first_hour: usize,
    channels: usize,
    rows: Vec<Row>,
}

impl DecodedLanes {
    /// The channels of an hour.
    fn at(&self, hour: usize) -> &[Row] {
        let at = (hour - self.first_hour) * self.channels;
        &self.rows[at..at + self.channels]
    }
}
