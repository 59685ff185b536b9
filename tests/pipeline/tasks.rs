//! The tasks on a user's own files, in every format in and out.

use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::Stdio;

use super::bench::{Bench, Ended};
use super::kills::signal;

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
    assert_eq!(table.metadata["licence"], "CC-BY-4.0", "the model's data are ERA5");
    assert_eq!(last.metadata, table.metadata);
    let description = fs::read_to_string(desk.path("c.csv-metadata.json")).unwrap();
    let description: serde_json::Value = serde_json::from_str(&description).unwrap();
    assert_eq!(description["url"], "c.csv");
    assert_eq!(description["dc:license"][0]["@id"], "https://creativecommons.org/licenses/by/4.0/");
    assert!(
        description["schema:creditText"][0].as_str().unwrap().starts_with("Contains modified Copernicus")
    );
}

#[test]
fn a_result_names_the_licence_of_the_users_file_beside_the_models() {
    let desk = Desk::new();
    desk.done("impute", "gaps.csv", "here.nc", &["--members", "2"]);
    let mut bytes = fs::read(desk.path("here.nc")).unwrap();
    let (from, to) = (b"CC-BY-4.0", b"Custom-01");
    let at = bytes.windows(from.len()).position(|nine| nine == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
    fs::write(desk.path("there.nc"), bytes).unwrap();
    desk.done("detect", "there.nc", "d.csv", &[]);
    for name in ["d.csv-metadata.json", "d.events.csv-metadata.json"] {
        let text = fs::read_to_string(desk.path(name)).unwrap();
        let description: serde_json::Value = serde_json::from_str(&text).unwrap();
        let licences = &description["dc:license"];
        assert_eq!(licences[0]["@id"], "https://creativecommons.org/licenses/by/4.0/");
        assert_eq!(licences[1], "Custom-01");
    }
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
fn a_model_of_another_format_version_is_refused_by_name() {
    let desk = Desk::new();
    let path = desk.bench.result("model/generator.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"format\": 2", "\"format\": 1", 1)).unwrap();
    let ended = desk.task("impute", "gaps.csv", "i.csv", &[]);
    let wanted = format!(
        "{} has artifact format 1, this version reads format 2; make it again with this version (`cargo xtask run-all \
         --force`)",
        path.display()
    );
    assert_eq!(ended.errors().first().copied(), Some(wanted.as_str()), "{}", ended.stderr);
    assert!(!desk.path("i.csv").exists());
}

#[test]
fn a_series_from_far_away_is_done_with_a_warning() {
    let desk = Desk::new();
    desk.done("impute", "gaps.csv", "here.nc", &["--members", "2"]);
    // The latitude is a 64-bit float, big-endian.
    let mut bytes = fs::read(desk.path("here.nc")).unwrap();
    let transform = fs::read_to_string(desk.bench.result("model/transform.json")).unwrap();
    let transform: serde_json::Value = serde_json::from_str(&transform).unwrap();
    let here = transform["latitude_deg"].as_f64().unwrap();
    let at = bytes.windows(8).position(|eight| eight == here.to_be_bytes()).unwrap();
    bytes[at..at + 8].copy_from_slice(&(here - 10.0).to_be_bytes());
    fs::write(desk.path("there.nc"), bytes).unwrap();
    let ended = desk.task("forecast", "there.nc", "f.csv", &["--hours", "2", "--members", "4"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // Ten degrees of a meridian are 1,112 km.
    assert!(
        ended.stderr.contains("the series is from a place 1112.0 km from the model's; their climates are ")
    );
    assert!(desk.path("f.csv").exists());
}

#[test]
fn years_are_drawn_into_a_file_of_ones_own() {
    let desk = Desk::new();
    let model = desk.bench.result("model");
    let draw = |output: &str| {
        let path = desk.path(output);
        let words = ["generate", "--model", model.to_str().unwrap(), "--output", path.to_str().unwrap()];
        let ended =
            desk.bench.xtask(&[&words[..], &["--hours", "50", "--members", "2", "--seed", "3"]].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        fs::read(path).unwrap()
    };
    assert_eq!(draw("a.parquet"), draw("b.parquet"));
    let table = tables::read(&desk.path("a.parquet"), &[]).unwrap();
    assert_eq!(table.i32s("member").unwrap().iter().filter(|member| **member == 1).count(), 50);
}

#[test]
fn several_files_are_one_series() {
    let desk = Desk::new();
    let whole = series(|_| false);
    let lines: Vec<&str> = whole.lines().collect();
    fs::write(desk.path("whole.csv"), &whole).unwrap();
    fs::write(desk.path("first.csv"), lines[..500].join("\n")).unwrap();
    fs::write(desk.path("second.csv"), [&lines[..1], &lines[500..]].concat().join("\n")).unwrap();
    desk.done("forecast", "whole.csv", "a.csv", &["--hours", "3"]);
    let second = desk.path("second.csv");
    desk.done("forecast", "first.csv", "b.csv", &["--hours", "3", "--input", second.to_str().unwrap()]);
    assert_eq!(fs::read(desk.path("a.csv")).unwrap(), fs::read(desk.path("b.csv")).unwrap());
}

#[test]
fn ctrl_c_leaves_no_file() {
    let desk = Desk::new();
    let (model, input, output) =
        (desk.bench.result("model"), desk.path("gaps.csv"), desk.path("out.parquet"));
    let [model, input, output] = [&model, &input, &output].map(|path| path.to_str().unwrap());
    // Draws for long enough.
    let words = ["impute", "--model", model, "--input", input, "--output", output, "--members", "1000"];
    let before = fs::read_dir(desk.bench.data()).unwrap().count();
    let mut child = desk.bench.command(&words).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    lines.read_line(&mut said).unwrap();
    signal("-INT", &child);
    lines.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert_eq!(fs::read_dir(desk.bench.data()).unwrap().count(), before, "{said}");
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

#[test]
fn the_tasks_are_tried_on_held_out_years_and_reported() {
    let bench = Bench::after_smoke();
    // Five years to learn from, one of which validates, and one that is held out.
    let settings =
        ["preprocess.years=[1999,2004]", "preprocess.block_years=5", "preprocess.validation_years=1"];
    let settings = settings.iter().chain(&["trials.seed=1"]).flat_map(|setting| ["--set", setting]);
    let words: Vec<&str> = ["run-all", "smoke"].into_iter().chain(settings).collect();
    let ended = bench.xtask(&words);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let scores = fs::read_to_string(bench.result("tasks.json")).unwrap();
    let scores: serde_json::Value = serde_json::from_str(&scores).unwrap();
    let patterns =
        scores["imputation"].as_array().unwrap().iter().map(|scores| scores["pattern"].as_str().unwrap());
    assert_eq!(
        patterns.collect::<Vec<_>>(),
        ["random-10", "gap-6", "gap-24", "gap-72", "gap-168", "gap-720"]
    );
    assert_eq!(scores["forecasts"].as_array().unwrap().len(), 6);
    assert_eq!(scores["detection"]["faults"].as_array().unwrap().len(), 5);
    assert_eq!(scores["fans"].as_array().unwrap().len(), 4);
    // With the hours around it seen, an hour is known far better than from the climatology, whatever the model.
    let crps = |method: usize| scores["imputation"][0]["methods"][method]["crps"].as_f64().unwrap();
    assert!(crps(0) < crps(2), "{scores}");
    let page = fs::read_to_string(bench.result("report.html")).unwrap();
    assert!(page.contains("<h2 id=\"impute\">") && page.contains("<h2 id=\"task-targets\">"));
}
