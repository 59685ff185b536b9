//! Valid files of every layout and format that users hold, made in code. Shared by the tests of
//! the backends' agreement and those of damaged files.

pub mod contents;
#[cfg(feature = "libnetcdf")]
mod libnetcdf;
pub mod netcdf3;

use std::path::Path;

use contract::variable::Variable;
use ingest::{Config, GapPolicy, LongGaps, Point};

use self::contents::Content;

/// The container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CDF-1.
    Classic,
    /// CDF-2.
    Offset64,
    /// CDF-5.
    Cdf5,
    /// NetCDF-4.
    Hdf5(Storage),
}

/// How the variables of a NetCDF-4 file are stored, if they have a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    Contiguous,
    Chunked,
    Deflate,
    DeflateShuffle,
    Fletcher,
    DeflateShuffleFletcher,
}

impl Storage {
    pub fn is_deflated(self) -> bool {
        matches!(self, Storage::Deflate | Storage::DeflateShuffle | Storage::DeflateShuffleFletcher)
    }

    pub fn is_shuffled(self) -> bool {
        matches!(self, Storage::DeflateShuffle | Storage::DeflateShuffleFletcher)
    }

    pub fn has_checksum(self) -> bool {
        matches!(self, Storage::Fletcher | Storage::DeflateShuffleFletcher)
    }
}

/// A valid file that is not written yet.
pub struct Sample {
    pub name: String,
    pub content: Content,
    pub format: Format,
}

impl Sample {
    pub fn write(&self, path: &Path) {
        match self.format {
            Format::Classic => netcdf3::write(&self.content, path, ::netcdf3::Version::Classic),
            Format::Offset64 => netcdf3::write(&self.content, path, ::netcdf3::Version::Offset64Bit),
            #[cfg(feature = "libnetcdf")]
            format => libnetcdf::write(&self.content, path, format),
            #[cfg(not(feature = "libnetcdf"))]
            format => panic!("{format:?} needs libnetcdf"),
        }
    }
}

/// Every content in every format that can hold it and that this build can write.
pub fn all() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (name, content) in contents::all() {
        for format in formats() {
            let fits = match format {
                Format::Classic | Format::Offset64 => content.is_classic(),
                Format::Cdf5 => content.has_no_texts(),
                Format::Hdf5(_) => true,
            };
            // An unlimited dimension needs chunks.
            let needs_chunks = content.unlimited.is_some() && format == Format::Hdf5(Storage::Contiguous);
            if fits && !needs_chunks {
                let content = content.clone();
                samples.push(Sample { name: format!("{name}, {}", describe(format)), content, format });
            }
        }
    }
    samples
}

fn formats() -> Vec<Format> {
    let mut formats = vec![Format::Classic, Format::Offset64];
    if cfg!(feature = "libnetcdf") {
        formats.push(Format::Cdf5);
        let storages = [
            Storage::Contiguous,
            Storage::Chunked,
            Storage::Deflate,
            Storage::DeflateShuffle,
            Storage::Fletcher,
            Storage::DeflateShuffleFletcher,
        ];
        formats.extend(storages.map(Format::Hdf5));
    }
    formats
}

fn describe(format: Format) -> &'static str {
    match format {
        Format::Classic => "CDF-1",
        Format::Offset64 => "CDF-2",
        Format::Cdf5 => "CDF-5",
        Format::Hdf5(Storage::Contiguous) => "NetCDF-4 contiguous",
        Format::Hdf5(Storage::Chunked) => "NetCDF-4 chunked",
        Format::Hdf5(Storage::Deflate) => "NetCDF-4 deflate",
        Format::Hdf5(Storage::DeflateShuffle) => "NetCDF-4 deflate+shuffle",
        Format::Hdf5(Storage::Fletcher) => "NetCDF-4 Fletcher-32",
        Format::Hdf5(Storage::DeflateShuffleFletcher) => "NetCDF-4 deflate+shuffle+Fletcher-32",
    }
}

/// The configuration that reads these variables at that place, with gaps of up to a week.
pub fn config(latitude_deg: f64, longitude_deg: f64, variables: &[&str]) -> Config {
    let variables = variables.iter().map(|name| Variable::named(name).unwrap()).collect();
    let gaps = GapPolicy { linear_hours: 168, diurnal_hours: 0, longer: LongGaps::Refuse };
    Config { gaps, ..Config::of_place(variables, Point { latitude_deg, longitude_deg }) }
}
