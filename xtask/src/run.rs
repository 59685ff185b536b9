//! `run-all` and `run`: takes from the cache what is there, runs the rest, publishes.

mod execute;

use std::fs;

use anyhow::Context;
use contract::artifact::REPORT;
use contract::stage::Outputs;
use serde_json::json;

use crate::builder::{self, Binaries};
use crate::cache::{Lookup, Manifest, TEMPORARY};
use crate::console::{Console, LogFormat, OutputFormat};
use crate::failure::{Failure, config};
use crate::map::{self, FETCH, Stage};
use crate::pipeline::Pipeline;
use crate::runs::{self, Run, StageRun, State};
use crate::session::Session;
use crate::workspace::Workspace;
use crate::{child, digest, interrupt, plan, process};

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
    let console = Console { format: options.log_format };
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
    let selected = session.selected(options.last);
    if options.dry_run {
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
    let mut runner = Runner { session, console, options };
    runner.run(&selected)?;
    if is_download {
        let folder = runner.session.download_folder().map(|folder| workspace.show(&folder));
        let shown = folder.unwrap_or_default();
        options.output.print(|| format!("{shown}\n"), || json!({"folder": shown}));
        return Ok(runner.ran(&selected));
    }
    let run = runner.to_publish(&selected);
    runner.session.runs.publish(&runner.session.pipeline.name, &run, &runner.session.cache)?;
    runner.say_where(&run);
    Ok(runner.ran(&selected))
}

impl Options {
    /// What others are told that wait for this run.
    fn doing(&self, pipeline: &str) -> String {
        match self.last {
            Some(stage) => format!("run {} {pipeline}", stage.name),
            None => format!("run-all {pipeline}"),
        }
    }

    /// `--force` of `run STAGE` is for that stage alone, and that of `run-all` downloads nothing again.
    fn forces(&self, stage: &Stage) -> bool {
        self.force && self.last.map_or(!stage.is_download(), |last| last.name == stage.name)
    }
}

struct Runner<'a> {
    session: Session,
    console: Console,
    options: &'a Options,
}

