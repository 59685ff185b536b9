//! Runs one stage and puts what it leaves into the cache.

use std::time::Instant;

use anyhow::{Context, bail};
use contract::progress::describe_seconds;
use contract::stage::Inputs;

use super::Runner;
use crate::builder::Binaries;
use crate::cache::{self, Draft, Lookup, Manifest};
use crate::machine::Machine;
use crate::map::Stage;
use crate::runs::State;
use crate::session::Ready;
use crate::{child, digest, process};

impl Runner {
    /// Runs the stage, whether the cache has it or not.
    ///
    /// # Errors
    /// When it fails, or its inputs have changed under its hands; nothing is published then.
    pub fn execute(&mut self, stage: &'static Stage, binaries: &Binaries) -> anyhow::Result<()> {
        let ready = self.session.ready(stage)?;
        let ready = ready.with_context(|| format!("the stages before {} are not finished", stage.name))?;
        let cache = self.session.cache_of(stage).clone();
        let doing = self.options.doing(&self.session.pipeline.path);
        let _lease = cache.lock(stage.name, &ready.fingerprint, &doing, &self.console)?;
        let before = match cache.lookup(stage.name, &ready.fingerprint)? {
            Lookup::Intact(manifest) if self.options.forces(stage) => Some(manifest.outputs),
            Lookup::Intact(manifest) => {
                // Another run has made it while this one waited.
                self.take(stage, *manifest);
                return Ok(());
            }
            Lookup::Missing => None,
            Lookup::Corrupt(_) => {
                cache.remove(stage.name, &ready.fingerprint)?;
                None
            }
        };
        let why = match &before {
            Some(_) => "--force".to_string(),
            None => self.session.why(stage, &ready).to_string(),
        };
        self.console.stage(stage.name, "running", &why);
        let draft = cache.begin(stage.name, &ready.fingerprint)?;
        if self.options.forces(stage) {
            draft.start_afresh()?;
        }
        let (started, clock) = (process::now(), Instant::now());
        if let Err(error) = self.produce(stage, binaries, &draft, &ready.inputs) {
            return Err(self.failed(stage, draft, error));
        }
        let seconds = clock.elapsed().as_secs_f64();
        let manifest = self.manifest(stage, ready, &draft, started, seconds)?;
        draft.publish(&manifest)?;
        let text = format!("{}, {}", describe_duration(seconds), digest::describe(&manifest.outputs));
        self.console.stage(stage.name, "done", &text);
        if before.is_some_and(|before| before != manifest.outputs) {
            self.console.note(&format!(
                "{} was made again from the same inputs and came out different: it is not deterministic",
                stage.name
            ));
        }
        self.session.finish(stage, manifest, State::Ran);
        Ok(())
    }

    fn produce(
        &self,
        stage: &Stage,
        binaries: &Binaries,
        draft: &Draft,
        inputs: &Inputs,
    ) -> anyhow::Result<()> {
        binaries.check_unchanged(stage.binary)?;
        let binary = binaries.find(stage.binary)?;
        let request = self.session.request(stage, draft.outputs(), Some(draft.log()));
        let workspace = &self.session.workspace;
        let status = child::run(workspace, &self.console, binary, &draft.request(), &request)?;
        if !status.success() {
            bail!("{} failed ({})", stage.name, child::describe(status));
        }
        binaries.check_unchanged(stage.binary)?;
        verify(stage, inputs)?;
        for name in stage.must_write() {
            if !draft.outputs().file(name).is_file() {
                bail!("{} has not written {name}, which later stages read", stage.name);
            }
        }
        Ok(())
    }

    /// Keeps the log of a stage that failed, and says where; after Ctrl-C there is nothing to say.
    fn failed(&self, stage: &Stage, draft: Draft, error: anyhow::Error) -> anyhow::Error {
        if error.is::<crate::failure::Failure>() {
            return error;
        }
        match draft.fail() {
            Some(log) => error.context(format!(
                "stopped at {}; its log is kept in {}",
                stage.name,
                self.session.workspace.show(&log)
            )),
            None => error.context(format!("stopped at {}", stage.name)),
        }
    }

    fn manifest(
        &self,
        stage: &Stage,
        ready: Ready,
        draft: &Draft,
        started: String,
        seconds: f64,
    ) -> anyhow::Result<Manifest> {
        let (commit, dirty) = self.commit().unzip();
        let cuda = self.session.pipeline.uses_cuda() && stage.can_use_cuda();
        Ok(Manifest {
            format: cache::FORMAT,
            stage: stage.name.to_string(),
            fingerprint: ready.fingerprint,
            parts: ready.parts,
            outputs: digest::folder(&draft.outputs().folder)?,
            commit,
            dirty,
            device: if cuda { "cuda" } else { "cpu" }.to_string(),
            machine: Machine::here(),
            trusted_code: self.session.trusted().iter().map(ToString::to_string).collect(),
            started,
            seconds,
        })
    }
}

/// Checks that the inputs are still what they were when the fingerprint was taken.
fn verify(stage: &Stage, inputs: &Inputs) -> anyhow::Result<()> {
    for file in inputs.0.values().flatten() {
        let (digest, _) = digest::file(&file.path)?;
        if digest != file.digest {
            let path = file.path.display();
            bail!("{path} has changed while {} was reading it; run again when it is at rest", stage.name);
        }
    }
    Ok(())
}

/// `0.4 s`, `45 s`, `3 min 20 s`.
fn describe_duration(seconds: f64) -> String {
    if seconds < 9.95 { format!("{seconds:.1} s") } else { describe_seconds(seconds) }
}
