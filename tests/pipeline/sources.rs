//! From a key to a series: the download and what `ingest` makes of it, against a local server that
//! speaks the store's API.

use std::fs;
use std::path::Path;

use cds_server::{Server, Settings};

use super::bench::{Bench, Ended, ended};

const PIPELINE: &str = "\
[ingest]
source = { kind = \"cds\", start = \"2001-01-01\", end = \"2001-03-31\" }
latitude_deg = 48.45
longitude_deg = 5.59

[preprocess]
utc_offset = \"+01:00\"
";

fn run(bench: &Bench, server: &Server, key: &str, arguments: &[&str]) -> Ended {
    let file = bench.data().join("paris.toml");
    fs::write(&file, PIPELINE).unwrap();
    let mut command = bench.command(&[&["run", "ingest", file.to_str().unwrap()], arguments].concat());
    ended(command.env("CDSAPI_URL", server.api()).env("CDSAPI_KEY", key))
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_key_becomes_a_series_and_is_written_nowhere() {
    let settings = Settings::default();
    let key = settings.key.clone();
    let server = Server::start(settings).unwrap();
    for more in
        [[].as_slice(), &["--set", "ingest.source.dataset=gridded", "--set", "ingest.interpolation=bilinear"]]
    {
        let bench = Bench::new();
        let done = run(&bench, &server, &key, more);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let table = tables::read(&bench.data().join("runs/paris/series.parquet"), &[]).unwrap();
        assert_eq!(table.rows(), (31 + 28 + 31) * 24);
        let sane = |value: &f32| (200.0..330.0).contains(value);
        assert!(table.f32s("t2m").unwrap().iter().all(sane));

        // The second time neither the server nor the stage is needed.
        let asked = server.requests().len();
        let again = run(&bench, &server, "no such key", more);
        assert_eq!((again.code, again.ran().len()), (Some(0), 0), "{}", again.stderr);
        assert_eq!(server.requests().len(), asked);

        assert!(!done.stderr.contains(&key));
        for file in files(bench.data()) {
            let bytes = fs::read(&file).unwrap();
            let found = bytes.windows(key.len()).any(|part| part == key.as_bytes());
            assert!(!found, "the key is in {}", file.display());
        }
    }
}

#[test]
fn without_a_key_the_series_is_marked_as_not_bit_equal() {
    let server = Server::start(Settings::default()).unwrap();
    let bench = Bench::new();
    let url = format!("ingest.source.url={}/v1/archive", server.origin());
    let done = run(&bench, &server, "", &["--set", "ingest.source.kind=open-meteo", "--set", &url]);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let folder = bench.data().join("runs/paris");
    let table = tables::read(&folder.join("series.parquet"), &[]).unwrap();
    assert_eq!(table.rows(), (31 + 28 + 31) * 24);
    let source = fs::read_to_string(folder.join("source.json")).unwrap();
    assert!(source.contains("not bit-equal to the Climate Data Store's"), "{source}");
}

#[test]
fn a_wrong_key_is_said_and_nothing_is_left() {
    let server = Server::start(Settings::default()).unwrap();
    let bench = Bench::new();
    let done = run(&bench, &server, "not-the-key", &[]);
    assert_eq!(done.code, Some(1));
    assert!(done.stderr.contains("stopped at fetch"), "{}", done.stderr);
    assert!(!done.stderr.contains("not-the-key"), "{}", done.stderr);
    assert!(!bench.data().join("runs/smoke").exists());
    assert_eq!(bench.entries("ingest").len(), 0);
}
