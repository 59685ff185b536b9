//! The stages `impute`, `forecast` and `detect`: a trained model on an observed series. They read the series that
//! `ingest` leaves, of a pipeline's own place or of a user's files, and write tables; what is drawn and found is
//! decided elsewhere.

pub mod config;
mod export;
mod input;
mod netcdf;
mod output;
mod place;

use contract::artifact::{DETECTED, EVENTS, FORECAST, IMPUTED};
use contract::config::Fault;
use contract::stage::{Inputs, Outputs, Stage};
use model::device::DeviceKind;

use crate::detect::{DetectSettings, Detector, detect};
use crate::forecast::{ForecastSettings, forecast};
use crate::impute::{ImputeSettings, impute};
use crate::model_folder::TrainedModel;
use crate::pooling::Pooling;
use crate::posterior::Posterior;
use config::{DetectConfig, DetectTables, ForecastConfig, ForecastTables, ImputeConfig, ImputeTables};
use export::Exporter;
use input::Doubtful;
use output::Hours;

/// The `impute` stage.
pub struct Impute;

/// The `forecast` stage.
pub struct Forecast;

/// The `detect` stage.
pub struct Detect;

impl Stage for Impute {
    const NAME: &'static str = "impute";
    const READS: &'static [&'static str] = &[
        "deliver/model/config.json",
        "deliver/model/weights.safetensors",
        "deliver/model/generator.json",
        "deliver/model/transform.json",
        "calibrate/model/pooling.json",
        "ingest/series.parquet",
    ];
    type Tables = ImputeTables;
    type Config = ImputeConfig;

    fn check(tables: ImputeTables) -> Result<ImputeConfig, Fault> {
        tables.impute.check()
    }

    fn run(config: &ImputeConfig, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let model = TrainedModel::read(inputs, DeviceKind::Cpu.open()?)?;
        let exporter = Exporter::new(&model, &config.exports, config.unit.as_deref(), "impute")?;
        let (observed, credit) = input::read(inputs, &model, Doubtful::Missing)?;
        let settings = ImputeSettings { members: config.members, seed: config.seed };
        let posterior = Posterior::new(&model, Some(Pooling::read(inputs)?))?;
        let drawn = impute(&posterior, &observed, settings)?;
        tracing::info!("{} of {} hours were missing", drawn.hours.len(), observed.values.len());
        let table = Hours::of(&model, &observed).imputed(&drawn, config.write_members);
        let title = "observed hours, the missing ones drawn by a trained model";
        exporter.of(credit).write(outputs, IMPUTED, title, &table)
    }
}

impl Stage for Forecast {
    const NAME: &'static str = "forecast";
    const READS: &'static [&'static str] = Impute::READS;
    type Tables = ForecastTables;
    type Config = ForecastConfig;

    fn check(tables: ForecastTables) -> Result<ForecastConfig, Fault> {
        tables.forecast.check()
    }

    fn run(config: &ForecastConfig, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let model = TrainedModel::read(inputs, DeviceKind::Cpu.open()?)?;
        let exporter = Exporter::new(&model, &config.exports, config.unit.as_deref(), "forecast")?;
        let thresholds = exporter.thresholds(&config.thresholds)?;
        let (observed, credit) = input::read(inputs, &model, Doubtful::Missing)?;
        let settings = ForecastSettings { hours: config.hours, members: config.members, seed: config.seed };
        let posterior = Posterior::new(&model, Some(Pooling::read(inputs)?))?;
        let drawn = forecast(&posterior, &observed, settings)?;
        let hours = Hours::of(&model, &observed);
        let table = hours.forecast(&drawn, &thresholds, config.write_members);
        exporter.of(credit).write(outputs, FORECAST, "hours that follow, drawn by a trained model", &table)
    }
}

impl Stage for Detect {
    const NAME: &'static str = "detect";
    const READS: &'static [&'static str] = &[
        "deliver/model/config.json",
        "deliver/model/weights.safetensors",
        "deliver/model/generator.json",
        "deliver/model/transform.json",
        "calibrate/model/detector.json",
        "ingest/series.parquet",
    ];
    type Tables = DetectTables;
    type Config = DetectConfig;

    fn check(tables: DetectTables) -> Result<DetectConfig, Fault> {
        tables.detect.check()
    }

    fn run(config: &DetectConfig, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let model = TrainedModel::read(inputs, DeviceKind::Cpu.open()?)?;
        let exporter = Exporter::new(&model, &config.exports, config.unit.as_deref(), "detect")?;
        let detector = Detector::read(inputs)?;
        let (observed, credit) = input::read(inputs, &model, Doubtful::Kept)?;
        let settings = DetectSettings { false_alarms_per_year: config.false_alarms_per_year };
        let detection = detect(&model, &detector, &observed, settings)?;
        tracing::info!("{} event(s) in {} hours", detection.events.len(), observed.values.len());
        let hours = Hours::of(&model, &observed);
        let exporter = exporter.of(credit);
        exporter.write(
            outputs,
            DETECTED,
            "hours that do not look like the place's weather",
            &hours.detected(&detection),
        )?;
        exporter.write_events(outputs, EVENTS, &hours.events(&detection))
    }
}
