//! Reading, with the format's version checked.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, anyhow};
use contract::stage::check_format;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::write::FORMAT_KEY;
use crate::{Column, Table};

const BATCH_ROWS: usize = 1 << 16;

/// Reads the columns of these names, or all of them for an empty list.
///
/// # Errors
/// When the file cannot be read, is of another format version, or lacks a column.
pub fn read(path: &Path, columns: &[&str]) -> anyhow::Result<Table> {
    read_columns(path, columns).with_context(|| format!("cannot read {}", path.display()))
}

fn read_columns(path: &Path, columns: &[&str]) -> anyhow::Result<Table> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let pairs = builder.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let metadata = pairs.into_iter().filter_map(|pair| pair.value.map(|value| (pair.key, value)));
    let mut metadata: std::collections::BTreeMap<_, _> = metadata.collect();
    metadata.remove("ARROW:schema");
    check_format(path, metadata.remove(FORMAT_KEY).as_deref().unwrap_or("none"))?;

    let fields = builder.schema().fields().clone();
    let wanted: Vec<usize> = match columns {
        [] => (0..fields.len()).collect(),
        names => names.iter().map(|name| position(&fields, name)).collect::<anyhow::Result<_>>()?,
    };
    let mut read =
        wanted.iter().map(|&i| Column::for_field(&fields[i])).collect::<anyhow::Result<Vec<_>>>()?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
    for batch in builder.with_projection(mask).with_batch_size(BATCH_ROWS).build()? {
        let batch = batch?;
        for column in &mut read {
            let array =
                batch.column_by_name(&column.name).with_context(|| format!("column {:?}", column.name))?;
            column.append(array)?;
        }
    }
    Ok(Table { columns: read, metadata })
}

fn position(fields: &arrow::datatypes::Fields, name: &str) -> anyhow::Result<usize> {
    fields.iter().position(|field| field.name() == name).ok_or_else(|| {
        let names: Vec<_> = fields.iter().map(|field| field.name().as_str()).collect();
        anyhow!("there is no column {name:?}; the columns are {}", names.join(", "))
    })
}
