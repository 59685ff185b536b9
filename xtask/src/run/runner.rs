//! A pipeline that is run, stage by stage: the caller says when a stage runs, so that several
//! pipelines can take turns.

use std::cell::OnceCell;
use std::fs;

use anyhow::Context;
use contract::stage::Outputs;

use super::Options;
use crate::builder::{self, Binaries};
use crate::cache::{Lookup, Manifest, TEMPORARY};
use crate::console::Console;
use crate::failure::Failure;
use crate::map::{self, Stage};
use crate::runs::{self, Run, StageRun, State};
use crate::session::Session;
use crate::{child, digest, history, interrupt, process};

pub(crate) struct Runner {
    pub session: Session,
    pub console: Console,
    pub options: Options,
    /// What is asked for, in order.
    selected: Vec<&'static Stage>,
    /// How many of these are finished.
    position: usize,
    /// What was checked out when the stages were built, and whether files differed from it.
    commit: OnceCell<Option<(String, bool)>>,
}

/// A stage that has to run.
pub(crate) struct Next {
    pub stage: &'static Stage,
    pub fingerprint: String,
}

impl Runner {
    pub fn new(session: Session, console: Console, options: Options) -> Runner {
        let selected = session.selected(options.last);
        Runner { session, console, options, selected, position: 0, commit: OnceCell::new() }
    }

    /// Takes from the cache what can be taken, up to the next stage that has to run.
    ///
    /// # Errors
    /// When sources cannot be read, or after Ctrl-C.
    pub fn advance(&mut self) -> anyhow::Result<Option<Next>> {
        while let Some(&stage) = self.selected.get(self.position) {
            if self.session.finished(stage).is_none() && !self.take_cached(stage)? {
                let ready = self.session.ready(stage)?;
                let ready =
                    ready.with_context(|| format!("the stages before {} are not finished", stage.name))?;
                return Ok(Some(Next { stage, fingerprint: ready.fingerprint }));
            }
            self.position += 1;
        }
        Ok(None)
    }

    /// Runs what is not in the cache, but what `provide` puts there first; the binaries, if any were needed.
    ///
    /// # Errors
    /// Whatever stops it.
    pub fn finish(
        &mut self,
        provide: impl Fn(&Runner, &Next) -> anyhow::Result<bool>,
    ) -> anyhow::Result<Option<Binaries>> {
        let mut binaries = None;
        while let Some(next) = self.advance()? {
            if provide(self, &next)? {
                continue;
            }
            if binaries.is_none() {
                binaries = Some(self.build()?);
            }
            binaries.iter().try_for_each(|binaries| self.execute(next.stage, binaries))?;
        }
        Ok(binaries)
    }

    /// Builds the stages, and has each that is asked for check its settings.
    ///
    /// # Errors
    /// When one cannot be built, or its settings cannot be used.
    pub fn build(&self) -> anyhow::Result<Binaries> {
        let cuda = self.session.pipeline.uses_cuda();
        // Read before the build, so that an edit during it is seen.
        self.selected.iter().try_for_each(|stage| self.session.code.sources(stage).map(drop))?;
        let binaries = builder::build(&self.session.workspace, &self.console, cuda)?;
        self.session.code.check_unchanged(&self.session.workspace)?;
        self.commit();
        self.check(&binaries)?;
        Ok(binaries)
    }

    /// What is checked out; asked once, and before the first stage runs, because a user goes on working meanwhile.
    pub(super) fn commit(&self) -> Option<(String, bool)> {
        self.commit.get_or_init(|| self.session.workspace.commit()).clone()
    }

    /// Takes over what another run of the same build was told.
    pub fn share_commit(&self, of: &Runner) {
        let _ = self.commit.set(of.commit());
    }

    /// Says which stage would have to run, and why; those before it are in the cache.
    ///
    /// # Errors
    /// When sources cannot be read.
    pub fn not_cached(&self, stage: &'static Stage) -> anyhow::Result<Failure> {
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
                self.console.stage(stage.name, "corrupt", &format!("its cache entry is not used: {reason}"));
                Ok(false)
            }
        }
    }

    pub(super) fn take(&mut self, stage: &'static Stage, manifest: Manifest) {
        let text = digest::describe(&manifest.outputs);
        self.session.finish(stage, manifest, State::Cached);
        let trusted = if self.session.trusted().contains(&stage.name) { ", by other code" } else { "" };
        self.console.stage(stage.name, "cached", &format!("{text}{trusted}"));
    }

    /// Has every stage check its configuration, so that no mistake is found after an hour of training.
    ///
    /// # Errors
    /// When one of them cannot be used; all are said.
    pub fn check(&self, binaries: &Binaries) -> anyhow::Result<()> {
        let folder =
            self.session.workspace.cache().join(format!("{TEMPORARY}check-{}", process::next_token()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let mut faults: Vec<String> = Vec::new();
        let checked = self.selected.iter().try_for_each(|stage| {
            let outputs = Outputs { folder: folder.join("none"), work: folder.join("none") };
            let request = self.session.request(stage, outputs, None);
            let binary = binaries.find(stage.binary)?;
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
    pub fn ran(&self) -> Vec<&'static str> {
        let ran = self.selected.iter().filter(|stage| self.state(stage) == Some(State::Ran));
        ran.map(|stage| stage.name).collect()
    }

    fn state(&self, stage: &Stage) -> Option<State> {
        self.session.finished(stage).map(|finished| finished.state)
    }

    /// Puts the run where people open it, and into the history.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn publish(&mut self, binaries: Option<&Binaries>) -> anyhow::Result<Run> {
        let run = self.to_publish();
        let Session { runs, pipeline, cache, .. } = &self.session;
        if runs.publish(&pipeline.name, &run, cache)? {
            history::record(&self.session, &self.console, binaries, &run)?;
        }
        Ok(run)
    }

    /// The stages of this run, and after `run STAGE` the later ones of the published run whose
    /// inputs are still the same.
    fn to_publish(&mut self) -> Run {
        let earlier = self.session.published();
        for stage in map::STAGES.iter().filter(|stage| !self.selected.contains(stage)) {
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
        let mut run = Run {
            format: runs::FORMAT,
            pipeline: self.session.pipeline.path.clone(),
            tables: self.session.pipeline.written_tables(),
            overrides: self.session.pipeline.overrides.clone(),
            trusted_code: self.session.trusted().iter().map(ToString::to_string).collect(),
            commit: None,
            dirty: None,
            finished: process::now(),
            stages,
        };
        // Asking git takes longer than everything else of a run that does nothing.
        let unchanged = earlier.filter(|earlier| earlier.shows_the_same(&run));
        let made_by = unchanged.map(|earlier| (earlier.commit, earlier.dirty));
        (run.commit, run.dirty) = made_by.unwrap_or_else(|| self.commit().unzip());
        run
    }
}
