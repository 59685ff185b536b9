//! What runs again, and what does not.

use std::fs;

use super::sandbox::{STAGES, Sandbox, entries};

#[test]
fn the_second_run_does_nothing() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run_all(&[]), STAGES);
    sandbox.assert_complete();
    let made = fs::metadata(sandbox.path("data/runs/x")).unwrap().modified().unwrap();
    let ended = sandbox.xtask(&["run-all", "x"]);
    assert_eq!((ended.ran().len(), ended.stdout.as_str()), (0, "data/runs/x/report.html\n"));
    assert_eq!(ended.stderr.lines().filter(|line| line.contains(" cached ")).count(), STAGES.len());
    assert_eq!(fs::metadata(sandbox.path("data/runs/x")).unwrap().modified().unwrap(), made);
}

#[test]
fn what_people_open_lies_flat_in_one_folder() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&["--set", "report.title=Here", "--name", "mine/here"]);
    let names = entries(&sandbox.path("data/runs/mine/here"));
    for name in [
        "run.json",
        "ro-crate-metadata.json",
        "report.html",
        "metrics.json",
        "observed.parquet",
        "generated.parquet",
        "model",
    ] {
        assert!(names.iter().any(|seen| seen == name), "{name} is not among {names:?}");
    }
    let run = sandbox.read("data/runs/mine/here/run.json");
    assert!(run.contains("\"pipeline\": \"pipelines/x.toml\""), "{run}");
    assert!(run.contains("\"report.title=Here\""), "{run}");
}

#[test]
fn a_change_runs_what_depends_on_it() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    assert_eq!(sandbox.run_all(&["--set", "evaluate.days=10"]), ["evaluate", "report"]);
    assert_eq!(
        sandbox.run_all(&["--set", "train.epochs=4"]),
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
    assert_eq!(sandbox.run_all(&[]).len(), 0);
    sandbox.write("data/raw/b.nc", "two");
    assert_eq!(sandbox.run_all(&[]), STAGES);
}

#[test]
fn another_folder_for_the_same_files_is_no_change() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    sandbox.write("elsewhere/a.nc", "one");
    // The report shows the settings, so it is made again.
    assert_eq!(sandbox.run_all(&["--set", "ingest.files=[\"elsewhere/a.nc\"]"]), ["report"]);
}

#[test]
fn unchanged_bytes_stop_the_rerun() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    let script = sandbox.read("bin/train") + "# a comment\n";
    sandbox.write("bin/train", &script);
    assert_eq!(sandbox.run_all(&[]), ["train", "deliver"]);
}

#[test]
fn a_corrupt_entry_is_said_and_made_again() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    let file = sandbox.entry("train").join("artifact/history.parquet");
    fs::remove_file(&file).unwrap();
    fs::write(&file, "wrong").unwrap();
    let ended = sandbox.xtask(&["run-all", "x"]);
    let said =
        "train              corrupt  its cache entry is not used: history.parquet is not what was written\n";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert_eq!(ended.ran(), ["train"]);
    sandbox.assert_complete();
}

#[test]
fn an_edit_of_a_published_file_is_undone() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    let metrics = sandbox.path("data/runs/x/metrics.json");
    let text = fs::read_to_string(&metrics).unwrap();
    fs::remove_file(&metrics).unwrap();
    fs::write(&metrics, "edited").unwrap();
    assert_eq!(sandbox.run_all(&[]).len(), 0);
    assert_eq!(fs::read_to_string(&metrics).unwrap(), text);
}

#[test]
fn force_runs_again_and_says_when_bytes_differ() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    assert_eq!(sandbox.run_all(&["--force"]), STAGES);
    let ended = sandbox.xtask(&["run", "train", "x", "--force"]);
    assert_eq!(ended.ran(), ["train"]);
    assert!(!ended.stderr.contains("not deterministic"), "{}", ended.stderr);
    sandbox.behave("train-waver");
    let ended = sandbox.xtask(&["run", "train", "x", "--force"]);
    let said = "train was made again from the same inputs and came out different: it is not deterministic\n";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}

