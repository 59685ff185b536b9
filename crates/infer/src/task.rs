//! The tasks as stages: a series that `ingest` has read, a trained model, and a table as the answer. What a
//! user's file is, `ingest` knows; what a task computes, [`crate::impute`], [`crate::forecast`] and
//! [`crate::detect`] do.

pub mod detect;
pub mod forecast;
pub mod impute;

mod place;

use std::path::Path;

use anyhow::Context;
use contract::artifact::column;
use contract::calendar::{HOUR_US, format_hour};
use contract::stage::{Inputs, Outputs};
use serde::Deserialize;
use tables::{Column, Table, Values};

use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;

/// A format of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    #[default]
    Parquet,
    Csv,
}

impl Format {
    /// Writes a table as `NAME.parquet` or `NAME.csv`.
    fn write(self, outputs: &Outputs, name: &str, table: &Table) -> anyhow::Result<()> {
        match self {
            Format::Parquet => tables::write(&outputs.file(&format!("{name}.parquet")), table),
            Format::Csv => tables::write_csv(&outputs.file(&format!("{name}.csv")), table),
        }
    }
}

/// The quantiles that answers have, with the ends of their columns' names.
const QUANTILES: [(f64, &str); 5] =
    [(0.05, "p05"), (0.25, "p25"), (0.5, "median"), (0.75, "p75"), (0.95, "p95")];

/// The hours of `ingest/series.parquet`, in the model's variable. Says where the place is far from the
/// model's.
///
/// # Errors
/// When the series lacks the variable, its hours do not follow each other, or the task cannot use them.
fn read_series(inputs: &Inputs, model: &TrainedModel) -> anyhow::Result<ObservedHours> {
    let path = inputs.path("ingest/series.parquet")?;
    let table = tables::read(path, &[])?;
    let observed = hours(path, &table, model)?;
    observed.check()?;
    place::warn(model, &table, &observed);
    Ok(observed)
}

fn hours(path: &Path, table: &Table, model: &TrainedModel) -> anyhow::Result<ObservedHours> {
    let variable = model.variable.name;
    let values = table.f32s(variable).with_context(|| {
        format!(
            "{} has no {variable}, which the model was trained on; use a model of the series' own variable",
            path.display()
        )
    })?;
    let times = table.times(column::TIME)?;
    if let Some(at) = times.windows(2).position(|pair| pair[1] - pair[0] != HOUR_US) {
        anyhow::bail!(
            "{}: {} follows {}; wanted one hour after the other, without holes (missing hours as nulls)",
            path.display(),
            format_hour(times[at + 1]),
            format_hour(times[at])
        );
    }
    Ok(ObservedHours { first_us: times.first().copied().unwrap_or_default(), values: values.to_vec() })
}

/// The times of some hours of a series, in UTC and local.
fn time_columns(model: &TrainedModel, observed: &ObservedHours, hours: &[usize]) -> Vec<Column> {
    let times = hours.iter().map(|&hour| observed.time_us(hour)).collect();
    let local = hours.iter().map(|&hour| observed.local_us(model, hour)).collect();
    vec![
        Column::new(column::TIME, Values::Time(times)),
        Column::new(column::LOCAL_TIME, Values::LocalTime(local)),
    ]
}

/// A column of the variable in its canonical unit.
fn value_column(model: &TrainedModel, name: String, values: Vec<f32>) -> Column {
    Column::with_unit(name, model.variable.canonical_unit, Values::Float32(values))
}

/// Sorts the draws of an hour and gives its quantiles, by linear interpolation between the ranks
/// `1 / (M + 1)` to `M / (M + 1)`, so that an interval holds its share of values like the draws.
fn quantiles(draws: &[f32]) -> [f32; QUANTILES.len()] {
    let mut sorted = draws.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    QUANTILES.map(|(share, _)| {
        let rank = (share * (sorted.len() + 1) as f64 - 1.0).clamp(0.0, (sorted.len() - 1) as f64);
        let below = rank.floor() as usize;
        let above = (below + 1).min(sorted.len() - 1);
        let weight = (rank - below as f64) as f32;
        sorted[below] + weight * (sorted[above] - sorted[below])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_nineteen_draws_are_the_draws() {
        let draws: Vec<f32> = (1..20).rev().map(|x| x as f32).collect();
        assert_eq!(quantiles(&draws), [1.0, 5.0, 10.0, 15.0, 19.0]);
        assert_eq!(quantiles(&[3.0]), [3.0; 5]);
    }
}
