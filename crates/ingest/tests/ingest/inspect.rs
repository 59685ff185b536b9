//! `inspect`: what people and programs read about files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::stage::{Inputs, Outputs, Stage};
use ingest::Inspect;
use serde_json::Value;

use crate::fixture::{Data, hourly, input, sample, var};

pub fn inspect(paths: &[PathBuf]) -> (String, Value) {
    let folder = tempfile::tempdir().unwrap();
    let files = paths.iter().map(|path| input(path)).collect();
    let outputs = Outputs { folder: folder.path().to_path_buf(), work: folder.path().to_path_buf() };
    Inspect::run(&(), &Inputs(BTreeMap::from([("files".to_string(), files)])), &outputs).unwrap();
    let read = |name: &str| std::fs::read_to_string(outputs.file(name)).unwrap();
    (read("inspect.txt"), serde_json::from_str(&read("inspect.json")).unwrap())
}

fn check(paths: &[PathBuf], folder: &Path, expected: &str) {
    let (text, _) = inspect(paths);
    assert_eq!(text.replace(&folder.display().to_string(), "{}"), expected);
}

#[test]
fn the_embedded_sample_is_described() {
    // Tests run in the folder of their crate, which is left out of what is shown.
    check(
        &[sample()],
        Path::new("../../data"),
        "{}/era5_la_haute_borne_1999_2020.nc, NetCDF-4, 2.1 MB\n  \
           time      1999-01-01T00:00 to 2020-05-08T21:00 UTC, hourly, 187172 values, 2 missing (2020-05-05T22:00: 2 h), none preliminary\n  \
           grid      one point, 48.45 N 5.59 E\n  \
           t2m       2 metre temperature, K, float32 (valid_time 187172, latitude 1, longitude 1)\n  \
           u100      100 metre U wind component, m s**-1, float32 (valid_time 187172, latitude 1, longitude 1)\n  \
           v100      100 metre V wind component, m s**-1, float32 (valid_time 187172, latitude 1, longitude 1)\n  \
           sp        Surface pressure, Pa, float32 (valid_time 187172, latitude 1, longitude 1)\n  \
           others    number, valid_time, latitude, longitude\n\n\
         In a pipeline file, with the place moved to where it should be:\n\n\
         [ingest]\n\
         files = [\"{}/era5_la_haute_borne_1999_2020.nc\"]\n\
         latitude_deg = 48.45\n\
         longitude_deg = 5.59\n\
         variables = [\"t2m\", \"u100\", \"v100\", \"sp\"]\n",
    );
}

#[test]
fn a_licence_is_shown_where_the_file_states_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.nc");
    hourly(0, &[280.0]).write_with(&path, &[("license", "CC-BY-4.0"), ("institution", "An institute")]);
    let (text, report) = inspect(&[path]);
    assert!(text.contains("\n  licence   CC-BY-4.0\n"), "{text}");
    assert_eq!(report["files"][0]["credit"]["sources"][0], "An institute");
}

#[test]
fn several_files_are_described_one_by_one_and_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    hourly(0, &[280.0, 281.0]).write(&path("a.nc"));
    let mut file = hourly(4, &[282.0; 3]);
    file.dimensions.push(("expver", 2));
    file.variables.push(var("expver", &["expver"], Data::I32(vec![1, 5])));
    let nan = f32::NAN;
    file.variables[3] = var(
        "VAR_2T",
        &["time", "expver", "latitude", "longitude"],
        Data::F32(vec![280.0, nan, nan, 281.0, nan, 282.0]),
    )
    .text("units", "K")
    .text("long_name", "2 metre temperature");
    file.write(&path("b.nc"));
    std::fs::write(path("c.nc"), "PK\u{3}\u{4}").unwrap();
    check(
        &[path("c.nc"), path("b.nc"), path("a.nc")],
        folder.path(),
        "{}/a.nc, NetCDF-3 with 64-bit offsets, 1 kB\n  \
           time      2000-01-01T00:00 to 2000-01-01T01:00 UTC, hourly, 2 values, none missing, none preliminary\n  \
           grid      one point, 48.5 N 5.5 E\n  \
           t2m       no long name, K, float32 (time 2, latitude 1, longitude 1)\n  \
           others    time, latitude, longitude\n\n\
         {}/b.nc, NetCDF-3 with 64-bit offsets, 1 kB\n  \
           time      2000-01-01T04:00 to 2000-01-01T06:00 UTC, hourly, 3 values, none missing, 2 preliminary\n  \
           grid      one point, 48.5 N 5.5 E\n  \
           versions  expver, a dimension of its own\n  \
           t2m       2 metre temperature (called VAR_2T), K, float32 (time 3, expver 2, latitude 1, longitude 1)\n  \
           others    time, latitude, longitude, expver\n\n\
         {}/c.nc, ZIP, 1 kB\n  \
           cannot be used: {}/c.nc: it is a damaged ZIP archive; download or copy it again: invalid Zip archive: Could not find EOCD\n\n\
         all 3 files: 2000-01-01T00:00 to 2000-01-01T06:00 UTC, hourly, 5 values, 2 missing (2000-01-01T02:00: 2 h), 2 preliminary\n\n\
         In a pipeline file, with the place moved to where it should be:\n\n\
         [ingest]\n\
         files = [\"{}/a.nc\", \"{}/b.nc\"]\n\
         latitude_deg = 48.5\n\
         longitude_deg = 5.5\n\
         variables = [\"t2m\"]\n",
    );
}

