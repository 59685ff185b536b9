//! A table: columns of one length, and metadata by key.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{anyhow, bail};

use crate::{Column, Values};

/// Columns of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<Column>,
    /// Kept as Parquet key-value metadata.
    pub metadata: BTreeMap<String, String>,
}

impl Table {
    /// A table without metadata.
    ///
    /// # Panics
    /// When the columns differ in length.
    pub fn new(columns: Vec<Column>) -> Table {
        let table = Table { columns, metadata: BTreeMap::new() };
        for column in &table.columns {
            assert_eq!(column.values.len(), table.rows(), "rows of column {:?}", column.name);
        }
        table
    }

    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// The column of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn column(&self, name: &str) -> anyhow::Result<&Column> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| {
            let names: Vec<_> = self.columns.iter().map(|column| column.name.as_str()).collect();
            anyhow!("there is no column {name:?}; the columns are {}", names.join(", "))
        })
    }

    /// The timestamps of a UTC or local time column, microseconds.
    ///
    /// # Errors
    /// When there is no such column, or it holds something else; so for the methods below.
    pub fn times(&self, name: &str) -> anyhow::Result<&[i64]> {
        match &self.column(name)?.values {
            Values::Time(values) | Values::LocalTime(values) => Ok(values),
            other => bail!("column {name:?} is {}, wanted a timestamp", other.kind()),
        }
    }

    /// The values of a 32-bit float column; NaN where missing.
    #[allow(clippy::missing_errors_doc)]
    pub fn f32s(&self, name: &str) -> anyhow::Result<&[f32]> {
        match &self.column(name)?.values {
            Values::Float32(values) => Ok(values),
            other => bail!("column {name:?} is {}, wanted a 32-bit float", other.kind()),
        }
    }

    /// The values of a 64-bit float column; NaN where missing.
    #[allow(clippy::missing_errors_doc)]
    pub fn f64s(&self, name: &str) -> anyhow::Result<&[f64]> {
        match &self.column(name)?.values {
            Values::Float64(values) => Ok(values),
            other => bail!("column {name:?} is {}, wanted a 64-bit float", other.kind()),
        }
    }

    /// The values of a 32-bit integer column.
    #[allow(clippy::missing_errors_doc)]
    pub fn i32s(&self, name: &str) -> anyhow::Result<&[i32]> {
        match &self.column(name)?.values {
            Values::Int32(values) => Ok(values),
            other => bail!("column {name:?} is {}, wanted a 32-bit integer", other.kind()),
        }
    }

    /// The values of an 8-bit unsigned integer column.
    #[allow(clippy::missing_errors_doc)]
    pub fn u8s(&self, name: &str) -> anyhow::Result<&[u8]> {
        match &self.column(name)?.values {
            Values::UInt8(values) => Ok(values),
            other => bail!("column {name:?} is {}, wanted an 8-bit unsigned integer", other.kind()),
        }
    }

    /// The values of a text column.
    #[allow(clippy::missing_errors_doc)]
    pub fn texts(&self, name: &str) -> anyhow::Result<&[Option<Arc<str>>]> {
        match &self.column(name)?.values {
            Values::Text(values) => Ok(values),
            other => bail!("column {name:?} is {}, wanted text", other.kind()),
        }
    }
}
