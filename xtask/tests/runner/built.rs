//! The runner with stages that cargo builds: small crates without dependencies, whose binaries
//! call the scripts.

use std::process::Command;

use super::sandbox::{Ended, STAGES, Sandbox};

const MAIN: &str = r#"use std::os::unix::process::CommandExt;

fn main() {
    let mut command = std::process::Command::new("sh");
    panic!("{}", command.arg("bin/BINARY").args(std::env::args_os().skip(1)).exec());
}
"#;

fn workspace() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n");
    for name in ["contract", "ingest", "preprocess", "train", "infer", "evaluate"] {
        let mut manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        if name == "contract" {
            sandbox.write("crates/contract/src/lib.rs", "");
        } else {
            manifest += "[dependencies]\ncontract = { path = \"../contract\" }\n[features]\nlibnetcdf = []\n";
            sandbox.write(&format!("crates/{name}/src/main.rs"), &MAIN.replace("BINARY", name));
        }
        sandbox.write(&format!("crates/{name}/Cargo.toml"), &manifest);
    }
    let mut locked = Command::new(env!("CARGO"));
    locked.args(["generate-lockfile", "--offline", "--quiet"]);
    assert!(locked.current_dir(sandbox.path(".")).status().unwrap().success());
    sandbox
}

fn xtask(sandbox: &Sandbox, arguments: &[&str]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.current_dir(sandbox.path(".")).env_remove("CARGO_MANIFEST_DIR");
    command.env("CARGO_TARGET_DIR", sandbox.path("target"));
    Ended::of(command.args(arguments).args(["--root", "."]))
}

fn append(sandbox: &Sandbox, file: &str, text: &str) {
    sandbox.write(file, &(sandbox.read(file) + text));
}

#[test]
fn a_change_reruns_the_crates_stages_and_a_comment_nothing() {
    let sandbox = workspace();
    let run = |ran: &[&str]| {
        let ended = xtask(&sandbox, &["run-all", "x"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.ran(), ran, "{}", ended.stderr);
        ended.stderr
    };
    run(&STAGES);
    assert!(!run(&[]).contains("build"), "nothing is built where nothing runs");
    append(&sandbox, "crates/train/src/main.rs", "// A comment.\n");
    append(&sandbox, "crates/train/Cargo.toml", "# A comment.\n");
    run(&[]);
    append(&sandbox, "crates/train/src/main.rs", "#[test]\nfn test() {}\n");
    run(&["train", "deliver"]);
    append(&sandbox, "crates/evaluate/src/main.rs", "#[test]\nfn test() {}\n");
    run(&["evaluate", "compare-models", "report"]);
    sandbox.write("crates/train/tests/x.rs", "// A test.\n");
    run(&[]);
    append(&sandbox, "crates/contract/src/lib.rs", "#[test]\nfn test() {}\n");
    let status = xtask(&sandbox, &["status", "x"]).stdout;
    assert!(status.contains("ingest             stale    changed: contract/src/lib.rs\n"), "{status}");
    run(&STAGES);
    append(&sandbox, "Cargo.toml", "[profile.dev]\nopt-level = 1\n");
    let status = xtask(&sandbox, &["status", "x"]).stdout;
    assert!(
        status.contains("ingest             stale    changed: build settings in Cargo.toml\n"),
        "{status}"
    );
}

#[test]
fn a_stage_that_does_not_compile_stops_the_run() {
    let sandbox = workspace();
    append(&sandbox, "crates/train/src/main.rs", "mistake\n");
    let ended = xtask(&sandbox, &["run-all", "x"]);
    assert_eq!((ended.code, ended.ran().len()), (Some(1), 0));
    assert!(ended.stderr.contains("crates/train/src/main.rs:7"), "{}", ended.stderr);
    assert!(ended.stderr.ends_with("error: the stages could not be built; cargo says why above\n"));
}
