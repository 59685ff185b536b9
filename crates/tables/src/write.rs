//! Writing: fixed settings, so that the same table gives the same bytes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use arrow::array::ArrayRef;
use arrow::datatypes::{Schema, SchemaRef};
use contract::artifact::FORMAT;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use rayon::prelude::*;

use crate::{Column, Table, Values};

/// The key of the metadata that holds [`FORMAT`].
pub(crate) const FORMAT_KEY: &str = "isotherm.format";

/// Rows per row group; also what the writer holds in memory.
const ROW_GROUP_ROWS: usize = 1 << 20;

/// Writes a whole table.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, table: &Table) -> anyhow::Result<()> {
    let mut writer = Writer::create(path, table)?;
    writer.append(table)?;
    writer.finish()
}

/// Writes a table part by part, its columns side by side on all cores.
pub struct Writer {
    path: PathBuf,
    schema: SchemaRef,
    file: SerializedFileWriter<File>,
    factory: ArrowRowGroupWriterFactory,
    /// The columns of the row group that is being filled; none before its first row.
    columns: Vec<ArrowColumnWriter>,
    /// Rows of that row group.
    rows: usize,
    row_groups: usize,
}

impl Writer {
    /// Creates the file for tables with the columns and the metadata of `like`; its rows are not written.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(path: &Path, like: &Table) -> anyhow::Result<Writer> {
        let fields: Vec<_> = like.columns.iter().map(Column::field).collect();
        let schema = Arc::new(Schema::new(fields));
        let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
        let (file, factory) = ArrowWriter::try_new(file, schema.clone(), Some(properties(like)))
            .and_then(ArrowWriter::into_serialized_writer)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let path = path.to_path_buf();
        Ok(Writer { path, schema, file, factory, columns: Vec::new(), rows: 0, row_groups: 0 })
    }

    /// Appends the rows of `part`, which has the same columns.
    ///
    /// # Errors
    /// When its columns differ, or the file cannot be written.
    pub fn append(&mut self, part: &Table) -> anyhow::Result<()> {
        self.append_rows(part).with_context(|| self.failed())
    }

    fn append_rows(&mut self, part: &Table) -> anyhow::Result<()> {
        let fields: Vec<_> = part.columns.iter().map(Column::field).collect();
        anyhow::ensure!(
            fields.iter().eq(self.schema.fields().iter().map(AsRef::as_ref)),
            "a part has the columns {fields:?}, wanted {:?}",
            self.schema.fields()
        );
        let arrays: Vec<ArrayRef> = part.columns.par_iter().map(Column::to_arrow).collect();
        let mut first = 0;
        while first < part.rows() {
            if self.columns.is_empty() {
                self.columns = self.factory.create_column_writers(self.row_groups)?;
            }
            let count = (part.rows() - first).min(ROW_GROUP_ROWS - self.rows);
            let columns = self.columns.par_iter_mut().zip(&arrays).zip(&fields);
            columns.try_for_each(|((writer, array), field)| -> anyhow::Result<()> {
                for leaf in compute_leaves(field, &array.slice(first, count))? {
                    writer.write(&leaf)?;
                }
                Ok(())
            })?;
            first += count;
            self.rows += count;
            if self.rows == ROW_GROUP_ROWS {
                self.end_row_group()?;
            }
        }
        Ok(())
    }

    fn end_row_group(&mut self) -> anyhow::Result<()> {
        let columns = std::mem::take(&mut self.columns);
        if columns.is_empty() {
            return Ok(());
        }
        let chunks = columns.into_par_iter().map(ArrowColumnWriter::close);
        let chunks = chunks.collect::<Result<Vec<_>, _>>()?;
        let mut row_group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut row_group)?;
        }
        row_group.close()?;
        self.row_groups += 1;
        self.rows = 0;
        Ok(())
    }

    /// Writes what is left and the footer, and sees that all of it is on the disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> anyhow::Result<()> {
        let failed = self.failed();
        self.end_row_group().with_context(|| failed.clone())?;
        let file = self.file.into_inner().with_context(|| failed.clone())?;
        file.sync_all().context(failed)
    }

    fn failed(&self) -> String {
        format!("cannot write {}", self.path.display())
    }
}

fn properties(table: &Table) -> WriterProperties {
    let mut pairs = vec![KeyValue::new(FORMAT_KEY.to_string(), FORMAT.to_string())];
    pairs.extend(table.metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())));
    let builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by("isotherm".to_string())
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_dictionary_enabled(false)
        .set_key_value_metadata(Some(pairs));
    table.columns.iter().fold(builder, column_encoding).build()
}

/// Timestamps step by the hour, so that their differences take next to no room; texts, members and
/// flags repeat; floats do neither.
fn column_encoding(builder: WriterPropertiesBuilder, column: &Column) -> WriterPropertiesBuilder {
    let path = ColumnPath::from(column.name.as_str());
    match column.values {
        Values::Time(_) | Values::LocalTime(_) => {
            builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
        }
        Values::Text(_) | Values::Int32(_) | Values::UInt8(_) => {
            builder.set_column_dictionary_enabled(path, true)
        }
        Values::Float32(_) | Values::Float64(_) => builder,
    }
}
