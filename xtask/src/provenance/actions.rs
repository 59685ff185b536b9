//! What was done: an action for each stage, with the program, its settings, what it read and wrote, and when.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::files;
use super::graph::{Graph, encoded, reference};
use super::{REPOSITORY, Recorded, VERSION};
use crate::cache::Manifest;

/// The form of times that the profile recommends.
const TIME: &str = "%Y-%m-%dT%H:%M:%S+00:00";
const COMPLETED: &str = "http://schema.org/CompletedActionStatus";
/// In `[ingest]`: patterns with folders of this machine; the files that they stand for are among the inputs.
const PATTERNS: &str = "ingest.files";

/// Adds the actions; returns the mentions of them.
pub(super) fn add(graph: &mut Graph, stages: &[Recorded], licences: &Value) -> Value {
    Value::Array(stages.iter().map(|stage| action(graph, stages, stage, licences)).collect())
}

fn action(graph: &mut Graph, stages: &[Recorded], stage: &Recorded, licences: &Value) -> Value {
    let name = &stage.run.stage;
    let mut objects = Vec::new();
    if let Some(manifest) = &stage.manifest {
        for input in &manifest.parts.inputs {
            let mention = files::input(graph, stages, input, licences);
            if !objects.contains(&mention) {
                objects.push(mention);
            }
        }
        objects.extend(settings(graph, &manifest.parts.config));
    }
    let results: Vec<Value> =
        stage.run.outputs.iter().map(|output| reference(&encoded(&output.name))).collect();
    let device = stage.manifest.as_ref().map_or("unknown", |manifest| &manifest.device);
    let seconds = stage.run.seconds;
    let mut action = json!({
        "@id": format!("#run-{name}"),
        "@type": "CreateAction",
        "name": name,
        "description": format!("The stage {name} of the pipeline; it took {seconds:.1} s (device: {device})."),
        "instrument": program(graph, name, stage.manifest.as_ref()),
        "object": objects,
        "result": results,
        "actionStatus": COMPLETED,
    });
    if let Some((started, ended)) = times(&stage.run.started, seconds) {
        action["startTime"] = json!(started);
        action["endTime"] = json!(ended);
    }
    graph.add(action)
}

/// The stage's program, and what it was built with.
fn program(graph: &mut Graph, stage: &str, manifest: Option<&Manifest>) -> Value {
    let mut version = VERSION.to_string();
    if let Some(commit) = manifest.and_then(|manifest| manifest.commit.as_deref()) {
        version += &format!(", commit {commit}");
    }
    if manifest.is_some_and(|manifest| manifest.dirty == Some(true)) {
        version += ", with changes";
    }
    let mut program = json!({
        "@id": format!("{REPOSITORY}#{stage}"),
        "@type": "SoftwareApplication",
        "name": format!("Isotherm, the stage {stage}"),
        "softwareVersion": version,
        "url": REPOSITORY,
    });
    if let Some(manifest) = manifest {
        program["operatingSystem"] = json!(manifest.parts.target);
        program["processorRequirements"] = json!(processor(manifest));
        program["softwareRequirements"] = compiler(graph, &manifest.parts.compiler);
    }
    graph.add(program)
}

/// What the results can depend on: `cpu, x86-64-v4`.
fn processor(manifest: &Manifest) -> String {
    [&*manifest.device, &*manifest.machine.vector_level].join(", ")
}

/// The compiler by the first line of what it says of itself: `rustc 1.95.0 (a8c4f1d2e 2026-04-14)`.
fn compiler(graph: &mut Graph, text: &str) -> Value {
    let line = text.lines().next().unwrap_or_default();
    let (name, version) = line.split_once(' ').unwrap_or((line, "unknown"));
    let number = version.split(' ').next().unwrap_or(version);
    graph.add(json!({
        "@id": format!("https://github.com/rust-lang/rust/releases/tag/{}", encoded(number)),
        "@type": "SoftwareApplication",
        "name": name,
        "softwareVersion": version,
        "url": "https://www.rust-lang.org/",
    }))
}

/// The settings as `table.key` with their values; tables in tables are taken apart.
fn settings(graph: &mut Graph, tables: &Map<String, Value>) -> Vec<Value> {
    let mut settings = Vec::new();
    flatten("", tables, &mut settings);
    settings.retain(|(key, _)| key != PATTERNS);
    let add = |(key, value): (String, Value)| {
        graph.add(json!({
            "@id": format!("#setting-{}", encoded(&key)),
            "@type": "PropertyValue",
            "name": key,
            "value": value,
        }))
    };
    settings.into_iter().map(add).collect()
}

fn flatten(prefix: &str, table: &Map<String, Value>, settings: &mut Vec<(String, Value)>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Object(table) => flatten(&key, table, settings),
            // Lists of a JSON-LD document have no order.
            Value::Array(_) => settings.push((key, json!(value.to_string()))),
            single => settings.push((key, single.clone())),
        }
    }
}

/// Start and end; `None` where the run does not say the first.
fn times(started: &str, seconds: f64) -> Option<(String, String)> {
    let start: Timestamp = started.parse().ok()?;
    let end = start.checked_add(SignedDuration::try_from_secs_f64(seconds).ok()?).ok()?;
    Some((start.strftime(TIME).to_string(), end.strftime(TIME).to_string()))
}

/// A time of `run.json` in the form that the profile recommends.
pub(super) fn with_offset(time: &str) -> Option<String> {
    let time: Timestamp = time.parse().ok()?;
    Some(time.strftime(TIME).to_string())
}
