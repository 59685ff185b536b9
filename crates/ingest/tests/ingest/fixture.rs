//! NetCDF-3 files made in code, and where the real ones are.

use std::io::Write;
use std::path::{Path, PathBuf};

use contract::stage::InputFile;
use contract::variable::Variable;
use ingest::backend::Backend;
use ingest::{Config, Point, Series, Tables, read_series};
use netcdf3::Version;
use serde_json::{Value, json};

use crate::samples;

pub use crate::samples::contents::{Attribute, Content as File, Data, Var, var};

impl File {
    /// Writes it with 64-bit offsets.
    pub fn write(&self, path: &Path) {
        samples::netcdf3::write(self, path, Version::Offset64Bit);
    }

    /// The same with these attributes of the file.
    pub fn write_with(&self, path: &Path, attributes: &[(&str, &str)]) {
        samples::netcdf3::write_with(self, path, Version::Offset64Bit, attributes);
    }

    pub fn variable(&mut self, name: &str) -> &mut Var {
        self.variables.iter_mut().find(|var| var.name == name).unwrap()
    }
}

/// The hour 2000-01-01T00:00 in hours since 1900.
pub const YEAR_2000: i32 = 876_576;

/// Temperatures in K at 48.5 N 5.5 E, one an hour from so many hours after 2000-01-01T00:00.
pub fn hourly(first_hour: i32, values: &[f32]) -> File {
    let times = (0..values.len() as i32).map(|hour| YEAR_2000 + first_hour + hour).collect();
    File {
        dimensions: vec![("time", values.len()), ("latitude", 1), ("longitude", 1)],
        unlimited: None,
        variables: vec![
            var("time", &["time"], Data::I32(times)).text("units", "hours since 1900-01-01 00:00:00.0"),
            var("latitude", &["latitude"], Data::F32(vec![48.5])),
            var("longitude", &["longitude"], Data::F32(vec![5.5])),
            var("t2m", &["time", "latitude", "longitude"], Data::F32(values.to_vec())).text("units", "K"),
        ],
    }
}

/// The configuration for [`hourly`] files.
pub fn config() -> Config {
    config_at(48.5, 5.5, &["t2m"])
}

pub fn config_at(latitude_deg: f64, longitude_deg: f64, variables: &[&str]) -> Config {
    let variables = variables.iter().map(|name| Variable::named(name).unwrap()).collect();
    Config::of_place(variables, Point { latitude_deg, longitude_deg })
}

/// The configuration of a station at 48.45 N 5.59 E whose table is `station`.
///
/// # Panics
/// When it cannot be used.
pub fn station_config(variables: &[&str], station: Value) -> Config {
    let tables = json!({"ingest": {
        "files": ["station.csv"], "latitude_deg": 48.45, "longitude_deg": 5.59, "max_gap_hours": 168,
        "variables": variables, "station": station,
    }});
    contract::config::parse::<Tables>(tables.as_object().unwrap()).unwrap().check().unwrap()
}

/// The series of these files, of which the backends for NetCDF have no part.
pub fn read_station(config: &Config, paths: &[PathBuf]) -> anyhow::Result<Series> {
    let files: Vec<InputFile> = paths.iter().map(|path| input(path)).collect();
    read_series(config, &files, Backend::Pure)
}

pub fn input(path: &Path) -> InputFile {
    InputFile {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        path: path.to_path_buf(),
        digest: format!("digest of {}", path.file_name().unwrap().to_string_lossy()),
    }
}

/// The series by every backend of this build, which must agree bit for bit.
pub fn read(config: &Config, paths: &[PathBuf]) -> anyhow::Result<Series> {
    let files: Vec<InputFile> = paths.iter().map(|path| input(path)).collect();
    let one = read_series(config, &files, Backend::Pure);
    for backend in &Backend::ALL[1..] {
        let other = read_series(config, &files, *backend);
        match (&one, &other) {
            (Ok(one), Ok(other)) => assert_same_bits(one, other),
            (Err(one), Err(other)) => assert_eq!(format!("{one:#}"), format!("{other:#}"), "{backend:?}"),
            (one, other) => panic!("{:?} gives {one:?}, {backend:?} gives {other:?}", Backend::Pure),
        }
    }
    one
}

pub fn assert_same_bits(one: &Series, other: &Series) {
    assert_eq!(one, other);
    for (a, b) in one.variables.iter().zip(&other.variables) {
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&a.values), bits(&b.values), "{}", a.variable.name);
    }
}

/// A path below the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

pub fn sample() -> PathBuf {
    repository("data/era5_la_haute_borne_1999_2020.nc")
}

/// A file of the shared data; `None`, said on standard error, where there is none.
pub fn shared_file(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ISOTHERM_SHARED").map_or_else(|| repository("../shared"), PathBuf::from);
    let path = root.join("data").join(name);
    if path.exists() {
        return Some(path);
    }
    let _ = writeln!(std::io::stderr(), "skipped: there is no {}", path.display());
    None
}

/// The NetCDF files of a folder of the shared data, in order of name; `None`, said on standard
/// error, where there is none.
pub fn shared(folder: &str) -> Option<Vec<PathBuf>> {
    let root = std::env::var_os("ISOTHERM_SHARED").map_or_else(|| repository("../shared"), PathBuf::from);
    let folder = root.join("data").join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        // Past the capture of the test harness, which would hide it.
        let _ = writeln!(std::io::stderr(), "skipped: there is no {}", folder.display());
        return None;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "nc"));
    paths.sort();
    Some(paths)
}

/// A file of the shared cases; `None`, said on standard error, where there is none.
pub fn shared_case(name: &str) -> Option<PathBuf> {
    shared_file(&format!("../cases/{name}"))
}
