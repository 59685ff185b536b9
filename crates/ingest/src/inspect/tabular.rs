//! What is in a table, CSV or Parquet: its columns, and the table `[ingest.station]` that would read
//! it, with a guess at what is what.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use contract::variable::VARIABLES;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use crate::delimited::{Delimiter, Layout, Reader};

/// What stands between fields, the likeliest last.
const DELIMITERS: [char; 3] = ['\t', ';', ','];

/// Words in the names of columns, and what they are likely to be: the variable and its unit.
const LIKELY: &[(&str, &str, &str)] = &[
    ("dew", "d2m", "degC"),
    ("temp", "t2m", "degC"),
    ("t2m", "t2m", "degC"),
    ("value", "t2m", "degC"),
    ("press", "sp", "hPa"),
    ("rad", "ssrd", "W m-2"),
    ("rain", "tp", "mm"),
    ("precip", "tp", "mm"),
];

/// A column of a table.
#[derive(Debug, Serialize)]
pub(super) struct Column {
    pub name: String,
    /// The first row's text, or the type of a Parquet column.
    pub example: String,
}

/// A table of a station.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub columns: Vec<Column>,
    /// `[ingest.station]` as it could be written.
    pub station: String,
}

/// Looks at the header and the first row of a text.
///
/// # Errors
/// When it has none.
pub(super) fn text(path: &Path) -> anyhow::Result<Table> {
    let shown = path.display();
    let open = || File::open(path).map(BufReader::new).with_context(|| format!("cannot read {shown}"));
    let first = open()?.split(b'\n').next().transpose().with_context(|| format!("cannot read {shown}"))?;
    let first = String::from_utf8_lossy(&first.unwrap_or_default()).into_owned();
    let delimiter = DELIMITERS.into_iter().max_by_key(|delimiter| first.matches(*delimiter).count());
    let delimiter = delimiter.unwrap_or(',');
    let layout = Layout { delimiter: Delimiter::Character(delimiter), ..Layout::commas() };
    let mut reader = Reader::new(shown.to_string(), open()?, &layout)?;
    let names = reader.names().to_vec();
    let row: Vec<String> =
        reader.next_row()?.map(|row| row.fields().map(str::to_string).collect()).unwrap_or_default();
    let example = |at: usize| row.get(at).cloned().unwrap_or_default();
    let columns =
        names.iter().enumerate().map(|(at, name)| Column { name: name.clone(), example: example(at) });
    let columns: Vec<Column> = columns.collect();
    Ok(Table { station: station(&columns, delimiter), columns })
}

/// Looks at the schema of a Parquet file.
///
/// # Errors
/// When it cannot be read.
pub(super) fn parquet(path: &Path) -> anyhow::Result<Table> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)
        .with_context(|| format!("{shown} cannot be read as Parquet"))?;
    let fields = builder.schema().fields().iter();
    let columns: Vec<Column> = fields
        .map(|field| Column { name: field.name().clone(), example: field.data_type().to_string() })
        .collect();
    Ok(Table { station: station(&columns, ','), columns })
}

/// A table to be corrected: the time is the column called so, else the first, and of the others those
/// whose names say what they are.
fn station(columns: &[Column], delimiter: char) -> String {
    let has = |column: &Column, word: &str| column.name.to_lowercase().contains(word);
    let is_time = |column: &&Column| has(column, "time") || has(column, "date");
    let time = columns.iter().find(is_time).or(columns.first()).map_or("time", |column| column.name.as_str());
    let mut mapped: Vec<String> = Vec::new();
    for variable in VARIABLES.iter().map(|variable| variable.name) {
        let likely = LIKELY.iter().filter(|(_, name, _)| *name == variable);
        let found = likely.into_iter().find_map(|(word, _, unit)| {
            let column = columns.iter().find(|column| column.name != time && has(column, word))?;
            // The dew point's name often has "temp" in it too.
            (variable == "d2m" || !has(column, "dew")).then_some((column, unit))
        });
        let row = |(column, unit): (&Column, &&str)| {
            format!("{variable} = {{ column = {:?}, unit = {unit:?} }}", column.name)
        };
        mapped.extend(found.map(row));
    }
    if mapped.is_empty() {
        mapped.push("t2m = { column = \"...\", unit = \"degC\" }".to_string());
    }
    let delimiter = match delimiter {
        ',' => String::new(),
        '\t' => "delimiter = \"tab\"\n".to_string(),
        other => format!("delimiter = \"{other}\"\n"),
    };
    format!(
        "[ingest.station]\n{delimiter}time = {time:?}\ntime_zone = \"UTC\"\ncolumns = {{ {} }}\n",
        mapped.join(", ")
    )
}
