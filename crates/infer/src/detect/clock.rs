//! A series as the model sees it by a clock: standardised, with the decoder's context of each hour, and how
//! likely each hour is given the ones before it. The clock may be wrong by some hours on purpose: that is how
//! a time-zone slip is looked for.

use contract::calendar::{DAY_US, HOUR_US};
use contract::season;
use model::config::STEP_HOURS;
use model::fast::decoder::Decoder;
use model::latents::EncodedRun;
use model::noise::sampler::{Density, Given, History, NoiseSampler};
use rayon::prelude::*;

use crate::model_folder::TrainedModel;

/// Latent steps that are encoded at once, and the ones around them that they are encoded with.
const PIECE_STEPS: usize = 96;
const MARGIN_STEPS: usize = 6;
/// Hours that are scored one after the other.
const PIECE_HOURS: usize = 4096;
/// Hours that a noise can look back at most.
const LOOK_BACK_HOURS: usize = 48;
/// Hours before an hour that must be there for it to be scored.
const NEEDED_HOURS: usize = 4;
/// Gaps up to this long are filled by a straight line, longer ones by the climate's centre.
const LINE_HOURS: usize = 24;
/// Log densities below it count as it: one broken hour must not outweigh all others.
const LOWEST: f64 = -30.0;

/// The parts of a model that scoring needs, read once.
pub(super) struct Scorer<'a> {
    pub model: &'a TrainedModel,
    decoder: Decoder,
    noise: NoiseSampler,
}

/// A series by one clock. All hours begin at a local midnight and end with a latent step, so they are more
/// than those of the series, whose first is `lead`.
pub(super) struct Clock<'a> {
    scorer: &'a Scorer<'a>,
    pub lead: usize,
    /// Standardised, filled where missing.
    pub hours: Vec<f32>,
    /// True where an hour and the ones just before it are there.
    pub scored: Vec<bool>,
    /// ln(d canonical / d standardised).
    log_slopes: Vec<f32>,
    decoded: Vec<f32>,
    /// Of each latent step.
    seasonal: Vec<Vec<f32>>,
}

/// How an hour compares to what was expected.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Score {
    /// ln density, per canonical unit; 0 where it is not scored.
    pub log_density: f32,
    /// Standardised: the hour less the mean expected.
    pub residual: f32,
    /// Standard deviation of what was expected.
    pub sigma: f32,
}

impl<'a> Scorer<'a> {
    pub fn new(model: &'a TrainedModel) -> anyhow::Result<Scorer<'a>> {
        let noise = NoiseSampler::new(&model.config, &model.vae.parameters()?)?;
        Ok(Scorer { model, decoder: Decoder::new(&model.vae, &model.config)?, noise })
    }

    /// Reads hours in canonical units, NaN where missing, whose first has the local time `first_local_us`.
    pub fn clock(
        &'a self,
        values: &[f32],
        trend_local_us: i64,
        first_local_us: i64,
    ) -> anyhow::Result<Clock<'a>> {
        let midnight_us = first_local_us.div_euclid(DAY_US) * DAY_US;
        let lead = ((first_local_us - midnight_us) / HOUR_US) as usize;
        let first_us = first_local_us - lead as i64 * HOUR_US;
        let steps = (lead + values.len()).div_ceil(STEP_HOURS);
        let (mut hours, mut log_slopes) = (vec![f32::NAN; steps * STEP_HOURS], vec![0.0; steps * STEP_HOURS]);
        let inside = lead..lead + values.len();
        let pieces = hours[inside.clone()]
            .par_chunks_mut(PIECE_HOURS)
            .zip(log_slopes[inside].par_chunks_mut(PIECE_HOURS));
        pieces.zip(values.par_chunks(PIECE_HOURS)).enumerate().for_each(
            |(number, ((hours, slopes), values))| {
                let mut transform = self.model.transform.cursor();
                for (i, value) in values.iter().enumerate() {
                    let after = (number * PIECE_HOURS + i) as i64 * HOUR_US;
                    let adjusted =
                        f64::from(*value) - self.model.transform.trend.departure(trend_local_us + after);
                    let map = transform.at(first_local_us + after);
                    let standardised = map.standardise(adjusted);
                    hours[i] = standardised as f32;
                    slopes[i] = if standardised.is_nan() { 0.0 } else { map.log_slope(standardised) as f32 };
                }
            },
        );
        let scored = scored(&hours);
        fill(&mut hours);
        let degree = self.model.config.seasonal_degree;
        let phase = |step: usize| season::phase_of_step(first_us, step as i64, STEP_HOURS);
        let seasonal: Vec<Vec<f32>> =
            (0..steps).map(|step| season::features(phase(step), degree).collect()).collect();
        let latents = self.encode(&hours, &seasonal)?;
        let decoded = self.decoder.decode(&latents, 0..steps);
        Ok(Clock { scorer: self, lead, hours, scored, log_slopes, decoded, seasonal })
    }

