//! A step of training: the gradients of a batch in shards, and Adam. Drawing the batch is not part of it.

use anyhow::{Context, bail};
use burn::grad_clipping::GradientClipping;
use burn::tensor::Device;
use contract::benchmark::{Case, Path};
use model::adam::Adam;
use model::vae::Vae;
use train::config::Config;
use train::shards::{Workers, split};
use train::trainer::gradients;

use crate::cases::{configuration, number};
use crate::made_up::MadeUp;
use crate::products::{self, with_gradients};
use crate::sampling::{Sampled, sample};

/// Takes one step.
type Step = Box<dyn FnMut() -> anyhow::Result<()>>;

/// Times the steps of a model.
///
/// # Errors
/// When the case lacks a number, or the device fails.
pub(crate) fn measure(case: &Case) -> anyhow::Result<Sampled> {
    train::allocator::keep_freed_memory();
    let config = configuration(case)?;
    let windows = number(case, "batch", case.batch)?;
    let hours = number(case, "length_hours", case.length_hours)?;
    let sampled = sample(match case.path {
        Some(Path::Portable) => portable(&config, windows, hours)?,
        Some(Path::Fast) => bail!("there is no fast training step yet"),
        None => bail!("the case train-step lacks path, \"fast\" or \"portable\""),
    })?;
    if case.preset.is_some() {
        // Its noise is work that is not in its layers.
        return Ok(sampled);
    }
    let steps = hours / model::config::STEP_HOURS;
    let encoder = products::encoder(&config.model, windows, steps);
    let decoder = products::decoder(&config.model, windows, steps);
    Ok(sampled.made_of(with_gradients([encoder, decoder].concat())))
}

fn portable(config: &Config, windows: usize, hours: usize) -> anyhow::Result<Step> {
    let device = Device::flex().autodiff();
    let adam = Adam { beta_2: config.train.beta_2, weight_decay: config.train.weight_decay };
    let mut optimiser = adam.for_module();
    if let Some(norm) = config.train.clip_norm {
        optimiser = optimiser.with_grad_clipping(GradientClipping::Norm(norm));
    }
    let mut model = Some(Vae::init(&config.model, 1, &device)?);
    let workers = Workers::start()?;
    let (rate, free_nats) = (config.train.learning_rate, config.train.free_nats_per_hour());
    let mut made_up = MadeUp::on(&device);
    let shards = split(&vec![(); windows]);
    let shards: Vec<_> =
        shards.iter().map(|shard| made_up.batch(&config.model, shard.len(), hours)).collect();
    Ok(Box::new(move || {
        let before = model.take().context("the step before did not end")?;
        let (gradients, terms) = gradients(&workers, &before, shards.clone(), free_nats);
        anyhow::ensure!(terms.loss.is_finite(), "the loss of a step is {}", terms.loss);
        model = Some(optimiser.step(rate, before, gradients));
        Ok(())
    }))
}
