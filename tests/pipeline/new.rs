//! `new`: what it writes is a pipeline that its reader can run, and what it cannot use it says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use super::bench::{Bench, Ended, ended, root};
use super::reference::{build_stages, schema, tables};
use super::schema::faults;
use super::truth::refused;

const SAMPLE: &str = "data/era5_la_haute_borne_1999_2020.nc";

/// The options for the sample, without those for the time zone.
const PLACE: &[&str] = &["--latitude", "48.45", "--longitude", "5.59", "--files", SAMPLE];

/// `xtask new` in a repository of its own, without a terminal.
fn new(bench: &Bench, arguments: &[&str]) -> Ended {
    let copy = bench.data();
    fs::copy(root().join("Cargo.toml"), copy.join("Cargo.toml")).unwrap();
    let mut command = bench.command_in(copy, &[&["new"], arguments].concat());
    ended(command.stdin(Stdio::null()))
}

fn written(bench: &Bench) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(bench.data().join("pipelines")) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Options that are refused with this error, and leave nothing.
fn check(arguments: &[&str], error: &str) {
    let bench = Bench::new();
    let ended = new(&bench, arguments);
    assert_eq!((ended.code, ended.errors()), (Some(2), vec![error]), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    assert_eq!(written(&bench), Vec::<PathBuf>::new());
}

fn taken_by_all_stages(bench: &Bench, tables: &Value) {
    for name in ["ingest", "preprocess", "train", "generate", "evaluate", "report"] {
        assert_eq!(refused(bench, name, tables), None, "{name}");
    }
}

fn read(file: &Path) -> Value {
    tables(&fs::read_to_string(file).unwrap())
}

#[test]
fn what_is_written_is_valid_and_its_first_stage_runs() {
    let bench = Bench::new();
    let arguments = [&["haute-borne", "--utc-offset-hours", "1", "--years", "1999", "2018"], PLACE].concat();
    let ended = new(&bench, &arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "pipelines/haute-borne.toml\ncargo xtask run-all haute-borne\n");
    let file = bench.data().join("pipelines/haute-borne.toml");
    assert_eq!(faults(&schema(), &read(&file)), Vec::<String>::new());
    let ended = bench.xtask(&["run", "ingest", file.to_str().unwrap()]);
    assert_eq!((ended.code, ended.ran()), (Some(0), vec!["ingest".to_string()]), "{}", ended.stderr);
    assert!(bench.data().join("runs/haute-borne/run.json").is_file());
    taken_by_all_stages(&bench, &read(&file));
}

#[test]
fn what_is_written_for_a_download_is_valid() {
    for kind in ["cds", "open-meteo"] {
        let bench = Bench::new();
        let days = ["--start", "1961-01-01", "--end", "2020-12-31"];
        let place =
            ["--latitude", "-33.87", "--longitude", "151.21", "--variable", "d2m", "--title", "Sydney \"1\""];
        let arguments = [&["au/sydney", "--source", kind][..], &days, &place].concat();
        let ended = new(&bench, &arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let file = bench.data().join("pipelines/au/sydney.toml");
        let tables = read(&file);
        assert_eq!(faults(&schema(), &tables), Vec::<String>::new());
        assert_eq!(tables["preprocess"]["utc_offset"], "+10:00");
        assert_eq!(tables["report"]["title"], "Sydney \"1\"");
        build_stages();
        taken_by_all_stages(&bench, &tables);
    }
}

#[test]
fn the_time_of_the_sun_is_noted_and_missing_files_are_said() {
    let bench = Bench::new();
    let ended = new(&bench, &[&["haute-borne", "--json"], PLACE].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        ended.stderr,
        "note: no file matches data/era5_la_haute_borne_1999_2020.nc yet; put them there\n\
         note: utc_offset is +00:00, the solar time of the longitude; the civil standard time of the place may be \
         another: look it up, and change [preprocess] utc_offset in pipelines/haute-borne.toml\n"
    );
    let printed: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        printed,
        json!({"pipeline": "pipelines/haute-borne.toml", "next": "cargo xtask run-all haute-borne"})
    );
}

#[test]
fn files_that_are_there_are_counted() {
    let bench = Bench::new();
    fs::create_dir(bench.data().join("mine")).unwrap();
    for name in ["a.nc", "b.nc"] {
        fs::write(bench.data().join("mine").join(name), "").unwrap();
    }
    let place = ["--latitude", "48.45", "--longitude", "5.59", "--utc-offset-hours", "1"];
    let ended = new(&bench, &[&["mine", "--files", "mine/*.nc"], &place[..]].concat());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), "2 files are there\n"));
}

