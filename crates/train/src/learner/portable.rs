//! The portable path: burn's operations, automatic differentiation and optimiser, on any device.

use std::collections::BTreeMap;
use std::path::Path;

use burn::grad_clipping::GradientClipping;
use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use model::adam::Adam;
use model::config::ModelConfig;
use model::loss::{Batch, Loss};
use model::parameters::Parameter;
use model::vae::Vae;
use rand_chacha::ChaCha8Rng;

use super::{Learner, validation_noise};
use crate::config::TrainConfig;
use crate::dataset::Dataset;
use crate::history::Terms;

const MODEL: &str = "model.bpk";
const OPTIMISER: &str = "optimiser.bpk";
/// Windows that are validated at once.
const VALIDATION_BATCH: usize = 16;

/// A model in training on any device.
pub struct Portable<'a> {
    config: &'a TrainConfig,
    shape: &'a ModelConfig,
    dataset: &'a Dataset,
    model: Vae,
    optimiser: ModuleOptimizer,
    /// With autodiff.
    device: Device,
    validation: Vec<Batch>,
}

impl<'a> Portable<'a> {
    /// Training from these weights on, on the device where they are.
    ///
    /// # Errors
    /// When the weights cannot be moved.
    pub fn new(
        config: &'a TrainConfig,
        shape: &'a ModelConfig,
        dataset: &'a Dataset,
        fresh: Vae,
    ) -> anyhow::Result<Portable<'a>> {
        let device = fresh.device();
        let noise = &mut validation_noise(config.seed);
        let chunks = dataset.validation_windows.chunks(VALIDATION_BATCH);
        let validation = chunks.map(|rows| dataset.batch(rows, shape, noise, &device)).collect();
        let mut optimiser = Adam { beta_2: config.beta_2, weight_decay: config.weight_decay }.for_module();
        if let Some(norm) = config.clip_norm {
            optimiser = optimiser.with_grad_clipping(GradientClipping::Norm(norm));
        }
        let device = device.autodiff();
        let model = fresh.to_device(&device).train();
        Ok(Portable { config, shape, dataset, model, optimiser, device, validation })
    }
}

impl Learner for Portable<'_> {
    fn step(&mut self, rows: &[usize], random: &mut ChaCha8Rng, rate: f64) -> anyhow::Result<Terms> {
        let batch = self.dataset.batch(rows, self.shape, random, &self.device);
        let loss = self.model.loss(&batch);
        let terms = terms(&loss);
        if terms.loss.is_finite() {
            let kl_weight = self.config.kl_cost().weight_of(terms.kl);
            let gradients = loss.objective(kl_weight).backward();
            let gradients = GradientsParams::from_grads(gradients, &self.model);
            self.model = self.optimiser.step(rate, self.model.clone(), gradients);
        }
        Ok(terms)
    }

    fn validate(&mut self) -> anyhow::Result<(Terms, Vec<f32>)> {
        let model = self.model.valid();
        let windows = self.dataset.validation_windows.len() as f64;
        let mut mean = Terms::default();
        let mut kl_by_latent = vec![0.0; self.shape.latent_channels];
        for batch in &self.validation {
            let loss = model.loss(batch);
            let share = batch.values.dims()[0] as f64 / windows;
            let of_batch = terms(&loss);
            mean.loss += share * of_batch.loss;
            mean.reconstruction += share * of_batch.reconstruction;
            mean.kl += share * of_batch.kl;
            let of_latents = loss.kl_by_latent().into_data();
            for (sum, kl) in kl_by_latent.iter_mut().zip(of_latents.iter::<f32>()) {
                *sum += share as f32 * kl;
            }
        }
        Ok((mean, kl_by_latent))
    }

    fn weights(&self) -> anyhow::Result<BTreeMap<String, Parameter>> {
        Ok(self.model.valid().parameters()?)
    }

    fn save(&self, folder: &Path) -> anyhow::Result<()> {
        self.model.clone().save_file(folder.join(MODEL))?;
        self.optimiser.save(folder.join(OPTIMISER))?;
        Ok(())
    }

    fn load(&mut self, folder: &Path, _steps: u32) -> anyhow::Result<()> {
        let model = self.model.clone().try_load_file(folder.join(MODEL))?;
        self.optimiser = self.optimiser.clone().load(folder.join(OPTIMISER))?;
        self.model = model;
        Ok(())
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
