//! Several runs as one queue.

use std::fs;

use super::sandbox::{Sandbox, entries, rest};

const GRID: [&str; 5] = ["sweep", "x", "--grid", "train.epochs=1,2", "--seeds"];

#[test]
fn points_share_what_they_have_in_common() {
    let sandbox = Sandbox::new();
    let ended = sandbox.xtask(&[&GRID[..], &["2"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let points = ["epochs=1,seed=0", "epochs=1,seed=1", "epochs=2,seed=0", "epochs=2,seed=1"];
    assert_eq!(entries(&sandbox.path("data/runs/x-sweep")), points);
    for (stage, count) in [("ingest", 1), ("preprocess", 1), ("train", 4), ("generate", 4), ("report", 4)] {
        assert_eq!(entries(&sandbox.path("data/cache").join(stage)).len(), count, "{stage}");
    }
    let run = sandbox.read("data/runs/x-sweep/epochs=2,seed=1/run.json");
    assert!(run.contains("\"train.epochs=2\"") && run.contains("\"generate.seed=1\""), "{run}");
    assert!(ended.stderr.ends_with("compare them with: cargo xtask compare x-sweep\n"), "{}", ended.stderr);
    let again = sandbox.xtask(&[&GRID[..], &["2"]].concat());
    let all_cached: String = points.map(|point| format!("data/runs/x-sweep/{point}  cached\n")).concat();
    assert_eq!(again.stdout, all_cached);
    assert!(!again.stderr.contains("running"), "{}", again.stderr);
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let sandbox = Sandbox::new();
    sandbox.write("pipelines/x.toml", &(super::sandbox::PIPELINE.to_string() + "[generate]\nas = \"one\"\n"));
    sandbox.behave("generate-fail-two");
    let ended = sandbox.xtask(&["sweep", "x", "--grid", "generate.as=one,two,three", "--jobs", "2"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("[as=two] error: generate has no luck\n"), "{}", ended.stderr);
    assert!(ended.stderr.ends_with("error: 1 of 3 runs failed; the others are there\n"), "{}", ended.stderr);
    assert_eq!(entries(&sandbox.path("data/runs/x-sweep")), ["as=one", "as=three"]);
}

#[test]
fn a_kill_loses_nothing_that_was_finished() {
    let sandbox = Sandbox::new();
    sandbox.behave("evaluate-block");
    let (mut child, lines) = sandbox.start_until(&[&GRID[..], &["1"]].concat(), "evaluate           running");
    child.kill().unwrap();
    child.wait().unwrap();
    drop(rest(lines));
    sandbox.behave("");
    let count = |stage: &str| {
        let names = fs::read_dir(sandbox.path("data/cache").join(stage)).unwrap().flatten();
        names.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.')).count()
    };
    assert!(count("train") >= 1);
    let ended = sandbox.xtask(&[&GRID[..], &["1"]].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("preprocess         cached"), "{}", ended.stderr);
    assert_eq!((count("train"), count("report")), (2, 2));
    assert_eq!(entries(&sandbox.path("data/runs/x-sweep")), ["epochs=1,seed=0", "epochs=2,seed=0"]);
}

#[test]
fn a_dry_run_lists_the_points() {
    let sandbox = Sandbox::new();
    let ended = sandbox.xtask(&[&GRID[..], &["1", "--dry-run", "--name", "try"]].concat());
    let expected = "try/epochs=1,seed=0  train.epochs=1 train.seed=0 generate.seed=0\n\
                    try/epochs=2,seed=0  train.epochs=2 train.seed=0 generate.seed=0\n";
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), expected));
    sandbox.assert_no_runs();
    let ended = sandbox.xtask(&["sweep", "x"]);
    let said = "error: nothing is varied; wanted --grid TABLE.KEY=VALUE,VALUE or --seeds NUMBER\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(2), said));
}
