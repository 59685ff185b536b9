//! Writes CDF-5 and NetCDF-4 with the C library.

use std::ffi::CString;
use std::path::Path;

use netcdf::types::{NcTypeDescriptor, NcVariableType};
use netcdf::{FileMut, Options};

use super::contents::{Attribute, Content, Data, Var};
use super::{Format, Storage};

pub fn write(content: &Content, path: &Path, format: Format) {
    let options = match format {
        Format::Hdf5(_) => Options::NETCDF4,
        _ => Options::_64BIT_DATA,
    };
    let mut file = netcdf::create_with(path, options).unwrap();
    for (name, size) in &content.dimensions {
        if content.unlimited == Some(*name) {
            file.add_unlimited_dimension(name).unwrap();
        } else {
            file.add_dimension(name, *size).unwrap();
        }
    }
    for var in &content.variables {
        define(&mut file, content, var, format);
        if let Format::Hdf5(storage) = format
            && storage.has_checksum()
            && !var.dimensions.is_empty()
            && !matches!(var.data, Data::Texts(_))
        {
            set_checksum(path, var.name);
        }
    }
    file.enddef().unwrap();
    for var in &content.variables {
        put(&mut file, content, var);
    }
    file.close().unwrap();
}

fn define(file: &mut FileMut, content: &Content, var: &Var, format: Format) {
    let kind: NcVariableType = match var.data {
        Data::I16(_) => i16::type_descriptor(),
        Data::U16(_) => u16::type_descriptor(),
        Data::I32(_) => i32::type_descriptor(),
        Data::I64(_) => i64::type_descriptor(),
        Data::F32(_) => f32::type_descriptor(),
        Data::F64(_) => f64::type_descriptor(),
        Data::Texts(_) => NcVariableType::String,
    };
    let mut defined = file.add_variable_with_type(var.name, &var.dimensions, &kind).unwrap();
    for (name, value) in &var.attributes {
        match value {
            Attribute::Text(text) => defined.put_attribute(name, *text).unwrap(),
            Attribute::I16(x) => defined.put_attribute(name, *x).unwrap(),
            Attribute::U16(x) => defined.put_attribute(name, *x).unwrap(),
            Attribute::F32(x) => defined.put_attribute(name, *x).unwrap(),
            Attribute::F64(x) => defined.put_attribute(name, *x).unwrap(),
        };
    }
    let Format::Hdf5(storage) = format else { return };
    if storage == Storage::Contiguous || var.dimensions.is_empty() {
        return;
    }
    // Several chunks, none of which divides its dimension.
    let chunk = |dimension: &&str| (content.size(dimension) * 2 / 5).max(1);
    defined.set_chunking(&var.dimensions.iter().map(chunk).collect::<Vec<_>>()).unwrap();
    // The library filters no strings.
    if storage.is_deflated() && !matches!(var.data, Data::Texts(_)) {
        defined.set_compression(4, storage.is_shuffled()).unwrap();
    }
}

/// The crate has no call for it, and tells nobody the library's number of its file.
fn set_checksum(path: &Path, variable: &str) {
    const LONGEST_PATH: usize = 4096;
    let wanted = path.to_str().unwrap();
    let name = CString::new(variable).unwrap();
    let _lock = netcdf_sys::libnetcdf_lock.lock();
    for file in (1..1000).map(|number| number << 16) {
        let (mut length, mut bytes, mut id) = (0, vec![0_u8; LONGEST_PATH], 0);
        // SAFETY: the lock keeps other threads out of the library, which refuses a number that no
        // file has; the texts end with a zero, and no path of these tests is longer.
        unsafe {
            if netcdf_sys::nc_inq_path(file, &mut length, std::ptr::null_mut()) != 0 || length >= LONGEST_PATH
            {
                continue;
            }
            assert_eq!(netcdf_sys::nc_inq_path(file, &mut length, bytes.as_mut_ptr().cast()), 0);
            if &bytes[..length] != wanted.as_bytes() {
                continue;
            }
            assert_eq!(netcdf_sys::nc_inq_varid(file, name.as_ptr(), &mut id), 0);
            assert_eq!(netcdf_sys::nc_def_var_fletcher32(file, id, 1), 0);
            return;
        }
    }
    panic!("{wanted} is not open");
}

fn put(file: &mut FileMut, content: &Content, var: &Var) {
    let mut defined = file.variable_mut(var.name).unwrap();
    // An unlimited dimension has no length yet.
    let all: Vec<std::ops::Range<usize>> =
        var.dimensions.iter().map(|dimension| 0..content.size(dimension)).collect();
    match &var.data {
        Data::I16(values) => defined.put_values(values, all).unwrap(),
        Data::U16(values) => defined.put_values(values, all).unwrap(),
        Data::I32(values) => defined.put_values(values, all).unwrap(),
        Data::I64(values) => defined.put_values(values, all).unwrap(),
        Data::F32(values) => defined.put_values(values, all).unwrap(),
        Data::F64(values) => defined.put_values(values, all).unwrap(),
        Data::Texts(texts) => {
            for (at, text) in texts.iter().enumerate() {
                defined.put_string(text, at).unwrap();
            }
        }
    }
}
