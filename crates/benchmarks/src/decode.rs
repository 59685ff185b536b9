//! Latents to standardised hours in memory: one long series in one call, or many short ones, some at once
//! on each core.

use anyhow::{anyhow, bail};
use burn::tensor::{Device, Tensor};
use contract::benchmark::{Case, Path};
use model::config::STEP_HOURS;
use model::vae::Vae;
use train::shards::Workers;

use crate::cases::{configuration, number};
use crate::made_up::MadeUp;
use crate::products;
use crate::sampling::{Sampled, sample};

/// Short series decoded in one call.
const SERIES_AT_ONCE: usize = 8;
/// Hours of a year, on average.
const YEAR_HOURS: usize = 8766;

/// Times the decoding of all members.
///
/// # Errors
/// When the case lacks a number, or the device fails.
pub(crate) fn measure(case: &Case) -> anyhow::Result<Sampled> {
    match case.path {
        Some(Path::Portable) => portable(case),
        Some(Path::Fast) => bail!("there is no fast decoder yet"),
        None => bail!("the case decode lacks path, \"fast\" or \"portable\""),
    }
}

fn portable(case: &Case) -> anyhow::Result<Sampled> {
    let shape = configuration(case)?.model;
    let members = number(case, "members", case.members)?;
    let steps = (number(case, "years", case.years)? * YEAR_HOURS).div_ceil(STEP_HOURS);
    let device = Device::flex();
    let model = Vae::init(&shape, 1, &device)?;
    let mut made_up = MadeUp::on(&device);
    let sizes = (0..members).step_by(SERIES_AT_ONCE).map(|first| SERIES_AT_ONCE.min(members - first));
    let latents: Vec<Tensor<3>> =
        sizes.map(|size| made_up.tensor([size, steps, shape.latent_channels])).collect();
    let decode = |latent: Tensor<3>| {
        let decoded = model.decode(latent).into_data().try_to_vec::<f32>();
        decoded.map_err(|error| anyhow!("the device failed while decoding: {error:?}"))
    };
    let workers = Workers::start()?;
    let sampled = sample(|| {
        let hours: Vec<Vec<f32>> = match latents.as_slice() {
            // One call has both cores for itself.
            [one] => vec![decode(one.clone())?],
            many => workers.map(many.to_vec(), decode).into_iter().collect::<anyhow::Result<_>>()?,
        };
        let wanted = members * steps * STEP_HOURS;
        let seen: usize = hours.iter().map(Vec::len).sum();
        anyhow::ensure!(seen == wanted, "decoded {seen} hours, wanted {wanted}");
        Ok(())
    })?;
    Ok(sampled.made_of(products::decoder(&shape, members, steps)))
}
