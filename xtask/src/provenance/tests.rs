//! The crate of a small run: it names everything that it mentions, and every file of the folder.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Map;

use super::*;
use crate::digest::Content;
use crate::fingerprint::{Input, Parts};
use crate::runs::{self, Runs, State};

struct Fixture {
    root: tempfile::TempDir,
    cache: Cache,
    run: Run,
}

/// A run of two stages: `ingest` reads a file of the user's, `train` what `ingest` has written.
fn fixture(credit: Value) -> Fixture {
    let root = tempfile::tempdir().unwrap();
    let cache = Cache::new(root.path().join("cache"));
    let settings = json!({
        "ingest": {"files": ["/home/somebody/data/*.nc"], "latitude_deg": 48.45},
        "model": {"noise": {"lags": 4}, "order": [1, 2]},
    });
    let source = json!({ "credit": credit }).to_string();
    let tables = |names: &[&str]| -> Map<String, Value> {
        names.iter().map(|name| (name.to_string(), settings[name].clone())).collect()
    };
    let input = |name: &str, digest: &str| Input { name: name.to_string(), digest: digest.repeat(64) };
    let ingest = entry(
        &cache,
        "ingest",
        &[("source.json", &source), ("series.parquet", "PAR1")],
        Parts {
            config: tables(&["ingest"]),
            inputs: vec![input("files/era5 1.nc", "a")],
            ..Parts::default()
        },
    );
    let train = entry(
        &cache,
        "train",
        &[("model/weights.safetensors", "w")],
        Parts {
            config: tables(&["ingest", "model"]),
            inputs: vec![input("ingest/series.parquet", "b"), input("gone/away.json", "c")],
            ..Parts::default()
        },
    );
    let run = Run {
        format: runs::FORMAT,
        pipeline: "/home/somebody/x.toml".to_string(),
        overrides: Vec::new(),
        tables: Map::new(),
        trusted_code: Vec::new(),
        commit: None,
        dirty: None,
        finished: "2026-02-03T04:05:06Z".to_string(),
        stages: vec![ingest, train],
    };
    Fixture { root, cache, run }
}

