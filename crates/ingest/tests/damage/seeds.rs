//! The undamaged files: every sample, the embedded one, and the shared ones where they are.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use ingest::Config;
use ingest::backend::Backend;
use ingest::hours::read_hours;

use crate::map::Map;
use crate::samples;

pub struct Seed {
    pub name: String,
    pub bytes: Vec<u8>,
    pub config: Config,
    pub map: Map,
    /// Time and bits of every value of every variable, of all grid points that are known.
    pub values: BTreeMap<&'static str, HashSet<(i64, u32)>>,
}

impl Seed {
    fn of(name: String, path: &Path, places: &[(f64, f64)], variables: &[&str]) -> Seed {
        let config = samples::config(places[0].0, places[0].1, variables);
        let mut values: BTreeMap<_, HashSet<_>> = BTreeMap::new();
        for (latitude, longitude) in places {
            let config = samples::config(*latitude, *longitude, variables);
            for (variable, hours) in read_hours(path, &config, Backend::Pure).unwrap() {
                let hours = hours.into_iter().map(|(time, value, _)| (time, value.to_bits()));
                values.entry(variable).or_default().extend(hours);
            }
        }
        assert!(!values.is_empty(), "{name} has no values");
        let bytes = std::fs::read(path).unwrap();
        let map = Map::of(&bytes);
        Seed { name, bytes, config, map, values }
    }
}

/// All small seeds, and the large ones, which are to be used less.
pub fn all() -> (Vec<Seed>, Vec<Seed>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    let mut small = Vec::new();
    for sample in samples::all() {
        sample.write(&path);
        small.push(Seed::of(sample.name, &path, &sample.content.places(), &sample.content.wanted()));
        std::fs::remove_file(&path).unwrap();
    }
    let layouts = [
        ("cdo_uint16_unlimited.nc", (50.7, 6.05)),
        ("legacy_lon360_single_step.nc", (60.1, -20.1)),
        ("legacy_netcdf3_monthly_packed/57.75N12.0E-200301-sfc.nc", (57.7, 12.1)),
    ];
    for (name, place) in layouts {
        small.extend(
            shared(&format!("layouts/{name}")).map(|path| Seed::of(name.into(), &path, &[place], &["t2m"])),
        );
    }
    let embedded = repository("data/era5_la_haute_borne_1999_2020.nc");
    let variables = ["t2m", "u100", "v100", "sp"];
    let mut large = vec![Seed::of("La Haute Borne".into(), &embedded, &[(48.45, 5.59)], &variables)];
    let phoenix = shared("phoenix/t2m_1970_1972.nc");
    large.extend(phoenix.map(|path| Seed::of("Phoenix".into(), &path, &[(33.45, -112.05)], &["t2m"])));
    (small, large)
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A file of the shared data; `None`, said on standard error, where it is not.
fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ISOTHERM_SHARED").map_or_else(|| repository("../shared"), PathBuf::from);
    let path = root.join("data").join(path);
    if path.is_file() {
        return Some(path);
    }
    let _ = writeln!(std::io::stderr(), "skipped: there is no {}", path.display());
    None
}
