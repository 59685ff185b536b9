//! The crate `netcdf-reader`: NetCDF-3 and NetCDF-4 without a C library, and without a global lock.

use std::ops::Range;
use std::path::Path;

use anyhow::anyhow;
use netcdf_reader::{NcAttrValue, NcFile, NcOpenOptions, NcSliceInfo, NcSliceInfoElem, NcType, NcVariable};

use super::{Attribute, NetcdfFile, Shape, Stored};

/// Enough for the chunks of one variable at one point; they are read once.
const CHUNK_CACHE_BYTES: usize = 4 << 20;

pub(crate) struct PureFile(NcFile);

impl PureFile {
    pub(crate) fn open(path: &Path) -> anyhow::Result<PureFile> {
        let options = NcOpenOptions { chunk_cache_bytes: CHUNK_CACHE_BYTES, ..NcOpenOptions::default() };
        Ok(PureFile(NcFile::open_with_options(path, options)?))
    }
}

impl NetcdfFile for PureFile {
    fn variables(&self) -> anyhow::Result<Vec<Shape>> {
        self.0.variables()?.iter().map(shape).collect()
    }

    fn attribute(&self, variable: &str, name: &str) -> anyhow::Result<Option<Attribute>> {
        let Some(attribute) = self.0.variable(variable)?.attribute(name) else { return Ok(None) };
        Ok(match &attribute.value {
            NcAttrValue::Chars(text) => Some(Attribute::text(text)),
            NcAttrValue::Strings(texts) => texts.first().map(|text| Attribute::text(text)),
            numbers => numbers.as_f64_vec().map(Attribute::Numbers),
        })
    }

    fn numbers(&self, variable: &str, part: &[Range<usize>]) -> anyhow::Result<Vec<f64>> {
        let selections = part.iter().map(|range| NcSliceInfoElem::Slice {
            start: range.start as u64,
            end: range.end as u64,
            step: 1,
        });
        let selection = NcSliceInfo { selections: selections.collect() };
        let array = self.0.read_variable_slice_as_f64(variable, &selection)?;
        Ok(array.into_iter().collect())
    }

    fn texts(&self, variable: &str) -> anyhow::Result<Vec<String>> {
        Ok(self.0.read_variable_as_strings(variable)?)
    }
}

fn shape(variable: &NcVariable) -> anyhow::Result<Shape> {
    let size = |size: u64| usize::try_from(size).map_err(|_| anyhow!("a dimension has the size {size}"));
    let dimensions = variable.dimensions().iter().map(|d| Ok((d.name.clone(), size(d.size)?)));
    Ok(Shape {
        name: variable.name().to_string(),
        stored: stored(variable.dtype()),
        dimensions: dimensions.collect::<anyhow::Result<_>>()?,
    })
}

fn stored(kind: &NcType) -> Stored {
    match kind {
        NcType::Byte => Stored::I8,
        NcType::UByte => Stored::U8,
        NcType::Short => Stored::I16,
        NcType::UShort => Stored::U16,
        NcType::Int => Stored::I32,
        NcType::UInt => Stored::U32,
        NcType::Int64 => Stored::I64,
        NcType::UInt64 => Stored::U64,
        NcType::Float => Stored::F32,
        NcType::Double => Stored::F64,
        NcType::Char | NcType::String => Stored::Text,
        _ => Stored::Other,
    }
}