    /// The posterior's mean of each latent step.
    fn encode(&self, hours: &[f32], seasonal: &[Vec<f32>]) -> anyhow::Result<Vec<f32>> {
        let (steps, latents) = (seasonal.len(), self.decoder.latents());
        let pieces: Vec<usize> = (0..steps).step_by(PIECE_STEPS).collect();
        let encode = |&first: &usize| -> anyhow::Result<Vec<f32>> {
            let end = (first + PIECE_STEPS).min(steps);
            let seen = first.saturating_sub(MARGIN_STEPS)..(end + MARGIN_STEPS).min(steps);
            let features: Vec<f32> = seasonal[seen.clone()].concat();
            let inside = &hours[seen.start * STEP_HOURS..seen.end * STEP_HOURS];
            let encoded = EncodedRun::of(&self.model.vae, inside, &features)?;
            Ok(encoded.mean[(first - seen.start) * latents..(end - seen.start) * latents].to_vec())
        };
        let encoded = pieces.par_iter().map(encode).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(encoded.concat())
    }
}

impl Clock<'_> {
    /// The score of every hour.
    fn scores(&self) -> Vec<Score> {
        let mut scores = vec![Score::default(); self.hours.len()];
        scores.par_chunks_mut(PIECE_HOURS).enumerate().for_each(|(number, out)| {
            let first = number * PIECE_HOURS;
            let mut history = self.history(first);
            for (hour, out) in (first..).zip(out) {
                let given = self.given(hour);
                if self.scored[hour] {
                    *out = self.score(self.scorer.noise.density(&mut history, given), hour, self.hours[hour]);
                }
                self.scorer.noise.remember(&mut history, given, self.hours[hour]);
            }
        });
        scores
    }

    /// The scores of the series' own hours, of which there are so many.
    pub fn own_scores(&self, hours: usize) -> Vec<Score> {
        let mut scores = self.scores();
        scores.drain(..self.lead);
        scores.truncate(hours);
        scores
    }

    /// ln density of the hours from `first` on if they were as `corrected` says.
    pub fn log_density_of(&self, first: usize, corrected: &[f32]) -> f32 {
        let mut history = self.history(first);
        let mut sum = 0.0;
        for (hour, value) in (first..self.hours.len()).zip(corrected) {
            let given = self.given(hour);
            if self.scored[hour] {
                sum += self.score(self.scorer.noise.density(&mut history, given), hour, *value).log_density;
            }
            self.scorer.noise.remember(&mut history, given, *value);
        }
        sum
    }

    fn history(&self, hour: usize) -> History {
        let mut history = self.scorer.noise.history();
        for before in hour.saturating_sub(LOOK_BACK_HOURS)..hour {
            self.scorer.noise.remember(&mut history, self.given(before), self.hours[before]);
        }
        history
    }

    fn given(&self, hour: usize) -> Given<'_> {
        let channels = self.scorer.decoder.channels();
        Given {
            hour_of_day: hour % 24,
            seasonal: &self.seasonal[hour / STEP_HOURS],
            decoded: &self.decoded[hour * channels..(hour + 1) * channels],
        }
    }

    fn score(&self, density: &Density, hour: usize, value: f32) -> Score {
        let parts = || density.weights.iter().zip(&density.means).zip(&density.sigmas);
        let log = |((weight, mean), sigma): ((&f32, &f32), &f32)| {
            let u = f64::from((value - mean) / sigma);
            f64::from(*weight).ln() - f64::from(*sigma).ln() - 0.5 * (u * u + std::f64::consts::TAU.ln())
        };
        let logs = || parts().map(log);
        let largest = logs().fold(f64::MIN, f64::max);
        let log_density = largest + logs().map(|log| (log - largest).exp()).sum::<f64>().ln();
        let mean: f32 = parts().map(|((weight, mean), _)| weight * mean).sum();
        let square: f32 = parts().map(|((w, m), s)| w * ((m - mean) * (m - mean) + s * s)).sum();
        Score {
            log_density: (log_density - f64::from(self.log_slopes[hour])).max(LOWEST) as f32,
            residual: value - mean,
            sigma: square.sqrt(),
        }
    }
}

/// True for hours that are there together with the ones just before them, and not among the series' first,
/// of which the model does not know what they come from.
fn scored(hours: &[f32]) -> Vec<bool> {
    let mut there = 0;
    let begins = hours.iter().position(|hour| !hour.is_nan()).unwrap_or_default() + LOOK_BACK_HOURS;
    let known = hours.iter().enumerate().map(|(number, hour)| {
        there = if hour.is_nan() { 0 } else { there + 1 };
        there > NEEDED_HOURS && number >= begins
    });
    known.collect()
}

/// Fills short gaps by a line, long ones and the ends by the climate's centre.
fn fill(hours: &mut [f32]) {
    let mut hour = 0;
    while hour < hours.len() {
        if !hours[hour].is_nan() {
            hour += 1;
            continue;
        }
        let end = (hour..hours.len()).find(|&hour| !hours[hour].is_nan()).unwrap_or(hours.len());
        let ends = (hour > 0 && end < hours.len() && end - hour <= LINE_HOURS)
            .then(|| (hours[hour - 1], hours[end]));
        for missing in hour..end {
            let part = (missing + 1 - hour) as f32 / (end + 1 - hour) as f32;
            hours[missing] = ends.map_or(0.0, |(before, after)| before + part * (after - before));
        }
        hour = end;
    }
}
