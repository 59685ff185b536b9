//! Times generation with the article's model: `bench-infer [YEARS...]`, decoded to memory and
//! written to Parquet.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use contract::artifact::FORMAT;
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

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Years of a member.
const MEMBER_YEARS: i16 = 50;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let years: Vec<i32> = std::env::args()
        .skip(1)
        .map(|word| {
            word.parse().with_context(|| format!("{word:?} is no number; usage: bench-infer [YEARS...]"))
        })
        .collect::<anyhow::Result<_>>()?;
    let model = article_model()?;
    let folder = std::env::temp_dir().join(format!("isotherm-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let timed = (if years.is_empty() { &[50, 1000][..] } else { &years })
        .iter()
        .try_for_each(|&years| time_years(&model, years, &folder));
    std::fs::remove_dir_all(&folder)?;
    timed
}

fn time_years(model: &TrainedModel, years: i32, folder: &Path) -> anyhow::Result<()> {
    let offset: UtcOffset = model.transform.utc_offset;
    let first_local_us = year_start_us(2001);
    let hours = usize::try_from((year_start_us(2001 + MEMBER_YEARS) - first_local_us) / HOUR_US)?;
    let span = Span { first_local_us, hours, offset };
    let members = (years / i32::from(MEMBER_YEARS)).max(1);
    let generator = Generator::new(model, span, false, 1, 2020)?;
    let series = Series {
        variable: model.variable,
        latitude_deg: 0.0,
        longitude_deg: 0.0,
        span,
        members,
        target_year: None,
        unit: model.variable.accepted_units[0],
    };
    let years = f64::from(members * i32::from(MEMBER_YEARS));
    let started = Instant::now();
    write_all(&generator, members, &mut [])?;
    let decoded = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let mut sinks = export::open(series, &[], folder)?;
    write_all(&generator, members, &mut sinks)?;
    for sink in sinks {
        sink.finish()?;
    }
    let written = started.elapsed().as_secs_f64();
    println!(
        "generate     {years:>5} years: {:.0} years/s decoded, {:.0} years/s to Parquet ({written:.2} s)",
        years / decoded,
        years / written,
    );
    Ok(())
}

fn article_model() -> anyhow::Result<TrainedModel> {
    let (config, device) = (ModelConfig::article(), DeviceKind::Cpu.open()?);
    Ok(TrainedModel {
        vae: Vae::init(&config, 1, &device)?,
        config,
        transform: Transform {
            format: FORMAT,
            variable: VARIABLES[0].name.to_string(),
            latitude_deg: 0.0,
            longitude_deg: 0.0,
            utc_offset: UtcOffset::from_minutes(0).context("UTC")?,
            trend: Trend {
                method: TrendMethod::None,
                shape: TrendShape::Continuous,
                slope_per_year: 0.0,
                by: TrendBy::Year,
                interval_per_decade: [0.0, 0.0],
                reference_year: 2020,
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
