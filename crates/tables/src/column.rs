//! One column: its values, its unit, and its way to Arrow and back.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use arrow::array::{
    Array, ArrayRef, AsArray, Float32Array, Float64Array, Int32Array, StringArray, TimestampMicrosecondArray,
    UInt8Array,
};
use arrow::datatypes::{
    DataType, Field, Float32Type, Float64Type, Int32Type, TimeUnit, TimestampMicrosecondType, UInt8Type,
};

/// The key of a field's metadata that holds its unit.
const UNIT: &str = "unit";

/// A named column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    /// In UDUNITS notation; `None` for what has no unit.
    pub unit: Option<String>,
    pub values: Values,
}

/// The values of a column. Only floats can be missing: NaN here, null in the file.
#[derive(Clone, Debug)]
pub enum Values {
    /// Microseconds since 1970-01-01T00:00 UTC.
    Time(Vec<i64>),
    /// Microseconds since 1970-01-01T00:00 in local standard time.
    LocalTime(Vec<i64>),
    Float32(Vec<f32>),
    Float64(Vec<f64>),
    Int32(Vec<i32>),
    UInt8(Vec<u8>),
    /// `None` is missing.
    Text(Vec<Option<Arc<str>>>),
}

impl PartialEq for Values {
    /// Bit for bit, so that missing floats equal missing floats.
    fn eq(&self, other: &Values) -> bool {
        match (self, other) {
            (Values::Time(a), Values::Time(b)) | (Values::LocalTime(a), Values::LocalTime(b)) => a == b,
            (Values::Float32(a), Values::Float32(b)) => {
                a.iter().map(|x| x.to_bits()).eq(b.iter().map(|x| x.to_bits()))
            }
            (Values::Float64(a), Values::Float64(b)) => {
                a.iter().map(|x| x.to_bits()).eq(b.iter().map(|x| x.to_bits()))
            }
            (Values::Int32(a), Values::Int32(b)) => a == b,
            (Values::UInt8(a), Values::UInt8(b)) => a == b,
            (Values::Text(a), Values::Text(b)) => a == b,
            _ => false,
        }
    }
}

impl Values {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Values::Time(values) | Values::LocalTime(values) => values.len(),
            Values::Float32(values) => values.len(),
            Values::Float64(values) => values.len(),
            Values::Int32(values) => values.len(),
            Values::UInt8(values) => values.len(),
            Values::Text(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the values are, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Values::Time(_) => "a UTC timestamp",
            Values::LocalTime(_) => "a local timestamp",
            Values::Float32(_) => "a 32-bit float",
            Values::Float64(_) => "a 64-bit float",
            Values::Int32(_) => "a 32-bit integer",
            Values::UInt8(_) => "an 8-bit unsigned integer",
            Values::Text(_) => "text",
        }
    }

    fn data_type(&self) -> DataType {
        match self {
            Values::Time(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Values::LocalTime(_) => DataType::Timestamp(TimeUnit::Microsecond, None),
            Values::Float32(_) => DataType::Float32,
            Values::Float64(_) => DataType::Float64,
            Values::Int32(_) => DataType::Int32,
            Values::UInt8(_) => DataType::UInt8,
            Values::Text(_) => DataType::Utf8,
        }
    }

    fn can_be_missing(&self) -> bool {
        matches!(self, Values::Float32(_) | Values::Float64(_) | Values::Text(_))
    }
}

impl Column {
    /// A column without a unit.
    pub fn new(name: impl Into<String>, values: Values) -> Column {
        Column { name: name.into(), unit: None, values }
    }

    /// A column in that unit.
    pub fn with_unit(name: impl Into<String>, unit: impl Into<String>, values: Values) -> Column {
        Column { name: name.into(), unit: Some(unit.into()), values }
    }

