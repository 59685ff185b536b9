//! `[ingest.station]` for a table, as it was found, and whether the file is read with it.

use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::clock::Clock;
use super::columns::{self, Likely};
use super::rows::Sample;
use crate::delimited::{Delimiter, Header};
use crate::station::{self, StationTable};

/// So many stations are named.
const LISTED: usize = 10;

pub(super) struct Proposal {
    /// Key and value, in the order of the documentation; `columns` last.
    keys: Vec<(&'static str, Value)>,
    clock: Option<Clock>,
    columns: Vec<Likely>,
}

impl Proposal {
    pub(super) fn of(sample: &Sample) -> Proposal {
        let clock = Clock::of(sample);
        let mut taken: Vec<usize> = clock.iter().flat_map(|clock| clock.columns.clone()).collect();
        taken.extend(sample.stations.iter().map(|(at, _)| *at));
        let columns = columns::likely(sample, &taken);
        let mut keys: Vec<(&'static str, Value)> = Vec::new();
        if let Some(layout) = &sample.layout {
            match layout.delimiter {
                Delimiter::Character(',') => {}
                Delimiter::Character('\t') => keys.push(("delimiter", json!("tab"))),
                Delimiter::Character(other) => keys.push(("delimiter", json!(other))),
                Delimiter::Whitespace => keys.push(("delimiter", json!("whitespace"))),
            }
            if has_decimal_commas(sample, &columns) {
                keys.push(("decimal", json!(",")));
            }
            if layout.skip_lines > 0 {
                keys.push(("skip_lines", json!(layout.skip_lines)));
            }
            keys.extend(layout.comment.iter().map(|comment| ("comment", json!(comment))));
            if layout.header == Header::Numbers {
                keys.push(("header", json!(false)));
            }
        }
        let names: Vec<&String> = match &clock {
            Some(clock) => clock.columns.iter().map(|at| &sample.names[*at]).collect(),
            None => sample.names.first().into_iter().collect(),
        };
        keys.push(("time", if let [one] = names.as_slice() { json!(one) } else { json!(names) }));
        keys.extend(clock.as_ref().and_then(|clock| Some(("time_format", json!(clock.format?)))));
        keys.push(("time_zone", json!(offset(sample).unwrap_or("UTC".to_string()))));
        let missing: Vec<&String> = columns.iter().flat_map(|column| &column.missing).collect();
        if missing.iter().any(|text| !station::MISSING.contains(&text.as_str())) {
            let mut texts: Vec<String> = vec![String::new()];
            texts.extend(missing.into_iter().cloned());
            texts.sort();
            texts.dedup();
            keys.push(("missing", json!(texts)));
        }
        let mut choices = Map::new();
        if let Some((at, stations)) = &sample.stations {
            let first = sample.rows.first().map(|row| row[*at].clone()).or(stations.first().cloned());
            choices.insert(sample.names[*at].clone(), json!(first));
        }
        if let Some(at) = checked_version(sample) {
            choices.insert(sample.names[at].clone(), json!("1"));
        }
        if !choices.is_empty() {
            keys.push(("where", Value::Object(choices)));
        }
        let mut table = Map::new();
        for column in &columns {
            let value = json!({"column": sample.names[column.at], "unit": column.unit});
            table.insert(column.variable.name.to_string(), value);
        }
        if columns.is_empty() {
            table.insert("t2m".to_string(), json!({"column": "...", "unit": "degC"}));
        }
        keys.push(("columns", Value::Object(table)));
        Proposal { keys, clock, columns }
    }

    pub(super) fn variables(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.variable.name).collect()
    }

    pub(super) fn toml(&self) -> String {
        let lines = self.keys.iter().map(|(key, value)| format!("{key} = {}\n", toml(value)));
        format!("[ingest.station]\n{}", lines.collect::<String>())
    }

