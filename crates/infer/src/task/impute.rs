//! The stage behind `impute`.

use contract::config::{Fault, in_range};
use contract::stage::{Inputs, Outputs, Stage};
use model::device::DeviceKind;
use serde::Deserialize;
use tables::{Column, Table, Values};

use super::{Format, QUANTILES, quantiles, read_series, time_columns, value_column};
use crate::impute::{ImputeSettings, impute};
use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;
use crate::posterior::Drawn;

/// Fills the gaps of a series.
pub struct Impute;

/// Its table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    impute: ImputeTable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImputeTable {
    members: usize,
    seed: u64,
    #[serde(default)]
    write_members: bool,
    #[serde(default)]
    format: Format,
}

/// The same, checked.
pub struct Config {
    settings: ImputeSettings,
    write_members: bool,
    format: Format,
}

impl Stage for Impute {
    const NAME: &'static str = "impute";
    const READS: &'static [&'static str] = READS;
    type Tables = Tables;
    type Config = Config;

    fn check(tables: Tables) -> Result<Config, Fault> {
        let ImputeTable { members, seed, write_members, format } = tables.impute;
        let members = in_range("impute.members", members, 1..=10_000)?;
        Ok(Config { settings: ImputeSettings { members, seed }, write_members, format })
    }

    fn run(config: &Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let model = TrainedModel::read(inputs, DeviceKind::Cpu.open()?)?;
        let observed = read_series(inputs, &model)?;
        let drawn = impute(&model, &observed, config.settings)?;
        let (missing, hours) = (drawn.hours.len(), observed.values.len());
        tracing::info!("{missing} of {hours} hours were missing and are filled");
        config.format.write(outputs, "imputed", &table(&model, &observed, &drawn, config.write_members))
    }
}

/// What it reads.
pub(super) const READS: &[&str] = &[
    "train/model/config.json",
    "train/model/weights.safetensors",
    "train/model/generator.json",
    "train/model/transform.json",
    "ingest/series.parquet",
];

/// The series with its missing hours filled by the median, and quantiles; where an hour was seen, all of
/// them are its value.
fn table(model: &TrainedModel, observed: &ObservedHours, drawn: &Drawn, write_members: bool) -> Table {
    let hours: Vec<usize> = (0..observed.values.len()).collect();
    let mut imputed = vec![0_u8; hours.len()];
    let mut by_quantile = vec![observed.values.clone(); QUANTILES.len()];
    let mut members = vec![observed.values.clone(); if write_members { drawn.members } else { 0 }];
    for (&hour, draws) in drawn.hours.iter().zip(drawn.values.chunks_exact(drawn.members)) {
        imputed[hour] = 1;
        by_quantile.iter_mut().zip(quantiles(draws)).for_each(|(column, value)| column[hour] = value);
        members.iter_mut().zip(draws).for_each(|(column, value)| column[hour] = *value);
    }
    let variable = model.variable.name;
    let mut columns = time_columns(model, observed, &hours);
    let median = QUANTILES.iter().position(|(_, name)| *name == "median").unwrap_or_default();
    columns.push(value_column(model, variable.to_string(), by_quantile[median].clone()));
    columns.push(Column::new(format!("{variable}_imputed"), Values::UInt8(imputed)));
    for ((_, name), values) in QUANTILES.iter().zip(by_quantile).filter(|((_, name), _)| *name != "median") {
        columns.push(value_column(model, format!("{variable}_{name}"), values));
    }
    for (number, values) in members.into_iter().enumerate() {
        columns.push(value_column(model, format!("{variable}_member_{number}"), values));
    }
    Table::new(columns)
}
