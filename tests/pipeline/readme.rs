//! The pipeline file of the README runs as it is written there, and is the pipeline that ships.

use std::fs;

use super::bench::{Bench, root};
use super::reference::tables;

/// The first example of a pipeline file, as `README.md` has it.
fn minimal() -> String {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme.split("```toml\n").nth(1).and_then(|text| text.split("```").next()).unwrap();
    block.lines().map(|line| format!("{}\n", line.trim_start())).collect()
}

#[test]
fn the_minimal_file_runs_and_only_its_files_have_to_be_named() {
    let bench = Bench::new();
    let sample = root().join("data/era5_la_haute_borne_1999_2020.nc");
    let text = minimal();
    let written = "files = [\"data/raw/my-place/*.nc\"]";
    assert!(text.contains(written), "{text}");
    let text = text.replace(written, &format!("files = [{:?}]", sample.display().to_string()));
    let file = bench.data().join("my-place.toml");
    fs::write(&file, &text).unwrap();
    let short =
        ["--set", "train.epochs=1", "--set", "evaluate.judge=false", "--set", "evaluate.rivals=false"];
    let words = [&["run-all", file.to_str().unwrap(), "--set", "generate.years=10"], &short[..]].concat();
    let ended = bench.xtask(&words);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for name in
        ["report.html", "generated.parquet", "observed.parquet", "metrics.json", "history.parquet", "model"]
    {
        assert!(bench.data().join("runs/my-place").join(name).exists(), "{name}");
    }

    // Without the offset it runs too, and says which clock it took.
    let without: String =
        text.lines().filter(|line| !line.starts_with("utc_offset")).map(|l| format!("{l}\n")).collect();
    fs::write(&file, without).unwrap();
    let ended = bench.xtask(&["run", "preprocess", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("local time is UTC+00:00, the solar time of longitude 5.5"),
        "{}",
        ended.stderr
    );
}

#[test]
fn the_shipped_pipeline_sets_nothing_of_the_model_and_its_training() {
    let shipped = tables(&fs::read_to_string(root().join("pipelines/la-haute-borne.toml")).unwrap());
    for table in ["model", "train", "generate", "evaluate"] {
        assert!(shipped.get(table).is_none(), "[{table}]");
    }
}
