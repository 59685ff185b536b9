//! `run-all` and `run`: takes from the cache what is there, runs the rest, publishes.

mod execute;
mod runner;

use contract::artifact::REPORT;
use serde_json::json;

use crate::console::{Console, LogFormat, OutputFormat};
use crate::failure::config;
use crate::map::{FETCH, Stage};
use crate::pipeline::Pipeline;
use crate::runs::Run;
use crate::session::Session;
use crate::workspace::Workspace;
use crate::{gc, plan};

pub(crate) use runner::Runner;

/// What to run, and how.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub pipeline: String,
    pub sets: Vec<String>,
    pub name: Option<String>,
    /// The last stage; `None` for all.
    pub last: Option<&'static Stage>,
    pub force: bool,
    pub dry_run: bool,
    pub expect_cached: bool,
    pub trust_code: bool,
    pub log_format: LogFormat,
    pub output: OutputFormat,
}

/// Runs a pipeline; returns the names of the stages that were not taken from the cache.
///
/// # Errors
/// Whatever stops it; finished stages stay in the cache.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<Vec<&'static str>> {
    let pipeline = Pipeline::load(workspace, &options.pipeline, &options.sets, options.name.as_deref())?;
    let console = Console::new(options.log_format);
    let mut session = Session::start(workspace, pipeline)?;
    session.trust_code = options.trust_code;
    if options.last.is_some_and(Stage::is_download) && !session.pipeline.has_source() {
        let path = &session.pipeline.path;
        return Err(config(format!(
            "{path}: [ingest] has files and no source, so there is nothing to fetch; a source is, for example, \
             source = {{ kind = \"cds\", start = \"1990-01-01\", end = \"2019-12-31\" }}"
        )));
    }
    options.last.map_or(Ok(()), |last| session.pipeline.must_run(last))?;
    if options.dry_run {
        let selected = session.selected(options.last);
        plan::print_dry_run(session, &selected, |stage| options.forces(stage), options.output)?;
        return Ok(Vec::new());
    }
    let doing = options.doing(&session.pipeline.path);
    let is_download = options.last.is_some_and(Stage::is_download);
    let _run =
        (!is_download).then(|| session.runs.lock(&session.pipeline.name, &doing, &console)).transpose()?;
    let _cache = session.cache.enter(&doing, &console)?;
    session.cache.sweep()?;
    session.cache_of(&FETCH).sweep()?;
    session.runs.sweep(&session.pipeline.name)?;
    session.runs.check_place(&session.pipeline.name)?;
    let mut runner = Runner::new(session, console, options.clone());
    let binaries = runner.finish(|runner, next| match options.expect_cached {
        true => Err(runner.not_cached(next.stage)?.into()),
        false => Ok(false),
    })?;
    if is_download {
        let folder = runner.session.download_folder().map(|folder| workspace.show(&folder));
        let shown = folder.unwrap_or_default();
        options.output.print(|| format!("{shown}\n"), || json!({"folder": shown}));
        return Ok(runner.ran());
    }
    let run = runner.publish(binaries.as_ref())?;
    if binaries.is_some() {
        gc::note_limit(workspace, &runner.console);
    }
    say_where(&runner.session, &run, options.output);
    Ok(runner.ran())
}

fn say_where(session: &Session, run: &Run, output: OutputFormat) {
    let folder = session.runs.path(&session.pipeline.name);
    let has_report = run.stages.iter().any(|stage| stage.outputs.iter().any(|output| output.name == REPORT));
    let report = has_report.then(|| session.workspace.show(&folder.join(REPORT)));
    let folder = session.workspace.show(&folder);
    output.print(
        || format!("{}\n", report.as_ref().unwrap_or(&folder)),
        || json!({"results": folder, "report": report, "stages": run.stages}),
    );
}

impl Options {
    /// All stages of a pipeline, nothing forced.
    pub fn all(pipeline: &str, log_format: LogFormat) -> Options {
        Options {
            pipeline: pipeline.to_string(),
            sets: Vec::new(),
            name: None,
            last: None,
            force: false,
            dry_run: false,
            expect_cached: false,
            trust_code: false,
            log_format,
            output: OutputFormat::Text,
        }
    }

    /// What others are told that wait for this run.
    pub fn doing(&self, pipeline: &str) -> String {
        match self.last {
            Some(stage) => format!("run {} {pipeline}", stage.name),
            None => format!("run-all {pipeline}"),
        }
    }

    /// `--force` of `run STAGE` is for that stage alone, and that of `run-all` downloads nothing again.
    pub fn forces(&self, stage: &Stage) -> bool {
        self.force && self.last.map_or(!stage.is_download(), |last| last.name == stage.name)
    }
}