    /// What nothing in the file says, with its key.
    pub(super) fn open(&self, sample: &Sample) -> Vec<String> {
        let mut open = Vec::new();
        match &self.clock {
            None => open.push("time, time_format: no column was found to be a time".to_string()),
            Some(clock) if clock.is_counted => open.push(
                "time_zone: the hour 25 occurs, so that the clock has summer time; wanted its civil zone, such as \
                 \"Europe/London\""
                    .to_string(),
            ),
            Some(clock) => {
                let says_utc = |at: &usize| ["utc", "gmt"].iter().any(|word| sample.titles[*at].to_lowercase().contains(word));
                if !clock.is_absolute && !clock.columns.iter().any(says_utc) && offset(sample).is_none() {
                    open.push("time_zone: nothing says what the clock shows; UTC is a guess".to_string());
                }
            }
        }
        if self.columns.is_empty() {
            open.push("columns: no name of a column says that it is a variable's".to_string());
        }
        for column in self.columns.iter().filter(|column| !column.is_unit_known) {
            open.push(format!(
                "columns.{}.unit: nothing says it; {} is a guess",
                column.variable.name, column.unit
            ));
        }
        if let Some((_, stations)) = &sample.stations {
            let more = if stations.len() > LISTED { ", ..." } else { "" };
            let listed = stations.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
            open.push(format!("where: the file has the stations {listed}{more}; one is taken"));
        }
        if checked_version(sample).is_some() {
            open.push(
                "where: there are several versions of some rows; 1, the checked one, is taken".to_string(),
            );
        }
        open
    }

    /// Why the table does not read the file, or `None` where it does.
    ///
    /// # Errors
    /// When the proposal is no table at all.
    pub(super) fn fault(&self, path: &Path, is_parquet: bool) -> anyhow::Result<Option<String>> {
        if self.columns.is_empty() || self.clock.is_none() {
            return Ok(None);
        }
        let table: Map<String, Value> =
            self.keys.iter().map(|(key, value)| ((*key).to_string(), value.clone())).collect();
        let table: StationTable =
            serde_json::from_value(Value::Object(table)).context("a description of a table")?;
        let variables: Vec<_> = self.columns.iter().map(|column| column.variable).collect();
        let read = match table.check(&variables) {
            Ok(station) => station::rows_and_times(path, &station, is_parquet).map(|_| ()),
            Err(fault) => Err(anyhow::anyhow!("{} {}", fault.key, fault.message)),
        };
        let shown = format!("{}: ", path.display());
        Ok(read.err().map(|error| {
            format!("it does not read the file yet: {}", format!("{error:#}").replace(&shown, ""))
        }))
    }
}

/// The column of versions of MIDAS, where there are others than 1, the checked one.
fn checked_version(sample: &Sample) -> Option<usize> {
    let at = sample.titles.iter().position(|title| title == "version_num")?;
    let is_first = |row: &&Vec<String>| row[at] == "1";
    let checked = sample.rows.iter().filter(is_first).count();
    (checked > 0 && checked < sample.rows.len()).then_some(at)
}

fn has_decimal_commas(sample: &Sample, columns: &[Likely]) -> bool {
    let mut fields = columns.iter().flat_map(|column| sample.rows.iter().map(|row| row[column.at].as_str()));
    fields.any(|field| field.contains(',') && field.replace(',', ".").parse::<f64>().is_ok())
}

/// How far the clock is from UTC, where the head has a column `utc_offset_seconds`, as that of Open-Meteo.
fn offset(sample: &Sample) -> Option<String> {
    let [names, values, ..] = sample.head.as_slice() else { return None };
    let at = names.split(',').position(|name| name == "utc_offset_seconds")?;
    let minutes = values.split(',').nth(at)?.parse::<i32>().ok()? / 60;
    match minutes {
        0 => Some("UTC".to_string()),
        _ => contract::calendar::UtcOffset::from_minutes(minutes).map(|offset| offset.to_string()),
    }
}

/// A value as TOML, whose texts are those of JSON.
fn toml(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pair = |(name, value): (&String, &Value)| format!("{} = {}", quoted_key(name), toml(value));
            format!("{{ {} }}", map.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        Value::Array(values) => {
            format!("[{}]", values.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted_key(name: &str) -> String {
    let is_bare = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-');
    if is_bare && !name.is_empty() { name.to_string() } else { Value::from(name).to_string() }
}
