//! Small NetCDF files in the classic format (CDF-2), written byte by byte: dimensions of fixed size,
//! text attributes, doubles and floats.

const DOUBLE: u32 = 6;
const FLOAT: u32 = 5;
const CHAR: u32 = 2;
const DIMENSIONS: u32 = 10;
const VARIABLES: u32 = 11;
const ATTRIBUTES: u32 = 12;

/// The values of a variable.
pub(crate) enum Values {
    Double(Vec<f64>),
    Float(Vec<f32>),
}

pub(crate) struct NetcdfVariable {
    pub(crate) name: String,
    /// Indices of its dimensions.
    pub(crate) dimensions: Vec<u32>,
    pub(crate) attributes: Vec<(&'static str, String)>,
    pub(crate) values: Values,
}

impl NetcdfVariable {
    fn kind(&self) -> u32 {
        match self.values {
            Values::Double(_) => DOUBLE,
            Values::Float(_) => FLOAT,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match &self.values {
            Values::Double(values) => values.iter().flat_map(|value| value.to_be_bytes()).collect(),
            Values::Float(values) => values.iter().flat_map(|value| value.to_be_bytes()).collect(),
        }
    }
}

/// The file's bytes.
pub(crate) fn write(dimensions: &[(&str, usize)], variables: &[NetcdfVariable]) -> Vec<u8> {
    // Offsets do not change the header's size: once to measure it, once to fill them in.
    let header_bytes = header(dimensions, variables, &vec![0; variables.len()]).len() as u64;
    let mut offsets = Vec::new();
    let mut offset = header_bytes;
    for variable in variables {
        offsets.push(offset);
        offset += variable.bytes().len().next_multiple_of(4) as u64;
    }
    let mut file = header(dimensions, variables, &offsets);
    for variable in variables {
        file.extend(variable.bytes());
        pad(&mut file);
    }
    file
}

fn header(dimensions: &[(&str, usize)], variables: &[NetcdfVariable], offsets: &[u64]) -> Vec<u8> {
    let mut file = b"CDF\x02".to_vec();
    number(&mut file, 0);
    list(&mut file, DIMENSIONS, dimensions.len());
    for (dimension, length) in dimensions {
        name(&mut file, dimension);
        number(&mut file, *length as u32);
    }
    attributes(&mut file, &[("Conventions", "CF-1.7".to_string())]);
    list(&mut file, VARIABLES, variables.len());
    for (variable, offset) in variables.iter().zip(offsets) {
        name(&mut file, &variable.name);
        number(&mut file, variable.dimensions.len() as u32);
        for dimension in &variable.dimensions {
            number(&mut file, *dimension);
        }
        attributes(&mut file, &variable.attributes);
        number(&mut file, variable.kind());
        number(&mut file, variable.bytes().len().next_multiple_of(4) as u32);
        file.extend(offset.to_be_bytes());
    }
    file
}

fn attributes(file: &mut Vec<u8>, attributes: &[(&str, String)]) {
    list(file, ATTRIBUTES, attributes.len());
    for (attribute, value) in attributes {
        name(file, attribute);
        number(file, CHAR);
        name(file, value);
    }
}

/// The tag and the length of a list; an empty one has the tag 0.
fn list(file: &mut Vec<u8>, tag: u32, length: usize) {
    number(file, if length == 0 { 0 } else { tag });
    number(file, length as u32);
}

fn name(file: &mut Vec<u8>, text: &str) {
    number(file, text.len() as u32);
    file.extend(text.as_bytes());
    pad(file);
}

fn number(file: &mut Vec<u8>, value: u32) {
    file.extend(value.to_be_bytes());
}

fn pad(file: &mut Vec<u8>) {
    file.resize(file.len().next_multiple_of(4), 0);
}