    pub(crate) fn field(&self) -> Field {
        let field = Field::new(&self.name, self.values.data_type(), self.values.can_be_missing());
        match &self.unit {
            Some(unit) => field.with_metadata(HashMap::from([(UNIT.to_string(), unit.clone())])),
            None => field,
        }
    }

    pub(crate) fn to_arrow(&self) -> ArrayRef {
        match &self.values {
            Values::Time(values) => Arc::new(
                TimestampMicrosecondArray::from_iter_values(values.iter().copied()).with_timezone("UTC"),
            ),
            Values::LocalTime(values) => {
                Arc::new(TimestampMicrosecondArray::from_iter_values(values.iter().copied()))
            }
            Values::Float32(values) => {
                Arc::new(values.iter().map(|x| (!x.is_nan()).then_some(*x)).collect::<Float32Array>())
            }
            Values::Float64(values) => {
                Arc::new(values.iter().map(|x| (!x.is_nan()).then_some(*x)).collect::<Float64Array>())
            }
            Values::Int32(values) => Arc::new(Int32Array::from_iter_values(values.iter().copied())),
            Values::UInt8(values) => Arc::new(UInt8Array::from_iter_values(values.iter().copied())),
            Values::Text(values) => Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>()),
        }
    }

    /// An empty column of the field's type.
    pub(crate) fn for_field(field: &Field) -> anyhow::Result<Column> {
        let values = match field.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if matches!(&**zone, "UTC" | "+00:00") => {
                Values::Time(Vec::new())
            }
            DataType::Timestamp(TimeUnit::Microsecond, None) => Values::LocalTime(Vec::new()),
            DataType::Float32 => Values::Float32(Vec::new()),
            DataType::Float64 => Values::Float64(Vec::new()),
            DataType::Int32 => Values::Int32(Vec::new()),
            DataType::UInt8 => Values::UInt8(Vec::new()),
            DataType::Utf8 => Values::Text(Vec::new()),
            other => bail!("column {:?} has type {other}, which no artifact uses", field.name()),
        };
        Ok(Column { name: field.name().clone(), unit: field.metadata().get(UNIT).cloned(), values })
    }

    /// Appends the values of an Arrow array of this column's type.
    pub(crate) fn append(&mut self, array: &dyn Array) -> anyhow::Result<()> {
        if array.null_count() > 0 && !self.values.can_be_missing() {
            bail!("column {:?} has missing values, which {} cannot have", self.name, self.values.kind());
        }
        let mismatch = || anyhow!("column {:?} changes its type within the file", self.name);
        match &mut self.values {
            Values::Time(values) | Values::LocalTime(values) => {
                let array = array.as_primitive_opt::<TimestampMicrosecondType>().with_context(mismatch)?;
                values.extend_from_slice(array.values());
            }
            Values::Float32(values) => {
                let array = array.as_primitive_opt::<Float32Type>().with_context(mismatch)?;
                values.extend(array.iter().map(|value| value.unwrap_or(f32::NAN)));
            }
            Values::Float64(values) => {
                let array = array.as_primitive_opt::<Float64Type>().with_context(mismatch)?;
                values.extend(array.iter().map(|value| value.unwrap_or(f64::NAN)));
            }
            Values::Int32(values) => {
                let array = array.as_primitive_opt::<Int32Type>().with_context(mismatch)?;
                values.extend_from_slice(array.values());
            }
            Values::UInt8(values) => {
                let array = array.as_primitive_opt::<UInt8Type>().with_context(mismatch)?;
                values.extend_from_slice(array.values());
            }
            Values::Text(values) => {
                let array = array.as_string_opt::<i32>().with_context(mismatch)?;
                // Texts repeat: neighbours share theirs.
                let mut last: Option<Arc<str>> = values.last().cloned().flatten();
                values.extend(array.iter().map(|value| {
                    let text = value?;
                    if last.as_deref() != Some(text) {
                        last = Some(Arc::from(text));
                    }
                    last.clone()
                }));
            }
        }
        Ok(())
    }
}
