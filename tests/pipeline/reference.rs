//! The reference of the pipeline file is up to date, and what ships with it is valid.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::bench::{Bench, Ended, ended, root};
use super::schema::faults;

pub fn schema() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("docs/pipeline.schema.json")).unwrap()).unwrap()
}

/// The tables of a pipeline file, as JSON.
pub fn tables(text: &str) -> Value {
    serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap()
}

/// Every pipeline file of this repository.
fn pipelines() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("pipelines")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    found.sort();
    found
}

/// `xtask reference --check` in a copy of the repository's documents, one of which `change` may change.
fn reference(name: &str, change: impl Fn(String) -> String) -> (Ended, String) {
    let bench = Bench::new();
    let copy = bench.data();
    fs::create_dir(copy.join("docs")).unwrap();
    for name in ["Cargo.toml", "docs/pipeline.schema.json", "docs/pipeline-file.md"] {
        fs::copy(root().join(name), copy.join(name)).unwrap();
    }
    let file = copy.join(name);
    let changed = change(fs::read_to_string(&file).unwrap());
    fs::write(&file, changed).unwrap();
    let binaries = Bench::binaries();
    let arguments = ["reference", "--check", "--bin-dir", binaries.to_str().unwrap()];
    (ended(&mut bench.command_in(copy, &arguments)), fs::read_to_string(file).unwrap())
}

/// Builds the stages' binaries, and checks both files.
pub fn build_stages() {
    let ended = Bench::new().xtask(&["reference", "--check"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn both_files_are_up_to_date() {
    build_stages();
}

#[test]
fn a_file_that_is_out_of_date_is_named_and_left_alone() {
    build_stages();
    for name in ["docs/pipeline.schema.json", "docs/pipeline-file.md"] {
        let (ended, left) = reference(name, |text| text.replacen("65536", "65537", 1));
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert_eq!(
            ended.errors(),
            [format!(
                "{name} is out of date: a key of the pipeline file, its range, its default or its description has \
                 changed; run `cargo xtask reference`, and commit what it writes"
            )]
        );
        assert!(left.contains("65537"));
    }
}

#[test]
fn every_shipped_pipeline_is_valid_and_names_the_schema() {
    let schema = schema();
    let files = pipelines();
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(faults(&schema, &tables(&text)), Vec::<String>::new(), "{}", file.display());
        let line = text.lines().next().unwrap();
        let named = line.strip_prefix("#:schema ").unwrap_or_default();
        let named = file.parent().unwrap().join(named).canonicalize();
        assert_eq!(named.ok(), Some(root().join("docs/pipeline.schema.json")), "{}: {line}", file.display());
    }
}

#[test]
fn every_example_of_the_page_is_valid() {
    let (schema, page) = (schema(), fs::read_to_string(root().join("docs/pipeline-file.md")).unwrap());
    let examples: Vec<&str> =
        page.split("```toml\n").skip(1).map(|text| text.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 16);
    for example in examples {
        for (name, table) in tables(example).as_object().unwrap() {
            let found = faults(&schema["properties"][name], table);
            assert_eq!(found, Vec::<String>::new(), "{example}");
        }
    }
}

#[test]
fn wrong_keys_types_and_values_are_refused() {
    let smoke = tables(&fs::read_to_string(root().join("pipelines/smoke.toml")).unwrap());
    let check = |pointer: &str, value: Value, fault: &str| {
        let mut tables = smoke.clone();
        let (table, key) = pointer.rsplit_once('/').unwrap();
        let table = if table.is_empty() { &mut tables } else { tables.pointer_mut(table).unwrap() };
        table[key] = value;
        assert_eq!(faults(&schema(), &tables), [fault], "{pointer}");
    };
    check("/train/epoch", json!(3), "/train has no key epoch");
    check("/trian", json!({}), " has no key trian");
    check("/train/epochs", json!("ten"), "/train/epochs is no integer");
    check("/train/epochs", json!(2.5), "/train/epochs is no integer");
    check("/train/epochs", json!(0), "/train/epochs is less than 1");
    check("/train/learning_rate", json!(0.0), "/train/learning_rate is not more than 0");
    check("/train/schedule", json!("linear"), "/train/schedule fits 0 of oneOf");
    check("/preprocess/utc_offset", json!("Paris"), "/preprocess/utc_offset does not match");
    check("/preprocess/window_hours", json!(100), "/preprocess/window_hours is no multiple of 96");
    check("/ingest/variables", json!(["t2n"]), "/ingest/variables/0 is not listed");
    check("/model/noise/lags", json!(49), "/model/noise/lags is more than 48");
    check("/generate/hours", json!(5), "/generate fits what it must not");
}
