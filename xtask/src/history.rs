//! `data/runs/history.parquet`: settings, figures and seconds of all runs that were published, for
//! notebooks. A stage's binary writes it, because this program links no Parquet.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use contract::stage::{InputFile, Inputs, Outputs, REQUEST_FORMAT, Request};
use serde_json::{Map, Value, json};

use crate::builder::{self, Binaries};
use crate::cache::TEMPORARY;
use crate::console::Console;
use crate::lease::{LOCK, Lease};
use crate::map::{HISTORY, source_and_name};
use crate::runs::Run;
use crate::session::Session;
use crate::{child, interrupt, process};

/// The history's file, beside the runs.
const FILE: &str = "history.parquet";

/// Adds a run. That it fails is said, and no reason to fail: the run is there.
///
/// # Errors
/// After Ctrl-C only.
pub(crate) fn record(
    session: &Session,
    console: &Console,
    binaries: Option<&Binaries>,
    run: &Run,
) -> anyhow::Result<()> {
    if let Err(error) = try_record(session, console, binaries, run) {
        interrupt::check()?;
        let shown = session.workspace.show(&path(session));
        console.note(&format!("{shown} does not have this run: {error:#}"));
    }
    Ok(())
}

fn path(session: &Session) -> PathBuf {
    session.workspace.runs().join(FILE)
}

fn try_record(
    session: &Session,
    console: &Console,
    binaries: Option<&Binaries>,
    run: &Run,
) -> anyhow::Result<()> {
    let binary = match binaries {
        Some(binaries) => binaries.find(HISTORY.binary)?.to_path_buf(),
        // Nothing is built only for this.
        None => builder::already_built(&session.workspace, HISTORY.binary)
            .with_context(|| format!("{} is not built yet", HISTORY.binary))?,
    };
    let runs = session.workspace.runs();
    let _lease = Lease::take(&runs.join(format!("{LOCK}.history")), "run", console, "the history")?;
    let scratch = runs.join(format!("{TEMPORARY}history-{}", process::next_token()));
    fs::create_dir_all(&scratch).with_context(|| format!("cannot create {}", scratch.display()))?;
    let written = write(session, console, &binary, run, &scratch);
    let _ = fs::remove_dir_all(&scratch);
    written
}

fn write(
    session: &Session,
    console: &Console,
    binary: &Path,
    run: &Run,
    scratch: &Path,
) -> anyhow::Result<()> {
    let request = Request {
        format: REQUEST_FORMAT,
        stage: HISTORY.name.to_string(),
        pipeline: run.pipeline.clone(),
        config: Map::from_iter([("history".to_string(), facts(session, run)?)]),
        inputs: inputs(session),
        outputs: Outputs { folder: scratch.to_path_buf(), work: scratch.to_path_buf() },
        log: None,
    };
    let status = child::run(&session.workspace, console, binary, &scratch.join("request.json"), &request)?;
    if !status.success() {
        bail!("history failed ({})", child::describe(status));
    }
    let target = path(session);
    let written = File::open(scratch.join(FILE)).and_then(|file| file.sync_all());
    written.with_context(|| format!("cannot write {}", target.display()))?;
    fs::rename(scratch.join(FILE), &target).with_context(|| format!("cannot write {}", target.display()))
}

/// The history so far, and the scorecard of the run as it was published.
fn inputs(session: &Session) -> Inputs {
    let published = session.runs.path(&session.pipeline.name);
    let mut inputs = Inputs::default();
    for read in HISTORY.reads {
        let (source, name) = source_and_name(read);
        let folder = if source == HISTORY.name { session.workspace.runs() } else { published.clone() };
        let path = folder.join(name);
        let files = inputs.0.entry(source.to_string()).or_default();
        if path.is_file() {
            files.push(InputFile { name: name.to_string(), path, digest: String::new() });
        }
    }
    inputs
}

fn facts(session: &Session, run: &Run) -> anyhow::Result<Value> {
    let finished: jiff::Timestamp = run.finished.parse().context("the time of the run is none")?;
    let settings = run.tables.iter().filter_map(|(table, keys)| Some((table, keys.as_object()?)));
    let settings: Map<String, Value> = settings
        .flat_map(|(table, keys)| {
            keys.iter().map(move |(key, value)| (format!("{table}.{key}"), value.clone()))
        })
        .collect();
    let stages = run.stages.iter().map(
        |stage| json!({"stage": stage.stage, "fingerprint": stage.fingerprint, "seconds": stage.seconds}),
    );
    Ok(json!({
        "run": session.pipeline.name, "finished_us": finished.as_microsecond(), "pipeline": run.pipeline,
        "commit": run.commit, "settings": settings, "stages": stages.collect::<Vec<_>>(),
    }))
}
