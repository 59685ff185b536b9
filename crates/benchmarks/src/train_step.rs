//! A step of training: the gradients of a batch, and Adam. Drawing the batch is not part of it.

use anyhow::{Context, bail};
use burn::grad_clipping::GradientClipping;
use burn::optim::GradientsParams;
use burn::tensor::Device;
use contract::benchmark::{Case, Path};
use model::adam::Adam;
use model::fast::adam::{Moments, Step};
use model::fast::engine::Engine;
use model::loss::{Batch, Loss};
use model::vae::Vae;
use train::config::Config;

use crate::cases::{configuration, number};
use crate::made_up::Windows;
use crate::products::{self, with_gradients};
use crate::sampling::{Sampled, sample};

/// Times the steps of a model.
///
/// # Errors
/// When the case lacks a number, or the device fails.
pub(crate) fn measure(case: &Case) -> anyhow::Result<Sampled> {
    train::allocator::keep_freed_memory();
    let config = configuration(case)?;
    let count = number(case, "batch", case.batch)?;
    let hours = number(case, "length_hours", case.length_hours)?;
    let windows = Windows::new(&config.model, count, hours);
    let sampled = match case.path {
        Some(Path::Fast) => fast(&config, &windows)?,
        Some(Path::Operations) => with_burn(&config, &windows, Vae::loss_fused)?,
        Some(Path::Portable) => with_burn(&config, &windows, Vae::loss)?,
        None => bail!("the case train-step lacks path, \"fast\", \"operations\" or \"portable\""),
    };
    if case.preset.is_some() {
        // Its noise is work that is not in its layers.
        return Ok(sampled);
    }
    let steps = hours / model::config::STEP_HOURS;
    let encoder = products::encoder(&config.model, count, steps);
    let decoder = products::decoder(&config.model, count, steps);
    Ok(sampled.made_of(with_gradients([encoder, decoder].concat())))
}

fn fast(config: &Config, windows: &Windows) -> anyhow::Result<Sampled> {
    let fresh = Vae::init(&config.model, 1, &Device::flex())?;
    let mut engine = Engine::new(&fresh, &config.model)?;
    let layout = engine.layout().clone();
    let (mut weights, mut moments) = (layout.read(&fresh)?, Moments::new(&layout));
    let step =
        Step { adam: adam(config), rate: config.train.learning_rate, clip_norm: config.train.clip_norm };
    let batch = windows.batch();
    sample(|| {
        let (loss, gradient) = engine.gradient(&weights, &batch, config.train.kl_cost());
        anyhow::ensure!(loss.total().is_finite(), "the loss of a step is {}", loss.total());
        moments.step(step, &layout, &mut weights, gradient);
        Ok(())
    })
}

fn with_burn(config: &Config, windows: &Windows, loss: fn(&Vae, &Batch) -> Loss) -> anyhow::Result<Sampled> {
    let device = Device::flex().autodiff();
    let mut optimiser = adam(config).for_module();
    if let Some(norm) = config.train.clip_norm {
        optimiser = optimiser.with_grad_clipping(GradientClipping::Norm(norm));
    }
    let mut model = Some(Vae::init(&config.model, 1, &device)?);
    let batch = windows.tensors(&device);
    sample(|| {
        let before = model.take().context("the step before did not end")?;
        let loss = loss(&before, &batch);
        let kl_weight = config.train.kl_cost().weight_of(f64::from(loss.kl.clone().into_scalar::<f32>()));
        let total = loss.total.clone().into_scalar::<f32>();
        anyhow::ensure!(total.is_finite(), "the loss of a step is {total}");
        let gradients = GradientsParams::from_grads(loss.objective(kl_weight).backward(), &before);
        model = Some(optimiser.step(config.train.learning_rate, before, gradients));
        Ok(())
    })
}

fn adam(config: &Config) -> Adam {
    Adam { beta_2: config.train.beta_2, weight_decay: config.train.weight_decay }
}
