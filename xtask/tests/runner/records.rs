//! Records of runs: frozen, verified, and what keeps a cache small.

use std::fs;

use super::sandbox::{STAGES, Sandbox, entries};

#[test]
fn a_frozen_run_is_made_again_with_the_same_bytes() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&["--set", "train.epochs=4"]);
    let ended = sandbox.xtask(&["freeze", "x"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "pipelines/locked/x\n"));
    assert_eq!(entries(&sandbox.path("pipelines/locked/x")), ["manifests.json", "metrics.json", "run.json"]);
    // What the file says now makes no difference, nor what is in the cache.
    sandbox.write("pipelines/x.toml", "[ingest]\nfiles = [\"data/raw/*.nc\"]\n");
    sandbox.xtask(&["clean", "--all"]);
    let ended = sandbox.xtask(&["verify", "x"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("train              same     5 files, bit by bit\n"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("verified: every byte is as recorded\n"), "{}", ended.stdout);
    assert_eq!(sandbox.cached().len(), 0, "nothing is left");
}

#[test]
fn what_came_out_different_is_named() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    sandbox.behave("train-waver");
    let ended = sandbox.xtask(&["verify", "x"]);
    assert_eq!(ended.code, Some(4), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("preprocess         same     5 files, bit by bit\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("\ntrain              differs  held_out_model/"), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("not verified: the same request has left something else\n"));
    assert!(ended.stderr.ends_with("error: what was made again is not what was recorded\n"));
    let json: serde_json::Value =
        serde_json::from_str(&sandbox.xtask(&["verify", "x", "--json"]).stdout).unwrap();
    assert_eq!(json["verified"], false);
}

#[test]
fn one_stage_is_verified_on_what_the_cache_has() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    let ended = sandbox.xtask(&["verify", "x", "--stage", "generate"]);
    assert_eq!(ended.ran(), ["generate"], "{}", ended.stderr);
    assert!(ended.stdout.contains("generate           same     1 file, bit by bit\n"), "{}", ended.stdout);
}

#[test]
fn other_files_and_other_code_are_said() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    sandbox.write("data/raw/a.nc", "another");
    let ended = sandbox.xtask(&["verify", "x"]);
    assert_eq!(ended.code, Some(4));
    assert!(ended.stdout.contains("files              other    files/a.nc\n"), "{}", ended.stdout);
    assert!(
        ended.stdout.ends_with("not verified: files/a.nc is not the recorded file\n"),
        "{}",
        ended.stdout
    );
    sandbox.write("data/raw/a.nc", "one");
    sandbox.write("bin/train", &(sandbox.read("bin/train") + "# another\n"));
    sandbox.behave("train-waver");
    let ended = sandbox.xtask(&["verify", "x"]);
    assert!(ended.stdout.contains("code               other    train/train\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("not verified, and the code has changed since"), "{}", ended.stdout);
}

#[test]
fn what_is_not_recorded_proposes_the_nearest() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&["--name", "warm"]);
    let ended = sandbox.xtask(&["freeze", "worm"]);
    let said = "error: there is no run \"worm\"; cargo xtask list shows those that there are; did you mean \"warm\"?\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(2), said));
}

