//! The folder that people open is always whole: the new state or the old one.

use super::*;

struct Fixture {
    root: tempfile::TempDir,
    runs: Runs,
    cache: Cache,
}

fn fixture() -> Fixture {
    let root = tempfile::tempdir().unwrap();
    let runs = Runs::new(root.path().join("runs"));
    let cache = Cache::new(root.path().join("cache"));
    Fixture { root, runs, cache }
}

fn run(fixture: &Fixture, stage: &str, fingerprint: &str, text: &str) -> Run {
    let artifact = fixture.cache.artifact(stage, fingerprint);
    fs::create_dir_all(artifact.join("model")).unwrap();
    fs::write(artifact.join("model/weights"), text).unwrap();
    Run {
        format: FORMAT,
        pipeline: "pipelines/x.toml".into(),
        overrides: Vec::new(),
        tables: Map::new(),
        trusted_code: Vec::new(),
        commit: None,
        dirty: None,
        finished: "2026-01-01T00:00:00Z".into(),
        stages: vec![StageRun {
            stage: stage.into(),
            fingerprint: fingerprint.into(),
            state: State::Ran,
            started: "2026-01-01T00:00:00Z".into(),
            seconds: 1.0,
            outputs: digest::folder(&artifact).unwrap(),
        }],
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_run_replaces_the_one_before_whole() {
    let fixture = fixture();
    for (fingerprint, text) in [("1", "old"), ("2", "new")] {
        let run = run(&fixture, "train", fingerprint, text);
        fixture.runs.publish("a/x", &run, &fixture.cache).unwrap();
        let weights = fixture.runs.path("a/x").join("model/weights");
        assert_eq!(fs::read_to_string(&weights).unwrap(), text);
        assert!(fs::metadata(&weights).unwrap().permissions().readonly());
        assert_eq!(fixture.runs.read("a/x").unwrap(), run);
    }
    assert_eq!(names(&fixture.root.path().join("runs/a")), ["x"]);
}

#[test]
fn nothing_is_touched_where_the_same_is_shown_already() {
    let fixture = fixture();
    let mut run = run(&fixture, "train", "1", "text");
    fixture.runs.publish("x", &run, &fixture.cache).unwrap();
    run.finished = "2027-01-01T00:00:00Z".into();
    run.stages[0].state = State::Cached;
    fixture.runs.publish("x", &run, &fixture.cache).unwrap();
    assert_eq!(fixture.runs.read("x").unwrap().stages[0].state, State::Ran);
    fs::remove_file(fixture.runs.path("x").join("model/weights")).unwrap();
    fixture.runs.publish("x", &run, &fixture.cache).unwrap();
    assert!(fixture.runs.path("x").join("model/weights").is_file());
}

#[test]
fn a_folder_of_the_users_is_not_replaced() {
    let fixture = fixture();
    let run = run(&fixture, "train", "1", "text");
    fs::create_dir_all(fixture.runs.path("x/thesis")).unwrap();
    let message = fixture.runs.publish("x", &run, &fixture.cache).unwrap_err().to_string();
    assert!(message.ends_with("x holds no run.json, so it is not a run's; move it away or use --name"));
    fixture.runs.publish("y", &run, &fixture.cache).unwrap();
    let message = fixture.runs.publish("y/z", &run, &fixture.cache).unwrap_err().to_string();
    assert!(message.ends_with("y is a run, and a run cannot hold another; use --name"), "{message}");
}

#[test]
fn a_kill_between_the_renames_is_undone() {
    let fixture = fixture();
    let run = run(&fixture, "train", "1", "text");
    fixture.runs.publish("a/x", &run, &fixture.cache).unwrap();
    let folder = fixture.root.path().join("runs/a");
    fs::rename(folder.join("x"), folder.join(".old-x")).unwrap();
    fs::create_dir(folder.join(".tmp-x-1")).unwrap();
    fixture.runs.sweep("other").unwrap();
    assert_eq!(names(&folder), ["x"]);
    assert_eq!(fixture.runs.read("a/x").unwrap(), run);
    fs::create_dir(folder.join(".old-x")).unwrap();
    fixture.runs.sweep("a/x").unwrap();
    assert_eq!(names(&folder), ["x"]);
}
