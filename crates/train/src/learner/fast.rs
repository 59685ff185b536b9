//! The fast path: losses, gradients and Adam over all weights as one slice.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use model::adam::Adam;
use model::config::ModelConfig;
use model::fast::adam::{Moments, Step};
use model::fast::engine::{Batch, Engine, Loss};
use model::fast::layout::Layout;
use model::parameters::Parameter;
use model::vae::Vae;
use model::weights;
use rand_chacha::ChaCha8Rng;

use super::{Learner, validation_noise};
use crate::config::TrainConfig;
use crate::dataset::Dataset;
use crate::history::Terms;

const WEIGHTS: &str = "weights.safetensors";
const MOMENTS: [&str; 2] = ["first-moments.safetensors", "second-moments.safetensors"];

/// A model in training on the CPU.
pub struct Fast<'a> {
    config: &'a TrainConfig,
    shape: &'a ModelConfig,
    dataset: &'a Dataset,
    engine: Engine,
    layout: Layout,
    weights: Vec<f32>,
    moments: Moments,
    validation: Batch<'a>,
}

impl<'a> Fast<'a> {
    /// Training from these weights on.
    ///
    /// # Errors
    /// When the device does not give the weights back.
    pub fn new(
        config: &'a TrainConfig,
        shape: &'a ModelConfig,
        dataset: &'a Dataset,
        fresh: &Vae,
    ) -> anyhow::Result<Fast<'a>> {
        let engine = Engine::new(fresh, shape)?;
        let layout = engine.layout().clone();
        let (weights, moments) = (layout.read(fresh)?, Moments::new(&layout));
        let noise = &mut validation_noise(config.seed);
        let validation = dataset.windows(&dataset.validation_windows, shape, noise);
        Ok(Fast { config, shape, dataset, engine, layout, weights, moments, validation })
    }
}

impl Learner for Fast<'_> {
    fn step(&mut self, rows: &[usize], random: &mut ChaCha8Rng, rate: f64) -> anyhow::Result<Terms> {
        let batch = self.dataset.windows(rows, self.shape, random);
        let (loss, gradient) = self.engine.gradient(&self.weights, &batch, self.config.kl_cost());
        if loss.total().is_finite() {
            let adam = Adam { beta_2: self.config.beta_2, weight_decay: self.config.weight_decay };
            let step = Step { adam, rate, clip_norm: self.config.clip_norm };
            self.moments.step(step, &self.layout, &mut self.weights, gradient);
        }
        Ok(terms(&loss))
    }

    fn validate(&mut self) -> anyhow::Result<(Terms, Vec<f32>)> {
        let loss = self.engine.loss(&self.weights, &self.validation);
        Ok((terms(&loss), loss.kl_by_latent.iter().map(|&kl| kl as f32).collect()))
    }

    fn weights(&self) -> anyhow::Result<BTreeMap<String, Parameter>> {
        Ok(self.layout.name(&self.weights))
    }

    fn save(&self, folder: &Path) -> anyhow::Result<()> {
        fs::write(folder.join(WEIGHTS), weights::to_bytes(&self.layout.name(&self.weights))?)?;
        for (name, moments) in MOMENTS.iter().zip(self.moments.name(&self.layout)) {
            fs::write(folder.join(name), weights::to_bytes(&moments)?)?;
        }
        Ok(())
    }

    fn load(&mut self, folder: &Path, steps: u32) -> anyhow::Result<()> {
        let read = |name: &str| -> anyhow::Result<BTreeMap<String, Parameter>> {
            let path = folder.join(name);
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok(weights::from_bytes(&bytes)?)
        };
        let weights = self.layout.flatten(read(WEIGHTS)?)?;
        let [first, second] = MOMENTS;
        self.moments = Moments::from_named([read(first)?, read(second)?], steps, &self.layout)?;
        self.weights = weights;
        Ok(())
    }
}

fn terms(loss: &Loss) -> Terms {
    Terms { loss: loss.total(), reconstruction: loss.reconstruction, kl: loss.kl }
}
