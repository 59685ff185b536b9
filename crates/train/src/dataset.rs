//! The standardised series in memory, and the batches that are drawn from it.

use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context, bail};
use burn::tensor::{Device, Tensor, TensorData};
use contract::artifact::{SEASON, STANDARDISED, Split, TRANSFORM, WINDOWS, column};
use contract::calendar::{DAY_HOURS, HOUR_US, year_phase};
use contract::runs::runs;
use contract::stage::{Inputs, read_json};
use contract::transform::Transform;
use model::config::{ModelConfig, STEP_HOURS};
use model::fast::engine;
use model::loss::Batch;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Everything that training reads. Windows are row numbers; nothing is copied until a batch is made.
pub struct Dataset {
    pub transform: Transform,
    /// Standardised hours, NaN where missing.
    values: Vec<f32>,
    /// Features of each day, one day after the other.
    seasonal: Vec<f32>,
    features: usize,
    /// First rows of the fixed windows.
    pub training_windows: Vec<usize>,
    pub validation_windows: Vec<usize>,
    /// First rows of every window that lies in training hours without a hole, day by day.
    pub training_starts: Vec<usize>,
    /// Stretches of training hours without a hole, in whole latent steps from a day's start.
    pub training_runs: Vec<Range<usize>>,
    local_times: Vec<i64>,
}

impl Dataset {
    /// Reads what the binary of `preprocess` left: `folder` is the stage, and the folder in what it left.
    ///
    /// # Errors
    /// When an artifact cannot be read or does not fit the others.
    pub fn read(inputs: &Inputs, folder: &str) -> anyhow::Result<Dataset> {
        let read = |name: &str| tables::read(inputs.path(&format!("{folder}/{name}"))?, &[]);
        let transform: Transform = read_json(inputs.path(&format!("{folder}/{TRANSFORM}"))?)?;
        let (standardised, season, windows) = (read(STANDARDISED)?, read(SEASON)?, read(WINDOWS)?);
        let values = standardised.f32s(&transform.variable)?.to_vec();
        let degree = transform.seasonal_degree;
        let names: Vec<String> =
            (1..=degree).map(column::season_sin).chain((1..=degree).map(column::season_cos)).collect();
        let columns = names.iter().map(|name| season.f32s(name)).collect::<anyhow::Result<Vec<_>>>()?;
        let days = season.rows();
        if days * DAY_HOURS != values.len() {
            bail!(
                "{SEASON} has {days} days, {STANDARDISED} has {} hours; run preprocess again",
                values.len()
            );
        }
        let seasonal = (0..days).flat_map(|day| columns.iter().map(move |column| column[day])).collect();

        let splits = standardised.texts(column::SPLIT)?;
        let local_times = standardised.times(column::LOCAL_TIME)?;
        let training: Vec<bool> = splits
            .iter()
            .zip(&values)
            .map(|(split, value)| is(split, Split::Train) && !value.is_nan())
            .collect();
        let training_starts = starts(&training, local_times, transform.window_hours);
        let training_runs = runs(&training, local_times, STEP_HOURS);
        let roles = windows.texts(column::SPLIT)?;
        let first_rows = windows.i32s(column::FIRST_ROW)?;
        let fixed = |wanted| -> anyhow::Result<Vec<usize>> {
            let rows = first_rows.iter().zip(roles).filter(|(_, role)| is(role, wanted));
            rows.map(|(&row, _)| usize::try_from(row).context("a window starts before the series")).collect()
        };
        let dataset = Dataset {
            training_windows: fixed(Split::Train)?,
            validation_windows: fixed(Split::Validation)?,
            features: 2 * degree,
            transform,
            values,
            seasonal,
            training_starts,
            training_runs,
            local_times: local_times.to_vec(),
        };
        dataset.check()?;
        Ok(dataset)
    }

    fn check(&self) -> anyhow::Result<()> {
        let hours = self.window_hours();
        if hours % STEP_HOURS != 0 || self.training_windows.is_empty() || self.validation_windows.is_empty() {
            bail!(
                "{WINDOWS} has no training or no validation windows of a multiple of 96 hours; run preprocess again"
            );
        }
        for &row in self.training_windows.iter().chain(&self.validation_windows) {
            if row % DAY_HOURS != 0 || row + hours > self.values.len() {
                bail!("the window at row {row} does not fit the series; run preprocess again");
            }
            if self.values[row..row + hours].iter().any(|value| value.is_nan()) {
                bail!("the window at row {row} has missing hours; run preprocess again");
            }
        }
        Ok(())
    }

    pub fn window_hours(&self) -> usize {
        self.transform.window_hours
    }

    /// The standardised hours of these rows.
    pub(crate) fn hours(&self, rows: Range<usize>) -> &[f32] {
        &self.values[rows]
    }

