//! A station's file in Parquet. Its columns may be numbers of any kind, text, and for the time a
//! timestamp as well; text may be a dictionary. A timestamp with a zone is an instant, one without
//! is the station's civil time.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use arrow::datatypes::{DataType, Float64Type, TimeUnit, TimestampMicrosecondType};
use jiff::tz::Offset;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::chosen::none_taken;
use super::column::StationColumn;
use super::config::Station;
use super::rows::{Positions, Rows};
use super::text_file::parse_time;
use super::timestamp::Stamp;

/// Reads all rows.
///
/// # Errors
/// Whatever is wrong, as a sentence that begins with the path and names the row.
pub(crate) fn read(path: &Path, station: &Station) -> anyhow::Result<Rows> {
    // The reader answers most damage with an error, and some with a panic (parquet 60.1, a length of
    // levels beyond its page), which must not end the stage without a sentence.
    catch_unwind(AssertUnwindSafe(|| read_rows(path, station))).unwrap_or_else(|_| {
        bail!("{} cannot be read as Parquet: it is damaged; write or copy it again", path.display())
    })
}

fn read_rows(path: &Path, station: &Station) -> anyhow::Result<Rows> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let damaged = |error: &dyn std::fmt::Display| {
        anyhow!("{shown} cannot be read as Parquet: {error}; write or copy it again")
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(&error))?;
    let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let positions = Positions::find(path, station, &names)?;
    let mut needed: Vec<usize> = positions
        .time
        .iter()
        .chain(&positions.choices)
        .chain(positions.values.iter().flatten())
        .copied()
        .collect();
    needed.sort_unstable();
    needed.dedup();
    let mask = ProjectionMask::roots(builder.parquet_schema(), needed.iter().copied());
    let reader = builder.with_projection(mask).build().map_err(|error| damaged(&error))?;

    let mut rows = Rows { stamps: Vec::new(), values: vec![Vec::new(); station.columns.len()] };
    let mut seen = 0;
    for batch in reader {
        let batch = batch.map_err(|error| damaged(&error))?;
        let all =
            Columns { batch: &batch, needed: &needed, rows: (seen + 1..=seen + batch.num_rows()).collect() };
        seen += batch.num_rows();
        add_taken(&mut rows, station, &positions, all).map_err(|message| anyhow!("{shown}: {message}"))?;
    }
    if rows.stamps.is_empty() {
        if seen > 0 {
            bail!("{shown} {}", none_taken(&station.choices, seen));
        }
        bail!("{shown} has no rows");
    }
    Ok(rows)
}

/// The columns of a batch by their positions in the file.
struct Columns<'a> {
    batch: &'a RecordBatch,
    needed: &'a [usize],
    /// The number of each row in the file, from 1.
    rows: Vec<usize>,
}

impl Columns<'_> {
    fn column(&self, position: usize) -> Result<&ArrayRef, String> {
        let index = self.needed.binary_search(&position).ok();
        index
            .and_then(|index| self.batch.columns().get(index))
            .ok_or_else(|| "a column is not there".to_string())
    }

    fn located(&self, row: usize, message: &str) -> String {
        format!("row {}: {message}", self.rows[row])
    }
}

/// Adds the rows that the table chooses.
fn add_taken(
    rows: &mut Rows,
    station: &Station,
    positions: &Positions,
    all: Columns<'_>,
) -> Result<(), String> {
    if station.choices.is_empty() {
        return add_batch(rows, station, positions, &all);
    }
    let mut mask = vec![true; all.batch.num_rows()];
    for (choice, position) in station.choices.iter().zip(&positions.choices) {
        let texts = as_texts(all.column(*position)?, &choice.column)?;
        for (is_taken, text) in mask.iter_mut().zip(&texts) {
            *is_taken &= choice.takes(text.as_deref().unwrap_or("").trim());
        }
    }
    let numbers =
        all.rows.iter().zip(&mask).filter(|(_, is_taken)| **is_taken).map(|(row, _)| *row).collect();
    let batch =
        filter_record_batch(all.batch, &BooleanArray::from(mask)).map_err(|error| error.to_string())?;
    add_batch(rows, station, positions, &Columns { batch: &batch, needed: all.needed, rows: numbers })
}

fn add_batch(
    rows: &mut Rows,
    station: &Station,
    positions: &Positions,
    columns: &Columns<'_>,
) -> Result<(), String> {
    rows.stamps.extend(times(station, &positions.time, columns)?);
    for (index, column) in station.columns.iter().enumerate() {
        let mut parts = Vec::new();
        for (name, position) in column.measured.columns().into_iter().zip(&positions.values[index]) {
            parts.push(numbers(station, column, name, columns.column(*position)?, columns)?);
        }
        for row in 0..columns.batch.num_rows() {
            let fields: Vec<Option<f64>> = parts.iter().map(|part| part[row]).collect();
            let value = column.value(&fields).map_err(|message| columns.located(row, &message))?;
            rows.values[index].push(value);
        }
    }
    Ok(())
}

