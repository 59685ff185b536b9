//! The crate `netcdf-reader`: NetCDF-3 and NetCDF-4 without a C library, and without a global lock.

mod chunks;
mod filters;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use hdf5_reader::{FileStorage, Hdf5File};
use netcdf_reader::{
    NcAttrValue, NcAttribute, NcFile, NcFormat, NcOpenOptions, NcSliceInfo, NcSliceInfoElem, NcType,
    NcVariable,
};

use self::filters::ChunkSize;
use super::{Attribute, NetcdfFile, Shape, Stored};

/// Enough for the chunks of one variable at one point; they are read once.
const CHUNK_CACHE_BYTES: usize = 4 << 20;

/// The longest selection of a NetCDF-4 file that is read: more than 500 years of 64-bit hours at one
/// point. A damaged header may ask for any.
const LONGEST_READ_BYTES: usize = 48 << 20;

/// What libnetcdf puts before the name of a variable that a dimension has too but that is not its
/// coordinate. Only in NetCDF-4 files, and never shown.
const NO_COORDINATE: &str = "_nc4_non_coord_";

/// So much of an error of the crate is shown, in characters.
const LONGEST_MESSAGE: usize = 400;

pub(crate) struct PureFile {
    file: NcFile,
    /// The same file as HDF5, if it is, to check what the crate does not.
    hdf5: Option<Hdf5File>,
    /// Of the variable that is being read.
    chunk_size: ChunkSize,
    /// The chunk sizes of the variables whose chunks have been checked.
    checked: RefCell<BTreeMap<String, usize>>,
}

impl PureFile {
    pub(crate) fn open(path: &Path) -> anyhow::Result<PureFile> {
        let chunk_size = ChunkSize::default();
        let options = NcOpenOptions {
            chunk_cache_bytes: CHUNK_CACHE_BYTES,
            max_read_bytes: LONGEST_READ_BYTES,
            filter_registry: Some(filters::registry(chunk_size.clone())),
            ..NcOpenOptions::default()
        };
        let file = NcFile::open_with_options(path, options).map_err(plain)?;
        let hdf5 = match file.format() {
            NcFormat::Nc4 | NcFormat::Nc4Classic => {
                let storage = FileStorage::open(path).map_err(plain)?;
                Some(Hdf5File::from_storage(Arc::new(storage)).map_err(plain)?)
            }
            NcFormat::Classic | NcFormat::Offset64 | NcFormat::Cdf5 => None,
        };
        Ok(PureFile { file, hdf5, chunk_size, checked: RefCell::default() })
    }

    /// A variable's name in the file.
    fn stored_name(&self, variable: &str) -> anyhow::Result<String> {
        let stored = format!("{NO_COORDINATE}{variable}");
        let is_hidden =
            self.hdf5.is_some() && self.file.variables().map_err(plain)?.iter().any(|v| v.name() == stored);
        Ok(if is_hidden { stored } else { variable.to_string() })
    }

    /// Checks the chunks of a variable that is about to be read.
    fn check_chunks(&self, variable: &str) -> anyhow::Result<()> {
        let Some(hdf5) = &self.hdf5 else { return Ok(()) };
        let known = self.checked.borrow().get(variable).copied();
        let bytes = known.map_or_else(|| chunks::check(hdf5, variable), Ok).map_err(plain)?;
        self.checked.borrow_mut().insert(variable.to_string(), bytes);
        self.chunk_size.set(bytes);
        Ok(())
    }
}

impl NetcdfFile for PureFile {
    fn variables(&self) -> anyhow::Result<Vec<Shape>> {
        self.file.variables().map_err(plain)?.iter().map(shape).collect()
    }

    fn texts_of_file(&self) -> anyhow::Result<Vec<(String, String)>> {
        let attributes = self.file.global_attributes().map_err(plain)?.iter();
        let text = |attribute: &NcAttribute| {
            let text = match &attribute.value {
                NcAttrValue::Chars(text) => text.clone(),
                NcAttrValue::Strings(texts) => texts.join(" "),
                _ => return None,
            };
            Some((attribute.name.clone(), text))
        };
        Ok(attributes.filter_map(text).collect())
    }

    fn attribute(&self, variable: &str, name: &str) -> anyhow::Result<Option<Attribute>> {
        let variable = self.file.variable(&self.stored_name(variable)?).map_err(plain)?;
        let Some(attribute) = variable.attribute(name) else {
            return Ok(None);
        };
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
        let variable = self.stored_name(variable)?;
        self.check_chunks(&variable)?;
        let array = self.file.read_variable_slice_as_f64(&variable, &selection).map_err(plain)?;
        Ok(array.into_iter().collect())
    }

    fn texts(&self, variable: &str) -> anyhow::Result<Vec<String>> {
        let variable = self.stored_name(variable)?;
        self.check_chunks(&variable)?;
        self.file.read_variable_as_strings(&variable).map_err(plain)
    }
}

/// An error as a sentence that can be printed: the crate quotes names of damaged files as they are.
fn plain(error: impl Display) -> anyhow::Error {
    let whole = format!("{error:#}");
    let mut text: String = whole.chars().take(LONGEST_MESSAGE).collect();
    if text.len() < whole.len() {
        text.push('\u{2026}');
    }
    let printed = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    anyhow!("{}", text.chars().map(printed).collect::<String>())
}

fn shape(variable: &NcVariable) -> anyhow::Result<Shape> {
    let size = |size: u64| usize::try_from(size).map_err(|_| anyhow!("a dimension has the size {size}"));
    let dimensions = variable.dimensions().iter().map(|d| Ok((d.name.clone(), size(d.size)?)));
    Ok(Shape {
        name: variable.name().strip_prefix(NO_COORDINATE).unwrap_or(variable.name()).to_string(),
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
