//! Latents to standardised hours in memory: one long series, or many short ones.

use anyhow::{anyhow, bail};
use burn::tensor::Device;
use contract::benchmark::{Case, Path};
use model::config::STEP_HOURS;
use model::fast::decoder::Decoder;
use model::vae::Vae;
use rayon::prelude::*;

use crate::cases::{configuration, number};
use crate::made_up::{normal, tensor};
use crate::products;
use crate::sampling::{Sampled, sample};

/// Short series that burn's operations decode in one call.
const SERIES_AT_ONCE: usize = 8;
/// Hours of a year, on average.
const YEAR_HOURS: usize = 8766;

/// Times the decoding of all members.
///
/// # Errors
/// When the case lacks a number, or the device fails.
pub(crate) fn measure(case: &Case) -> anyhow::Result<Sampled> {
    let shape = configuration(case)?.model;
    let members = number(case, "members", case.members)?;
    let steps = (number(case, "years", case.years)? * YEAR_HOURS).div_ceil(STEP_HOURS);
    let device = Device::flex();
    let model = Vae::init(&shape, 1, &device)?;
    let latents = normal(members * steps * shape.latent_channels, 2);
    let of_member = steps * shape.latent_channels;
    let whole = |hours: &[Vec<f32>]| -> anyhow::Result<()> {
        let (seen, wanted) = (hours.iter().map(Vec::len).sum::<usize>(), members * steps * STEP_HOURS);
        anyhow::ensure!(seen == wanted, "decoded {seen} hours, wanted {wanted}");
        Ok(())
    };
    let sampled = match case.path {
        Some(Path::Fast) => {
            let decoder = Decoder::new(&model, &shape)?;
            sample(|| {
                let series = latents.par_chunks_exact(of_member);
                let hours: Vec<_> = series.map(|latents| decoder.decode(latents, 0..steps)).collect();
                whole(&hours)
            })?
        }
        Some(Path::Portable) => {
            let at_once = latents.chunks(SERIES_AT_ONCE * of_member);
            let parts = at_once.map(|latents| {
                let count = latents.len() / of_member;
                tensor(latents, [count, steps, shape.latent_channels], &device)
            });
            let parts: Vec<_> = parts.collect();
            sample(|| {
                let decode = |latent: &burn::tensor::Tensor<3>| {
                    let decoded = model.decode(latent.clone()).into_data().try_to_vec::<f32>();
                    decoded.map_err(|error| anyhow!("the device failed while decoding: {error:?}"))
                };
                whole(&parts.iter().map(decode).collect::<anyhow::Result<Vec<_>>>()?)
            })?
        }
        _ => bail!("the case decode lacks path, \"fast\" or \"portable\""),
    };
    Ok(sampled.made_of(products::decoder(&shape, members, steps)))
}