/// One column's numbers, `None` where they are missing.
fn numbers(
    station: &Station,
    column: &StationColumn,
    name: &str,
    array: &ArrayRef,
    columns: &Columns<'_>,
) -> Result<Vec<Option<f64>>, String> {
    let located = |row: usize| move |message: String| columns.located(row, &message);
    if array.data_type().is_numeric() {
        let numbers = cast(array, &DataType::Float64).map_err(|error| format!("{name}: {error}"))?;
        let numbers = numbers.as_primitive::<Float64Type>();
        let number = |(row, value): (usize, Option<f64>)| match value {
            Some(value) => column.number(name, value).map_err(located(row)),
            None => Ok(None),
        };
        return numbers.iter().enumerate().map(number).collect();
    }
    let kind = array.data_type();
    let Some(texts) = texts(array, name)? else {
        return Err(format!("{name} is {kind}; wanted a column of numbers or text"));
    };
    let text = |(row, text): (usize, Option<String>)| match text {
        Some(text) => column.field(name, text.trim(), station.decimal).map_err(located(row)),
        None => Ok(None),
    };
    texts.into_iter().enumerate().map(text).collect()
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, value) => value.is_string(),
        kind => kind.is_string(),
    }
}

/// A column's texts; `None` if it is no text.
fn texts(array: &ArrayRef, name: &str) -> Result<Option<Vec<Option<String>>>, String> {
    if !is_text(array.data_type()) {
        return Ok(None);
    }
    as_texts(array, name).map(Some)
}

fn as_texts(array: &ArrayRef, name: &str) -> Result<Vec<Option<String>>, String> {
    let texts = cast(array, &DataType::Utf8).map_err(|error| format!("{name}: {error}"))?;
    Ok(texts.as_string::<i32>().iter().map(|text| text.map(str::to_string)).collect())
}

/// The time of every row of a batch.
fn times(station: &Station, positions: &[usize], columns: &Columns<'_>) -> Result<Vec<Stamp>, String> {
    let rows = 0..columns.batch.num_rows();
    if let ([position], [name]) = (positions, station.time.as_slice()) {
        let array = columns.column(*position)?;
        if let DataType::Timestamp(_, zone) = array.data_type() {
            return timestamps(array, zone.is_some(), name, columns);
        }
    }
    let mut parts = Vec::new();
    for (name, position) in station.time.iter().zip(positions) {
        let array = columns.column(*position)?;
        let kind = array.data_type();
        let is_written = is_text(kind) || kind.is_numeric();
        let is_part =
            matches!(kind, DataType::Date32 | DataType::Date64 | DataType::Time32(_) | DataType::Time64(_));
        if !is_written && !is_part {
            return Err(format!(
                "{name} is {kind}; wanted for a time one timestamp, or dates, times of day, text and numbers"
            ));
        }
        parts.push(as_texts(array, name)?);
    }
    let stamp = |row: usize| {
        let texts: Vec<&str> = parts.iter().map(|part| part[row].as_deref().unwrap_or("").trim()).collect();
        parse_time(&texts.join(" "), station).map_err(|message| columns.located(row, &message))
    };
    rows.map(stamp).collect()
}

fn timestamps(
    array: &ArrayRef,
    is_instant: bool,
    name: &str,
    columns: &Columns<'_>,
) -> Result<Vec<Stamp>, String> {
    // The number alone: that of UTC for an instant, of the station's clock otherwise.
    let numbers = cast(array, &DataType::Int64);
    let unit = match array.data_type() {
        DataType::Timestamp(unit, _) => *unit,
        _ => TimeUnit::Microsecond,
    };
    let plain = numbers
        .and_then(|numbers| cast(&numbers, &DataType::Timestamp(unit, None)))
        .and_then(|times| cast(&times, &DataType::Timestamp(TimeUnit::Microsecond, None)))
        .map_err(|error| format!("{name}: {error}"))?;
    let times = plain.as_primitive::<TimestampMicrosecondType>();
    let stamp = |(row, time): (usize, Option<i64>)| {
        let wrong = |seen: String| columns.located(row, &format!("the time in {name} is {seen}"));
        let us = time.ok_or_else(|| wrong("missing; wanted one in each row".to_string()))?;
        let timestamp = jiff::Timestamp::from_microsecond(us)
            .map_err(|_| wrong(format!("{us} microseconds after 1970, outside the years -9999 to 9999")))?;
        Ok(if is_instant { Stamp::Instant(us) } else { Stamp::Civil(Offset::UTC.to_datetime(timestamp)) })
    };
    times.iter().enumerate().map(stamp).collect()
}