#[test]
fn one_stage_runs_with_what_it_needs() {
    let sandbox = Sandbox::new();
    let ended = sandbox.xtask(&["run", "train", "x"]);
    assert_eq!(ended.ran(), STAGES[..3]);
    assert_eq!(ended.stdout, "data/runs/x\n");
    assert!(sandbox.path("data/runs/x/history.parquet").is_file());
    sandbox.run_all(&[]);
    sandbox.xtask(&["run", "ingest", "x"]);
    assert!(sandbox.path("data/runs/x/report.html").is_file(), "what still fits stays");
    sandbox.xtask(&["run", "train", "x", "--set", "train.epochs=9"]);
    assert!(!sandbox.path("data/runs/x/report.html").exists(), "what no longer fits goes");
}

#[test]
fn why_names_every_field_that_has_changed_with_both_values() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    let why = |arguments: &[&str]| sandbox.xtask(&[&["why"], arguments].concat()).stdout;
    let fresh = why(&["train", "x"]);
    assert!(fresh.starts_with("train              fresh    5 files, "), "{fresh}");
    assert_eq!(
        why(&["generate", "x", "--set", "train.epochs=4", "--set", "train.batch=7"]),
        "train              stale    what has changed:\n  \
         [train] batch unset -> 7\n  \
         [train] epochs 3 -> 4\n\
         deliver            stale    waits for train\n\
         generate           stale    waits for deliver\n"
    );
    sandbox.write("data/raw/b.nc", "two");
    let text = why(&["ingest", "x", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
    let change = &rows["stages"][0]["changes"][0];
    assert_eq!((change["kind"].as_str(), change["name"].as_str()), (Some("input"), Some("files/b.nc")));
    assert!(change["before"].is_null() && change["after"].as_str().unwrap().len() == 12, "{text}");
    let ended = sandbox.xtask(&["why", "trian", "x"]);
    assert!(ended.stderr.contains("did you mean \"train\"?"), "{}", ended.stderr);
}

#[test]
fn what_is_expected_in_the_cache_is_not_run() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    let expect =
        |arguments: &[&str]| sandbox.xtask(&[&["run-all", "x", "--expect-cached"], arguments].concat());
    let cached = expect(&[]);
    assert_eq!((cached.code, cached.stdout.as_str()), (Some(0), "data/runs/x/report.html\n"));
    let changed = expect(&["--set", "train.epochs=4"]);
    assert_eq!((changed.code, changed.ran().len()), (Some(3), 0));
    let said = "error: everything was expected in the cache, and train would run (changed: [train] epochs 3 -> 4); \
                nothing was run\n";
    assert!(changed.stderr.ends_with(said), "{}", changed.stderr);
    let last = sandbox.xtask(&["run", "preprocess", "x", "--expect-cached", "--set", "train.epochs=4"]);
    assert_eq!(last.code, Some(0), "{}", last.stderr);
}

#[test]
fn status_in_json_has_a_row_a_stage() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    let text = sandbox.xtask(&["status", "x", "--json", "--set", "train.epochs=4"]).stdout;
    let status: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = status["stages"].as_array().unwrap();
    let states: Vec<&str> = rows.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(
        states,
        [
            "fresh", "fresh", "stale", "stale", "stale", "fresh", "stale", "stale", "stale", "stale",
            "stale", "stale"
        ]
    );
    assert_eq!(rows[2]["changes"][0]["name"], "[train] epochs");
    assert_eq!(rows[3]["waits_for"], "train");
    assert_eq!(status["results"], "data/runs/x");
}