    /// The seasonal features of each latent step of these rows, `[step, feature]`.
    pub(crate) fn features_of(&self, rows: Range<usize>) -> Vec<f32> {
        let days = rows.step_by(STEP_HOURS).map(|row| row / DAY_HOURS);
        days.flat_map(|day| self.day_features(day)).copied().collect()
    }

    /// The phase of year at the start of each latent step of these rows.
    pub(crate) fn step_phases(&self, rows: Range<usize>) -> Vec<f64> {
        rows.step_by(STEP_HOURS).map(|row| year_phase(self.local_times[row])).collect()
    }

    fn day_features(&self, day: usize) -> &[f32] {
        &self.seasonal[day * self.features..(day + 1) * self.features]
    }

    /// The windows that start at these rows, as views of the series, with their noise.
    pub fn windows<'a>(
        &'a self,
        rows: &[usize],
        config: &ModelConfig,
        random: &mut ChaCha8Rng,
    ) -> engine::Batch<'a> {
        let hours = self.window_hours();
        let noise = rows.len() * hours / STEP_HOURS * config.latent_channels;
        engine::Batch {
            hours: rows.iter().map(|&row| self.hours(row..row + hours)).collect(),
            seasonal: rows.iter().flat_map(|&row| self.features_of(row..row + hours)).collect(),
            epsilon: StandardNormal.sample_iter(random).take(noise).collect(),
        }
    }

    /// The same as tensors.
    ///
    /// # Shapes
    /// `[rows, window_hours]`, `[rows, window_hours / 96, features]`, and the same steps of `latent`.
    pub fn batch(
        &self,
        rows: &[usize],
        config: &ModelConfig,
        random: &mut ChaCha8Rng,
        device: &Device,
    ) -> Batch {
        let engine::Batch { hours, seasonal, epsilon } = self.windows(rows, config, random);
        let by_step = |values: Vec<f32>, channels: usize| {
            let shape = [rows.len(), self.window_hours() / STEP_HOURS, channels];
            Tensor::<3>::from_data(TensorData::new(values, shape), device)
        };
        let shape = [rows.len(), self.window_hours()];
        Batch {
            values: Tensor::from_data(TensorData::new(hours.concat(), shape), device),
            seasonal: by_step(seasonal, self.features),
            epsilon: by_step(epsilon, config.latent_channels),
        }
    }

    /// Rows drawn evenly from all training days that a window can start with.
    pub fn draw_starts(&self, count: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
        (0..count).map(|_| self.training_starts[random.random_range(0..self.training_starts.len())]).collect()
    }
}

/// A generator of its own for each purpose and number, so that nothing depends on what was drawn before.
pub(crate) fn stream(seed: u64, purpose: Purpose, number: u32) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream((purpose as u64) << 32 | u64::from(number));
    random
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Epoch = 1,
    Validation = 2,
    Posterior = 3,
}

fn is(split: &Option<Arc<str>>, wanted: Split) -> bool {
    split.as_deref() == Some(wanted.name())
}

/// Days from which `window_hours` training hours follow each other.
fn starts(training: &[bool], local_times: &[i64], window_hours: usize) -> Vec<usize> {
    let mut ahead = vec![0_usize; training.len() + 1];
    for row in (0..training.len()).rev() {
        let joined = row + 1 < training.len() && local_times[row + 1] - local_times[row] == HOUR_US;
        ahead[row] = match training[row] {
            true => 1 + if joined { ahead[row + 1] } else { 0 },
            false => 0,
        };
    }
    (0..training.len()).step_by(DAY_HOURS).filter(|&row| ahead[row] >= window_hours).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_start_only_where_all_their_hours_are_training() {
        let mut training = vec![true; 24 * 12];
        training[24 * 5] = false;
        let times: Vec<i64> = (0..training.len() as i64).map(|hour| hour * HOUR_US).collect();
        assert_eq!(starts(&training, &times, 96), [0, 24, 144, 168, 192]);
    }

    #[test]
    fn a_jump_in_time_ends_a_window() {
        let training = vec![true; 24 * 8];
        let times: Vec<i64> = (0..training.len() as i64)
            .map(|hour| (hour + if hour >= 96 { 8760 } else { 0 }) * HOUR_US)
            .collect();
        assert_eq!(starts(&training, &times, 96), [0, 96]);
    }

    #[test]
    fn streams_differ_by_purpose_and_number() {
        let first = |purpose, number| stream(7, purpose, number).random::<u64>();
        assert_eq!(first(Purpose::Epoch, 3), first(Purpose::Epoch, 3));
        assert_ne!(first(Purpose::Epoch, 3), first(Purpose::Epoch, 4));
        assert_ne!(first(Purpose::Epoch, 3), first(Purpose::Validation, 3));
    }
}
