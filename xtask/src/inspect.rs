//! `inspect`: the binary of `ingest` looks into files, and what it leaves is printed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use contract::stage::{InputFile, Inputs, Outputs, REQUEST_FORMAT, Request};
use serde_json::Map;

use crate::cache::TEMPORARY;
use crate::console::{Console, LogFormat};
use crate::failure::config;
use crate::map::{FILES, INSPECT};
use crate::pipeline::files;
use crate::workspace::Workspace;
use crate::{builder, child};

/// Prints what is in the files, for people or as JSON.
///
/// # Errors
/// When there is no such file, or the stage fails.
pub(crate) fn inspect(workspace: &Workspace, paths: &[PathBuf], json: bool) -> anyhow::Result<()> {
    let mut inputs = Vec::new();
    for path in paths {
        inputs.extend(input_files(path)?);
    }
    let console = Console { format: LogFormat::Human };
    let binaries = builder::build(workspace, &console, false)?;
    let folder = workspace.cache().join(format!("{TEMPORARY}inspect-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let request = Request {
        format: REQUEST_FORMAT,
        stage: INSPECT.name.to_string(),
        pipeline: "the command line".to_string(),
        config: Map::new(),
        inputs: Inputs([(FILES.to_string(), inputs)].into()),
        outputs: Outputs { folder: folder.clone(), work: folder.clone() },
        log: None,
    };
    let binary = builder::find(&binaries, INSPECT.binary);
    let name = if json { "inspect.json" } else { "inspect.txt" };
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

/// The file, or the files of the folder. Their digests are not needed.
pub(crate) fn input_files(path: &Path) -> anyhow::Result<Vec<InputFile>> {
    let here = std::env::current_dir().context("cannot tell the current folder")?;
    let whole = here.join(path);
    let found = if whole.is_dir() { files::in_folder(&whole)? } else { vec![whole.clone()] };
    if found.is_empty() {
        let kinds = files::EXTENSIONS.join(", ");
        return Err(config(format!("{} has no files that end in {kinds}", path.display())));
    }
    if !found[0].is_file() {
        return Err(config(format!("there is no file {}", path.display())));
    }
    let input = |path: PathBuf| InputFile {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        path,
        digest: String::new(),
    };
    Ok(found.into_iter().map(input).collect())
}
