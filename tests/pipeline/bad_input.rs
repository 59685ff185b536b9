//! What is wrong in a pipeline is said in one sentence, before anything runs.

use super::bench::{Bench, ended};

/// Runs the smoke pipeline with `sets`, which must be refused with exactly `errors`.
fn check(sets: &[&str], errors: &[&str]) {
    let bench = Bench::new();
    let mut arguments = vec!["run-all", "smoke"];
    sets.iter().for_each(|set| arguments.extend(["--set", set]));
    let ended = bench.xtask(&arguments);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert_eq!(ended.errors(), errors);
    assert_eq!(bench.entries("ingest").len(), 0);
    assert_eq!(bench.leftovers().len(), 0);
    assert!(!bench.data().join("runs/smoke").exists());
}

#[test]
fn an_unknown_key_is_named_with_the_nearest() {
    check(
        &["train.epoch=3"],
        &[
            "pipelines/smoke.toml: [train] has no key \"epoch\"; its keys are epochs, batch, learning_rate, \
             schedule, windows, patience, beta, free_nats, beta_2, weight_decay, clip_norm, deliver, seed, device; did you mean \"epochs\"?",
            "nothing was run",
        ],
    );
}

#[test]
fn faults_in_several_tables_are_said_together() {
    check(
        &["train.epochs=0", "evaluate.autocorrelation_days=x"],
        &[
            "pipelines/smoke.toml: [train] epochs is 0; wanted 1 to 1000000",
            "pipelines/smoke.toml: [evaluate] autocorrelation_days = \"x\": invalid type: string \"x\", expected usize",
            "nothing was run",
        ],
    );
}

#[test]
fn a_missing_file_is_named() {
    check(
        &["ingest.files=[\"data/no.nc\"]"],
        &[
            "pipelines/smoke.toml: [ingest] files names \"data/no.nc\" (relative to the repository), and there is no \
           such file; put it there, or name others with --set 'ingest.files=[\"PATH/*.nc\"]'",
        ],
    );
}

#[test]
fn the_articles_pipeline_says_how_to_get_its_files() {
    let bench = Bench::new();
    let ended =
        bench.xtask(&["run-all", "article-phoenix", "--set", "ingest.files=[\"data/raw/none/*.nc\"]"]);
    assert_eq!(ended.code, Some(2));
    for words in
        ["matches no file; how to get them:", "reanalysis-era5-single-levels", "2m_temperature", "33.45 N"]
    {
        assert!(ended.stderr.contains(words), "{words:?} is not in {}", ended.stderr);
    }
}

#[test]
fn a_full_disk_leaves_nothing_and_the_next_run_goes_on() {
    let bench = Bench::after_smoke();
    // Three megabytes: less than 150 years take, and more than cargo writes when nothing is to be built.
    let arguments = ["run-all", "smoke", "--set", "generate.years=150"];
    let command = bench.command(&arguments);
    let mut limited = std::process::Command::new("bash");
    limited
        .args(["-c", "ulimit -f 3000; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args());
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited.env_remove("CARGO_MANIFEST_DIR");
    let ended = ended(&mut limited);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("stopped at held-out"), "{}", ended.stderr);
    assert_eq!(bench.entries("held-out").len(), 1, "only what was there before");
    assert!(
        bench.leftovers().iter().all(|name| name.starts_with("held-out/.failed-")),
        "{:?}",
        bench.leftovers()
    );
    assert_eq!(
        bench.run_smoke(&arguments[2..]),
        ["held-out", "generate", "evaluate", "compare-models", "report"]
    );
}

/// Reading files needs no folder that can be written, as in a checkout that is mounted read-only.
#[test]
fn inspect_needs_no_cache() {
    let bench = Bench::new();
    // Also for root, who may write into a folder that nobody may write to.
    std::fs::write(bench.data().join("cache"), "no folder").unwrap();
    let station = bench.data().join("station.csv");
    std::fs::write(&station, "time,temp\n2020-01-01 00:00,1.5\n2020-01-01 01:00,2.5\n").unwrap();
    let ended = bench.xtask(&["inspect", &station.display().to_string()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("t2m = { column = \"temp\", unit = \"degC\" }"), "{}", ended.stdout);
}
