//! What a task reads: the files of a model's folder, and the user's own.

use std::path::{Path, PathBuf};

use anyhow::Context;
use contract::stage::{InputFile, Inputs};

use crate::failure::config;
use crate::map::{Stage, source_and_name};
use crate::pipeline::files;

/// The files of the folder that the stage reads, as if they came from the stages that made them.
///
/// # Errors
/// When the folder or one of them is not there.
pub(super) fn model(stage: &'static Stage, folder: &Path) -> anyhow::Result<Inputs> {
    let folder_shown = folder.display();
    let here = std::env::current_dir().context("cannot tell the current folder")?;
    if !here.join(folder).is_dir() {
        return Err(config(format!(
            "there is no folder {folder_shown}; after `cargo xtask run-all PIPELINE` a model is in \
             data/runs/PIPELINE/model"
        )));
    }
    let mut inputs = Inputs::default();
    for read in stage.reads {
        let (source, name) = source_and_name(read);
        let Some(file) = name.strip_prefix("model/") else { continue };
        let path = here.join(folder).join(file);
        if !path.is_file() {
            let what = match source {
                "deliver" => "so it is no whole model folder: copy all of it, or train again with `cargo xtask run-all`"
                    .to_string(),
                other => format!("which {other} makes: run `cargo xtask run-all`, or `cargo xtask run {other}`"),
            };
            return Err(config(format!("{folder_shown} has no {file}, {what}")));
        }
        let input = InputFile { name: name.to_string(), path, digest: String::new() };
        inputs.0.entry(source.to_string()).or_default().push(input);
    }
    Ok(inputs)
}

/// The files, or those of folders. Their digests are not needed.
///
/// # Errors
/// When there are none.
pub(crate) fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<InputFile>> {
    let here = std::env::current_dir().context("cannot tell the current folder")?;
    let mut inputs = Vec::new();
    for path in paths {
        let whole = here.join(path);
        let found = if whole.is_dir() { files::in_folder(&whole)? } else { vec![whole] };
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
        inputs.extend(found.into_iter().map(input));
    }
    Ok(inputs)
}
