//! A model of random weights to a Parquet file of hours: latents, decoder, noise, the way back to
//! kelvins, the file.

use std::path::Path;

use anyhow::Context;
use contract::artifact::{FORMAT, GENERATED};
use contract::benchmark::Case;
use contract::calendar::{HOUR_US, UtcOffset, year_start_us};
use contract::transform::{Marginals, Scaler, Transform, Trend, TrendBy, TrendMethod, TrendShape};
use contract::variable::VARIABLES;
use infer::export::{self, Series};
use infer::generator::Generator;
use infer::model_folder::TrainedModel;
use infer::span::Span;
use infer::stage::write_all;
use model::config::ModelConfig;
use model::device::DeviceKind;
use model::vae::Vae;

use crate::cases::{configuration, number};
use crate::sampling::{Sampled, sample};

const FIRST_YEAR: i16 = 2001;

/// Times the generation of all members; the file is written below `folder` and removed.
///
/// # Errors
/// When the case lacks a number, or the file cannot be written.
pub(crate) fn measure(case: &Case, folder: &Path) -> anyhow::Result<Sampled> {
    let members = i32::try_from(number(case, "members", case.members)?)?;
    let years = i16::try_from(number(case, "years", case.years)?)?;
    let model = random_model(configuration(case)?.model)?;
    let first_local_us = year_start_us(FIRST_YEAR);
    let hours = usize::try_from((year_start_us(FIRST_YEAR + years) - first_local_us) / HOUR_US)?;
    let span = Span { first_local_us, hours, offset: model.transform.utc_offset };
    let with_noise = case.preset.is_some();
    let generator = Generator::new(&model, span, with_noise, 1, FIRST_YEAR)?;
    let series = Series {
        variable: model.variable,
        latitude_deg: model.transform.latitude_deg,
        longitude_deg: model.transform.longitude_deg,
        span,
        members,
        target_year: None,
        unit: model.variable.accepted_units[0],
    };
    let sampled = sample(|| {
        let mut sinks = export::open(series, &[], folder)?;
        write_all(&generator, members, &mut sinks)?;
        sinks.into_iter().try_for_each(|sink| sink.finish())
    });
    // Also after a failure: what is left of the file is of no use to anybody.
    let _ = std::fs::remove_file(folder.join(GENERATED));
    sampled
}

/// A model with fresh weights, as if its training had ended at once.
fn random_model(config: ModelConfig) -> anyhow::Result<TrainedModel> {
    let device = DeviceKind::Cpu.open()?;
    Ok(TrainedModel {
        vae: Vae::init(&config, 1, &device)?,
        config,
        transform: Transform {
            format: FORMAT,
            variable: VARIABLES[0].name.to_string(),
            latitude_deg: 0.0,
            longitude_deg: 0.0,
            utc_offset: UtcOffset::from_minutes(0).context("UTC is an offset")?,
            trend: Trend {
                method: TrendMethod::None,
                shape: TrendShape::Continuous,
                slope_per_year: 0.0,
                by: TrendBy::Year,
                interval_per_decade: [0.0, 0.0],
                reference_year: FIRST_YEAR,
            },
            marginals: Marginals::Scaler(Scaler { mean: 285.0, standard_deviation: 8.0 }),
            window_hours: 1536,
            seasonal_degree: 3,
            in_sample: false,
        },
        path_prior: None,
        persistence: None,
        latent_cost: None,
        calibration: None,
        variable: &VARIABLES[0],
        device,
    })
}
