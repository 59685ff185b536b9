//! The crate `netcdf`, on the C library. Texts are left to the pure reader: `get_string` of a null
//! text, which the new CDS layout may hold, is undefined behaviour, and so are null texts in
//! attributes, of which therefore only those asked for by name are read.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use hdf5_metno_sys::h5e::{H5E_DEFAULT, H5Eset_auto2};
use netcdf::types::{FloatType, IntType, NcVariableType};
use netcdf::{AttributeValue, Extent};

use super::pure::PureFile;
use super::{Attribute, NetcdfFile, Shape, Stored};

pub(crate) struct LibnetcdfFile {
    path: PathBuf,
    file: netcdf::File,
}

impl LibnetcdfFile {
    pub(crate) fn open(path: &Path) -> anyhow::Result<LibnetcdfFile> {
        silence_hdf5();
        Ok(LibnetcdfFile { path: path.to_path_buf(), file: netcdf::open(path)? })
    }

    fn variable(&self, name: &str) -> anyhow::Result<netcdf::Variable<'_>> {
        self.file.variable(name).ok_or_else(|| anyhow!("there is no variable {name}"))
    }
}

/// HDF5 prints what libnetcdf looks for in vain, in every thread but the one that loaded it, until
/// that thread says otherwise. Errors are returned all the same.
fn silence_hdf5() {
    let _lock = hdf5_metno_sys::LOCK.lock();
    // SAFETY: the lock keeps other threads out of HDF5; without a function nothing is called back.
    unsafe { H5Eset_auto2(H5E_DEFAULT, None, std::ptr::null_mut()) };
}

impl NetcdfFile for LibnetcdfFile {
    fn variables(&self) -> anyhow::Result<Vec<Shape>> {
        let shape = |variable: netcdf::Variable<'_>| Shape {
            name: variable.name(),
            stored: stored(&variable.vartype()),
            dimensions: variable.dimensions().iter().map(|d| (d.name(), d.len())).collect(),
        };
        Ok(self.file.variables().map(shape).collect())
    }

    fn texts_of_file(&self) -> anyhow::Result<Vec<(String, String)>> {
        PureFile::open(&self.path)?.texts_of_file()
    }

    fn attribute(&self, variable: &str, name: &str) -> anyhow::Result<Option<Attribute>> {
        let variable = self.variable(variable)?;
        let value = variable.attribute_value(name).transpose()?;
        Ok(value.and_then(attribute))
    }

    fn numbers(&self, variable: &str, part: &[Range<usize>]) -> anyhow::Result<Vec<f64>> {
        let variable = self.variable(variable)?;
        let extents: Vec<Extent> = part
            .iter()
            .map(|range| Extent::SliceCount { start: range.start, count: range.len(), stride: 1 })
            .collect();
        Ok(variable.get_values(extents)?)
    }

    fn texts(&self, variable: &str) -> anyhow::Result<Vec<String>> {
        PureFile::open(&self.path)?.texts(variable)
    }
}

fn attribute(value: AttributeValue) -> Option<Attribute> {
    fn numbers<T: Copy, const N: usize>(values: [T; N], widen: impl Fn(T) -> f64) -> Option<Attribute> {
        many(&values, widen)
    }
    fn many<T: Copy>(values: &[T], widen: impl Fn(T) -> f64) -> Option<Attribute> {
        Some(Attribute::Numbers(values.iter().map(|value| widen(*value)).collect()))
    }
    match value {
        AttributeValue::Str(text) => Some(Attribute::text(&text)),
        AttributeValue::Strs(texts) => texts.first().map(|text| Attribute::text(text)),
        AttributeValue::Uchar(x) => numbers([x], f64::from),
        AttributeValue::Uchars(x) => many(&x, f64::from),
        AttributeValue::Schar(x) => numbers([x], f64::from),
        AttributeValue::Schars(x) => many(&x, f64::from),
        AttributeValue::Ushort(x) => numbers([x], f64::from),
        AttributeValue::Ushorts(x) => many(&x, f64::from),
        AttributeValue::Short(x) => numbers([x], f64::from),
        AttributeValue::Shorts(x) => many(&x, f64::from),
        AttributeValue::Uint(x) => numbers([x], f64::from),
        AttributeValue::Uints(x) => many(&x, f64::from),
        AttributeValue::Int(x) => numbers([x], f64::from),
        AttributeValue::Ints(x) => many(&x, f64::from),
        AttributeValue::Ulonglong(x) => numbers([x], |x| x as f64),
        AttributeValue::Ulonglongs(x) => many(&x, |x| x as f64),
        AttributeValue::Longlong(x) => numbers([x], |x| x as f64),
        AttributeValue::Longlongs(x) => many(&x, |x| x as f64),
        AttributeValue::Float(x) => numbers([x], f64::from),
        AttributeValue::Floats(x) => many(&x, f64::from),
        AttributeValue::Double(x) => numbers([x], |x| x),
        AttributeValue::Doubles(x) => many(&x, |x| x),
    }
}

fn stored(kind: &NcVariableType) -> Stored {
    match kind {
        NcVariableType::Int(IntType::I8) => Stored::I8,
        NcVariableType::Int(IntType::U8) => Stored::U8,
        NcVariableType::Int(IntType::I16) => Stored::I16,
        NcVariableType::Int(IntType::U16) => Stored::U16,
        NcVariableType::Int(IntType::I32) => Stored::I32,
        NcVariableType::Int(IntType::U32) => Stored::U32,
        NcVariableType::Int(IntType::I64) => Stored::I64,
        NcVariableType::Int(IntType::U64) => Stored::U64,
        NcVariableType::Float(FloatType::F32) => Stored::F32,
        NcVariableType::Float(FloatType::F64) => Stored::F64,
        NcVariableType::Char | NcVariableType::String => Stored::Text,
        _ => Stored::Other,
    }
}
