//! Whatever ends a run, no wrong artifact stands under a right name, and the next run goes on.

use std::process::Command;

use super::sandbox::{STAGES, Sandbox, rest};

fn signal(name: &str, process: u32) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

#[test]
fn ctrl_c_ends_the_stage_and_keeps_its_checkpoints() {
    let sandbox = Sandbox::new();
    sandbox.behave("train-block");
    let (mut child, lines) = sandbox.start_until(&["run-all", "x"], "stage train blocks");
    signal("-INT", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let said = rest(lines);
    assert_eq!(said, "error: stopped; finished stages are kept, and the same command goes on from here\n");
    let cached = sandbox.cached();
    assert_eq!(cached.len(), 3, "{cached:?}");
    assert!(cached[2].starts_with("train/.work-"), "{cached:?}");
    sandbox.assert_no_runs();
    sandbox.behave("");
    let ended = sandbox.xtask(&["run-all", "x"]);
    assert!(ended.stderr.contains("stage train resumes"), "{}", ended.stderr);
    assert_eq!(ended.ran(), STAGES[2..]);
    sandbox.assert_complete();
}

#[test]
fn a_stage_ends_with_a_killed_runner_and_the_next_run_sweeps() {
    let sandbox = Sandbox::new();
    sandbox.behave("train-block");
    let (mut child, lines) = sandbox.start_until(&["run-all", "x"], "stage train blocks");
    signal("-KILL", child.id());
    child.wait().unwrap();
    // The stage holds the other end of this pipe: it closes when the stage is gone.
    assert_eq!(rest(lines), "");
    let cached = sandbox.cached();
    assert!(cached.iter().any(|name| name.starts_with("train/.tmp-")), "{cached:?}");
    sandbox.behave("");
    let ended = sandbox.xtask(&["run-all", "x"]);
    assert!(ended.stderr.contains("stage train resumes"), "{}", ended.stderr);
    sandbox.assert_complete();
}

#[test]
fn a_second_run_waits_for_the_first() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    sandbox.behave("train-block");
    let (mut first, _) =
        sandbox.start_until(&["run-all", "x", "--set", "train.epochs=4"], "stage train blocks");
    let said = format!("waiting for run-all pipelines/x.toml (process {} on ", first.id());
    let (mut second, lines) = sandbox.start_until(&["run-all", "x"], &said);
    assert_eq!(second.try_wait().unwrap(), None);
    signal("-KILL", first.id());
    first.wait().unwrap();
    assert!(second.wait().unwrap().success(), "one that was killed keeps nobody waiting");
    assert!(rest(lines).contains("cached"));
}

#[test]
fn two_runs_of_different_names_share_a_stage_and_wait_for_it() {
    let sandbox = Sandbox::new();
    sandbox.behave("preprocess-wait");
    let (mut first, first_lines) = sandbox.start_until(&["run-all", "x"], "stage preprocess waits");
    let arguments = ["run-all", "x", "--name", "y"];
    let (mut second, second_lines) = sandbox.start_until(&arguments, "holds preprocess of the same request");
    sandbox.behave("");
    assert!(first.wait().unwrap().success() && second.wait().unwrap().success());
    let ran = |lines| rest(lines).lines().filter(|line| line.ends_with(" runs")).count();
    // Each of the stages that follow was made by one of them.
    assert_eq!(ran(first_lines) + ran(second_lines), STAGES.len() - 2);
    assert_eq!(sandbox.cached().len(), STAGES.len());
}
