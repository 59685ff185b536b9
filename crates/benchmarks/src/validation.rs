//! The loss on validation windows, as after each epoch: without gradients, some windows at once.

use anyhow::bail;
use burn::tensor::Device;
use contract::benchmark::{Case, Path};
use model::config::STEP_HOURS;
use model::loss::Batch;
use model::vae::Vae;
use train::shards::Workers;

use crate::cases::{configuration, number};
use crate::made_up::MadeUp;
use crate::products;
use crate::sampling::{Sampled, sample};

/// Windows at once, as in training.
const BATCH: usize = 16;

/// Times passes over all windows.
///
/// # Errors
/// When the case lacks a number, or the device fails.
pub(crate) fn measure(case: &Case) -> anyhow::Result<Sampled> {
    train::allocator::keep_freed_memory();
    match case.path {
        Some(Path::Portable) => portable(case),
        Some(Path::Fast) => bail!("there is no fast validation yet"),
        None => bail!("the case validation lacks path, \"fast\" or \"portable\""),
    }
}

fn portable(case: &Case) -> anyhow::Result<Sampled> {
    let shape = configuration(case)?.model;
    let windows = number(case, "batch", case.batch)?;
    let hours = number(case, "length_hours", case.length_hours)?;
    let device = Device::flex();
    let (model, workers) = (Vae::init(&shape, 1, &device)?, Workers::start()?);
    let mut made_up = MadeUp::on(&device);
    let sizes = (0..windows).step_by(BATCH).map(|first| BATCH.min(windows - first));
    let batches: Vec<Batch> = sizes.map(|size| made_up.batch(&shape, size, hours)).collect();
    let sampled = sample(|| {
        let losses = workers.map(batches.iter().collect(), |batch: &Batch| {
            let loss = model.loss(batch);
            let kl: Vec<f32> = loss.kl_by_latent().into_data().iter::<f32>().collect();
            loss.total.into_scalar::<f32>() + kl.iter().sum::<f32>()
        });
        anyhow::ensure!(losses.iter().all(|loss| loss.is_finite()), "losses are {losses:?}");
        Ok(())
    })?;
    let steps = hours / STEP_HOURS;
    let encoder = products::encoder(&shape, windows, steps);
    Ok(sampled.made_of([encoder, products::decoder(&shape, windows, steps)].concat()))
}
