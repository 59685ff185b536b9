//! `impute`, `forecast` and `detect`: a trained model applied to a user's file. The binary of `ingest` reads
//! the file into a temporary folder with its gaps as they are, the binary of `infer` answers there, and only a
//! whole answer is moved to where it was asked for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use contract::artifact::{MODEL, TRANSFORM};
use contract::stage::{InputFile, Inputs, Outputs, REQUEST_FORMAT, Request, read_json};
use contract::transform::Transform;
use serde_json::{Map, Value, json};

use crate::cache::TEMPORARY;
use crate::cli::TaskArguments;
use crate::console::{Console, LogFormat};
use crate::failure::config;
use crate::inspect::input_files;
use crate::map::{self, FILES, TaskStage};
use crate::pipeline::Pipeline;
use crate::workspace::Workspace;
use crate::{builder, child};

/// Where answers can go.
const FORMATS: [&str; 2] = ["parquet", "csv"];

/// Runs a task; `table` are its settings.
///
/// # Errors
/// When an argument cannot be used, the model is not whole, or a stage fails; nothing is written then.
pub(crate) fn run(
    workspace: &Workspace,
    task: &TaskStage,
    arguments: &TaskArguments,
    mut table: Map<String, Value>,
) -> anyhow::Result<()> {
    let output = std::env::current_dir().context("cannot tell the current folder")?.join(&arguments.output);
    let format = format_of(&output, &arguments.output)?;
    let model = model_files(task, &arguments.model)?;
    let mut files = Vec::new();
    for path in &arguments.input {
        files.extend(input_files(path)?);
    }
    let ingest = ingest_table(workspace, arguments, &files)?;
    table.insert("format".to_string(), format.into());
    let console = Console { format: LogFormat::Human };
    let binaries = builder::build(workspace, &console, false)?;
    let folder = workspace.cache().join(format!("{TEMPORARY}{}-{}", task.stage.name, std::process::id()));
    let run = |stage: &map::Stage, config: Map<String, Value>, inputs: Inputs| -> anyhow::Result<PathBuf> {
        let outputs = folder.join(stage.name);
        fs::create_dir_all(&outputs).with_context(|| format!("cannot create {}", outputs.display()))?;
        let request = Request {
            format: REQUEST_FORMAT,
            stage: stage.name.to_string(),
            pipeline: "the command line".to_string(),
            config,
            inputs,
            outputs: Outputs { folder: outputs.clone(), work: folder.clone() },
            log: None,
        };
        let binary = builder::find(&binaries, stage.binary)?;
        let file = folder.join(format!("{}.json", stage.name));
        let status = child::run(workspace, &console, binary, &file, &request)?;
        if !status.success() {
            bail!("{} failed ({}); nothing was written", stage.name, child::describe(status));
        }
        Ok(outputs)
    };
    let answered = (|| {
        let ingest_stage = map::stage("ingest").map_err(config)?;
        let series = run(ingest_stage, ingest, Inputs([(FILES.to_string(), files)].into()))?;
        let mut inputs = model;
        inputs.0.insert("ingest".to_string(), vec![input("series.parquet", series.join("series.parquet"))]);
        let settings = Map::from_iter([(task.stage.name.to_string(), Value::Object(table))]);
        run(task.stage, settings, inputs)
    })();
    let moved = answered.and_then(|answer| deliver(task, &answer, &output, format));
    let _ = fs::remove_dir_all(&folder);
    for path in moved? {
        println!("{}", path.display());
    }
    Ok(())
}

/// The format that the output's name asks for; its folder must be there.
fn format_of<'a>(output: &'a Path, written: &Path) -> anyhow::Result<&'a str> {
    let extension = output.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if !FORMATS.contains(&extension) {
        let written = written.display();
        return Err(config(format!("--output is {written}; wanted a name that ends in .parquet or .csv")));
    }
    match output.parent().filter(|parent| !parent.is_dir()) {
        Some(parent) => {
            Err(config(format!("--output is in {}, and there is no such folder", parent.display())))
        }
        None => Ok(extension),
    }
}