#[test]
fn status_and_dry_run_say_why() {
    let sandbox = Sandbox::new();
    let status = |arguments: &[&str]| sandbox.xtask(&[&["status", "x"], arguments].concat()).stdout;
    assert_eq!(
        status(&[]),
        "pipelines/x.toml (results in data/runs/x)\n\
         ingest             missing  has not run yet\n\
         preprocess         missing  waits for ingest\n\
         train              missing  waits for preprocess\n\
         held-out           missing  waits for train\n\
         bound              missing  waits for preprocess\n\
         prepare-delivery   missing  waits for ingest\n\
         deliver            missing  waits for train\n\
         generate           missing  waits for deliver\n\
         calibrate          missing  waits for prepare-delivery\n\
         evaluate           missing  waits for preprocess\n\
         compare-models     missing  waits for preprocess\n\
         report             missing  waits for ingest\n"
    );
    sandbox.assert_no_runs();
    sandbox.run_all(&[]);
    let expected = |train: &str, standing: &str| {
        let sized = |stage: &str| {
            let bytes = entries_weigh(&sandbox, stage);
            let count = if stage == "ingest" { 2 } else { 5 };
            format!("{count} files, {bytes}")
        };
        let [ingest, preprocess, delivery] = ["ingest", "preprocess", "prepare-delivery"].map(sized);
        let (fresh, stale) = standing.split_once(' ').unwrap();
        format!(
            "ingest             {fresh:<9}{ingest}\n\
             preprocess         {fresh:<9}{preprocess}\n\
             train              {stale:<9}{train}\n\
             held-out           {stale:<9}waits for train\n\
             bound              {stale:<9}waits for train\n\
             prepare-delivery   {fresh:<9}{delivery}\n\
             deliver            {stale:<9}waits for train\n\
             generate           {stale:<9}waits for deliver\n\
             calibrate          {stale:<9}waits for deliver\n\
             evaluate           {stale:<9}waits for held-out\n\
             compare-models     {stale:<9}waits for held-out\n\
             report             {stale:<9}waits for train\n"
        )
    };
    let change = ["--set", "train.epochs=4"];
    let shown = status(&change);
    let (_, rows) = shown.split_once('\n').unwrap();
    assert_eq!(rows, expected("changed: [train] epochs 3 -> 4", "fresh stale"));
    let dry = sandbox.xtask(&["run-all", "x", "--dry-run", "--set", "train.epochs=4"]);
    assert_eq!(dry.stdout, expected("changed: [train] epochs 3 -> 4", "cached run"));
    assert_eq!((dry.code, dry.ran().len()), (Some(0), 0));
}

/// The size of a stage's artifact, as it is shown.
fn entries_weigh(sandbox: &Sandbox, stage: &str) -> String {
    let mut folder = sandbox.entry(stage).join("artifact");
    if stage == "prepare-delivery" {
        folder.push("delivery");
    }
    let bytes: u64 = entries(&folder).iter().map(|name| fs::metadata(folder.join(name)).unwrap().len()).sum();
    if bytes < 1000 { format!("{bytes} B") } else { format!("{:.1} kB", bytes as f64 / 1e3) }
}

#[test]
fn clean_removes_the_cache_and_on_request_the_runs() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    assert_eq!(sandbox.xtask(&["clean", "--dry-run"]).code, Some(0));
    sandbox.assert_complete();
    sandbox.xtask(&["clean"]);
    assert_eq!(sandbox.cached().len(), 0);
    assert!(sandbox.path("data/runs/x/report.html").is_file());
    sandbox.xtask(&["clean", "--all"]);
    assert_eq!(entries(&sandbox.path("data/runs")).len(), 0);
    assert!(sandbox.path("data/raw/a.nc").is_file());
}

#[test]
fn machines_get_json_lines() {
    let sandbox = Sandbox::new();
    sandbox.run_all(&[]);
    let ended = sandbox.xtask(&["run-all", "x", "--log-format", "json"]);
    let first = ended.stderr.lines().next().unwrap();
    assert!(first.starts_with("{\"fields\":{\"message\":\"2 files, "), "{first}");
    assert!(
        first
            .ends_with("\"stage\":\"ingest\",\"state\":\"cached\"},\"level\":\"INFO\",\"target\":\"xtask\"}"),
        "{first}"
    );
}
