//! `bench` with a binary that says made-up times.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::sandbox::{Sandbox, entries, rest};

/// Two cases; answers with 10 and 20 ms, or blocks where the sandbox has a file `block`.
const FAKE: &str = r#"#!/bin/sh
if [ "$1" = --list ]; then
    echo '{"name": "decode", "members": 1, "years": 50}'
    echo '{"name": "decode", "members": 1000, "years": 1}'
    exit
fi
touch "$2/file"
[ -e block ] && exec sleep 60
case $1 in *1000*) ms=20 ;; *) ms=10 ;; esac
echo "$1" | sed "s/}/, \"median_ms\": $ms, \"fastest_ms\": 9, \"slowest_ms\": 21, \"samples\": 5}/"
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let path = sandbox.write("bin/benchmarks", FAKE);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    sandbox
}

#[test]
fn json_is_all_of_standard_output_and_is_compared_with_later() {
    let sandbox = sandbox();
    let ended = sandbox.xtask(&["bench", "--only", "decode", "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let said: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(said["results"][1]["median_ms"], 20.0);
    assert_eq!(said["results"][1]["members"], 1000);
    sandbox.write("before.json", &ended.stdout.replace("10.0", "40.0"));
    let ended = sandbox.xtask(&["bench", "--only", "decode", "--against", "before.json"]);
    let compared = "\
benchmark  path  of what         then ms  now ms  now/then
decode           1 x 50 years       40.0    10.0      0.25
decode           1000 x 1 years     20.0    20.0      1.00
";
    assert!(ended.stdout.ends_with(compared), "{}", ended.stdout);
    assert_eq!(entries(&sandbox.path("data/cache")), [""; 0]);
}

#[test]
fn options_that_cannot_be_used_are_said_before_anything_is_measured() {
    let sandbox = sandbox();
    sandbox.write("x.json", "[]");
    for (option, value, said) in [
        (
            "--only",
            "decoder",
            "there is no benchmark \"decoder\"; the benchmarks are train-step, validation, decode, generate, \
             generate-isotherm, impute, forecast, detect, ingest, preprocess, evaluate, cached-run-all, status; did you mean \"decode\"?",
        ),
        (
            "--against",
            "x.json",
            "--against x.json is no result (invalid length 0, expected struct Document with 1 element at line 1 \
             column 2); wanted what `cargo xtask bench --json` prints",
        ),
        (
            "--phoenix",
            "nowhere",
            "--phoenix nowhere holds no *.nc files; pipelines/article-phoenix.toml says how to get them",
        ),
    ] {
        let ended = sandbox.xtask(&["bench", option, value]);
        assert_eq!((ended.code, ended.stderr), (Some(2), format!("error: {said}\n")));
    }
    assert!(!sandbox.path("data/cache").exists());
}

#[test]
fn ctrl_c_leaves_no_folder() {
    let sandbox = sandbox();
    sandbox.write("block", "");
    let (mut child, lines) = sandbox.start_until(&["bench", "--only", "decode"], "decode: 1 x 50");
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(rest(lines), "error: stopped; nothing is kept of what was measured\n");
    assert_eq!(entries(&sandbox.path("data/cache")), [""; 0]);
}
