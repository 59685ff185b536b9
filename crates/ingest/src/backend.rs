//! What is asked of a library that reads NetCDF. Two are known and both give the same bits: a pure
//! Rust one, and libnetcdf behind the cargo feature `libnetcdf`. Neither unpacks, masks or decodes
//! times: that is done once, for both, in this crate.

#[cfg(feature = "libnetcdf")]
mod libnetcdf;
mod pure;

use std::ops::Range;
use std::path::Path;

/// A library that reads NetCDF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The crate `netcdf-reader`.
    #[default]
    Pure,
    /// The crate `netcdf`, on the C library.
    #[cfg(feature = "libnetcdf")]
    Libnetcdf,
}

impl Backend {
    /// All that this build has.
    pub const ALL: &'static [Backend] = &[
        Backend::Pure,
        #[cfg(feature = "libnetcdf")]
        Backend::Libnetcdf,
    ];

    /// # Errors
    /// When the library cannot make sense of the file.
    pub(crate) fn open(self, path: &Path) -> anyhow::Result<Box<dyn NetcdfFile>> {
        match self {
            Backend::Pure => Ok(Box::new(pure::PureFile::open(path)?)),
            #[cfg(feature = "libnetcdf")]
            Backend::Libnetcdf => Ok(Box::new(libnetcdf::LibnetcdfFile::open(path)?)),
        }
    }
}

/// An open file; of its groups only the root.
pub(crate) trait NetcdfFile {
    /// All variables, in the order of the file.
    fn variables(&self) -> anyhow::Result<Vec<Shape>>;

    /// The texts among the attributes of the file itself, in its order.
    fn texts_of_file(&self) -> anyhow::Result<Vec<(String, String)>>;

    /// An attribute of a variable, if it has it and it is a number or a text.
    fn attribute(&self, variable: &str, name: &str) -> anyhow::Result<Option<Attribute>>;

    /// A box of a numeric variable, one range a dimension, row-major, as stored: neither unpacked
    /// nor masked. 64-bit integers beyond 2^53 are rounded.
    fn numbers(&self, variable: &str, part: &[Range<usize>]) -> anyhow::Result<Vec<f64>>;

    /// All of a text variable, row-major; the last dimension of a `char` variable is the text's.
    fn texts(&self, variable: &str) -> anyhow::Result<Vec<String>>;
}

/// A variable without its values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape {
    pub name: String,
    pub stored: Stored,
    /// Names and sizes.
    pub dimensions: Vec<(String, usize)>,
}

/// The type in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    Text,
    /// Compound and the like.
    Other,
}

impl Stored {
    pub(crate) fn is_number(self) -> bool {
        !matches!(self, Stored::Text | Stored::Other)
    }
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Attribute {
    Text(String),
    Numbers(Vec<f64>),
}

impl Attribute {
    /// A text without the padding that some writers leave.
    fn text(text: &str) -> Attribute {
        Attribute::Text(text.trim_end_matches('\0').trim().to_string())
    }
}
