//! The stage behind `detect`.

use std::sync::Arc;

use contract::artifact::column;
use contract::config::{Fault, in_range};
use contract::stage::{Inputs, Outputs, Stage};
use model::device::DeviceKind;
use serde::Deserialize;
use tables::{Column, Table, Values};

use super::{Format, read_series, time_columns, value_column};
use crate::detect::{DetectSettings, Detection, Detector, detect};
use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;

/// Looks for faults in a series.
pub struct Detect;

/// Its table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    detect: DetectTable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DetectTable {
    false_alarms_per_year: f64,
    #[serde(default)]
    format: Format,
}

/// The same, checked.
pub struct Config {
    settings: DetectSettings,
    format: Format,
}

impl Stage for Detect {
    const NAME: &'static str = "detect";
    const READS: &'static [&'static str] = &[
        "train/model/config.json",
        "train/model/weights.safetensors",
        "train/model/generator.json",
        "train/model/transform.json",
        "calibrate/model/detector.json",
        "ingest/series.parquet",
    ];
    type Tables = Tables;
    type Config = Config;

    fn check(tables: Tables) -> Result<Config, Fault> {
        let DetectTable { false_alarms_per_year, format } = tables.detect;
        let false_alarms_per_year =
            in_range("detect.false_alarms_per_year", false_alarms_per_year, 0.01..=365.0)?;
        Ok(Config { settings: DetectSettings { false_alarms_per_year }, format })
    }

    fn run(config: &Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let model = TrainedModel::read(inputs, DeviceKind::Cpu.open()?)?;
        let detector = Detector::read(inputs)?;
        let observed = read_series(inputs, &model)?;
        let detection = detect(&model, &detector, &observed, config.settings)?;
        tracing::info!("{} events in {} hours", detection.events.len(), observed.values.len());
        config.format.write(outputs, "events", &events(&observed, &detection))?;
        config.format.write(outputs, "detected", &hours(&model, &observed, detection))
    }
}

/// The series with the p-value of each hour.
fn hours(model: &TrainedModel, observed: &ObservedHours, detection: Detection) -> Table {
    let numbers: Vec<usize> = (0..observed.values.len()).collect();
    let mut columns = time_columns(model, observed, &numbers);
    columns.push(value_column(model, model.variable.name.to_string(), observed.values.clone()));
    columns.push(Column::with_unit(column::P_VALUE, "1", Values::Float32(detection.p_values)));
    Table::new(columns)
}

/// One row an event; `end` is the hour after its last.
fn events(observed: &ObservedHours, detection: &Detection) -> Table {
    let events = &detection.events;
    let texts = |texts: Vec<Arc<str>>| Values::Text(texts.into_iter().map(Some).collect());
    Table::new(vec![
        Column::new("kind", texts(events.iter().map(|event| event.kind.name().into()).collect())),
        Column::new(
            "start",
            Values::Time(events.iter().map(|event| observed.time_us(event.start)).collect()),
        ),
        Column::new("end", Values::Time(events.iter().map(|event| observed.time_us(event.end)).collect())),
        Column::with_unit(
            "expected_per_year",
            "1",
            Values::Float64(events.iter().map(|event| event.expected_per_year).collect()),
        ),
        Column::new("evidence", texts(events.iter().map(|event| event.evidence.as_str().into()).collect())),
    ])
}
