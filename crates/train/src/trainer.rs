//! The training loop.

use std::path::Path;

use anyhow::bail;
use contract::progress::Progress;
use model::config::ModelConfig;
use model::vae::Vae;
use rand::seq::SliceRandom;

use crate::checkpoint::{self, State};
use crate::config::{Schedule, TrainConfig, WindowChoice};
use crate::dataset::{Dataset, Purpose, stream};
use crate::history::{ACTIVE_KL_NATS, Epoch, Terms};
use crate::learner;

/// Epochs between two checkpoints.
const CHECKPOINT_EPOCHS: u32 = 20;

/// Steps in which the rate of a cosine schedule rises from zero: Adam's first steps are as large as the
/// rate, whatever the gradient.
const WARM_UP_STEPS: f64 = 100.0;

/// What training ends with.
pub struct Trained {
    pub model: Vae,
    pub history: Vec<Epoch>,
}

/// Trains a model of that shape for `epochs` of the schedule's, going on from a checkpoint in `work` if there is one.
///
/// # Errors
/// When the loss is no longer finite, the device fails, or a checkpoint cannot be written.
pub fn train(
    config: &TrainConfig,
    shape: &ModelConfig,
    dataset: &Dataset,
    epochs: u32,
    work: &Path,
) -> anyhow::Result<Trained> {
    let trainer = Trainer::new(config, dataset)?;
    let fresh = Vae::init(shape, config.seed, &config.device.open()?)?;
    let fresh = if config.free_nats > 0.0 { fresh.with_narrow_posterior() } else { fresh };
    let learner = learner::open(config, shape, dataset, fresh.clone())?;
    let mut state = State { learner, history: Vec::new(), best: None };
    checkpoint::load(work, &mut state, |epoch| config.objective(&epoch.validation));
    if !state.history.is_empty() {
        tracing::info!("going on from epoch {}", state.history.len());
    }
    let done = state.history.len() as u64;
    let mut progress = Progress::start("train", done, u64::from(epochs), "epochs");
    while (state.history.len() as u32) < epochs && !stopped(config, &state.history) {
        trainer.epoch(&mut state)?;
        let Some(epoch) = state.history.last().cloned() else { continue };
        progress.advance(u64::from(epoch.number), || {
            format!("loss {:.3}, validation {:.3} nats per hour", epoch.train.loss, epoch.validation.loss)
        });
        if epoch.number % CHECKPOINT_EPOCHS == 0 && epoch.number < epochs {
            checkpoint::save(work, &state)?;
        }
    }
    let weights = match state.best {
        Some((_, best)) => best,
        None => state.learner.weights()?,
    };
    Ok(Trained { model: fresh.with_parameters(weights)?, history: state.history })
}

/// The epoch with the best validation.
pub(crate) fn best<'a>(config: &TrainConfig, history: &'a [Epoch]) -> Option<&'a Epoch> {
    let objective = |epoch: &Epoch| config.objective(&epoch.validation);
    history.iter().min_by(|a, b| objective(a).total_cmp(&objective(b)))
}

/// True once `patience` epochs have passed without a better validation.
fn stopped(config: &TrainConfig, history: &[Epoch]) -> bool {
    let Some(patience) = config.patience else { return false };
    best(config, history)
        .zip(history.last())
        .is_some_and(|(best, last)| last.number - best.number >= patience)
}

/// The learning rate of a step, `step` from 0.
fn learning_rate(config: &TrainConfig, step: u32, steps: u32) -> f64 {
    match config.schedule {
        Schedule::Constant => config.learning_rate,
        Schedule::Cosine => {
            let share = f64::from(step) / f64::from(steps);
            let warm_up = (f64::from(step + 1) / WARM_UP_STEPS).min(1.0);
            config.learning_rate * warm_up * 0.5 * (1.0 + (std::f64::consts::PI * share).cos())
        }
    }
}

struct Trainer<'a> {
    config: &'a TrainConfig,
    dataset: &'a Dataset,
    steps_per_epoch: u32,
}

