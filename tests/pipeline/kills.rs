//! Ctrl-C and `kill -9` while the model is being trained.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};

use super::bench::Bench;

/// Long enough to be killed after the first checkpoint.
const LONGER: [&str; 4] = ["run-all", "smoke", "--set", "train.epochs=100"];

/// Starts the longer training and returns once it has left a checkpoint.
fn start(bench: &Bench) -> Child {
    let mut child = bench.command(&LONGER).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    while !has_checkpoint(bench) {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before the first checkpoint");
        std::thread::yield_now();
    }
    child
}

fn has_checkpoint(bench: &Bench) -> bool {
    let work = bench.leftovers().into_iter().filter(|name| name.starts_with("train/.work-"));
    let folders = work.filter_map(|name| fs::read_dir(bench.data().join("cache").join(name)).ok());
    folders.flat_map(|entries| entries.flatten()).any(|_| true)
}

pub fn signal(name: &str, child: &Child) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Waits until all processes that hold the child's standard error are gone.
fn said(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn a_killed_training_goes_on_to_the_same_weights() {
    let (killed, whole) = (Bench::after_smoke(), Bench::after_smoke());
    let mut child = start(&killed);
    signal("-KILL", &child);
    child.wait().unwrap();
    said(&mut child);
    assert_eq!(killed.entries("train").len(), 1, "only what was there before");
    for bench in [&killed, &whole] {
        assert_eq!(
            bench.run_smoke(&LONGER[2..]),
            [
                "train",
                "held-out",
                "bound",
                "deliver",
                "generate",
                "calibrate",
                "evaluate",
                "compare-models",
                "report"
            ]
        );
    }
    assert_eq!(killed.leftovers().len(), 0);
    assert_eq!(killed.outputs("train"), whole.outputs("train"));
}

#[test]
fn ctrl_c_is_one_sentence_and_leaves_checkpoints_only() {
    let bench = Bench::after_smoke();
    let mut child = start(&bench);
    signal("-INT", &child);
    let said = said(&mut child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let sentence = "error: stopped; finished stages are kept, and the same command goes on from here\n";
    assert!(said.ends_with(sentence), "{said}");
    let leftovers = bench.leftovers();
    assert!(leftovers.len() == 1 && leftovers[0].starts_with("train/.work-"), "{leftovers:?}");
}
