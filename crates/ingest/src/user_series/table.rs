//! A table of hours, CSV or Parquet: which of its columns is the time and which the variable, and in what unit. The
//! files that the tasks and `generate` write are understood as they are, others by the names of their columns.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use contract::credit::Credit;
use contract::variable::Variable;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

use super::other_variable;
use crate::dataset::Hour;
use crate::delimited::{Delimiter, Layout, Reader};
use crate::grid::Point;
use crate::sniff::{self, Content};
use crate::station::{Station, StationTable, rows_and_times};

/// Columns of the time in UTC, in order of preference.
const TIMES: [&str; 7] = ["time", "time_utc", "valid_time", "timestamp", "datetime", "date", "time [UTC]"];
/// What stands between fields.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// What a file's head says.
pub(super) struct Look {
    names: Vec<String>,
    /// Units of columns whose schema says them.
    units: BTreeMap<String, String>,
    delimiter: char,
    /// The place, where the file says it.
    pub point: Option<Point>,
    /// What a Parquet file's metadata say of its data.
    pub credit: Credit,
}

impl Look {
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn at_text(path: &Path) -> anyhow::Result<Look> {
        let shown = path.display();
        let open = || File::open(path).map(BufReader::new).with_context(|| format!("cannot read {shown}"));
        let mut first = Vec::new();
        open()?.read_until(b'\n', &mut first).with_context(|| format!("cannot read {shown}"))?;
        let first = String::from_utf8_lossy(&first).into_owned();
        let count = |delimiter: &char| first.matches(*delimiter).count();
        let delimiter = DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(',');
        let layout = Layout { delimiter: Delimiter::Character(delimiter), ..Layout::commas() };
        let reader = Reader::new(shown.to_string(), open()?, &layout)?;
        Ok(Look {
            names: reader.names().to_vec(),
            units: BTreeMap::new(),
            delimiter,
            point: None,
            credit: Credit::default(),
        })
    }

    /// # Errors
    /// When the file cannot be read.
    pub(super) fn at_parquet(path: &Path) -> anyhow::Result<Look> {
        let shown = path.display();
        let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file)
            .map_err(|error| anyhow!("{shown} cannot be read as Parquet: {error}; write or copy it again"))?;
        let fields = builder.schema().fields();
        let unit = |field: &arrow::datatypes::FieldRef| {
            Some((field.name().clone(), field.metadata().get("unit")?.clone()))
        };
        let pairs = builder.metadata().file_metadata().key_value_metadata().into_iter().flatten();
        let metadata: BTreeMap<String, String> =
            pairs.filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?))).collect();
        let degrees = |key: &str| metadata.get(key)?.parse::<f64>().ok();
        let point = degrees("latitude_deg").zip(degrees("longitude_deg"));
        Ok(Look {
            names: fields.iter().map(|field| field.name().clone()).collect(),
            units: fields.iter().filter_map(unit).collect(),
            delimiter: ',',
            point: point.map(|(latitude_deg, longitude_deg)| Point { latitude_deg, longitude_deg }),
            credit: Credit::from_metadata(&metadata),
        })
    }

    /// The hours of the variable, missing ones left out, and the times of all rows.
    ///
    /// # Errors
    /// When there is no such column, or a row cannot be read.
    pub(super) fn hours(
        &self,
        path: &Path,
        variable: &'static Variable,
    ) -> anyhow::Result<(Vec<Hour>, Vec<i64>)> {
        let shown = path.display().to_string();
        let station = self.station(&shown, variable)?;
        let (values, times) = rows_and_times(path, &station, sniff::content(path)? == Content::Parquet)?;
        let present = times.iter().zip(values).filter_map(|(time_us, value)| Some((*time_us, value?)));
        let hours = present.map(|(time_us, value)| Hour { time_us, value: value as f32, flags: 0 }).collect();
        Ok((hours, times))
    }

    /// The description that the reader of stations' files goes by.
    fn station(&self, shown: &str, variable: &'static Variable) -> anyhow::Result<Station> {
        let Some(time) = TIMES.iter().find(|time| self.names.iter().any(|name| name == *time)) else {
            bail!(
                "{shown} has no column of the time; wanted one called {}, in UTC; it has {}",
                TIMES[..6].join(", "),
                self.names.join(", ")
            );
        };
        let names = [variable.name, variable.cds_name, variable.cf_standard_name];
        let found = names.iter().find_map(|wanted| {
            self.names.iter().find_map(|name| Some((name, unit_in_header(name, wanted)?)))
        });
        let Some((name, in_header)) = found else {
            bail!("{}", other_variable(shown, variable, &self.names));
        };
        let unit = in_header.or(self.units.get(name).map(String::as_str)).unwrap_or(variable.canonical_unit);
        if variable.unit(unit).is_none() {
            bail!(
                "{shown} has {name:?} in the unit {unit:?}; wanted one of {}",
                variable.accepted_unit_names()
            );
        }
        let delimiter = if self.delimiter == '\t' { "tab".to_string() } else { self.delimiter.to_string() };
        let table = json!({
            "delimiter": delimiter,
            "time": time,
            "columns": { variable.name: { "column": name, "unit": unit } },
        });
        let table: StationTable = serde_json::from_value(table).context("a description of a table")?;
        table.check(&[variable]).map_err(|fault| anyhow!("{shown}: {}", fault.message))
    }
}

/// For a column called `wanted`, alone or with its unit as in `t2m [degC]`, the unit in its name; `None` for
/// other columns.
fn unit_in_header<'a>(name: &'a str, wanted: &str) -> Option<Option<&'a str>> {
    let rest = name.strip_prefix(wanted)?.trim();
    match rest {
        "" => Some(None),
        unit => Some(Some(unit.strip_prefix('[')?.strip_suffix(']')?)),
    }
}
