//! Writes CDF-1 and CDF-2 without a C library.

use std::path::Path;

use netcdf3::{DataSet, DataType, FileWriter, Version};

use super::contents::{Attribute, Content, Data, Var};

pub fn write(content: &Content, path: &Path, version: Version) {
    write_with(content, path, version, &[]);
}

/// The same with these attributes of the file.
pub fn write_with(content: &Content, path: &Path, version: Version, attributes: &[(&str, &str)]) {
    let mut set = DataSet::new();
    for (name, text) in attributes {
        set.add_global_attr_string(name, *text).unwrap();
    }
    for (name, size) in &content.dimensions {
        if content.unlimited == Some(*name) {
            set.set_unlimited_dim(*name, *size).unwrap();
        } else {
            set.add_fixed_dim(*name, *size).unwrap();
        }
    }
    for var in &content.variables {
        define(&mut set, var);
    }
    let mut writer = FileWriter::create_new(path).unwrap();
    writer.set_def(&set, version, 0).unwrap();
    for var in &content.variables {
        match &var.data {
            Data::I16(values) => writer.write_var_i16(var.name, values).unwrap(),
            Data::I32(values) => writer.write_var_i32(var.name, values).unwrap(),
            Data::F32(values) => writer.write_var_f32(var.name, values).unwrap(),
            Data::F64(values) => writer.write_var_f64(var.name, values).unwrap(),
            Data::U16(_) | Data::I64(_) | Data::Texts(_) => panic!("{} is of a later type", var.name),
        }
    }
    writer.close().unwrap();
}

fn define(set: &mut DataSet, var: &Var) {
    let kind = match var.data {
        Data::I16(_) => DataType::I16,
        Data::I32(_) => DataType::I32,
        Data::F32(_) => DataType::F32,
        _ => DataType::F64,
    };
    set.add_var(var.name, &var.dimensions, kind).unwrap();
    for (name, value) in &var.attributes {
        match value {
            Attribute::Text(text) => set.add_var_attr_string(var.name, name, *text).unwrap(),
            Attribute::I16(x) => set.add_var_attr_i16(var.name, name, vec![*x]).unwrap(),
            Attribute::F32(x) => set.add_var_attr_f32(var.name, name, vec![*x]).unwrap(),
            Attribute::F64(x) => set.add_var_attr_f64(var.name, name, vec![*x]).unwrap(),
            Attribute::U16(_) => panic!("{name} is of a later type"),
        }
    }
}
