//! The tasks on a user's file, with the smoke pipeline's model.

use std::fs;
use std::path::{Path, PathBuf};

use tables::{Column, Table, Values};

use super::bench::{Bench, Ended};

/// A pipeline file that says how the tests' tables are read.
const READ_AS: &str = "\
[ingest]
files = [\"series.parquet\"]
latitude_deg = 48.45
longitude_deg = 5.59

[ingest.station]
time = [\"time\"]

[ingest.station.columns]
t2m = { column = \"t2m\", unit = \"K\" }
";

/// Hours of the smoke pipeline's series, from its second day on.
fn series(bench: &Bench, hours: usize) -> (Vec<i64>, Vec<f32>) {
    let table = tables::read(&bench.result("observed.parquet"), &[]).unwrap();
    let (times, values) = (table.times("time").unwrap(), table.f32s("t2m").unwrap());
    (times[24..24 + hours].to_vec(), values[24..24 + hours].to_vec())
}

fn write_series(folder: &Path, times: Vec<i64>, values: Vec<f32>) -> (String, String) {
    let (input, pipeline) = (folder.join("series.parquet"), folder.join("station.toml"));
    let time = Column::new("time", Values::Time(times));
    let table = Table::new(vec![time, Column::with_unit("t2m", "K", Values::Float32(values))]);
    tables::write(&input, &table).unwrap();
    fs::write(&pipeline, READ_AS).unwrap();
    (input.display().to_string(), pipeline.display().to_string())
}

struct Desk {
    bench: Bench,
    model: String,
    input: String,
    pipeline: String,
    /// The series as it is in the file.
    values: Vec<f32>,
}

impl Desk {
    /// A series of so many hours, changed.
    fn with(hours: usize, change: impl Fn(&mut [f32])) -> Desk {
        let bench = Bench::after_smoke();
        let model = bench.result("model").display().to_string();
        let (times, mut values) = series(&bench, hours);
        change(&mut values);
        let (input, pipeline) = write_series(bench.data(), times, values.clone());
        Desk { bench, model, input, pipeline, values }
    }

    fn output(&self, name: &str) -> PathBuf {
        self.bench.data().join(name)
    }

    fn run(&self, task: &str, output: &str, more: &[&str]) -> Ended {
        let output = self.output(output).display().to_string();
        let arguments = [task, "--model", &self.model, "--input", &self.input, "--as", &self.pipeline];
        self.bench.xtask(&[&arguments[..], &["--output", &output], more].concat())
    }

    /// Runs a task that must end with that error and write nothing.
    fn refuse(&self, task: &str, more: &[&str], message: &str) {
        let ended = self.run(task, "answer.parquet", more);
        assert_ne!(ended.code, Some(0));
        assert!(ended.stderr.contains(message), "{message:?} is not in {}", ended.stderr);
        assert!(!self.output("answer.parquet").exists());
        assert_eq!(leftovers(&self.bench.data().join("cache")), Vec::<String>::new());
    }
}

fn leftovers(cache: &Path) -> Vec<String> {
    let names = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(".tmp")).collect()
}

#[test]
fn hours_that_were_seen_come_back_as_they_were_and_the_others_filled() {
    let desk = Desk::with(960, |values| {
        values[400..430].fill(f32::NAN);
        values[7..].iter_mut().step_by(50).for_each(|hour| *hour = f32::NAN);
    });
    let ended = desk.run("impute", "filled.parquet", &["--members", "20", "--write-members"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let table = tables::read(&desk.output("filled.parquet"), &[]).unwrap();
    let (filled, imputed) = (table.f32s("t2m").unwrap(), table.u8s("t2m_imputed").unwrap());
    let (low, high) = (table.f32s("t2m_p05").unwrap(), table.f32s("t2m_p95").unwrap());
    for (hour, seen) in desk.values.iter().enumerate() {
        assert_eq!(imputed[hour], u8::from(seen.is_nan()), "hour {hour}");
        match seen.is_nan() {
            true => assert!(low[hour] < filled[hour] && filled[hour] < high[hour], "hour {hour}"),
            false => assert_eq!(filled[hour].to_bits(), seen.to_bits(), "hour {hour}"),
        }
    }
    table.column("t2m_member_19").unwrap();
    let first = fs::read(desk.output("filled.parquet")).unwrap();
    desk.run("impute", "again.parquet", &["--members", "20", "--write-members"]);
    assert!(first == fs::read(desk.output("again.parquet")).unwrap(), "the same request gave other bytes");
}

#[test]
fn a_forecast_in_csv_has_a_row_an_hour_and_what_is_above_a_threshold() {
    let desk = Desk::with(960, |_| ());
    let more = ["--hours", "5", "--members", "50", "--threshold", "200", "--threshold", "290"];
    let ended = desk.run("forecast", "next.csv", &more);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let text = fs::read_to_string(desk.output("next.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "time,local_time,horizon,t2m_mean,t2m_p05,t2m_p25,t2m_median,t2m_p75,t2m_p95,p_above_200,p_above_290"
    );
    assert_eq!(lines.len(), 6);
    let horizons: Vec<&str> = lines[1..].iter().filter_map(|line| line.split(',').nth(2)).collect();
    assert_eq!(horizons, ["1", "2", "3", "4", "5"]);
    assert_eq!(lines[5].split(',').nth(9), Some("1.0"));
}

#[test]
fn a_sensor_that_stands_still_is_an_event() {
    let desk = Desk::with(960, |values| {
        let held = values[500];
        values[500..560].fill(held);
    });
    let ended = desk.run("detect", "checked.csv", &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let events = fs::read_to_string(desk.output("checked.events.csv")).unwrap();
    assert!(events.starts_with("kind,start,end,expected_per_year,evidence\n"), "{events}");
    assert!(events.contains("\nstuck,") && events.contains(" K repeated 59 times"), "{events}");
    assert_eq!(fs::read_to_string(desk.output("checked.csv")).unwrap().lines().count(), 961);
}

#[test]
fn series_that_cannot_be_used_are_refused() {
    let desk = Desk::with(671, |_| ());
    let message = "the series has 671 hours; the model looks at 672 or more (28 days): give it a longer one";
    desk.refuse("impute", &[], message);
    desk.refuse("forecast", &[], message);
    desk.refuse("detect", &[], message);
}

#[test]
fn settings_out_of_range_are_refused() {
    let desk = Desk::with(960, |_| ());
    desk.refuse("forecast", &["--hours", "241"], "[forecast] hours is 241; wanted 1 to 240");
    desk.refuse("forecast", &["--hours", "0"], "[forecast] hours is 0; wanted 1 to 240");
    let message = "the threshold 20 is no value that t2m can have; wanted 170 to 340 K";
    desk.refuse("forecast", &["--threshold", "20"], message);
    let message = "[detect] false_alarms_per_year is 400; wanted 0.01 to 365";
    desk.refuse("detect", &["--false-alarms-per-year", "400"], message);
    desk.refuse("impute", &["--members", "0"], "[impute] members is 0; wanted 1 to 10000");
}

#[test]
fn outputs_and_models_that_cannot_be_used_are_refused_before_anything_runs() {
    let mut desk = Desk::with(960, |_| ());
    let ended = desk.run("impute", "answer.xlsx", &[]);
    let wanted = "; wanted a name that ends in .parquet or .csv";
    assert!(ended.errors()[0].ends_with(wanted), "{}", ended.stderr);
    let ended = desk.run("impute", "no/answer.csv", &[]);
    assert!(ended.errors()[0].ends_with("/no, and there is no such folder"), "{}", ended.stderr);
    desk.model = desk.bench.data().display().to_string();
    let wanted = format!(
        "{} has no config.json, so it is not a whole model; wanted the folder `model` that `cargo xtask run-all` leaves in \
         data/runs/PIPELINE, or a copy of it",
        desk.model
    );
    assert_eq!(desk.run("impute", "answer.csv", &[]).errors(), [wanted]);
}

#[test]
fn a_copy_of_the_model_folder_is_enough_and_another_format_is_said() {
    let mut desk = Desk::with(960, |values| values[400..430].fill(f32::NAN));
    let copy = desk.output("elsewhere");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(&desk.model).unwrap() {
        let entry = entry.unwrap();
        fs::write(copy.join(entry.file_name()), fs::read(entry.path()).unwrap()).unwrap();
    }
    desk.model = copy.display().to_string();
    assert_eq!(desk.run("impute", "filled.csv", &["--members", "3"]).code, Some(0));
    let config = fs::read_to_string(copy.join("config.json")).unwrap();
    fs::write(copy.join("config.json"), config.replacen("\"format\": 2", "\"format\": 9", 1)).unwrap();
    desk.refuse("impute", &[], "config.json has artifact format 9, this version reads format 2");
}
