//! `inspect`: the binary of `ingest` looks into files, and what it leaves is printed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};
use contract::stage::{Inputs, Outputs, REQUEST_FORMAT, Request};
use serde_json::{Map, Value};

use crate::cache::TEMPORARY;
use crate::console::{Console, LogFormat, OutputFormat};
use crate::map::{FILES, INSPECT};
use crate::workspace::Workspace;
use crate::{builder, child, process, task};

/// Prints what is in the files, for people or as JSON.
///
/// # Errors
/// When there is no such file, or the stage fails.
pub(crate) fn inspect(workspace: &Workspace, paths: &[PathBuf], output: OutputFormat) -> anyhow::Result<()> {
    let name = if output == OutputFormat::Json { "inspect.json" } else { "inspect.txt" };
    print!("{}", look(workspace, paths, name)?);
    Ok(())
}

/// The table `[ingest.station]` that would read those files, with comments on what they leave open; `None` if they are
/// no station's tables.
///
/// # Errors
/// Those of [`inspect`].
pub(crate) fn station(workspace: &Workspace, paths: &[PathBuf]) -> anyhow::Result<Option<String>> {
    let report: Value = serde_json::from_str(&look(workspace, paths, "inspect.json")?)?;
    let ingest = report["together"]["ingest"].as_str();
    // What stands before is the place and the files.
    Ok(ingest.and_then(|text| text.split_once("\n\n")).map(|(_, station)| station.to_string()))
}

/// The text of that name that the stage leaves.
fn look(workspace: &Workspace, paths: &[PathBuf], name: &str) -> anyhow::Result<String> {
    let inputs = task::input::files(paths)?;
    let console = Console::new(LogFormat::Human);
    let binaries = builder::build(workspace, &console, false)?;
    let folder = create_folder(workspace)?;
    let request = Request {
        format: REQUEST_FORMAT,
        stage: INSPECT.name.to_string(),
        pipeline: "the command line".to_string(),
        config: Map::new(),
        inputs: Inputs([(FILES.to_string(), inputs)].into()),
        outputs: Outputs { folder: folder.clone(), work: folder.clone() },
        log: None,
    };
    let binary = binaries.find(INSPECT.binary);
    let left = binary.and_then(|binary| {
        let status = child::run(workspace, &console, binary, &folder.join("request.json"), &request)?;
        if !status.success() {
            bail!("inspect failed ({})", child::describe(status));
        }
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    });
    let _ = fs::remove_dir_all(&folder);
    left
}

/// A folder of its own in the cache, or where the system keeps such folders if nothing can be written there.
fn create_folder(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let name = format!("{TEMPORARY}inspect-{}", process::next_token());
    let in_cache = workspace.cache().join(&name);
    if fs::create_dir_all(&in_cache).is_ok() {
        return Ok(in_cache);
    }
    let elsewhere = std::env::temp_dir().join(&name);
    fs::create_dir(&elsewhere).with_context(|| format!("cannot create {}", elsewhere.display()))?;
    Ok(elsewhere)
}