fn input(name: &str, path: PathBuf) -> InputFile {
    InputFile { name: name.to_string(), path, digest: String::new() }
}

/// The files of a model folder, under the names that the stages know them by.
fn model_files(task: &TaskStage, folder: &Path) -> anyhow::Result<Inputs> {
    let here = std::env::current_dir().context("cannot tell the current folder")?.join(folder);
    let mut inputs = Inputs::default();
    for read in task.stage.reads {
        let (source, name) = map::source_and_name(read);
        let Some(bare) = name.strip_prefix(MODEL).and_then(|name| name.strip_prefix('/')) else { continue };
        let path = here.join(bare);
        if !path.is_file() {
            return Err(config(format!(
                "{} has no {bare}, so it is not a whole model; wanted the folder `model` that `cargo xtask run-all` \
                 leaves in data/runs/PIPELINE, or a copy of it",
                folder.display()
            )));
        }
        inputs.0.entry(source.to_string()).or_default().push(input(name, path));
    }
    Ok(inputs)
}

/// How `ingest` is to read the files: as the pipeline that was named says, or as a grid's files; at the model's
/// place, the model's variable, gaps left as they are.
fn ingest_table(
    workspace: &Workspace,
    arguments: &TaskArguments,
    files: &[InputFile],
) -> anyhow::Result<Map<String, Value>> {
    let transform: Transform = read_json(&arguments.model.join(TRANSFORM))?;
    let mut table = match &arguments.read_as {
        Some(word) => {
            let pipeline = Pipeline::load(workspace, word, &[], None)?;
            pipeline.tables.get("ingest").and_then(Value::as_object).cloned().unwrap_or_default()
        }
        None => Map::from_iter([
            ("latitude_deg".to_string(), json!(transform.latitude_deg)),
            ("longitude_deg".to_string(), json!(transform.longitude_deg)),
            ("max_distance_km".to_string(), json!(FARTHEST_KM)),
        ]),
    };
    table.remove("source");
    let paths: Vec<String> = files.iter().map(|file| file.path.display().to_string()).collect();
    table.insert("files".to_string(), json!(paths));
    table.insert("variables".to_string(), json!([transform.variable]));
    table.insert("max_gap_hours".to_string(), json!(0));
    table.insert("max_diurnal_gap_hours".to_string(), json!(0));
    table.insert("long_gaps".to_string(), json!("leave"));
    Ok(Map::from_iter([("ingest".to_string(), Value::Object(table))]))
}

/// Half the way around the globe: a file of another place is read, and the task says how far it is.
const FARTHEST_KM: f64 = 20_000.0;

/// Moves the answer's files to the output, the others beside it by their own names; each replaces what is
/// there at once.
fn deliver(task: &TaskStage, answer: &Path, output: &Path, format: &str) -> anyhow::Result<Vec<PathBuf>> {
    let stem = output.file_stem().unwrap_or_default().to_string_lossy();
    let place = |name: &str| match name == task.answer {
        true => output.to_path_buf(),
        false => output.with_file_name(format!("{stem}.{name}.{format}")),
    };
    let names = std::iter::once(task.answer).chain(task.beside.iter().copied());
    let pairs: Vec<(PathBuf, PathBuf)> =
        names.map(|name| (answer.join(format!("{name}.{format}")), place(name))).collect();
    let draft = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!("{TEMPORARY}{name}"))
    };
    // All are copied before any takes its place.
    for (from, to) in &pairs {
        fs::copy(from, draft(to)).with_context(|| format!("cannot write {}", to.display()))?;
    }
    for (_, to) in &pairs {
        fs::rename(draft(to), to).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(pairs.into_iter().map(|(_, to)| to).collect())
}
