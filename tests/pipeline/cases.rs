//! Small inputs made after public bug reports, where it takes the whole pipeline to see the fault. Without the shared
//! folder they are skipped, saying so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::bench::{Bench, root};

/// A file of the shared cases, or `None` where they are not.
fn case(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("ISOTHERM_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let file = shared.join("cases").join(name);
    if file.is_file() {
        return Some(file);
    }
    eprintln!("skipped: {} is not there (ISOTHERM_SHARED)", file.display());
    None
}

/// What `calibrate` and `deliver` leave for a station's table of ten years, hardly trained.
fn calibrated(text: &str) -> Vec<Vec<u8>> {
    let bench = Bench::new();
    let table = bench.data().join("station.csv");
    fs::write(&table, text).unwrap();
    let pipeline = format!(
        "\
[ingest]
files = [{:?}]
latitude_deg = 48.45
longitude_deg = 5.59
# A missing hour stays one, as a flagged one does.
max_gap_hours = 0
long_gaps = \"leave\"

[ingest.station]
time = \"time\"
time_zone = \"UTC\"
columns = {{ t2m = {{ column = \"temp\", unit = \"degC\" }} }}

[preprocess]
utc_offset = \"+01:00\"

[model]
filters = 8
latent_channels = 4

[model.noise]
lags = 4
context = 4
hidden = 8

[train]
epochs = 1
",
        table.display().to_string()
    );
    let file = bench.data().join("case.toml");
    fs::write(&file, pipeline).unwrap();
    let ended = bench.xtask(&["run", "calibrate", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let model = bench.data().join("runs/case/model");
    ["weights.safetensors", "detector.json", "pooling.json"]
        .map(|name| fs::read(model.join(name)).unwrap())
        .to_vec()
}

fn unpacked(file: &Path) -> String {
    let output = Command::new("gzip").arg("-dc").arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Case 40: an hour of 99 degC is flagged, and what is flagged is missing for whatever is fitted.
#[test]
fn a_flagged_hour_is_as_if_it_were_empty_for_all_that_is_fitted() {
    let Some(file) = case("40-flagged-training-hour/flagged.csv.gz") else { return };
    let flagged = unpacked(&file);
    let row = "2003-07-15 12:00,";
    let line = flagged.lines().find(|line| line.starts_with(row)).unwrap();
    assert_eq!(line, "2003-07-15 12:00,99.0");
    let empty = flagged.replace(line, row);
    assert!(calibrated(&flagged) == calibrated(&empty));
}

/// Case 41: -999 is no temperature, whatever the file means by it.
#[test]
fn a_code_for_missing_hours_is_filled_and_said() {
    let Some(file) = case("41-missing-code-in-a-task/series.csv") else { return };
    let text = fs::read_to_string(&file).unwrap();
    let of = |wanted: fn(&str) -> bool| {
        text.lines().skip(1).filter(move |line| wanted(line.split(',').nth(1).unwrap()))
    };
    let (coded, empty) = (of(|value| value.starts_with("-999")).count(), of(str::is_empty).count());
    assert_eq!((coded, empty), (238, 20), "as awk counts them");
    let bench = Bench::after_smoke();
    let (model, output) = (bench.result("model"), bench.data().join("filled.parquet"));
    for task in ["impute", "forecast"] {
        let [model, input, output] = [&model, &file, &output].map(|path| path.to_str().unwrap());
        let ended = bench.xtask(&[task, "--model", model, "--input", input, "--output", output]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let said = "238 of 2188 values of t2m lie outside 170 to 340 K and count as missing, the first being -725.85 K at \
                    2011-06-04T12:00Z; if that is a code for missing hours, nothing needs to be done";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        let table = tables::read(Path::new(output), &[]).unwrap();
        let values = table.f32s(if task == "impute" { "t2m" } else { "t2m_median" }).unwrap();
        assert!(values.iter().all(|value| (240.0..320.0).contains(value)), "{task}");
        if task == "impute" {
            let imputed = table.u8s("t2m_imputed").unwrap();
            assert_eq!(imputed.iter().filter(|imputed| **imputed == 1).count(), coded + empty);
        }
    }
}
