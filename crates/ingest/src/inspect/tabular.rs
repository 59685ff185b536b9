//! What is in a table, CSV or Parquet: its columns, and the table `[ingest.station]` that reads it, as far as the file
//! itself says. What is proposed is tried on the file at once, and what nothing in the file says is left open.

mod clock;
mod columns;
mod parquet_rows;
mod proposal;
mod rows;

use std::path::Path;

use serde::Serialize;

use self::proposal::Proposal;
use self::rows::Sample;

/// A column of a table.
#[derive(Debug, Serialize)]
pub(super) struct Column {
    pub name: String,
    /// The first that is not empty.
    pub example: String,
}

/// A table of a station.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub columns: Vec<Column>,
    /// The variables that it seems to have.
    pub variables: Vec<&'static str>,
    /// `[ingest.station]` as it could be written.
    pub station: String,
    /// What the file does not say, or why the table does not read it yet.
    pub open: Vec<String>,
}

/// Looks at a text.
///
/// # Errors
/// When no table can be found in it.
pub(super) fn text(path: &Path) -> anyhow::Result<Table> {
    table(path, &rows::of_text(path)?, false)
}

/// Looks at a Parquet file.
///
/// # Errors
/// When it cannot be read.
pub(super) fn parquet(path: &Path) -> anyhow::Result<Table> {
    table(path, &parquet_rows::of(path)?, true)
}

fn table(path: &Path, sample: &Sample, is_parquet: bool) -> anyhow::Result<Table> {
    let proposal = Proposal::of(sample);
    let columns = sample.names.iter().enumerate().map(|(at, name)| Column {
        name: name.clone(),
        example: sample
            .rows
            .iter()
            .map(|row| &row[at])
            .find(|text| !text.is_empty())
            .cloned()
            .unwrap_or_default(),
    });
    let mut open = proposal.open(sample);
    open.extend(proposal.fault(path, is_parquet)?);
    Ok(Table { columns: columns.collect(), variables: proposal.variables(), station: proposal.toml(), open })
}