#[test]
fn a_file_that_is_there_is_replaced_only_on_demand() {
    let bench = Bench::new();
    let folder = bench.data().join("pipelines");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("mine.toml"), "# mine\n").unwrap();
    let ended = new(&bench, &[&["mine"], PLACE].concat());
    assert_eq!(ended.code, Some(2));
    assert_eq!(
        ended.errors(),
        ["pipelines/mine.toml is there already; choose another name, or replace it with --force"]
    );
    assert_eq!(fs::read_to_string(folder.join("mine.toml")).unwrap(), "# mine\n");
    assert_eq!(new(&bench, &[&["mine", "--force"], PLACE].concat()).code, Some(0));
    assert_eq!(read(&folder.join("mine.toml"))["ingest"]["latitude_deg"], 48.45);
    assert_eq!(written(&bench).len(), 1, "no draft is left");
}

#[test]
fn what_cannot_be_used_is_said_and_nothing_is_written() {
    check(
        &["paris"],
        "this is no terminal, so nothing can be asked; missing: --latitude DEGREES, --longitude DEGREES, --files GLOB... \
         (or --source cds|open-meteo --start DAY --end DAY)",
    );
    check(
        &[&["../paris"], PLACE].concat(),
        "the name is \"../paris\"; wanted the name of a file below pipelines/, of letters, digits, - and _, such as \
         paris or france/paris",
    );
    check(
        &["paris", "--latitude", "90.5", "--longitude", "5.59", "--files", SAMPLE],
        "--latitude is \"90.5\"; wanted -90 to 90 degrees, north positive",
    );
    check(
        &["paris", "--latitude", "48.45", "--longitude", "-181", "--files", SAMPLE],
        "--longitude is \"-181\"; wanted -180 to 360 degrees, east positive",
    );
    check(
        &[&["paris", "--source", "cds"], PLACE].concat(),
        "--files and --source are both given; wanted one of them",
    );
    check(
        &[&["paris", "--utc-offset-hours", "15"], PLACE].concat(),
        "--utc-offset-hours is \"15\"; wanted the hours ahead of UTC, such as -7 or 5.5, at most 14",
    );
    check(
        &[&["paris", "--years", "2018", "1999"], PLACE].concat(),
        "--years is \"2018 1999\"; wanted the first and the last local year, such as 1991 2020",
    );
    check(
        &[&["paris", "--variable", "t2n"], PLACE].concat(),
        "--variable has \"t2n\"; wanted t2m, d2m, u10, v10, u100, v100, sp, msl, ssrd, tp; did you mean \"t2m\"?",
    );
}

#[test]
fn a_stations_table_gets_its_columns_and_its_first_stage_runs() {
    build_stages();
    let bench = Bench::new();
    fs::create_dir(bench.data().join("mine")).unwrap();
    let hours = (0..24 * 40).map(|hour| {
        let (day, hour) = (hour / 24, hour % 24);
        let (month, day) = if day < 31 { (1, day + 1) } else { (2, day - 30) };
        format!("2001-{month:02}-{day:02} {hour:02}:00,{}.5\n", hour % 20)
    });
    let text: String = ["time,temperature (degC)\n".to_string()].into_iter().chain(hours).collect();
    let table = bench.data().join("mine/station.csv");
    fs::write(&table, text).unwrap();
    let place = ["--latitude", "48.45", "--longitude", "5.59", "--utc-offset-hours", "1"];
    let binaries = Bench::binaries();
    let folder = ["--bin-dir", binaries.to_str().unwrap()];
    let ended = new(&bench, &[&["mine", "--files", "mine/*.csv"], &place[..], &folder].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(
            "note: [ingest.station] in pipelines/mine.toml is a guess at the tables' columns, units and times: look it \
             through\n"
        ),
        "{}",
        ended.stderr
    );
    let file = bench.data().join("pipelines/mine.toml");
    let tables = read(&file);
    assert_eq!(faults(&schema(), &tables), Vec::<String>::new());
    assert_eq!(tables["ingest"]["station"]["columns"]["t2m"]["column"], "temperature (degC)");
    assert_eq!(tables["ingest"]["station"]["columns"]["t2m"]["unit"], "degC");
    let files = format!("ingest.files=[{:?}]", table.display().to_string());
    let ended = bench.xtask(&["run", "ingest", file.to_str().unwrap(), "--set", &files]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
