//! Archives read as what they hold.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use contract::stage::{Inputs, Outputs, Stage};
use ingest::{Config, Ingest};
use serde_json::json;
use tables::Table;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::fixture::{config, config_at, hourly, input, shared_case, station_config};
use crate::inspect::inspect;

fn run(config: &Config, paths: &[PathBuf]) -> Result<Table, String> {
    let folder = tempfile::tempdir().unwrap();
    let outputs = Outputs { folder: folder.path().join("out"), work: folder.path().join("work") };
    std::fs::create_dir(&outputs.folder).unwrap();
    std::fs::create_dir(&outputs.work).unwrap();
    let files = paths.iter().map(|path| input(path)).collect();
    let ran = Ingest::run(config, &Inputs(BTreeMap::from([("files".to_string(), files)])), &outputs);
    assert!(std::fs::read_dir(&outputs.work).unwrap().next().is_none(), "something is left of the archive");
    ran.map_err(|error| format!("{error:#}"))?;
    Ok(tables::read(&outputs.file("series.parquet"), &[]).unwrap())
}

fn write(path: &Path, members: &[(&str, Vec<u8>)]) {
    let mut writer = ZipWriter::new(File::create(path).unwrap());
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn the_archive_of_the_climate_data_store_is_its_two_files() {
    let files = ["download.nc", "data_stream-oper_stepType-accum.nc", "data_stream-oper_stepType-instant.nc"];
    let files = files.map(|name| shared_case(&format!("01-cds-zip/{name}")));
    let [Some(archive), Some(accumulated), Some(instant)] = files else { return };
    let config = config_at(48.5, 5.5, &["t2m", "tp"]);
    let table = run(&config, std::slice::from_ref(&archive)).unwrap();
    assert_eq!(table, run(&config, &[accumulated, instant]).unwrap());
    assert_eq!(table.rows(), 744);
    let (text, report) = inspect(std::slice::from_ref(&archive));
    assert!(
        text.contains("download.nc (its member \"data_stream-oper_stepType-accum.nc\"), NetCDF-4"),
        "{text}"
    );
    let proposed = report["together"]["ingest"].as_str().unwrap();
    assert!(proposed.contains("01-cds-zip/download.nc\"]\n"), "{proposed}");
    assert!(proposed.contains("variables = [\"t2m\", \"tp\"]"), "{proposed}");
}

#[test]
fn a_fault_of_a_member_names_the_archive_and_the_member() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, path) = (folder.path().join("a.nc"), folder.path().join("x.zip"));
    hourly(0, &[280.0, 281.0]).write(&whole);
    let mut bytes = std::fs::read(&whole).unwrap();
    write(&path, &[("../a.nc", bytes.clone())]);
    assert_eq!(run(&config(), std::slice::from_ref(&path)).unwrap().f32s("t2m").unwrap(), [280.0, 281.0]);
    let length = bytes.len();
    bytes.truncate(length - 4);
    write(&path, &[("../a.nc", bytes)]);
    assert_eq!(
        run(&config(), &[path.clone()]).unwrap_err(),
        format!(
            "{} (its member \"../a.nc\") is truncated: its header promises {length} bytes, it has {}; download or copy it \
             again",
            path.display(),
            length - 4
        )
    );
}

#[test]
fn a_stations_table_is_read_from_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("produkt.zip");
    let metadata = b"what the station is\n".to_vec();
    write(
        &path,
        &[
            ("readme.txt", metadata),
            ("produkt.csv", b"time,t\n2020-01-01 00:00,280\n2020-01-01 01:00,281\n".to_vec()),
        ],
    );
    let station = json!({"time": "time", "columns": {"t2m": {"column": "t", "unit": "K"}}});
    let config = station_config(&["t2m"], station);
    assert_eq!(run(&config, &[path.clone()]).unwrap().f32s("t2m").unwrap(), [280.0, 281.0]);
    write(&path, &[("produkt.csv", b"time,t\n2020-01-01 00:00,cold\n".to_vec())]);
    assert_eq!(
        run(&config, &[path.clone()]).unwrap_err(),
        format!(
            "{} (its member \"produkt.csv\"): line 2: t has \"cold\"; wanted a number: correct it, or list it under missing in \
             [ingest.station] if it means that there is no value",
            path.display()
        )
    );
}
