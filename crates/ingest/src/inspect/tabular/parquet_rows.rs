//! The first rows of a Parquet file, as text.

use std::fs::File;
use std::path::Path;

use anyhow::Context;
use arrow::array::{Array, ArrayRef};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::rows::{Sample, unit_in};

/// So many rows are looked at.
const MOST_ROWS: usize = 400;

/// Reads the schema and some rows.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn of(path: &Path) -> anyhow::Result<Sample> {
    let damaged = || format!("{} cannot be read as Parquet", path.display());
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).with_context(damaged)?;
    let fields = builder.schema().fields().clone();
    let names: Vec<String> = fields.iter().map(|field| field.name().clone()).collect();
    let unit = |field: &arrow::datatypes::FieldRef| {
        field.metadata().get("unit").cloned().or_else(|| unit_in(field.name()))
    };
    let units = fields.iter().map(unit).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for batch in builder.with_batch_size(MOST_ROWS).with_limit(MOST_ROWS).build().with_context(damaged)? {
        let batch = batch.with_context(damaged)?;
        let options = FormatOptions::default();
        let columns =
            batch.columns().iter().map(without_zone).collect::<Result<Vec<_>, _>>().with_context(damaged)?;
        let formatters = columns.iter().map(|(column, _)| ArrayFormatter::try_new(column.as_ref(), &options));
        let formatters = formatters.collect::<Result<Vec<_>, _>>().with_context(damaged)?;
        for row in 0..batch.num_rows() {
            let text = |(formatter, (_, is_utc)): (&ArrayFormatter<'_>, &(ArrayRef, bool))| {
                let text = formatter.value(row).try_to_string()?;
                Ok(if *is_utc && !text.is_empty() { format!("{text}Z") } else { text })
            };
            rows.push(
                formatters
                    .iter()
                    .zip(&columns)
                    .map(text)
                    .collect::<Result<_, ArrowError>>()
                    .with_context(damaged)?,
            );
        }
    }
    Ok(Sample { layout: None, titles: names.clone(), names, units, rows, head: Vec::new(), stations: None })
}

/// Times with a zone are stored in UTC: as such, and whether they are.
fn without_zone(column: &ArrayRef) -> Result<(ArrayRef, bool), ArrowError> {
    match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            let numbers = cast(column, &DataType::Int64)?;
            Ok((cast(&numbers, &DataType::Timestamp(*unit, None))?, true))
        }
        _ => Ok((column.clone(), false)),
    }
}