#[test]
fn programs_read_the_same_as_json() {
    let (_, json) = inspect(&[sample()]);
    let file = &json["files"][0];
    assert_eq!(file["format"], "NetCDF-4");
    assert_eq!(file["span"]["gaps"][0], serde_json::json!({"from": "2020-05-05T22:00", "hours": 2}));
    let known =
        file["variables"].as_array().unwrap().iter().filter(|variable| !variable["known_as"].is_null());
    let known: Vec<_> = known.map(|variable| variable["known_as"].as_str().unwrap()).collect();
    assert_eq!(known, ["t2m", "u100", "v100", "sp"]);
    assert_eq!(json["together"]["span"], file["span"]);
}

#[test]
fn a_stations_table_is_described_with_how_to_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.csv");
    std::fs::write(
        &path,
        "Date/Time;Air temp;Dew point temp;Station pressure\r\n2020-01-01 00:00;1.5;0.2;1002\r\n2020-01-01 01:00;1;0.1;1002\r\n",
    )
    .unwrap();
    check(
        &[path],
        folder.path(),
        "{}/log.csv, text, 1 kB\n  \
           column    \"Date/Time\", for example \"2020-01-01 00:00\"\n  \
           column    \"Air temp\", for example \"1.5\"\n  \
           column    \"Dew point temp\", for example \"0.2\"\n  \
           column    \"Station pressure\", for example \"1002\"\n\n\
         In a pipeline file, with the place moved to where it should be:\n\n\
         [ingest]\n\
         files = [\"{}/log.csv\"]\n\
         latitude_deg = 48.45  # the station's\n\
         longitude_deg = 5.59\n\
         variables = [\"t2m\", \"d2m\", \"sp\"]\n\n\
         # time_zone: nothing says what the clock shows; UTC is a guess\n\
         # columns.t2m.unit: nothing says it; degC is a guess\n\
         # columns.d2m.unit: nothing says it; degC is a guess\n\
         # columns.sp.unit: nothing says it; hPa is a guess\n\
         [ingest.station]\n\
         delimiter = \";\"\n\
         time = \"Date/Time\"\n\
         time_zone = \"UTC\"\n\
         columns = { d2m = { column = \"Dew point temp\", unit = \"degC\" }, sp = { column = \"Station pressure\", unit = \"hPa\" }, t2m = { column = \"Air temp\", unit = \"degC\" } }\n",
    );
}

#[test]
fn the_csv_of_era5_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("era5.csv");
    let rows = "valid_time,t2m,latitude,longitude\n2020-01-01 00:00:00,280.5,48.45,5.59\n2020-01-01 01:00:00,281.5,48.45,5.59\n";
    std::fs::write(&path, rows).unwrap();
    check(
        &[path],
        folder.path(),
        "{}/era5.csv, CSV of ERA5, 1 kB\n  \
           time      2020-01-01T00:00 to 2020-01-01T01:00 UTC, hourly, 2 values, none missing, none preliminary\n  \
           grid      one point, 48.45 N 5.59 E\n  \
           t2m       2 metre temperature\n  \
           others    valid_time, latitude, longitude\n\n\
         In a pipeline file, with the place moved to where it should be:\n\n\
         [ingest]\n\
         files = [\"{}/era5.csv\"]\n\
         latitude_deg = 48.45\n\
         longitude_deg = 5.59\n\
         variables = [\"t2m\"]\n",
    );
}
