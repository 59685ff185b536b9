//! The schema of the pipeline file is true: what it takes and refuses, the stages take and refuse.

use std::fs;
use std::process::Command;

use contract::stage::{Inputs, Outputs, REQUEST_FORMAT, Request};
use serde_json::{Value, json};

use super::bench::Bench;
use super::reference::{build_stages, schema};
use super::schema::faults;

/// The tables of a pipeline in which the key of that path has a meaning.
fn base(path: &str) -> Value {
    let mut tables = json!({
        "ingest": {"files": ["x.csv"], "latitude_deg": 48.45, "longitude_deg": 5.59},
        "preprocess": {"utc_offset": "+01:00"},
        "model": {"preset": "isotherm", "noise": {}, "prior": {}},
        "train": {}, "impute": {}, "forecast": {}, "detect": {}, "trials": {}, "evaluate": {}, "report": {},
        "generate": {"start": "2001-01-01", "years": 1},
    });
    match path {
        "model.noise.order" => tables["model"]["noise"] = json!({"kind": "ar"}),
        "generate.years" => tables["generate"]["start"] = json!("0001-01-01"),
        "generate.hours" => tables["generate"] = json!({"start": "-000100-01-01"}),
        path if path.starts_with("ingest.source") => {
            let source = json!({"kind": "cds", "start": "1990-01-01", "end": "1999-12-31"});
            tables["ingest"] = json!({"source": source, "latitude_deg": 48.45, "longitude_deg": 5.59});
        }
        path if path.starts_with("ingest.station") => {
            let columns = json!({"t2m": {"column": "t", "unit": "K"}});
            let station = json!({"delimiter": ";", "time": "time", "columns": columns, "quality": {}});
            tables["ingest"]["station"] = station;
        }
        _ => {}
    }
    tables
}

/// The binary of a stage and its tables; `table.key` is that key alone.
fn binary_and_tables(stage: &str) -> (&str, Vec<&str>) {
    let all = ["ingest", "preprocess", "model", "train", "generate", "trials", "evaluate", "report"];
    match stage {
        "ingest" => (stage, vec![stage]),
        "preprocess" => (stage, vec![stage, "model.preset"]),
        "train" => (stage, vec!["model", "train", "preprocess.marginals"]),
        "evaluate" => (stage, vec![stage]),
        "report" => ("evaluate", all.to_vec()),
        _ => ("infer", vec![stage]),
    }
}

/// What a stage says of its tables in a pipeline file; `None` if it takes them. Its binary must have been built.
pub fn refused(bench: &Bench, stage: &str, tables: &Value) -> Option<String> {
    let (binary, names) = binary_and_tables(stage);
    let table = |name: &&str| match name.split_once('.') {
        Some((table, key)) => {
            let value = tables[table].get(key).map(|value| (key.to_string(), value.clone()));
            (table.to_string(), Value::Object(value.into_iter().collect()))
        }
        None => (name.to_string(), tables.get(*name).cloned().unwrap_or_else(|| json!({}))),
    };
    let sources: &[&str] = &[
        "files",
        "ingest",
        "preprocess",
        "train",
        "held-out",
        "bound",
        "prepare-delivery",
        "deliver",
        "generate",
        "calibrate",
        "calibrate-held-out",
        "compare-models",
        "evaluate",
        "score-tasks",
    ];
    let inputs = sources.iter().map(|source| (source.to_string(), Vec::new()));
    let folder = bench.data().to_path_buf();
    let request = Request {
        format: REQUEST_FORMAT,
        stage: stage.to_string(),
        pipeline: "x.toml".to_string(),
        config: names.iter().map(table).collect(),
        inputs: Inputs(inputs.collect()),
        outputs: Outputs { folder: folder.clone(), work: folder.clone() },
        log: None,
    };
    let file = folder.join("request.json");
    fs::write(&file, serde_json::to_string(&request).unwrap()).unwrap();
    let mut command = Command::new(Bench::binaries().join(binary));
    let output = command.arg("--check").arg("--request").arg(file).output().unwrap();
    (!output.status.success()).then(|| String::from_utf8(output.stderr).unwrap())
}

/// What the stage that owns the table says of the key's value; `None` if it takes it.
fn ask(bench: &Bench, path: &str, value: &Value) -> Option<String> {
    let (table, _) = path.split_once('.').unwrap();
    let stage = if table == "model" { "train" } else { table };
    let mut tables = base(path);
    let pointer = format!("/{}", path.replace('.', "/"));
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    tables.pointer_mut(parent).unwrap()[key] = value.clone();
    refused(bench, stage, &tables)
}

