//! What computes the steps of training: the fast path on the CPU, burn's operations elsewhere. Both draw
//! the same numbers and take the same steps, up to rounding.

mod fast;
mod portable;

use std::collections::BTreeMap;
use std::path::Path;

use model::config::ModelConfig;
use model::device::DeviceKind;
use model::parameters::Parameter;
use model::vae::Vae;
use rand_chacha::ChaCha8Rng;

use crate::config::TrainConfig;
use crate::dataset::{Dataset, Purpose, stream};
use crate::history::Terms;

pub use fast::Fast;
pub use portable::Portable;

/// A model in training.
pub trait Learner {
    /// One step on the windows that start at these rows; returns their mean loss. The weights stay as they
    /// are where it is not finite.
    ///
    /// # Errors
    /// When the device fails.
    fn step(&mut self, rows: &[usize], random: &mut ChaCha8Rng, rate: f64) -> anyhow::Result<Terms>;

    /// The loss on the validation windows, and the KL of each latent channel in nats per latent step. The
    /// same noise in each epoch, so that losses can be compared.
    ///
    /// # Errors
    /// When the device fails.
    fn validate(&mut self) -> anyhow::Result<(Terms, Vec<f32>)>;

    /// The weights by name.
    ///
    /// # Errors
    /// When the device fails.
    fn weights(&self) -> anyhow::Result<BTreeMap<String, Parameter>>;

    /// Writes weights and optimiser into files of a folder.
    ///
    /// # Errors
    /// When a file cannot be written.
    fn save(&self, folder: &Path) -> anyhow::Result<()>;

    /// Goes on with what was saved after `steps` steps.
    ///
    /// # Errors
    /// When a file cannot be read or is another model's; then nothing has changed.
    fn load(&mut self, folder: &Path, steps: u32) -> anyhow::Result<()>;
}

/// The learner of the device that is asked for.
///
/// # Errors
/// When the device cannot be opened.
pub(crate) fn open<'a>(
    config: &'a TrainConfig,
    shape: &'a ModelConfig,
    dataset: &'a Dataset,
    fresh: Vae,
) -> anyhow::Result<Box<dyn Learner + 'a>> {
    Ok(match config.device {
        DeviceKind::Cpu => Box::new(Fast::new(config, shape, dataset, &fresh)?),
        DeviceKind::Cuda => Box::new(Portable::new(config, shape, dataset, fresh)?),
    })
}

/// The noise of the validation windows.
fn validation_noise(seed: u64) -> ChaCha8Rng {
    stream(seed, Purpose::Validation, 0)
}
