//! `impute`, `forecast`, `detect` and `generate` on a trained model and a user's files, outside of any pipeline and of
//! the cache: `ingest` reads the files, `infer` does the task, and what it leaves goes where the user says. Nothing is
//! written there unless all of it can be.

pub(crate) mod input;
mod output;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use contract::artifact::SERIES;
use contract::stage::{InputFile, Inputs, Outputs, REQUEST_FORMAT, Request};
use serde_json::{Map, Value, json};

use crate::builder::{self, Binaries};
use crate::cache::{Cache, TEMPORARY};
use crate::child;
use crate::console::{Console, LogFormat, OutputFormat};
use crate::failure::Failure;
use crate::interrupt;
use crate::map::{self, FILES, HOURS, Stage, source_and_name};
use crate::process;
use crate::workspace::Workspace;
use output::Destination;

/// What is asked for.
pub(crate) struct Task {
    /// The stage that does it, and its table.
    pub name: &'static str,
    /// The file that the stage leaves, without its ending.
    pub leaves: &'static str,
    /// A second one, if it leaves two.
    pub beside: Option<&'static str>,
    pub settings: Map<String, Value>,
    pub model: PathBuf,
    /// None for a stage that reads no series.
    pub files: Vec<PathBuf>,
    pub output: PathBuf,
    pub unit: Option<String>,
}

/// Does the task.
///
/// # Errors
/// Whatever stops it; then nothing has been written.
pub(crate) fn run(workspace: &Workspace, task: Task, output: OutputFormat) -> anyhow::Result<()> {
    let stage = map::stage(task.name).map_err(anyhow::Error::msg)?;
    let destination = Destination::of(&task.output, task.beside.is_some())?;
    let mut inputs = input::model(stage, &task.model)?;
    let files = input::files(&task.files)?;
    let settings = settings(&task, &destination);
    let console = Console::new(LogFormat::Human);
    let binaries = builder::build(workspace, &console, false)?;
    let _cache = Cache::new(workspace.cache()).enter(task.name, &console)?;
    let folder = workspace.cache().join(format!("{TEMPORARY}{}-{}", task.name, process::next_token()));
    let at_work = AtWork { workspace, console: &console, binaries: &binaries, folder: &folder };
    let done = at_work.folder("task").and_then(|outputs| {
        let config = Map::from_iter([(task.name.to_string(), Value::Object(settings))]);
        let mut request = request(stage, config, Inputs::default(), outputs);
        if stage.sources().contains(&"ingest") {
            // Named before it is there, so that the settings are checked first.
            inputs.0.insert("ingest".to_string(), Vec::new());
            request.inputs = inputs.clone();
            at_work.check(stage, &request)?;
            inputs.0.insert("ingest".to_string(), vec![at_work.hours(&inputs, files)?]);
        }
        request.inputs = inputs;
        at_work.run(stage, &request)?;
        interrupt::check()?;
        destination.place(&request.outputs.folder, task.leaves, task.beside)
    });
    let _ = fs::remove_dir_all(&folder);
    let files: Vec<String> = done?.iter().map(|path| path.display().to_string()).collect();
    output.print(|| files.join("\n") + "\n", || json!({"files": files}));
    Ok(())
}

/// The stage's table: the options, the format if it is not Parquet, and the unit.
fn settings(task: &Task, destination: &Destination) -> Map<String, Value> {
    let mut settings = task.settings.clone();
    settings.retain(|_, value| !value.is_null());
    settings.extend(destination.export().map(|kind| ("exports".to_string(), Value::from(vec![kind]))));
    settings.extend(task.unit.clone().map(|unit| ("unit".to_string(), Value::from(unit))));
    settings
}

fn request(stage: &Stage, config: Map<String, Value>, inputs: Inputs, outputs: Outputs) -> Request {
    Request {
        format: REQUEST_FORMAT,
        stage: stage.name.to_string(),
        pipeline: "the command line".to_string(),
        config,
        inputs,
        outputs,
        log: None,
    }
}

/// The stages' binaries and the folder that they work in.
struct AtWork<'a> {
    workspace: &'a Workspace,
    console: &'a Console,
    binaries: &'a Binaries,
    folder: &'a Path,
}

impl AtWork<'_> {
    /// An empty folder of that name.
    fn folder(&self, name: &str) -> anyhow::Result<Outputs> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Outputs { work: folder.clone(), folder })
    }

    fn check(&self, stage: &Stage, request: &Request) -> anyhow::Result<()> {
        let binary = self.binaries.find(stage.binary)?;
        let fault = child::check(self.workspace, binary, &self.folder.join("request.json"), request)?;
        let Some(fault) = fault else { return Ok(()) };
        eprintln!("error: {fault}");
        Err(Failure::ConfigSaid.into())
    }

    fn run(&self, stage: &Stage, request: &Request) -> anyhow::Result<()> {
        let binary = self.binaries.find(stage.binary)?;
        let file = self.folder.join("request.json");
        let status = child::run(self.workspace, self.console, binary, &file, request)?;
        if !status.success() {
            bail!("{} failed ({}); nothing was written", stage.name, child::describe(status));
        }
        Ok(())
    }

    /// The user's files as one series.
    fn hours(&self, inputs: &Inputs, files: Vec<InputFile>) -> anyhow::Result<InputFile> {
        let mut read = Inputs([(FILES.to_string(), files)].into());
        for source in HOURS.reads.iter().map(|read| source_and_name(read).0).filter(|source| *source != FILES)
        {
            read.0.insert(source.to_string(), inputs.files(source).to_vec());
        }
        let outputs = self.folder("hours")?;
        let path = outputs.file(SERIES);
        self.run(&HOURS, &request(&HOURS, Map::new(), read, outputs))?;
        Ok(InputFile { name: SERIES.to_string(), path, digest: String::new() })
    }
}
