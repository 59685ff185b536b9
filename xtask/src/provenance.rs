//! Where the files of a run come from, for programs of other people: an RO-Crate 1.1 after the profile Process Run
//! Crate 0.5, made of `run.json` and the manifests of the cache. The user's own files are named by their base name and
//! digest; nothing of this machine's folders is written, nor who ran it, which nobody has said.

mod actions;
mod files;
mod graph;

use std::fs;

use contract::artifact::SOURCE;
use contract::credit::{Credit, NOT_STATED, licence_url};
use serde_json::{Value, json};

use crate::cache::{Cache, Manifest};
use crate::digest;
use crate::runs::{Run, StageRun};
use graph::{Graph, reference};

/// The file's name, which the format prescribes.
pub(crate) const FILE: &str = "ro-crate-metadata.json";

const FORMAT: &str = "https://w3id.org/ro/crate/1.1";
const PROFILE: &str = "https://w3id.org/ro/wfrun/process/0.5";
/// Where Isotherm is.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A word of schema.org that the format's own context does not have.
const CREDIT_TEXT: &str = "http://schema.org/creditText";

/// A stage of the run, with how it was made.
struct Recorded<'a> {
    run: &'a StageRun,
    /// `None` if it has gone from the cache.
    manifest: Option<Manifest>,
}

/// The text of the file; `records` are the names and texts of the files beside the artifacts, such as `run.json`.
///
/// # Errors
/// When it cannot be put into words, which nothing that a run holds can cause.
pub(crate) fn text(run: &Run, records: &[(&str, String)], cache: &Cache) -> anyhow::Result<String> {
    let record = |stage| Recorded { run: stage, manifest: cache.manifest(&stage.stage, &stage.fingerprint) };
    let recorded: Vec<Recorded> = run.stages.iter().map(record).collect();
    let crate_of_run = describe(run, records, &recorded, &credit(run, cache));
    Ok(serde_json::to_string_pretty(&crate_of_run)? + "\n")
}

/// What the run says of its data; nothing if it does not.
fn credit(run: &Run, cache: &Cache) -> Credit {
    let has_source =
        |stage: &&StageRun| stage.outputs.iter().any(|output: &digest::Content| output.name == SOURCE);
    let read = |stage: &StageRun| -> Option<Credit> {
        let path = cache.artifact(&stage.stage, &stage.fingerprint).join(SOURCE);
        let document: Value = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        serde_json::from_value(document.get("credit")?.clone()).ok()
    };
    run.stages.iter().find(has_source).and_then(read).unwrap_or_default()
}

fn describe(run: &Run, records: &[(&str, String)], stages: &[Recorded], credit: &Credit) -> Value {
    let mut graph = Graph::default();
    graph.add(json!({
        "@id": FILE, "@type": "CreativeWork", "conformsTo": reference(FORMAT), "about": reference("./"),
    }));
    graph.add(json!({
        "@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5",
    }));
    let licences = licences(&mut graph, credit);
    let parts = files::add(&mut graph, stages, records);
    let actions = actions::add(&mut graph, stages, &licences);
    let mut root = json!({
        "@id": "./",
        "@type": "Dataset",
        "name": name(run),
        "description": description(run, credit),
        "datePublished": actions::with_offset(&run.finished).unwrap_or_else(|| run.finished.clone()),
        "conformsTo": reference(PROFILE),
        "license": licences,
        "hasPart": parts,
        "mentions": actions,
    });
    for (key, text) in [("creditText", credit.attribution()), ("citation", credit.references_line())] {
        if let Some(text) = text {
            root[key] = Value::from(text);
        }
    }
    graph.add(root);
    json!({"@context": [format!("{FORMAT}/context"), {"creditText": CREDIT_TEXT}], "@graph": graph.entities()})
}

/// The licences of the data, or that nobody has stated one.
fn licences(graph: &mut Graph, credit: &Credit) -> Value {
    let mut ids = Vec::new();
    for (number, licence) in (1..).zip(&credit.licences) {
        let id = licence_url(licence).map_or_else(|| format!("#licence-{number}"), str::to_string);
        graph.add(json!({"@id": id, "@type": "CreativeWork", "name": licence}));
        ids.push(reference(&id));
    }
    if ids.is_empty() {
        let id = "#licence-not-stated";
        let description = "The source of the data does not say under which licence they are.";
        graph
            .add(json!({"@id": id, "@type": "CreativeWork", "name": NOT_STATED, "description": description}));
        return reference(id);
    }
    Value::Array(ids)
}

/// The report's title, else the pipeline.
fn name(run: &Run) -> String {
    let title = run.tables.get("report").and_then(|report| report.get("title")?.as_str());
    title.map_or_else(|| format!("Isotherm: {}", pipeline(run)), str::to_string)
}

fn description(run: &Run, credit: &Credit) -> String {
    let shown = |text: Option<String>| text.unwrap_or_else(|| NOT_STATED.to_string());
    format!(
        "What the pipeline {} has made of hourly weather at a place, with Isotherm {VERSION}. Source of the data: {}. \
         Attribution: {}",
        pipeline(run),
        shown(credit.source()),
        shown(credit.attribution()),
    )
}

/// The pipeline file, without folders of this machine.
fn pipeline(run: &Run) -> &str {
    let is_inside = !run.pipeline.starts_with(['/', '~', '.']);
    if is_inside { &run.pipeline } else { base_name(&run.pipeline) }
}

fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests;
