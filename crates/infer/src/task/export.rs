//! A task's tables in the formats that were asked for. Parquet is always in canonical units; beside CSV is a
//! description of it ([`csvw`]).

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, bail};
use contract::calendar::format_hour;
use contract::credit::Credit;
use contract::stage::Outputs;
use contract::variable::{AcceptedUnit, Variable};
use tables::{Column, Table, Values};

use super::netcdf;
use super::output::Threshold;
use crate::config::ExportKind;
use crate::export::{csvw, derived};
use crate::model_folder::TrainedModel;

/// Writes a task's tables.
pub(super) struct Exporter<'a> {
    variable: &'static Variable,
    /// Of the exports and the thresholds.
    unit: AcceptedUnit,
    kinds: &'a [ExportKind],
    /// What files of every format say about the model.
    place: [(String, String); 3],
    /// What has to be said of the model's data, and of the series.
    credit: Credit,
}

impl<'a> Exporter<'a> {
    /// # Errors
    /// When the unit is none of the variable.
    pub(super) fn new(
        model: &TrainedModel,
        kinds: &'a [ExportKind],
        unit: Option<&str>,
        table: &str,
    ) -> anyhow::Result<Exporter<'a>> {
        let (variable, transform) = (model.variable, &model.transform);
        let name = unit.unwrap_or(variable.canonical_unit);
        let Some(unit) = variable.unit(name) else {
            bail!(
                "[{table}] unit = {name:?} is no unit of {}; wanted one of {}",
                variable.name,
                variable.accepted_unit_names()
            );
        };
        let place = [
            ("latitude_deg".to_string(), transform.latitude_deg.to_string()),
            ("longitude_deg".to_string(), transform.longitude_deg.to_string()),
            ("local_standard_time".to_string(), format!("UTC{}", transform.utc_offset)),
        ];
        let credit = derived(transform.credit.clone());
        Ok(Exporter { variable, unit, kinds, place, credit })
    }

    /// For a series of which that has to be said.
    pub(super) fn of(self, credit: Credit) -> Exporter<'a> {
        Exporter { credit: self.credit.and(credit), ..self }
    }

    /// Thresholds in the canonical unit.
    ///
    /// # Errors
    /// When one is outside of what the variable can be.
    pub(super) fn thresholds(&self, values: &[f64]) -> anyhow::Result<Vec<Threshold>> {
        values.iter().map(|&value| threshold(self.variable, self.unit, value)).collect()
    }

    /// Writes the table as Parquet under that name, and beside it the exports.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn write(
        &self,
        outputs: &Outputs,
        name: &str,
        title: &str,
        table: &Table,
    ) -> anyhow::Result<()> {
        let mut table = table.clone();
        table.metadata.extend(self.place.iter().cloned());
        table.metadata.insert("title".to_string(), title.to_string());
        table.metadata.extend(self.credit.metadata());
        let path = outputs.file(name);
        tables::write(&path, &table)?;
        let converted = self.converted(table);
        for kind in self.kinds {
            match kind {
                ExportKind::Netcdf => {
                    netcdf::write(&path.with_extension("nc"), &converted, self.variable, &self.credit)?;
                }
                ExportKind::Csv => self.write_csv(&path.with_extension("csv"), title, &converted)?,
            }
        }
        Ok(())
    }

    /// Writes the events as Parquet, and as CSV beside exports of either kind: text is awkward in NetCDF.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn write_events(&self, outputs: &Outputs, name: &str, table: &Table) -> anyhow::Result<()> {
        let path = outputs.file(name);
        let mut table = table.clone();
        table.metadata.insert("title".to_string(), EVENTS_TITLE.to_string());
        table.metadata.extend(self.credit.metadata());
        tables::write(&path, &table)?;
        if self.kinds.is_empty() {
            return Ok(());
        }
        self.write_csv(&path.with_extension("csv"), EVENTS_TITLE, &table)
    }

    fn write_csv(&self, path: &Path, title: &str, table: &Table) -> anyhow::Result<()> {
        write_csv(path, table)?;
        let columns: Vec<csvw::Column> = table.columns.iter().map(described).collect();
        csvw::write(path, title, &columns, &self.credit)
    }

    /// The table in the exports' unit.
    fn converted(&self, mut table: Table) -> Table {
        for column in &mut table.columns {
            if column.unit.as_deref() != Some(self.variable.canonical_unit) {
                continue;
            }
            if let Values::Float32(values) = &mut column.values
                && self.unit.name != self.variable.canonical_unit
            {
                values
                    .iter_mut()
                    .for_each(|value| *value = self.unit.from_canonical(f64::from(*value)) as f32);
            }
            column.unit = Some(self.unit.name.to_string());
        }
        table
    }
}

