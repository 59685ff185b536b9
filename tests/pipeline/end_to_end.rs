//! From the embedded series to a report, and what changes cost.

use std::fs;

use super::bench::{Bench, STAGES};

fn assert_columns(bench: &Bench, file: &str, columns: &[&str]) {
    let table = tables::read(&bench.result(file), &[]).unwrap();
    for name in columns {
        table.column(name).unwrap_or_else(|error| panic!("{file}: {error:#}"));
    }
    assert!(table.rows() > 0, "{file} is empty");
}

#[test]
fn one_command_leaves_everything_by_name_and_the_second_does_nothing() {
    let bench = Bench::new();
    assert_eq!(bench.run_smoke(&[]), STAGES);
    let observed = ["time", "local_time", "t2m", "t2m_flag", "t2m_adjusted", "split"];
    assert_columns(&bench, "observed.parquet", &observed);
    for hours in ["held_out.parquet", "generated.parquet"] {
        assert_columns(&bench, hours, &["member", "time", "local_time", "t2m"]);
    }
    assert_ne!(
        fs::read(bench.result("held_out.parquet")).unwrap(),
        fs::read(bench.result("generated.parquet")).unwrap()
    );
    assert_columns(&bench, "history.parquet", &["epoch", "step", "train_loss", "validation_loss"]);
    let model = ["model/weights.safetensors", "model/config.json", "held_out_model/weights.safetensors"];
    for name in ["metrics.json", "models.json", "report.html"].into_iter().chain(model) {
        assert!(bench.result(name).is_file(), "{name} is missing");
    }
    assert!(!fs::read_to_string(bench.result("report.html")).unwrap().contains("src=\"http"));
    assert_eq!(bench.leftovers().len(), 0);
    let made = fs::metadata(bench.result("run.json")).unwrap().modified().unwrap();
    assert_eq!(bench.run_smoke(&[]).len(), 0);
    assert_eq!(fs::metadata(bench.result("run.json")).unwrap().modified().unwrap(), made);
}

#[test]
fn a_change_in_evaluate_runs_evaluate_and_report() {
    let bench = Bench::after_smoke();
    assert_eq!(bench.run_smoke(&["--set", "evaluate.autocorrelation_days=7"]), ["evaluate", "report"]);
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    let bench = Bench::after_smoke();
    let before = STAGES.map(|stage| bench.outputs(stage));
    let ended = bench.xtask(&["run-all", "smoke", "--force"]);
    assert_eq!(ended.ran(), STAGES);
    assert!(!ended.stderr.contains("not deterministic"), "{}", ended.stderr);
    assert_eq!(STAGES.map(|stage| bench.outputs(stage)), before);
}

#[test]
fn a_corrupt_entry_is_said_and_made_again() {
    let bench = Bench::after_smoke();
    let file = bench.entries("generate")[0].join("artifact/generated.parquet");
    let mut bytes = fs::read(&file).unwrap();
    bytes[100] ^= 1;
    fs::remove_file(&file).unwrap();
    fs::write(&file, bytes).unwrap();
    let ended = bench.xtask(&["run-all", "smoke"]);
    let said = "generate           corrupt  its cache entry is not used: generated.parquet is not what was written\n";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert_eq!(ended.ran(), ["generate"]);
}

#[test]
fn a_manifest_tells_the_rows_of_each_table() {
    let bench = Bench::after_smoke();
    for (stage, file) in [("preprocess", "observed.parquet"), ("train", "history.parquet")] {
        let entry = &bench.entries(stage)[0];
        let manifest = fs::read_to_string(entry.join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        let outputs = manifest["outputs"].as_array().unwrap();
        let output = outputs.iter().find(|output| output["name"] == file).unwrap();
        let table = tables::read(&entry.join("artifact").join(file), &[]).unwrap();
        assert_eq!(output["rows"], table.rows(), "{file}");
    }
}