fn entry(cache: &Cache, stage: &str, files: &[(&str, &str)], parts: Parts) -> StageRun {
    let fingerprint = parts.fingerprint();
    let artifact = cache.artifact(stage, &fingerprint);
    for (name, text) in files {
        let path = artifact.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let outputs: Vec<Content> = digest::folder(&artifact).unwrap();
    let manifest = Manifest {
        format: crate::cache::FORMAT,
        stage: stage.to_string(),
        fingerprint: fingerprint.clone(),
        parts: Parts { compiler: "rustc 1.95.0 (abc 2026-04-14)\nbinary: rustc".to_string(), ..parts },
        outputs: outputs.clone(),
        commit: Some("1234567".to_string()),
        dirty: Some(true),
        device: "cpu".to_string(),
        machine: crate::machine::Machine { vector_level: "x86-64-v3".to_string(), ..Default::default() },
        trusted_code: Vec::new(),
        started: "2026-02-03T04:04:59Z".to_string(),
        seconds: 2.5,
    };
    let text = serde_json::to_string(&manifest).unwrap();
    fs::write(cache.entry(stage, &fingerprint).join("manifest.json"), text).unwrap();
    StageRun {
        stage: stage.to_string(),
        fingerprint,
        state: State::Ran,
        started: manifest.started,
        seconds: manifest.seconds,
        outputs,
    }
}

fn known() -> Value {
    json!({"licences": ["CC-BY-4.0", "ask us"], "attributions": ["By A."], "references": ["A 2020"]})
}

impl Fixture {
    fn text(&self) -> String {
        text(&self.run, &[(runs::RUN, "{}\n".to_string())], &self.cache).unwrap()
    }

    fn graph(&self) -> Vec<Value> {
        let document: Value = serde_json::from_str(&self.text()).unwrap();
        document["@graph"].as_array().unwrap().clone()
    }

    fn entity(&self, id: &str) -> Value {
        self.graph().into_iter().find(|entity| entity["@id"] == id).unwrap_or_else(|| panic!("no {id}"))
    }
}

/// The mentions of entities in a value.
fn mentions(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let (Some(Value::String(id)), 1) = (fields.get("@id"), fields.len()) {
                found.insert(id.clone());
            }
            fields.values().for_each(|value| mentions(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| mentions(value, found)),
        _ => {}
    }
}

#[test]
fn everything_that_is_mentioned_is_described_once() {
    let graph = fixture(known()).graph();
    let ids: BTreeSet<String> =
        graph.iter().map(|entity| entity["@id"].as_str().unwrap().to_string()).collect();
    assert_eq!(ids.len(), graph.len());
    let mut found = BTreeSet::new();
    graph.iter().for_each(|entity| mentions(entity, &mut found));
    assert!(found.remove(FORMAT), "the format itself lies outside");
    assert_eq!(found.difference(&ids).collect::<Vec<_>>(), Vec::<&String>::new());
    let unmentioned: Vec<&String> = ids.difference(&found).collect();
    assert_eq!(unmentioned, [FILE]);
}

#[test]
fn every_file_of_the_folder_is_a_part_with_its_size() {
    let fixture = fixture(known());
    let runs = Runs::new(fixture.root.path().join("runs"));
    runs.publish("x", &fixture.run, &fixture.cache).unwrap();
    let folder = runs.path("x");
    let document: Value = serde_json::from_str(&fs::read_to_string(folder.join(FILE)).unwrap()).unwrap();
    let graph = document["@graph"].as_array().unwrap();
    let entity = |id: &str| graph.iter().find(|entity| entity["@id"] == id).unwrap();
    let mut parts: Vec<&str> = Vec::new();
    for part in entity("./")["hasPart"].as_array().unwrap() {
        let id = part["@id"].as_str().unwrap();
        let size = fs::metadata(folder.join(id)).unwrap().len();
        assert_eq!(entity(id)["contentSize"], size.to_string(), "{id}");
        parts.push(id);
    }
    parts.push(FILE);
    parts.sort_unstable();
    let files: Vec<String> = digest::folder(&folder).unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(parts, files);
}

#[test]
fn a_folder_without_its_crate_is_made_again() {
    let fixture = fixture(known());
    let runs = Runs::new(fixture.root.path().join("runs"));
    let publish = || runs.publish("x", &fixture.run, &fixture.cache).unwrap();
    publish();
    let path = runs.path("x").join(FILE);
    let first = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    publish();
    assert_eq!(fs::read_to_string(&path).unwrap(), first);
}

#[test]
fn actions_have_their_times_inputs_and_settings() {
    let fixture = fixture(known());
    let action = fixture.entity("#run-train");
    assert_eq!(action["startTime"], "2026-02-03T04:04:59+00:00");
    assert_eq!(action["endTime"], "2026-02-03T04:05:01+00:00");
    let objects: Vec<&str> =
        action["object"].as_array().unwrap().iter().map(|object| object["@id"].as_str().unwrap()).collect();
    assert_eq!(
        objects,
        [
            "series.parquet",
            "#input-cccccccccccccccc-away.json",
            "#setting-ingest.latitude_deg",
            "#setting-model.noise.lags",
            "#setting-model.order",
        ]
    );
    assert_eq!(fixture.entity("#setting-model.noise.lags")["value"], 4);
    assert_eq!(fixture.entity("#setting-model.order")["value"], "[1,2]");
    assert_eq!(action["result"], json!({"@id": "model/weights.safetensors"}));
    let program = fixture.entity(action["instrument"]["@id"].as_str().unwrap());
    assert_eq!(program["softwareVersion"], format!("{VERSION}, commit 1234567, with changes"));
    let compiler = fixture.entity("https://github.com/rust-lang/rust/releases/tag/1.95.0");
    assert_eq!(compiler["softwareVersion"], "1.95.0 (abc 2026-04-14)");
    let input = fixture.entity("#input-aaaaaaaaaaaaaaaa-era5%201.nc");
    assert_eq!((&input["name"], &input["@type"]), (&json!("era5 1.nc"), &json!("CreativeWork")));
}

#[test]
fn every_time_is_a_date_of_rfc_3339() {
    let graph = fixture(known()).graph();
    let keys = ["datePublished", "startTime", "endTime"];
    let times = graph.iter().flat_map(|entity| keys.iter().filter_map(|key| entity[key].as_str()));
    let parsed = times.map(|time| time.parse::<jiff::Timestamp>().unwrap()).count();
    assert_eq!(parsed, 5);
}

#[test]
fn the_root_has_the_licence_of_the_data_or_says_that_nobody_has_stated_one() {
    let stated = fixture(known());
    let root = stated.entity("./");
    let licence = "https://creativecommons.org/licenses/by/4.0/";
    assert_eq!(root["license"], json!([{"@id": licence}, {"@id": "#licence-2"}]));
    assert_eq!(stated.entity(licence)["name"], "CC-BY-4.0");
    assert_eq!((&root["creditText"], &root["citation"]), (&json!("By A."), &json!("A 2020")));
    for unknown in [json!({}), json!(null)] {
        let fixture = fixture(unknown);
        let root = fixture.entity("./");
        assert_eq!(root["license"], json!({"@id": "#licence-not-stated"}));
        assert!(root["description"].as_str().unwrap().ends_with("Attribution: not stated"));
        assert!(root.get("creditText").is_none());
    }
}

#[test]
fn nothing_of_this_machine_is_written_and_the_same_run_gives_the_same_bytes() {
    let fixture = fixture(known());
    let text = fixture.text();
    let root = fixture.root.path();
    for private in [Path::new("/home/somebody"), root] {
        assert!(!text.contains(private.to_str().unwrap()), "{text}");
    }
    assert!(text.contains("the pipeline x.toml has made"));
    assert_eq!(fixture.text(), text);
}
