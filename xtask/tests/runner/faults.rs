//! What cannot be used is said before anything runs, and what fails leaves nothing behind.

use std::process::Stdio;

use super::sandbox::{STAGES, Sandbox, entries};

#[test]
fn faults_in_all_stages_are_said_before_anything_runs() {
    let sandbox = Sandbox::new();
    sandbox.behave("train-fault\nreport-fault\n");
    let ended = sandbox.xtask(&["run-all", "x"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.ran().len(), 0);
    let said = "error: pipelines/x.toml: [train] has a fault\nerror: pipelines/x.toml: [report] has a fault\n\
                error: nothing was run\n";
    assert!(ended.stderr.ends_with(said), "{}", ended.stderr);
    assert_eq!(sandbox.cached().len(), 0);
    sandbox.assert_no_runs();
}

#[test]
fn what_is_mistyped_is_named_with_the_nearest() {
    let sandbox = Sandbox::new();
    for (arguments, said) in [
        (
            ["run", "trian", "x"].as_slice(),
            "error: there is no stage \"trian\"; the stages are ingest, preprocess, train, held-out, bound, \
             prepare-delivery, deliver, generate, calibrate, impute, forecast, detect, calibrate-held-out, trials, \
             score-tasks, evaluate, compare-models, report; did you mean \"train\"?\n",
        ),
        (&["run-all", "y"], "error: there is no pipeline \"y\"; below pipelines/ are x\n"),
        (
            &["run-all", "x", "--set", "trian.epochs=3"],
            "error: --set trian.epochs=3: there is no table [trian]; the tables are about, ingest, preprocess, \
             model, train, generate, impute, forecast, detect, trials, evaluate, report; did you mean \"train\"?\n",
        ),
        (
            &["run-all", "x", "--set", "ingest.files=[\"no.nc\"]"],
            "error: pipelines/x.toml: [ingest] files names \"no.nc\" (relative to the repository), and there is no \
             such file; put it there, or name others with --set 'ingest.files=[\"PATH/*.nc\"]'\n",
        ),
    ] {
        let ended = sandbox.xtask(arguments);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(2), said));
    }
    assert!(!sandbox.path("data/cache").exists());
}

#[test]
fn a_stage_that_fails_leaves_its_log_and_the_next_run_goes_on() {
    let sandbox = Sandbox::new();
    sandbox.behave("train-fail");
    let ended = sandbox.xtask(&["run-all", "x"]);
    assert_eq!(ended.code, Some(1));
    let log =
        entries(&sandbox.path("data/cache/train")).into_iter().find(|name| name.starts_with(".failed-"));
    let log = format!("data/cache/train/{}", log.unwrap());
    let said = format!(
        "error: train has no luck\nerror: stopped at train; its log is kept in {log}: train failed (exit code 1)\n"
    );
    assert!(ended.stderr.ends_with(&said), "{}", ended.stderr);
    assert_eq!(sandbox.read(&log), "{\"message\":\"train\"}\n");
    assert_eq!(sandbox.cached(), ["ingest/*", "preprocess/*", "train/.failed-*"]);
    sandbox.behave("");
    assert_eq!(sandbox.run_all(&[]), STAGES[2..]);
    sandbox.assert_complete();
}

#[test]
fn a_file_that_changes_under_a_stage_stops_it() {
    let sandbox = Sandbox::new();
    sandbox.behave("ingest-tamper");
    let ended = sandbox.xtask(&["run-all", "x"]);
    assert_eq!(ended.code, Some(1));
    let said = "a.nc has changed while ingest was reading it; run again when it is at rest\n";
    assert!(ended.stderr.ends_with(said), "{}", ended.stderr);
    assert_eq!(sandbox.cached(), ["ingest/.failed-*"]);
}

#[test]
fn a_stage_that_forgets_a_file_is_not_published() {
    let sandbox = Sandbox::new();
    sandbox.behave("generate-forget");
    let ended = sandbox.xtask(&["run-all", "x"]);
    let said = "generate has not written generated.parquet, which later stages read\n";
    assert!(ended.stderr.ends_with(said), "{}", ended.stderr);
}

#[test]
fn a_full_disk_leaves_nothing_under_a_final_name() {
    let sandbox = Sandbox::new();
    sandbox.behave("train-large");
    let command = sandbox.command(&["run-all", "x"]);
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", "ulimit -f 2000; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args());
    limited.current_dir(sandbox.path(".")).env_remove("CARGO_MANIFEST_DIR").stderr(Stdio::piped());
    let output = limited.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(sandbox.cached(), ["ingest/*", "preprocess/*", "train/.failed-*"]);
    assert_eq!(sandbox.run_all(&[]), STAGES[2..]);
    sandbox.assert_complete();
}