/// Every key that a stage reads and that is no table: its path and its schema.
fn keys() -> Vec<(String, Value)> {
    fn collect(path: &str, schema: &Value, found: &mut Vec<(String, Value)>) {
        for (name, key) in schema["properties"].as_object().into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if key["type"] != "object" {
                found.push((path.clone(), key.clone()));
            }
            collect(&path, key, found);
        }
    }
    let mut found = Vec::new();
    collect("", &schema(), &mut found);
    found.retain(|(path, _)| !path.starts_with("about"));
    assert!(found.len() > 80, "{}", found.len());
    found
}

/// The values that a schema lists.
fn choices(schema: &Value) -> Vec<Value> {
    let listed = |schema: &Value| schema["enum"].as_array().cloned().unwrap_or_default();
    let mut found = listed(schema);
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        found.extend(choice.get("const").cloned().into_iter().chain(listed(choice)));
    }
    found
}

#[test]
fn the_choices_and_defaults_of_the_schema_are_those_of_the_stages() {
    build_stages();
    let bench = Bench::new();
    let (mut chosen, mut defaults) = (0, 0);
    for (path, key) in keys() {
        let wrap = |value: Value| if key["type"] == "array" { json!([value]) } else { value };
        let values = if key["type"] == "array" { choices(&key["items"]) } else { choices(&key) };
        for value in &values {
            assert_eq!(ask(&bench, &path, &wrap(value.clone())), None, "{path} = {value}");
            chosen += 1;
        }
        if !values.is_empty() {
            assert!(ask(&bench, &path, &wrap(json!("another"))).is_some(), "{path}");
        }
        if let Some(default) = key.get("default") {
            assert_eq!(ask(&bench, &path, default), None, "{path} = {default}");
            defaults += 1;
        }
    }
    assert!(chosen > 60 && defaults > 40, "{chosen} choices and {defaults} defaults");
}

#[test]
fn the_patterns_of_the_schema_are_those_of_the_stages() {
    build_stages();
    let bench = Bench::new();
    let schema = schema();
    let check = |path: &str, text: &str, is_allowed: bool| {
        let pointer = format!("/properties/{}", path.replace('.', "/properties/"));
        let key = schema.pointer(&pointer).unwrap();
        assert_eq!(faults(key, &json!(text)).is_empty(), is_allowed, "{path} = {text} in the schema");
        assert_eq!(ask(&bench, path, &json!(text)).is_none(), is_allowed, "{path} = {text} in the stage");
    };
    for text in ["+00:00", "-07:00", "+05:45", "+13:59", "-14:00", "+14:00"] {
        check("preprocess.utc_offset", text, true);
    }
    for text in ["01:00", "+1:00", "+0100", "+14:01", "+15:00", "+05:60", "UTC", "+01:00 ", ""] {
        check("preprocess.utc_offset", text, false);
    }
    for path in ["generate.start", "ingest.source.start"] {
        check(path, "1991-02-28", true);
        for text in ["1991-2-28", "28.02.1991", "1991", ""] {
            check(path, text, false);
        }
    }
}

#[test]
fn the_ranges_of_the_schema_are_those_of_the_stages() {
    build_stages();
    let bench = Bench::new();
    // The seeds have no range but their type's.
    let is_number = |key: &Value| key["type"] == "integer" || key["type"] == "number";
    let numbers: Vec<_> =
        keys().into_iter().filter(|(path, key)| is_number(key) && !path.ends_with("seed")).collect();
    assert!(numbers.len() > 35, "{}", numbers.len());
    for (path, key) in numbers {
        let is_integer = key["type"] == "integer";
        let step = key["multipleOf"].as_f64().unwrap_or(if is_integer { 1.0 } else { 1e-3 });
        let number = |value: f64| if is_integer { json!(value as i64) } else { json!(value) };
        let check = |value: f64, is_allowed: bool| {
            let said = ask(&bench, &path, &number(value));
            assert_eq!(said.is_none(), is_allowed, "{path} = {value}: {said:?}");
            let name = path.split_once('.').unwrap().1;
            assert!(said.is_none_or(|said| said.contains(name)), "{path} = {value}");
        };
        for (bound, inward, is_open) in [
            ("minimum", step, false),
            ("maximum", -step, false),
            ("exclusiveMinimum", step, true),
            ("exclusiveMaximum", -step, true),
        ] {
            let Some(value) = key[bound].as_f64() else { continue };
            check(value, !is_open);
            check(value + inward, true);
            check(value - inward, false);
        }
        if key["multipleOf"].is_number() {
            check(step + 1.0, false);
        }
        let is_bounded = ["minimum", "exclusiveMinimum"].iter().any(|bound| key[*bound].is_number());
        assert!(is_bounded, "{path} has no range");
    }
}