impl Runner<'_> {
    fn run(&mut self, selected: &[&'static Stage]) -> anyhow::Result<()> {
        let mut cached = 0;
        while cached < selected.len() && self.take_cached(selected[cached])? {
            cached += 1;
        }
        let rest = &selected[cached..];
        if rest.is_empty() {
            return Ok(());
        }
        if self.options.expect_cached {
            return Err(self.not_cached(rest[0])?.into());
        }
        let binaries =
            builder::build(&self.session.workspace, &self.console, self.session.pipeline.uses_cuda())?;
        self.check(selected, &binaries)?;
        for stage in rest {
            if !self.take_cached(stage)? {
                self.execute(stage, builder::find(&binaries, stage.binary)?)?;
            }
        }
        Ok(())
    }

    /// Says which stage would have to run, and why; those before it are in the cache.
    fn not_cached(&self, stage: &'static Stage) -> anyhow::Result<Failure> {
        let ready = self.session.ready(stage)?;
        let why = ready.map(|ready| format!(" ({})", self.session.why(stage, &ready)));
        Ok(Failure::NotCached(format!(
            "everything was expected in the cache, and {} would run{}; nothing was run",
            stage.name,
            why.unwrap_or_default()
        )))
    }

    /// Takes the stage from the cache if it is there, whole and right.
    fn take_cached(&mut self, stage: &'static Stage) -> anyhow::Result<bool> {
        interrupt::check()?;
        if self.options.forces(stage) {
            return Ok(false);
        }
        let Some(ready) = self.session.ready(stage)? else { return Ok(false) };
        match self.session.lookup(stage, &ready)? {
            Lookup::Missing => Ok(false),
            Lookup::Intact(manifest) => {
                self.take(stage, *manifest);
                Ok(true)
            }
            Lookup::Corrupt(reason) => {
                let text = format!("its cache entry is corrupt ({reason}); it is removed and made again");
                self.console.stage(stage.name, "corrupt", &text);
                Ok(false)
            }
        }
    }

    fn take(&mut self, stage: &'static Stage, manifest: Manifest) {
        let trusted = if self.session.trusted().contains(&stage.name) { ", by other code" } else { "" };
        self.console.stage(
            stage.name,
            "cached",
            &format!("{}{trusted}", digest::describe(&manifest.outputs)),
        );
        self.session.finish(stage, manifest, State::Cached);
    }

    /// Has every stage check its configuration, so that no mistake is found after an hour of training.
    fn check(&self, stages: &[&'static Stage], binaries: &Binaries) -> anyhow::Result<()> {
        let folder =
            self.session.workspace.cache().join(format!("{TEMPORARY}check-{}", process::next_token()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let mut faults: Vec<String> = Vec::new();
        let checked = stages.iter().try_for_each(|stage| {
            let outputs = Outputs { folder: folder.join("none"), work: folder.join("none") };
            let request = self.session.request(stage, outputs, None);
            let binary = builder::find(binaries, stage.binary)?;
            let file = folder.join(format!("{}.json", stage.name));
            let fault = child::check(&self.session.workspace, binary, &file, &request)?;
            faults.extend(fault.filter(|fault| !faults.contains(fault)));
            anyhow::Ok(())
        });
        let _ = fs::remove_dir_all(&folder);
        checked?;
        if faults.is_empty() {
            return Ok(());
        }
        faults.iter().for_each(|fault| eprintln!("error: {fault}"));
        Err(Failure::ConfigSaid.into())
    }

    /// The names of those that were not taken from the cache.
    fn ran(&self, selected: &[&'static Stage]) -> Vec<&'static str> {
        let ran = selected.iter().filter(|stage| self.state(stage) == Some(State::Ran));
        ran.map(|stage| stage.name).collect()
    }

    fn state(&self, stage: &Stage) -> Option<State> {
        self.session.finished(stage).map(|finished| finished.state)
    }

    /// The stages of this run, and after `run STAGE` the later ones of the published run whose
    /// inputs are still the same.
    fn to_publish(&mut self, selected: &[&'static Stage]) -> Run {
        let earlier = self.session.published();
        for stage in map::STAGES.iter().filter(|stage| !selected.contains(stage)) {
            if !self.session.pipeline.runs(stage) {
                continue;
            }
            let old = earlier.iter().flat_map(|run| &run.stages).find(|old| old.stage == stage.name);
            let (Some(old), Ok(Some(ready))) = (old, self.session.ready(stage)) else { continue };
            if let (true, Ok(Lookup::Intact(manifest))) =
                (old.fingerprint == ready.fingerprint, self.session.lookup(stage, &ready))
            {
                self.session.finish(stage, *manifest, State::Cached);
            }
        }
        let stages = map::STAGES.iter().filter_map(|stage| {
            let finished = self.session.finished(stage)?;
            Some(StageRun {
                stage: stage.name.to_string(),
                fingerprint: finished.manifest.fingerprint.clone(),
                state: finished.state,
                started: finished.manifest.started.clone(),
                seconds: finished.manifest.seconds,
                outputs: finished.manifest.outputs.clone(),
            })
        });
        let stages = stages.collect();
        let ran_nothing = selected.iter().all(|stage| self.state(stage) == Some(State::Cached));
        // Asking git takes longer than everything else of a run that does nothing.
        let unchanged = earlier.filter(|_| ran_nothing).map(|run| (run.commit, run.dirty));
        let (commit, dirty) = unchanged.unwrap_or_else(|| self.session.workspace.commit().unzip());
        Run {
            format: runs::FORMAT,
            pipeline: self.session.pipeline.path.clone(),
            tables: self.session.pipeline.written_tables(),
            overrides: self.session.pipeline.overrides.clone(),
            trusted_code: self.session.trusted().iter().map(ToString::to_string).collect(),
            commit,
            dirty,
            finished: process::now(),
            stages,
        }
    }

    fn say_where(&self, run: &Run) {
        let Session { workspace, runs, pipeline, .. } = &self.session;
        let folder = runs.path(&pipeline.name);
        let has_report =
            run.stages.iter().any(|stage| stage.outputs.iter().any(|output| output.name == REPORT));
        let report = has_report.then(|| workspace.show(&folder.join(REPORT)));
        let folder = workspace.show(&folder);
        self.options.output.print(
            || format!("{}\n", report.as_ref().unwrap_or(&folder)),
            || json!({"results": folder, "report": report, "stages": run.stages}),
        );
    }
}
