//! `inspect`: the binary of `ingest` looks into files, and what it leaves is printed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, bail};
use contract::stage::{Inputs, Outputs, REQUEST_FORMAT, Request};
use serde_json::Map;

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
    let name = if output == OutputFormat::Json { "inspect.json" } else { "inspect.txt" };
    let printed = binary.and_then(|binary| {
        let status = child::run(workspace, &console, binary, &folder.join("request.json"), &request)?;
        if !status.success() {
            bail!("inspect failed ({})", child::describe(status));
        }
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    });
    let _ = fs::remove_dir_all(&folder);
    print!("{}", printed?);
    Ok(())
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
