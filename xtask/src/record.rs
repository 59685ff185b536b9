//! What is kept of a run so that others can check it: what was asked for, how each stage was made and
//! what it left, and the figures. Of a run that is published it lies in `data/runs/NAME`; `freeze`
//! copies it to `pipelines/locked/NAME`, to be committed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use contract::artifact::METRICS;
use contract::config::nearest;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cache::Manifest;
use crate::console::OutputFormat;
use crate::failure::config;
use crate::map;
use crate::runs::{MANIFESTS, RUN, Run, Runs};
use crate::workspace::Workspace;

/// Below `pipelines/`.
const LOCKED: &str = "locked";

/// A run as it was recorded.
pub(crate) struct Record {
    pub name: String,
    /// Where it was read.
    pub folder: PathBuf,
    pub run: Run,
    /// Of its stages, in their order.
    pub manifests: Vec<Manifest>,
    /// The scorecard; `None` if the run had no `evaluate`.
    pub metrics: Option<Value>,
}

/// Where a record is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// What was frozen, or else what is published.
    Anywhere,
    Published,
}

impl Record {
    /// # Errors
    /// When there is no such record; the nearest name is proposed.
    pub fn find(workspace: &Workspace, name: &str, from: From) -> anyhow::Result<Record> {
        let frozen = frozen(workspace, name);
        let published = workspace.runs().join(name);
        let folders = match from {
            From::Anywhere => vec![frozen, published],
            From::Published => vec![published],
        };
        let folder = folders.into_iter().find(|folder| folder.join(RUN).is_file());
        let folder = folder.ok_or_else(|| {
            let known = known(workspace);
            let proposal = map::proposal(nearest(name, known.iter().map(String::as_str)));
            config(format!("there is no run {name:?}; cargo xtask list shows those that there are{proposal}"))
        })?;
        let metrics = folder.join(METRICS);
        Ok(Record {
            name: name.to_string(),
            run: read(&folder.join(RUN))?,
            manifests: read(&folder.join(MANIFESTS))?,
            metrics: metrics.is_file().then(|| read(&metrics)).transpose()?,
            folder,
        })
    }

    /// The last stage of the run.
    pub fn last_stage(&self) -> Option<&str> {
        self.manifests.last().map(|manifest| manifest.stage.as_str())
    }

    pub fn manifest(&self, stage: &str) -> Option<&Manifest> {
        self.manifests.iter().find(|manifest| manifest.stage == stage)
    }
}

fn frozen(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.root.join("pipelines").join(LOCKED).join(name)
}

/// The names of all records.
fn known(workspace: &Workspace) -> Vec<String> {
    let frozen = Runs::new(workspace.root.join("pipelines").join(LOCKED));
    let mut names = [frozen.names(), Runs::new(workspace.runs()).names()].concat();
    names.sort();
    names.dedup();
    names
}

fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let shown = path.display();
    let text = fs::read_to_string(path).with_context(|| {
        format!(
            "cannot read {shown}; a run of an earlier version has to be run again with `cargo xtask run-all`"
        )
    })?;
    serde_json::from_str(&text).with_context(|| {
        format!("{shown} is not what this version writes; run again with `cargo xtask run-all`")
    })
}

/// Copies the record of a published run to `pipelines/locked`.
///
/// # Errors
/// When there is no such run, or its folder cannot be written.
pub(crate) fn freeze(workspace: &Workspace, name: &str, output: OutputFormat) -> anyhow::Result<()> {
    let record = Record::find(workspace, name, From::Published)?;
    let folder = frozen(workspace, name);
    let context = || format!("cannot write {}", folder.display());
    fs::create_dir_all(&folder).with_context(context)?;
    for file in [RUN, MANIFESTS, METRICS] {
        let (source, target) = (record.folder.join(file), folder.join(file));
        let _ = fs::remove_file(&target);
        if source.is_file() {
            // Not copied as a file: published ones are read-only.
            fs::write(&target, fs::read(&source).with_context(context)?).with_context(context)?;
        }
    }
    for warning in warnings(&record.run) {
        eprintln!("{warning}");
    }
    let shown = workspace.show(&folder);
    output.print(|| format!("{shown}\n"), || json!({"folder": shown}));
    Ok(())
}

/// What keeps others from making the run again.
fn warnings(run: &Run) -> Vec<String> {
    let mut warnings = Vec::new();
    if run.dirty == Some(true) {
        warnings
            .push("the run was made with changes that are in no commit: commit them and run again".into());
    }
    if run.commit.is_none() {
        warnings.push("the run names no commit, because git or its repository was not there".into());
    }
    if !run.trusted_code.is_empty() {
        let stages = run.trusted_code.join(", ");
        warnings.push(format!("--trust-code was used: {stages} were made by other code than this run's"));
    }
    warnings
}
