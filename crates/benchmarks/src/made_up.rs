//! Made-up numbers where only the time matters.

use burn::tensor::{Device, Tensor, TensorData};
use model::config::{ModelConfig, STEP_HOURS};
use model::fast::engine;
use model::loss::Batch;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Windows of standard normal hours, and all else that a step of training or validation sees of them.
pub(crate) struct Windows {
    count: usize,
    hours: Vec<f32>,
    seasonal: Vec<f32>,
    epsilon: Vec<f32>,
}

impl Windows {
    pub(crate) fn new(config: &ModelConfig, count: usize, hours: usize) -> Windows {
        let steps = hours / STEP_HOURS;
        Windows {
            count,
            hours: normal(count * hours, 2),
            seasonal: normal(count * steps * config.seasonal_features(), 3),
            epsilon: normal(count * steps * config.latent_channels, 4),
        }
    }

    /// As the fast path takes them.
    pub(crate) fn batch(&self) -> engine::Batch<'_> {
        engine::Batch {
            hours: self.hours.chunks_exact(self.hours.len() / self.count).collect(),
            seasonal: self.seasonal.clone(),
            epsilon: self.epsilon.clone(),
        }
    }

    /// As burn's operations take them.
    pub(crate) fn tensors(&self, device: &Device) -> Batch {
        let hours = self.hours.len() / self.count;
        let by_step = |values: &[f32]| {
            let steps = hours / STEP_HOURS;
            tensor(values, [self.count, steps, values.len() / self.count / steps], device)
        };
        Batch {
            values: tensor(&self.hours, [self.count, hours], device),
            seasonal: by_step(&self.seasonal),
            epsilon: by_step(&self.epsilon),
        }
    }
}

/// Standard normal numbers.
pub(crate) fn normal(count: usize, seed: u64) -> Vec<f32> {
    StandardNormal.sample_iter(ChaCha8Rng::seed_from_u64(seed)).take(count).collect()
}

pub(crate) fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}
