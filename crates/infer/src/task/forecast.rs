//! The stage behind `forecast`.

use contract::artifact::column;
use contract::config::{Fault, in_range};
use contract::stage::{Inputs, Outputs, Stage};
use model::device::DeviceKind;
use serde::Deserialize;
use tables::{Column, Table, Values};

use super::{Format, QUANTILES, quantiles, read_series, time_columns, value_column};
use crate::forecast::{ForecastSettings, LONGEST_HOURS, forecast};
use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;
use crate::posterior::Drawn;

/// Draws the hours after a series.
pub struct Forecast;

/// Its table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    forecast: ForecastTable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForecastTable {
    hours: usize,
    members: usize,
    seed: u64,
    /// In the variable's canonical unit.
    #[serde(default)]
    thresholds: Vec<f64>,
    #[serde(default)]
    write_members: bool,
    #[serde(default)]
    format: Format,
}

/// The same, checked but for the thresholds, whose range the model's variable gives.
pub struct Config {
    settings: ForecastSettings,
    thresholds: Vec<f64>,
    write_members: bool,
    format: Format,
}

impl Stage for Forecast {
    const NAME: &'static str = "forecast";
    const READS: &'static [&'static str] = super::impute::READS;
    type Tables = Tables;
    type Config = Config;

    fn check(tables: Tables) -> Result<Config, Fault> {
        let ForecastTable { hours, members, seed, thresholds, write_members, format } = tables.forecast;
        let hours = in_range("forecast.hours", hours, 1..=LONGEST_HOURS)?;
        let members = in_range("forecast.members", members, 1..=100_000)?;
        Ok(Config { settings: ForecastSettings { hours, members, seed }, thresholds, write_members, format })
    }

    fn run(config: &Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let model = TrainedModel::read(inputs, DeviceKind::Cpu.open()?)?;
        check_thresholds(&model, &config.thresholds)?;
        let observed = read_series(inputs, &model)?;
        let drawn = forecast(&model, &observed, config.settings)?;
        config.format.write(outputs, "forecast", &table(&model, &observed, &drawn, config))
    }
}

fn check_thresholds(model: &TrainedModel, thresholds: &[f64]) -> anyhow::Result<()> {
    let [least, greatest] = model.variable.valid_range;
    for &threshold in thresholds {
        anyhow::ensure!(
            (least..=greatest).contains(&threshold),
            "the threshold {threshold} is no value that {} can have; wanted {least} to {greatest} {}",
            model.variable.name,
            model.variable.canonical_unit
        );
    }
    Ok(())
}

/// Quantiles of each hour, the mean, and the share of members above each threshold.
fn table(model: &TrainedModel, observed: &ObservedHours, drawn: &Drawn, config: &Config) -> Table {
    let variable = model.variable.name;
    let first = drawn.hours.first().copied().unwrap_or_default();
    let horizons = drawn.hours.iter().map(|hour| (hour - first + 1) as i32).collect();
    let mut columns = time_columns(model, observed, &drawn.hours);
    columns.push(Column::with_unit(column::HORIZON, "h", Values::Int32(horizons)));
    let by_hour = || drawn.values.chunks_exact(drawn.members);
    let mean =
        |draws: &[f32]| (draws.iter().map(|&draw| f64::from(draw)).sum::<f64>() / draws.len() as f64) as f32;
    columns.push(value_column(model, format!("{variable}_mean"), by_hour().map(mean).collect()));
    let of_hours: Vec<_> = by_hour().map(quantiles).collect();
    for (number, (_, name)) in QUANTILES.iter().enumerate() {
        let values = of_hours.iter().map(|quantiles| quantiles[number]).collect();
        columns.push(value_column(model, format!("{variable}_{name}"), values));
    }
    for threshold in &config.thresholds {
        let above = |draws: &[f32]| {
            let count = draws.iter().filter(|&&draw| f64::from(draw) > *threshold).count();
            count as f64 / draws.len() as f64
        };
        let shares = by_hour().map(above).collect();
        columns.push(Column::with_unit(format!("p_above_{threshold}"), "1", Values::Float64(shares)));
    }
    for number in 0..if config.write_members { drawn.members } else { 0 } {
        let values = by_hour().map(|draws| draws[number]).collect();
        columns.push(value_column(model, format!("{variable}_member_{number}"), values));
    }
    Table::new(columns)
}
