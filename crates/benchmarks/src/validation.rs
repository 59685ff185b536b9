//! The loss on validation windows, as after each epoch: without gradients.

use anyhow::bail;
use burn::tensor::Device;
use contract::benchmark::{Case, Path};
use model::config::STEP_HOURS;
use model::fast::engine::Engine;
use model::vae::Vae;

use crate::cases::{configuration, number};
use crate::made_up::Windows;
use crate::products;
use crate::sampling::{Sampled, sample};

/// Times passes over all windows.
///
/// # Errors
/// When the case lacks a number, or the device fails.
pub(crate) fn measure(case: &Case) -> anyhow::Result<Sampled> {
    train::allocator::keep_freed_memory();
    let shape = configuration(case)?.model;
    let count = number(case, "batch", case.batch)?;
    let hours = number(case, "length_hours", case.length_hours)?;
    let windows = Windows::new(&shape, count, hours);
    let device = Device::flex();
    let model = Vae::init(&shape, 1, &device)?;
    let finite = |loss: f64| -> anyhow::Result<()> {
        anyhow::ensure!(loss.is_finite(), "the loss is {loss}");
        Ok(())
    };
    let sampled = match case.path {
        Some(Path::Fast) => {
            let mut engine = Engine::new(&model, &shape)?;
            let (weights, batch) = (engine.layout().read(&model)?, windows.batch());
            sample(|| finite(engine.loss(&weights, &batch).total()))?
        }
        Some(Path::Portable) => {
            let batch = windows.tensors(&device);
            sample(|| finite(f64::from(model.loss(&batch).total.into_scalar::<f32>())))?
        }
        _ => bail!("the case validation lacks path, \"fast\" or \"portable\""),
    };
    let steps = hours / STEP_HOURS;
    let encoder = products::encoder(&shape, count, steps);
    Ok(sampled.made_of([encoder, products::decoder(&shape, count, steps)].concat()))
}
