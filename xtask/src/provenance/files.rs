//! The files: those of the run's folder, and the user's own that they were made of.

use serde_json::{Value, json};

use super::graph::{Graph, encoded};
use super::{Recorded, base_name};
use crate::fingerprint::Input;
use crate::map::FILES;
use crate::runs;

/// So many digits of a digest tell files apart.
const ID_DIGITS: usize = 16;

/// Adds every file of the folder but the crate's own; returns the mentions of them.
pub(super) fn add(graph: &mut Graph, stages: &[Recorded], records: &[(&str, String)]) -> Value {
    let mut parts = Vec::new();
    for stage in stages {
        for output in &stage.run.outputs {
            let digest = digest(graph, &output.digest);
            let mut file = json!({
                "@id": encoded(&output.name),
                "@type": "File",
                "name": output.name,
                "description": format!("Written by the stage {}.", stage.run.stage),
                "contentSize": output.bytes.to_string(),
                "encodingFormat": media_type(&output.name),
                "identifier": digest,
            });
            if let Some(rows) = output.rows {
                file["description"] =
                    json!(format!("{rows} rows, written by the stage {}.", stage.run.stage));
            }
            parts.push(graph.add(file));
        }
    }
    for (name, text) in records {
        parts.push(graph.add(json!({
            "@id": name,
            "@type": "File",
            "name": name,
            "description": describe_record(name),
            "contentSize": text.len().to_string(),
            "encodingFormat": media_type(name),
        })));
    }
    Value::Array(parts)
}

fn describe_record(name: &str) -> &'static str {
    match name {
        runs::RUN => "What was run: settings, stages, fingerprints, times and digests.",
        runs::MANIFESTS => "How each stage was made: its sources, libraries, settings, inputs and machine.",
        _ => "Written with the run.",
    }
}

/// The mention of a file that a stage has read: one of the folder, or of the user's own, which is not there.
pub(super) fn input(graph: &mut Graph, stages: &[Recorded], input: &Input, licences: &Value) -> Value {
    let (stage, name) = input.name.split_once('/').unwrap_or(("", &input.name));
    let is_output = |recorded: &&Recorded| {
        let outputs = &recorded.run.outputs;
        recorded.run.stage == stage && outputs.iter().any(|output| output.name == name)
    };
    if stage != FILES && stages.iter().any(|recorded| is_output(&recorded)) {
        return json!({"@id": encoded(name)});
    }
    let name = base_name(name);
    let short = input.digest.get(..ID_DIGITS).unwrap_or(&input.digest);
    let digest = digest(graph, &input.digest);
    let mut file = json!({
        "@id": format!("#input-{short}-{}", encoded(name)),
        "@type": "CreativeWork",
        "name": name,
        "description": "A file that was read and is not part of this folder.",
        "identifier": digest,
    });
    if stage == FILES {
        file["license"] = licences.clone();
    }
    graph.add(file)
}

fn digest(graph: &mut Graph, digest: &str) -> Value {
    graph.add(json!({
        "@id": format!("#blake3-{digest}"),
        "@type": "PropertyValue",
        "name": "BLAKE3 of the contents",
        "propertyID": "BLAKE3",
        "value": digest,
    }))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "parquet" => "application/vnd.apache.parquet",
        "json" => "application/json",
        "html" => "text/html",
        "csv" => "text/csv",
        "nc" => "application/x-netcdf",
        _ => "application/octet-stream",
    }
}
