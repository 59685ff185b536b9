//! What researchers do with runs: see what has changed, sweep, read the history, verify.

use std::fs;

use serde_json::Value;

use super::bench::Bench;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn an_input_that_has_changed_is_named_by_column() {
    let bench = Bench::after_smoke();
    let scaler = ["--set", "preprocess.marginals=scaler"];
    let other = [&["run", "preprocess", "smoke", "--name", "other"], &scaler[..]].concat();
    assert_eq!(bench.xtask(&other).code, Some(0));
    let ended = bench.xtask(&[&["why", "train", "smoke", "--json"], &scaler[..]].concat());
    let why = json(&ended.stdout);
    let names: Vec<&str> = why["stages"][0]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["name"].as_str().unwrap())
        .collect();
    // The times and the season are the same, and the windows do not depend on values.
    let expected =
        ["[preprocess] marginals", "preprocess/standardised.parquet column t2m", "preprocess/transform.json"];
    assert_eq!(names, expected);
}

#[test]
fn a_sweep_leaves_runs_that_can_be_compared_and_a_history() {
    let bench = Bench::after_smoke();
    let sweep =
        ["sweep", "smoke", "--grid", "train.epochs=1,2", "--seeds", "2", "--name", "epochs", "--json"];
    let ended = bench.xtask(&sweep);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let runs = json(&ended.stdout)["runs"].as_array().unwrap().len();
    assert_eq!((runs, bench.entries("ingest").len(), bench.entries("train").len()), (4, 1, 5));
    let compared = json(&bench.xtask(&["compare", "epochs", "--json"]).stdout);
    assert_eq!(compared["groups"].as_array().unwrap().len(), 2, "{compared}");

    let history = tables::read(&bench.data().join("runs/history.parquet"), &[]).unwrap();
    let texts = |name: &str| {
        history.texts(name).unwrap().iter().map(|text| text.as_deref().unwrap_or("").to_string())
    };
    let (names, values) = (texts("name"), history.f64s("value").unwrap());
    let of_runs: Vec<(String, f64)> = texts("run")
        .zip(names)
        .zip(values)
        .filter(|((_, name), _)| name == "mean_e")
        .map(|((run, _), value)| (run, *value))
        .collect();
    assert_eq!(of_runs.len(), 5, "smoke, and four of the sweep: {of_runs:?}");
    for (run, value) in of_runs {
        let metrics = fs::read_to_string(bench.data().join("runs").join(&run).join("metrics.json")).unwrap();
        assert_eq!(json(&metrics)["candidates"][0]["mean_e"], value, "{run}");
    }
}

#[test]
fn a_run_on_another_kind_of_machine_is_verified_by_its_figures() {
    let bench = Bench::after_smoke();
    let manifests = bench.data().join("runs/smoke/manifests.json");
    // As if the record were another machine's, whose training has gone another way.
    let verify = |level: &str, digest: &str| {
        let mut recorded = json(&fs::read_to_string(&manifests).unwrap());
        for manifest in recorded.as_array_mut().unwrap() {
            manifest["machine"]["vector_level"] = level.into();
            if manifest["stage"] == "train" {
                manifest["outputs"][0]["digest"] = digest.into();
            }
        }
        fs::remove_file(&manifests).unwrap();
        fs::write(&manifests, recorded.to_string()).unwrap();
        let ended = bench.xtask(&["verify", "smoke", "--published", "--json"]);
        (ended.code, json(&ended.stdout))
    };
    let (code, said) = verify("x86-64-v9", "0");
    assert_eq!((code, &said["verified"]), (Some(0), &Value::Bool(true)), "{said}");
    let verdict =
        |name: &str| said["rows"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(verdict("machine")["verdict"], "other");
    assert_eq!(
        (&verdict("train")["verdict"], &verdict("ingest")["verdict"]),
        (&"skipped".into(), &"same".into())
    );
}

/// The examples in the help of all commands, a command and its arguments each.
fn examples(bench: &Bench) -> Vec<Vec<String>> {
    let help = |arguments: &[&str]| bench.xtask(arguments).stdout;
    let all = help(&["--help"]);
    let (_, commands) = all.split_once("Commands:\n").unwrap();
    let mut found = Vec::new();
    for line in commands.lines().take_while(|line| !line.starts_with("Options")) {
        let Some(command) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) else { continue };
        let command = command.split_whitespace().next().unwrap();
        let text = help(&[command, "--help"]).replace("\\\n", " ");
        let lines = text.lines().filter_map(|line| line.strip_prefix("  cargo xtask "));
        let lines: Vec<Vec<String>> =
            lines.map(|line| line.split_whitespace().map(str::to_string).collect()).collect();
        found.extend(lines);
    }
    found
}

#[test]
fn the_examples_of_the_help_work() {
    let bench = Bench::after_smoke();
    // Those that read no file of the user's, write none into the repository, and take no minutes.
    let quick = ["run train smoke", "status", "why", "gc", "doctor", "clean", "reference", "list"];
    let mut count = 0;
    for example in examples(&bench) {
        let words: Vec<&str> =
            example.iter().map(String::as_str).take_while(|word| !["|", ">", "<("].contains(word)).collect();
        if quick.iter().any(|start| words.join(" ").starts_with(start)) {
            let ended = bench.xtask(&words);
            assert_eq!(ended.code, Some(0), "{}: {}", words.join(" "), ended.stderr);
            count += 1;
        }
    }
    assert!(count >= quick.len(), "only {count} were tried");
}
