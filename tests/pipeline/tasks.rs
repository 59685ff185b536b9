//! The tasks on a user's own files, in every format in and out.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use super::bench::{Bench, Ended};

const HOURS: usize = 24 * 40;

/// The smoke pipeline's model, and a series with a gap of thirty hours.
struct Desk {
    bench: Bench,
}

impl Desk {
    fn new() -> Desk {
        let desk = Desk { bench: Bench::after_smoke() };
        fs::write(desk.path("gaps.csv"), series(|hour| (300..330).contains(&hour))).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.bench.data().join(name)
    }

    fn task(&self, name: &str, input: &str, output: &str, options: &[&str]) -> Ended {
        let (model, input, output) = (self.bench.result("model"), self.path(input), self.path(output));
        let [model, input, output] = [&model, &input, &output].map(|path| path.to_str().unwrap());
        let words = [name, "--model", model, "--input", input, "--output", output];
        self.bench.xtask(&[&words[..], options].concat())
    }

    fn done(&self, name: &str, input: &str, output: &str, options: &[&str]) {
        let ended = self.task(name, input, output, options);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }

    /// The task must be refused with exactly this, and leave nothing.
    fn refused(&self, name: &str, input: &str, output: &str, options: &[&str], wanted: &str) {
        let ended = self.task(name, input, output, options);
        assert_ne!(ended.code, Some(0));
        let first =
            ended.errors().first().unwrap_or(&"").replace(&format!("{}/", self.bench.data().display()), "");
        assert_eq!(first, wanted, "{}", ended.stderr);
        assert!(!self.path(output).exists());
    }
}

fn series(is_missing: impl Fn(usize) -> bool) -> String {
    let mut text = "time,t2m [K]\n".to_string();
    for hour in 0..HOURS {
        let value = 278.0
            + 4.0 * ((hour as f64 - 9.0) / 24.0 * std::f64::consts::TAU).sin()
            + (hour as f64 / 37.0).cos();
        let value = if is_missing(hour) { String::new() } else { format!("{value:.2}") };
        let (month, day) = if hour / 24 < 31 { (1, hour / 24 + 1) } else { (2, hour / 24 - 30) };
        writeln!(text, "2020-{month:02}-{day:02}T{:02}:00Z,{value}", hour % 24).unwrap();
    }
    text
}

#[test]
fn every_format_goes_in_and_out_and_observed_hours_keep_their_bits() {
    let desk = Desk::new();
    desk.done("impute", "gaps.csv", "a.parquet", &["--members", "10"]);
    let table = tables::read(&desk.path("a.parquet"), &[]).unwrap();
    let (values, imputed) = (table.f32s("t2m").unwrap(), table.u8s("t2m_imputed").unwrap());
    assert_eq!(imputed.iter().filter(|imputed| **imputed == 1).count(), 30);
    let text = fs::read_to_string(desk.path("gaps.csv")).unwrap();
    for (hour, line) in text.lines().skip(1).enumerate().filter(|(hour, _)| imputed[*hour] == 0) {
        let wanted: f32 = line.split(',').nth(1).unwrap().parse().unwrap();
        assert_eq!(values[hour].to_bits(), wanted.to_bits(), "{line}");
    }
    // Nothing is missing any more, so each further pass only changes the format.
    desk.done("impute", "a.parquet", "b.nc", &["--members", "1"]);
    desk.done("impute", "b.nc", "c.csv", &["--members", "1"]);
    desk.done("impute", "c.csv", "d.parquet", &["--members", "1"]);
    let last = tables::read(&desk.path("d.parquet"), &[]).unwrap();
    assert_eq!(last.column("t2m").unwrap(), table.column("t2m").unwrap());
    assert_eq!(last.times("time").unwrap(), table.times("time").unwrap());
}

#[test]
fn a_forecast_follows_the_series() {
    let desk = Desk::new();
    let options = ["--hours", "5", "--members", "20", "--threshold", "273.15", "--write-members"];
    desk.done("forecast", "gaps.csv", "f.parquet", &options);
    let table = tables::read(&desk.path("f.parquet"), &[]).unwrap();
    assert_eq!(table.i32s("horizon").unwrap(), [1, 2, 3, 4, 5]);
    assert!(table.f32s("t2m_above_273.15").unwrap().iter().all(|share| (0.0..=1.0).contains(share)));
    assert!(table.column("t2m_member_19").is_ok());
}

#[test]
fn a_spike_is_found_and_its_event_listed_beside() {
    let desk = Desk::new();
    let spiked = series(|_| false).replace("2020-01-20T12:00Z,2", "2020-01-20T12:00Z,3");
    fs::write(desk.path("spiked.csv"), spiked).unwrap();
    desk.done("detect", "spiked.csv", "d.nc", &[]);
    let events = fs::read_to_string(desk.path("d.events.csv")).unwrap();
    assert_eq!(events.lines().next(), Some("event,kind,start,end,evidence,expected_per_year"));
    assert!(events.contains(",2020-01-20T12:00Z,2020-01-20T13:00Z,"), "{events}");
}

#[test]
fn a_model_folder_works_elsewhere_and_says_what_it_misses() {
    let desk = Desk::new();
    fs::remove_file(desk.bench.result("model/detector.json")).unwrap();
    let model = desk.bench.result("model");
    let ended = desk.task("detect", "gaps.csv", "d.csv", &[]);
    let wanted = format!(
        "{} has no detector.json, which calibrate makes: run `cargo xtask run-all`, or `cargo xtask run calibrate`",
        model.display()
    );
    assert_eq!(ended.errors(), [wanted]);
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_written() {
    let desk = Desk::new();
    let given = "the command line: [forecast]";
    desk.refused(
        "forecast",
        "gaps.csv",
        "f.csv",
        &["--hours", "241"],
        &format!("{given} hours is 241; wanted 1 to 240"),
    );
    desk.refused(
        "forecast",
        "gaps.csv",
        "f.csv",
        &["--threshold", "0"],
        "the threshold 0 K is nothing that t2m can be; wanted 170.00 to 340.00 K",
    );
    let short: Vec<String> = series(|_| false).lines().take(1 + 671).map(str::to_string).collect();
    fs::write(desk.path("short.csv"), short.join("\n")).unwrap();
    desk.refused(
        "impute",
        "short.csv",
        "i.csv",
        &[],
        "the series has 671 hours; the model looks at 672 or more (28 days): give it a longer one",
    );
}

#[test]
fn the_stages_of_a_pipeline_run_where_its_file_has_their_tables() {
    let bench = Bench::after_smoke();
    let ended = bench.xtask(&["run", "impute", "smoke"]);
    assert_eq!(
        ended.errors(),
        [
            "pipelines/smoke.toml: has no table [impute], and impute runs only in pipelines that have it; add the line \
          [impute], if only with nothing below it"
        ]
    );
    let ended = bench.xtask(&["run", "forecast", "smoke", "--set", "forecast.hours=6"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(tables::read(&bench.result("forecast.parquet"), &[]).unwrap().rows(), 6);
}
