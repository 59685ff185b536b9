//! The training loop.

use std::path::Path;

use anyhow::bail;
use burn::grad_clipping::GradientClipping;
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor};
use contract::progress::Progress;
use model::adam::Adam;
use model::config::ModelConfig;
use model::device::DeviceKind;
use model::loss::{Batch, Loss};
use model::vae::Vae;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::checkpoint::{self, State};
use crate::config::{Schedule, TrainConfig, WindowChoice};
use crate::dataset::{Dataset, Purpose, stream};
use crate::history::{ACTIVE_KL_NATS, Epoch, Terms};
use crate::shards::{Workers, split};

/// Epochs between two checkpoints.
const CHECKPOINT_EPOCHS: u32 = 20;
/// Windows that are validated at once.
const VALIDATION_BATCH: usize = 16;

/// Steps in which the rate of a cosine schedule rises from zero: Adam's first steps are as large as the
/// rate, whatever the gradient.
const WARM_UP_STEPS: f64 = 100.0;

/// What training ends with.
pub struct Trained {
    pub model: Vae,
    pub history: Vec<Epoch>,
}

/// Trains a model of that shape, going on from a checkpoint in `work` if there is one.
///
/// # Errors
/// When the loss is no longer finite, the device fails, or a checkpoint cannot be written.
pub fn train(
    config: &TrainConfig,
    shape: &ModelConfig,
    dataset: &Dataset,
    work: &Path,
) -> anyhow::Result<Trained> {
    let device = config.device.open()?;
    let mut trainer = Trainer::new(config, shape, dataset, device)?;
    let fresh = Vae::init(shape, config.seed, &trainer.device)?;
    let fresh = if config.free_nats > 0.0 { fresh.with_narrow_posterior() } else { fresh };
    let adam = Adam { beta_2: config.beta_2, weight_decay: config.weight_decay };
    let mut optimiser = adam.for_module();
    if let Some(norm) = config.clip_norm {
        optimiser = optimiser.with_grad_clipping(GradientClipping::Norm(norm));
    }
    let fresh = State { model: fresh, optimiser, history: Vec::new(), best: None };
    let mut state = match checkpoint::load(work, &fresh) {
        Some(state) => {
            tracing::info!("going on from epoch {}", state.history.len());
            state
        }
        None => fresh,
    };
    let done = state.history.len() as u64;
    let mut progress = Progress::start("train", done, u64::from(config.epochs), "epochs");
    while (state.history.len() as u32) < config.epochs && !stopped(config, &state.history) {
        trainer.epoch(&mut state)?;
        let Some(epoch) = state.history.last().cloned() else { continue };
        progress.advance(u64::from(epoch.number), || {
            format!("loss {:.3}, validation {:.3} nats per hour", epoch.train.loss, epoch.validation.loss)
        });
        if epoch.number % CHECKPOINT_EPOCHS == 0 && epoch.number < config.epochs {
            checkpoint::save(work, &state)?;
        }
    }
    let model = match state.best {
        Some((_, best)) => state.model.with_parameters(best)?,
        None => state.model,
    };
    Ok(Trained { model, history: state.history })
}

/// True once `patience` epochs have passed without a better validation.
fn stopped(config: &TrainConfig, history: &[Epoch]) -> bool {
    let Some(patience) = config.patience else { return false };
    let objective = |epoch: &Epoch| config.objective(&epoch.validation);
    let best = history.iter().min_by(|a, b| objective(a).total_cmp(&objective(b)));
    best.zip(history.last()).is_some_and(|(best, last)| last.number - best.number >= patience)
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
    shape: &'a ModelConfig,
    dataset: &'a Dataset,
    /// With autodiff.
    device: Device,
    workers: Workers,
    /// The validation windows with the same noise in each epoch, so that losses can be compared.
    validation: Vec<Batch>,
    steps_per_epoch: u32,
}

