//! An entry is whole and right, or it is not there.

use serde_json::Map;

use super::*;
use crate::process;

fn parts() -> Parts {
    Parts {
        sources: [("train".to_string(), [("src/lib.rs".to_string(), "1".to_string())].into())].into(),
        libraries: Default::default(),
        settings: String::new(),
        compiler: String::new(),
        target: String::new(),
        features: Vec::new(),
        config: Map::new(),
        inputs: Vec::new(),
    }
}

struct Fixture {
    root: tempfile::TempDir,
    cache: Cache,
    fingerprint: String,
}

fn fixture() -> Fixture {
    let root = tempfile::tempdir().unwrap();
    let cache = Cache::new(root.path().join("cache"));
    Fixture { cache, root, fingerprint: parts().fingerprint() }
}

fn draft(fixture: &Fixture) -> (Draft, Manifest) {
    let draft = fixture.cache.begin("train", &fixture.fingerprint).unwrap();
    let outputs = draft.outputs();
    fs::create_dir(outputs.file("model")).unwrap();
    fs::write(outputs.file("model/weights"), "1 2 3").unwrap();
    fs::write(outputs.file("history"), "4").unwrap();
    fs::write(outputs.work.join("checkpoint"), "5").unwrap();
    fs::write(draft.log(), "{}\n").unwrap();
    let manifest = Manifest {
        format: FORMAT,
        stage: "train".into(),
        fingerprint: fixture.fingerprint.clone(),
        parts: parts(),
        outputs: digest::folder(&outputs.folder).unwrap(),
        commit: None,
        dirty: None,
        device: "cpu".into(),
        machine: Machine::here(),
        trusted_code: Vec::new(),
        started: "2026-01-01T00:00:00Z".into(),
        seconds: 1.0,
    };
    (draft, manifest)
}

fn published() -> Fixture {
    let fixture = fixture();
    let (draft, manifest) = draft(&fixture);
    draft.publish(&manifest).unwrap();
    fixture
}

/// The names in the stage's folder of the cache.
fn names(fixture: &Fixture) -> Vec<String> {
    let entries = fs::read_dir(fixture.root.path().join("cache/train")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn corrupt(damage: impl FnOnce(&Path), complaint: &str) {
    let fixture = published();
    damage(&fixture.cache.entry("train", &fixture.fingerprint));
    match fixture.cache.lookup("train", &fixture.fingerprint).unwrap() {
        Lookup::Corrupt(seen) => assert!(seen.starts_with(complaint), "{seen}"),
        other => panic!("{complaint}: {other:?}"),
    }
    fixture.cache.remove("train", &fixture.fingerprint).unwrap();
    assert!(matches!(fixture.cache.lookup("train", &fixture.fingerprint).unwrap(), Lookup::Missing));
}

#[test]
fn a_published_entry_is_found_intact_and_its_checkpoints_are_gone() {
    let fixture = published();
    let Lookup::Intact(manifest) = fixture.cache.lookup("train", &fixture.fingerprint).unwrap() else {
        panic!()
    };
    assert_eq!(manifest.outputs.len(), 2);
    assert_eq!(names(&fixture), [fixture.fingerprint.clone()]);
    let mut files: Vec<_> =
        fs::read_dir(fixture.cache.entry("train", &fixture.fingerprint)).unwrap().collect();
    files.sort_by_key(|file| file.as_ref().unwrap().file_name());
    let files: Vec<_> =
        files.into_iter().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, ["artifact", "log.jsonl", "manifest.json"]);
}

#[test]
fn every_damage_to_an_entry_is_seen() {
    corrupt(
        |entry| fs::write(entry.join("artifact/history"), "6").unwrap(),
        "history is not what was written",
    );
    corrupt(|entry| fs::remove_file(entry.join("artifact/history")).unwrap(), "history is missing");
    corrupt(|entry| fs::write(entry.join("artifact/model/x"), "").unwrap(), "model/x was added");
    corrupt(|entry| fs::write(entry.join("manifest.json"), "{").unwrap(), "manifest.json is not a manifest");
    corrupt(|entry| fs::remove_file(entry.join("manifest.json")).unwrap(), "manifest.json cannot be read");
    corrupt(|entry| fs::remove_dir_all(entry.join("artifact")).unwrap(), "cannot list");
    let swap = |entry: &Path| {
        let path = entry.join("manifest.json");
        let text = fs::read_to_string(&path).unwrap().replace("\"1\"", "\"2\"");
        fs::write(path, text).unwrap();
    };
    corrupt(swap, "manifest.json is that of another entry");
}

#[test]
fn a_draft_that_is_given_up_leaves_its_log_and_checkpoints_only() {
    let fixture = fixture();
    let (draft, _) = draft(&fixture);
    let log = draft.fail().unwrap();
    assert_eq!(fs::read_to_string(log).unwrap(), "{}\n");
    assert_eq!(
        names(&fixture),
        [format!(".failed-{}.jsonl", fixture.fingerprint), format!(".work-{}", fixture.fingerprint)]
    );
}

#[test]
fn a_killed_runs_draft_is_swept_and_its_checkpoints_are_found_again() {
    let fixture = fixture();
    let (draft, _) = draft(&fixture);
    std::mem::forget(draft);
    assert_eq!(names(&fixture).len(), 2);
    fixture.cache.sweep().unwrap();
    assert_eq!(names(&fixture).len(), 2, "a run that lives keeps its draft");
    let folder = fixture.root.path().join("cache/train");
    let mut ended = std::process::Command::new("true").spawn().unwrap();
    let token = process::token_of(ended.id());
    ended.wait().unwrap();
    let draft = names(&fixture).into_iter().find(|name| name.starts_with(TEMPORARY)).unwrap();
    fs::rename(folder.join(draft), folder.join(format!("{TEMPORARY}{}-{token}.0", fixture.fingerprint)))
        .unwrap();
    fixture.cache.sweep().unwrap();
    assert_eq!(names(&fixture), [format!(".work-{}", fixture.fingerprint)]);
    let again = fixture.cache.begin("train", &fixture.fingerprint).unwrap();
    assert_eq!(fs::read_to_string(again.outputs().work.join("checkpoint")).unwrap(), "5");
    again.start_afresh().unwrap();
    assert!(!again.outputs().work.join("checkpoint").exists());
}

#[test]
fn an_entry_can_be_published_again() {
    let fixture = published();
    let (draft, manifest) = draft(&fixture);
    draft.publish(&manifest).unwrap();
    assert!(matches!(fixture.cache.lookup("train", &fixture.fingerprint).unwrap(), Lookup::Intact(_)));
}