const EVENTS_TITLE: &str = "runs of hours that do not look like the place's weather";

fn threshold(variable: &Variable, unit: AcceptedUnit, value: f64) -> anyhow::Result<Threshold> {
    let [least, greatest] = variable.valid_range.map(|bound| unit.from_canonical(bound));
    if !(least..=greatest).contains(&value) {
        let (name, unit) = (variable.name, unit.name);
        bail!(
            "the threshold {value} {unit} is nothing that {name} can be; wanted {least:.2} to {greatest:.2} {unit}"
        );
    }
    Ok(Threshold { name: value.to_string(), value: unit.to_canonical(value) })
}

/// A header with units, then one line a row; floats as short as their bits allow, missing ones empty.
fn write_csv(path: &Path, table: &Table) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(failed)?);
    let rows = csv_lines(table).try_for_each(|line| writeln!(file, "{line}"));
    rows.with_context(failed)?;
    file.into_inner()
        .map_err(std::io::IntoInnerError::into_error)
        .with_context(failed)?
        .sync_all()
        .with_context(failed)
}

fn csv_lines(table: &Table) -> impl Iterator<Item = String> {
    let header = table.columns.iter().map(|column| described(column).title).collect::<Vec<_>>().join(",");
    let line =
        |row: usize| table.columns.iter().map(|column| csv_field(&column.values, row)).collect::<Vec<_>>();
    std::iter::once(header).chain((0..table.rows()).map(move |row| line(row).join(",")))
}

fn described(column: &Column) -> csvw::Column {
    let kind = match &column.values {
        Values::Time(_) => csvw::Kind::TimeUtc,
        Values::LocalTime(_) => csvw::Kind::LocalTime,
        Values::Float32(_) | Values::Float64(_) => csvw::Kind::Number,
        Values::Int32(_) | Values::UInt8(_) => csvw::Kind::Integer,
        Values::Text(_) => csvw::Kind::Text,
    };
    csvw::Column::new(&column.name, kind, column.unit.as_deref())
}

fn csv_field(values: &Values, row: usize) -> String {
    match values {
        Values::Time(times) => format!("{}Z", format_hour(times[row])),
        Values::LocalTime(times) => format_hour(times[row]),
        Values::Float32(values) if values[row].is_nan() => String::new(),
        Values::Float32(values) => values[row].to_string(),
        Values::Float64(values) if values[row].is_nan() => String::new(),
        Values::Float64(values) => values[row].to_string(),
        Values::Int32(values) => values[row].to_string(),
        Values::UInt8(values) => values[row].to_string(),
        Values::Text(texts) => {
            let text = texts[row].as_deref().unwrap_or_default();
            if text.contains([',', '"', '\n']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_string()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn thresholds_are_in_the_unit_that_was_asked_for_and_possible() {
        let t2m = Variable::named("t2m").unwrap();
        let degrees = t2m.unit("degC").unwrap();
        let found = threshold(t2m, degrees, 0.0).unwrap();
        assert_eq!(found, Threshold { name: "0".to_string(), value: 273.15 });
        assert_eq!(
            threshold(t2m, degrees, 273.15).unwrap_err().to_string(),
            "the threshold 273.15 degC is nothing that t2m can be; wanted -103.15 to 66.85 degC"
        );
        assert_eq!(
            threshold(t2m, t2m.unit("K").unwrap(), 0.0).unwrap_err().to_string(),
            "the threshold 0 K is nothing that t2m can be; wanted 170.00 to 340.00 K"
        );
    }

    #[test]
    fn csv_has_units_in_its_header_and_nothing_where_a_value_is_missing() {
        let table = Table::new(vec![
            Column::new("time", Values::Time(vec![0, 3_600_000_000])),
            Column::with_unit("t2m", "K", Values::Float32(vec![273.1, f32::NAN])),
            Column::new("evidence", Values::Text(vec![Some(Arc::from("a, b")), None])),
        ]);
        let lines: Vec<String> = csv_lines(&table).collect();
        assert_eq!(
            lines,
            ["time,t2m [K],evidence", "1970-01-01T00:00Z,273.1,\"a, b\"", "1970-01-01T01:00Z,,"]
        );
    }
}