impl<'a> Trainer<'a> {
    fn new(config: &'a TrainConfig, dataset: &'a Dataset) -> anyhow::Result<Trainer<'a>> {
        if config.windows == WindowChoice::Random && dataset.training_starts.is_empty() {
            bail!(
                "no window of {} hours fits into the training years; choose shorter windows",
                dataset.window_hours()
            );
        }
        let steps_per_epoch = u32::try_from(dataset.training_windows.len().div_ceil(config.batch))?;
        Ok(Trainer { config, dataset, steps_per_epoch })
    }

    /// One pass over as many windows as the training years hold side by side, then the validation.
    fn epoch(&self, state: &mut State) -> anyhow::Result<()> {
        let number = state.history.len() as u32 + 1;
        let random = &mut stream(self.config.seed, Purpose::Epoch, number);
        let mut fixed = self.dataset.training_windows.clone();
        if self.config.windows == WindowChoice::Fixed {
            fixed.shuffle(random);
        }
        let mut fixed = fixed.chunks(self.config.batch);
        let mut sums = Sums::default();
        let total_steps = self.config.epochs.saturating_mul(self.steps_per_epoch);
        let mut rate = self.config.learning_rate;
        for step in 0..self.steps_per_epoch {
            rate = learning_rate(self.config, (number - 1) * self.steps_per_epoch + step, total_steps);
            let rows = match self.config.windows {
                WindowChoice::Random => self.dataset.draw_starts(self.config.batch, random),
                WindowChoice::Fixed => fixed.next().unwrap_or_default().to_vec(),
            };
            let of_step = state.learner.step(&rows, random, rate)?;
            if !of_step.loss.is_finite() {
                bail!(
                    "training diverged: the loss of step {} (epoch {number}) is {} at a learning rate of {rate:.3e}; \
                     lower [train] learning_rate = {}",
                    (number - 1) * self.steps_per_epoch + step + 1,
                    of_step.loss,
                    self.config.learning_rate
                );
            }
            sums.add(of_step, rows.len());
        }
        let train = sums.mean();
        let (validation, kl_by_latent) = state.learner.validate()?;
        if !validation.loss.is_finite() {
            bail!(
                "training diverged: after epoch {number} the loss is {} on the validation windows; lower [train] \
                 learning_rate = {}",
                validation.loss,
                self.config.learning_rate
            );
        }
        state.history.push(Epoch {
            number,
            step: number * self.steps_per_epoch,
            learning_rate: rate,
            train,
            validation,
            active_units: kl_by_latent.iter().filter(|&&kl| kl > ACTIVE_KL_NATS).count() as u32,
            kl_by_latent,
        });
        let objective = self.config.objective(&validation);
        if self.config.patience.is_some() && state.best.as_ref().is_none_or(|(best, _)| objective < *best) {
            state.best = Some((objective, state.learner.weights()?));
        }
        Ok(())
    }
}

/// Sums of the loss over sequences.
#[derive(Default)]
struct Sums {
    terms: Terms,
    rows: f64,
}

impl Sums {
    fn add(&mut self, terms: Terms, rows: usize) {
        let rows = rows as f64;
        self.rows += rows;
        self.terms.loss += rows * terms.loss;
        self.terms.reconstruction += rows * terms.reconstruction;
        self.terms.kl += rows * terms.kl;
    }

    fn mean(&self) -> Terms {
        let Terms { loss, reconstruction, kl } = self.terms;
        Terms { loss: loss / self.rows, reconstruction: reconstruction / self.rows, kl: kl / self.rows }
    }
}

#[cfg(test)]
mod tests {
    use model::adam::Adam;
    use model::device::DeviceKind;

    use super::*;

    fn config(patience: Option<u32>, schedule: Schedule) -> TrainConfig {
        TrainConfig {
            epochs: 10,
            batch: 4,
            learning_rate: 0.01,
            schedule,
            windows: WindowChoice::Random,
            patience,
            beta: 1.0,
            free_nats: 0.0,
            beta_2: Adam::KERAS_BETA_2,
            weight_decay: 0.0,
            clip_norm: None,
            seed: 0,
            device: DeviceKind::Cpu,
        }
    }

    fn history(losses: &[f64]) -> Vec<Epoch> {
        let epochs = (1..).zip(losses).map(|(number, &loss)| Epoch {
            number,
            step: number,
            learning_rate: 0.01,
            train: Terms::default(),
            validation: Terms { loss, reconstruction: loss, kl: 0.0 },
            active_units: 0,
            kl_by_latent: Vec::new(),
        });
        epochs.collect()
    }

    #[test]
    fn training_stops_after_its_patience() {
        let config = config(Some(2), Schedule::Constant);
        assert!(!stopped(&config, &history(&[])));
        assert!(!stopped(&config, &history(&[3.0, 2.0, 2.5])));
        assert!(stopped(&config, &history(&[3.0, 2.0, 2.5, 2.1])));
        assert!(!stopped(&config, &history(&[3.0, 2.0, 2.5, 1.9])));
    }

    #[test]
    fn a_cosine_rises_to_the_rate_and_falls_to_zero() {
        let config = config(None, Schedule::Cosine);
        assert_eq!(learning_rate(&config, 0, 1000), 0.0001);
        assert!((learning_rate(&config, 100, 1000) - 0.009_755).abs() < 1e-6);
        assert!((learning_rate(&config, 500, 1000) - 0.005).abs() < 1e-12);
        assert!(learning_rate(&config, 999, 1000) < 1e-7);
    }
}