#[test]
fn gc_removes_what_no_run_refers_to() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&["--set", "train.epochs=4"]);
    sandbox.xtask(&["freeze", "x"]);
    sandbox.run_all(&["--set", "train.epochs=5"]);
    sandbox.run_all(&["--set", "train.epochs=6"]);
    let trained = |sandbox: &Sandbox| entries(&sandbox.path("data/cache/train")).len();
    assert_eq!(trained(&sandbox), 3);
    let asked = sandbox.xtask(&["gc"]);
    let said = "error: nobody can be asked here; say --yes to remove, or --dry-run to see what would go\n";
    assert_eq!((asked.code, asked.stderr.as_str()), (Some(2), said));
    let dry = sandbox.xtask(&["gc", "--dry-run"]);
    let lists_train = dry.stdout.lines().any(|line| line.starts_with("train "));
    assert!(dry.stdout.ends_with("could go\n") && lists_train, "{}", dry.stdout);
    assert_eq!(trained(&sandbox), 3);
    let gone = sandbox.xtask(&["gc", "--yes"]);
    assert!(gone.stdout.ends_with("removed\n"), "{}", gone.stdout);
    assert_eq!(trained(&sandbox), 2, "the published and the frozen run are whole");
    assert_eq!(sandbox.run_all(&["--set", "train.epochs=4"]).len(), 0);
    sandbox.xtask(&["gc", "--yes"]);
    assert_eq!(trained(&sandbox), 1, "one run is both now");
    assert!(sandbox.xtask(&["gc", "--yes"]).stdout.starts_with("0 entries, "));
    sandbox.write("data/runs/x/run.json.new", "{}");
    fs::rename(sandbox.path("data/runs/x/run.json.new"), sandbox.path("data/runs/x/run.json")).unwrap();
    let ended = sandbox.xtask(&["gc", "--yes"]);
    assert!(ended.stderr.contains("cannot be read, so nothing is removed"), "{}", ended.stderr);
}

#[test]
fn a_limit_keeps_what_fits() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&["--set", "train.epochs=4"]);
    sandbox.write("data/settings.toml", "[cache]\nlimit_gb = 1e-6\n");
    let ended = sandbox.xtask(&["run-all", "x", "--set", "train.epochs=5"]);
    assert!(ended.stderr.contains("more than its limit of 1.0 kB: cargo xtask gc\n"), "{}", ended.stderr);
    sandbox.write("data/settings.toml", "[cache]\nlimit_gb = 1\n");
    assert!(sandbox.xtask(&["gc", "--yes"]).stdout.starts_with("0 entries, "));
    assert!(!sandbox.xtask(&["gc", "--yes", "--all"]).stdout.starts_with("0 entries, "));
}

#[test]
fn machines_that_name_one_folder_share_what_is_in_it() {
    let (one, other) = (Sandbox::new(), Sandbox::new());
    let folder = tempfile::tempdir().unwrap();
    for sandbox in [&one, &other] {
        sandbox.write("data/settings.toml", &format!("[cache]\nfolder = {:?}\n", folder.path()));
    }
    assert_eq!(one.run_all(&[]).len(), STAGES.len());
    assert_eq!(other.run_all(&[]).len(), 0);
    assert!(other.path("data/runs/x/report.html").is_file() && !other.path("data/cache").exists());
}

#[test]
fn trusted_code_is_written_down() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    sandbox.write("bin/train", &(sandbox.read("bin/train") + "# another\n"));
    let trusted = sandbox.xtask(&["run-all", "x", "--trust-code"]);
    assert_eq!((trusted.code, trusted.ran().len()), (Some(0), 0), "{}", trusted.stderr);
    assert!(trusted.stderr.contains(", by other code\n"), "{}", trusted.stderr);
    let changed = sandbox.xtask(&["run-all", "x", "--trust-code", "--set", "evaluate.days=3"]);
    assert_eq!(changed.ran(), ["evaluate", "report"]);
    let run: serde_json::Value = serde_json::from_str(&sandbox.read("data/runs/x/run.json")).unwrap();
    assert_eq!(run["trusted_code"], serde_json::json!(["train", "deliver"]));
    let manifests: serde_json::Value =
        serde_json::from_str(&sandbox.read("data/runs/x/manifests.json")).unwrap();
    let evaluate = manifests.as_array().unwrap().iter().find(|manifest| manifest["stage"] == "evaluate");
    assert_eq!(evaluate.unwrap()["trusted_code"], serde_json::json!(["train", "deliver"]));
    assert_eq!(
        sandbox.xtask(&["run-all", "x", "--expect-cached"]).code,
        Some(3),
        "without the option it is stale"
    );
}
