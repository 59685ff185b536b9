//! Writing: fixed settings, so that the same table gives the same bytes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use contract::artifact::FORMAT;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::schema::types::ColumnPath;

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

/// Writes a table part by part.
pub struct Writer {
    path: PathBuf,
    schema: SchemaRef,
    inner: ArrowWriter<File>,
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
        let inner = ArrowWriter::try_new(file, schema.clone(), Some(properties(like)))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Writer { path: path.to_path_buf(), schema, inner })
    }

    /// Appends the rows of `part`, which has the same columns.
    ///
    /// # Errors
    /// When its columns differ, or the file cannot be written.
    pub fn append(&mut self, part: &Table) -> anyhow::Result<()> {
        let arrays = part.columns.iter().map(Column::to_arrow).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), arrays);
        batch
            .map_err(anyhow::Error::from)
            .and_then(|batch| Ok(self.inner.write(&batch)?))
            .with_context(|| self.failed())
    }

    /// Writes what is left and the footer, and sees that all of it is on the disk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self) -> anyhow::Result<()> {
        let failed = self.failed();
        let file = self.inner.into_inner().with_context(|| failed.clone())?;
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
