//! Any bytes, read as a NetCDF file: an answer, or a sentence that begins with the file's path.
//! Values are not judged; the test `damage` does that, from files that it knows.
//!
//! Seeds, and a run with the limits of that test:
//!
//! ```text
//! ISOTHERM_CORPUS=fuzz/corpus/read cargo test --workspace --features ingest/libnetcdf --test damage corpus
//! cargo +nightly fuzz run read -- -timeout=5 -rss_limit_mb=500 -max_len=100000
//! ```
#![no_main]

use std::io::Write;

use contract::variable::Variable;
use ingest::backend::Backend;
use ingest::hours::read_hours;
use ingest::{Config, Point};
use libfuzzer_sys::fuzz_target;

/// Half of the equator: every grid has a point as near as this.
const ANYWHERE_KM: f64 = 20_100.0;

fuzz_target!(|bytes: &[u8]| {
    let variables = ["t2m", "sp"].into_iter().filter_map(Variable::named).collect();
    let place = Point { latitude_deg: 50.25, longitude_deg: -0.5 };
    let config = Config { max_distance_km: ANYWHERE_KM, ..Config::of_place(variables, place) };
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("a temporary file");
    match read_hours(file.path(), &config, Backend::Pure) {
        Ok(columns) => {
            let mut hours = columns.iter().flat_map(|(_, hours)| hours);
            assert!(hours.all(|(_, value, _)| value.is_finite()));
        }
        Err(error) => assert!(error.to_string().starts_with(&file.path().display().to_string()), "{error:#}"),
    }
});
