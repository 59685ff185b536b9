//! Made-up numbers where only the time matters.

use burn::tensor::{Device, Tensor, TensorData};
use model::config::{ModelConfig, STEP_HOURS};
use model::loss::Batch;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Standard normal numbers.
pub(crate) struct MadeUp<'a> {
    random: ChaCha8Rng,
    device: &'a Device,
}

impl MadeUp<'_> {
    pub(crate) fn on(device: &Device) -> MadeUp<'_> {
        MadeUp { random: ChaCha8Rng::seed_from_u64(2), device }
    }

    pub(crate) fn tensor<const D: usize>(&mut self, shape: [usize; D]) -> Tensor<D> {
        let count = shape.iter().product();
        let numbers: Vec<f32> = StandardNormal.sample_iter(&mut self.random).take(count).collect();
        Tensor::from_data(TensorData::new(numbers, shape), self.device)
    }

    /// What a step of training or validation sees of so many windows.
    pub(crate) fn batch(&mut self, config: &ModelConfig, windows: usize, hours: usize) -> Batch {
        let steps = hours / STEP_HOURS;
        Batch {
            values: self.tensor([windows, hours]),
            seasonal: self.tensor([windows, steps, config.seasonal_features()]),
            epsilon: self.tensor([windows, steps, config.latent_channels]),
        }
    }
}
