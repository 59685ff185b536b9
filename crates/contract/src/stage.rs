//! A stage of the pipeline, and the request that asks it to run. `xtask` writes the request, the
//! stage's binary reads it ([`main`]). A stage is a function of its request: it sees the named
//! inputs, an empty output folder and a folder for checkpoints, and no clock, environment or cache.

mod main;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::Fault;

pub use main::{Entry, main};

/// Version of the request; a stage refuses any other.
pub const REQUEST_FORMAT: u32 = 1;

/// One stage of the pipeline.
pub trait Stage {
    const NAME: &'static str;
    /// The inputs that it reads, as `stage/file`; `files` are those named in the pipeline file.
    const READS: &'static [&'static str];
    /// Its tables of the pipeline file, as written.
    type Tables: DeserializeOwned + JsonSchema;
    /// The same, checked: a value that cannot be wrong.
    type Config;

    /// Turns the tables into a configuration.
    ///
    /// # Errors
    /// The first key whose value cannot be used.
    fn check(tables: Self::Tables) -> Result<Self::Config, Fault>;

    /// Reads the inputs and leaves the artifact in the output folder.
    ///
    /// # Errors
    /// Whatever stops it; nothing in the output folder counts then.
    fn run(config: &Self::Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()>;
}

/// What `xtask` asks of a stage: `request.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// [`REQUEST_FORMAT`].
    pub format: u32,
    pub stage: String,
    /// The pipeline file as the user named it; for messages only.
    pub pipeline: String,
    /// The stage's tables of the pipeline file, by name.
    pub config: Map<String, Value>,
    pub inputs: Inputs,
    pub outputs: Outputs,
    /// Where the log goes.
    pub log: Option<PathBuf>,
}

/// The input files of a stage, by the stage that wrote them (`files` for the user's own).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inputs(pub BTreeMap<String, Vec<InputFile>>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// Path inside the artifact: `model/config.json`; for the user's own files their base name.
    pub name: String,
    pub path: PathBuf,
    /// BLAKE3 of its bytes, hexadecimal.
    pub digest: String,
}

impl Inputs {
    /// The files of one source; none if it has none.
    pub fn files(&self, source: &str) -> &[InputFile] {
        self.0.get(source).map_or(&[], Vec::as_slice)
    }

    /// The path of one file, named as in [`Stage::READS`]: `ingest/series.parquet`.
    ///
    /// # Errors
    /// When the request does not name it.
    pub fn path(&self, read: &str) -> anyhow::Result<&Path> {
        let (source, name) = read.split_once('/').unwrap_or((read, ""));
        let file = self.files(source).iter().find(|file| file.name == name);
        let file = file.ok_or_else(|| anyhow!("the request does not name the input {read}"))?;
        Ok(&file.path)
    }
}

/// Where a stage may write.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outputs {
    /// Empty at the start; all of it becomes the artifact.
    pub folder: PathBuf,
    /// Outlives a killed run: checkpoints, which can change nothing but the time taken.
    pub work: PathBuf,
}

impl Outputs {
    /// The path of an output file.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a JSON document, indented, with a final newline.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        let path = self.file(name);
        let mut text = serde_json::to_string_pretty(value).context("cannot serialise")?;
        text.push('\n');
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Reads a JSON document that carries a `format`.
///
/// # Errors
/// When it cannot be read, is of another format version, or does not have the expected keys.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let value: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    if let Some(format) = value.get("format") {
        check_format(path, &format.to_string())?;
    }
    serde_path_to_error::deserialize(value)
        .with_context(|| format!("{} does not hold what was expected", path.display()))
}

/// Refuses artifacts of another format version.
///
/// # Errors
/// When `found` is not [`crate::artifact::FORMAT`].
pub fn check_format(path: &Path, found: &str) -> anyhow::Result<()> {
    let wanted = crate::artifact::FORMAT;
    if found == wanted.to_string() {
        return Ok(());
    }
    Err(anyhow!(
        "{} has artifact format {found}, this version reads format {wanted}; make it again with this version \
         (`cargo xtask run-all --force`)",
        path.display()
    ))
}