impl<'a> Trainer<'a> {
    fn new(
        config: &'a TrainConfig,
        shape: &'a ModelConfig,
        dataset: &'a Dataset,
        device: Device,
    ) -> anyhow::Result<Trainer<'a>> {
        if config.windows == WindowChoice::Random && dataset.training_starts.is_empty() {
            bail!(
                "no window of {} hours fits into the training years; choose shorter windows",
                dataset.window_hours()
            );
        }
        let random = &mut stream(config.seed, Purpose::Validation, 0);
        let chunks = dataset.validation_windows.chunks(VALIDATION_BATCH);
        let validation = chunks.map(|rows| dataset.batch(rows, shape, random, &device)).collect();
        let steps_per_epoch = u32::try_from(dataset.training_windows.len().div_ceil(config.batch))?;
        let (device, workers) = (device.autodiff(), Workers::start()?);
        Ok(Trainer { config, shape, dataset, device, workers, validation, steps_per_epoch })
    }

    /// The batch of these rows, in shards where kernels run on the CPU.
    fn batches(&self, rows: &[usize], random: &mut ChaCha8Rng) -> Vec<Batch> {
        let shards = match self.config.device {
            DeviceKind::Cpu => split(rows),
            DeviceKind::Cuda => vec![rows.to_vec()],
        };
        shards.iter().map(|rows| self.dataset.batch(rows, self.shape, random, &self.device)).collect()
    }

    /// One pass over as many windows as the training years hold side by side, then the validation.
    fn epoch(&mut self, state: &mut State) -> anyhow::Result<()> {
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
            let shards = self.batches(&rows, random);
            let (gradients, of_step) =
                gradients(&self.workers, &state.model, shards, self.config.free_nats_per_hour());
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
            state.model = state.optimiser.step(rate, state.model.clone(), gradients);
        }
        let train = sums.mean();
        let model = state.model.valid();
        let (validation, kl_by_latent) = self.validate(&model);
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
            state.best = Some((objective, model.parameters()?));
        }
        Ok(())
    }

    /// The loss on the validation windows, and the KL of each latent channel.
    fn validate(&self, model: &Vae) -> (Terms, Vec<f32>) {
        let windows = self.dataset.validation_windows.len();
        let batches = self.validation.iter().collect();
        let losses = self.workers.map(batches, |batch: &Batch| {
            let loss = model.loss(batch);
            let kl: Vec<f32> = loss.kl_by_latent().into_data().iter::<f32>().collect();
            (terms(&loss), kl, batch.values.dims()[0])
        });
        let mut sums = Sums::default();
        let mut kl = vec![0.0; self.shape.latent_channels];
        for (terms, of_batch, rows) in losses {
            sums.add(terms, rows);
            for (sum, of_batch) in kl.iter_mut().zip(of_batch) {
                *sum += of_batch * rows as f32 / windows as f32;
            }
        }
        (sums.mean(), kl)
    }
}

/// The gradients of the mean objective over all shards, and their mean loss. The latents' KL costs
/// nothing while its mean over the shards is below `free_nats_per_hour`.
pub fn gradients(
    workers: &Workers,
    model: &Vae,
    shards: Vec<Batch>,
    free_nats_per_hour: f64,
) -> (GradientsParams, Terms) {
    let losses = workers.map(shards, |shard| {
        // Leaves of its own, or all shards would be one graph.
        let model = model.clone().fork(&model.device());
        let loss = model.loss(&shard);
        (terms(&loss), shard.values.dims()[0], model, loss)
    });
    let mut sums = Sums::default();
    losses.iter().for_each(|(terms, rows, ..)| sums.add(*terms, *rows));
    let mean = sums.mean();
    let kl_is_free = mean.kl < free_nats_per_hour;
    let parts = workers.map(losses, |(_, rows, model, loss)| {
        let share = rows as f32 / sums.rows as f32;
        let gradients = (loss.objective(kl_is_free) * share).backward();
        GradientsParams::from_grads(gradients, &model)
    });
    let mut accumulator = GradientsAccumulator::new();
    parts.into_iter().for_each(|gradients| accumulator.accumulate(model, gradients));
    (accumulator.grads(), mean)
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

fn terms(loss: &Loss) -> Terms {
    Terms {
        loss: scalar(loss.total.clone()),
        reconstruction: scalar(loss.reconstruction.clone()),
        kl: scalar(loss.kl.clone()),
    }
}

fn scalar(tensor: Tensor<1>) -> f64 {
    f64::from(tensor.into_scalar::<f32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(patience: Option<u32>, schedule: Schedule) -> TrainConfig {
        TrainConfig {
            epochs: 10,
            batch: 4,
            learning_rate: 0.01,
            schedule,
            windows: WindowChoice::Random,
            patience,
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
