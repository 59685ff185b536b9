//! Whole processes: stages on real files, and a `run-all` that finds everything in the cache. They run in a
//! data folder of their own.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use contract::benchmark::{Benchmark, Case, Measured, Outcome};
use contract::stage::Outputs;

use super::data::Data;
use super::process::{self, Ended};
use super::scratch::Scratch;
use super::title;
use crate::builder::Binaries;
use crate::cache::Lookup;
use crate::child;
use crate::console::Console;
use crate::digest;
use crate::map::{self, Stage};
use crate::pipeline::Pipeline;
use crate::runs::State;
use crate::session::Session;
use crate::settings::Settings;
use crate::workspace::Workspace;

const AT_LEAST: usize = 5;
const AT_MOST: usize = 20;
/// What the cache holds while runs that do nothing are timed.
const ENTRIES: usize = 200;
const BYTES: u64 = 2_000_000_000;
/// Time after which no further run is begun.
const ENOUGH: Duration = Duration::from_secs(5);

/// Measures those of the chosen benchmarks that are whole processes.
///
/// # Errors
/// When the pipeline cannot be run, or one of the processes fails.
pub(super) fn measure(
    chosen: &[Benchmark],
    workspace: &Workspace,
    data: &Data,
    binaries: &Binaries,
    scratch: &Scratch,
    console: &Console,
) -> anyhow::Result<Vec<Measured>> {
    let stages = map::STAGES.iter().filter_map(|stage| Some((stage, timed(stage)?)));
    let stages: Vec<(&Stage, Benchmark)> = stages.filter(|(_, name)| chosen.contains(name)).collect();
    let with_cached_run =
        [Benchmark::CachedRunAll, Benchmark::Status].iter().any(|name| chosen.contains(name));
    let last = if with_cached_run { map::STAGES.last() } else { stages.last().map(|(stage, _)| *stage) };
    let Some(last) = last else { return Ok(Vec::new()) };
    let workspace =
        Workspace { data: scratch.fresh("data")?, settings: Settings::default(), ..workspace.clone() };
    let workbench = Workbench { workspace, data, scratch };
    console.note(&format!("{} up to {}, once, for what the stages read", data.pipeline, last.name));
    if with_cached_run {
        workbench.xtask(&["run-all"])?;
    } else {
        workbench.xtask(&["run", last.name])?;
    }

    let mut results = Vec::new();
    let mut measure = |name, run: &dyn Fn() -> anyhow::Result<Ended>| -> anyhow::Result<()> {
        let case = Case { data: Some(data.name.to_string()), ..Case::of(name) };
        console.note(&title(&case));
        let outcome = repeat(run).with_context(|| format!("stopped at {}", title(&case)))?;
        results.push(Measured { case, outcome });
        Ok(())
    };
    let session = workbench.finished_session(&stages)?;
    for (stage, name) in stages {
        let binary = binaries.find(stage.binary)?;
        measure(name, &|| workbench.stage(&session, stage, binary))?;
    }
    if with_cached_run {
        workbench.fill_cache()?;
    }
    if chosen.contains(&Benchmark::CachedRunAll) {
        measure(Benchmark::CachedRunAll, &|| workbench.cached_run(&session.pipeline))?;
    }
    if chosen.contains(&Benchmark::Status) {
        measure(Benchmark::Status, &|| workbench.xtask(&["status"]))?;
    }
    Ok(results)
}

/// The benchmark that is a stage's process.
fn timed(stage: &Stage) -> Option<Benchmark> {
    let names = [Benchmark::Ingest, Benchmark::Preprocess, Benchmark::Evaluate];
    names.into_iter().find(|name| name.name() == stage.name)
}

fn repeat(run: &dyn Fn() -> anyhow::Result<Ended>) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let (mut milliseconds, mut memory) = (Vec::new(), 0.0);
    while milliseconds.len() < AT_LEAST || milliseconds.len() < AT_MOST && began.elapsed() < ENOUGH {
        let ended = run()?;
        milliseconds.push(ended.milliseconds);
        memory = f64::max(memory, ended.peak_memory_mb);
    }
    let outcome = Outcome::of(milliseconds).map_err(|error| anyhow!(error))?;
    Ok(Outcome { peak_memory_mb: Some(memory), ..outcome })
}

/// A pipeline in a data folder of its own.
struct Workbench<'a> {
    workspace: Workspace,
    data: &'a Data,
    scratch: &'a Scratch,
}

impl Workbench<'_> {
    /// Calls this program on the pipeline.
    fn xtask(&self, command: &[&str]) -> anyhow::Result<Ended> {
        let program = std::env::current_exe().context("cannot tell where this program is")?;
        let Workspace { root, data, binaries, .. } = &self.workspace;
        let mut process = Command::new(program);
        process.args(command).arg(self.data.pipeline).arg("--root").arg(root).arg("--data-dir").arg(data);
        if let Some(binaries) = binaries {
            process.arg("--bin-dir").arg(binaries);
        }
        for set in self.data.sets() {
            process.arg("--set").arg(set);
        }
        process::run(&mut process, self.scratch)
    }

    /// Adds entries of earlier runs, copies under other names, until there are [`ENTRIES`] and [`BYTES`].
    fn fill_cache(&self) -> anyhow::Result<()> {
        let cache = self.workspace.cache();
        let mut entries = Vec::new();
        for stage in map::STAGES {
            let folder = cache.join(stage.name);
            let found = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
            entries.extend(found.filter(|path| path.is_dir()));
        }
        entries.sort();
        let missing = ENTRIES.saturating_sub(entries.len());
        for (number, entry) in entries.iter().cycle().take(missing).enumerate() {
            let copy = entry.with_file_name(format!("{number:032x}"));
            for file in digest::files_below(entry, &|_| true)? {
                let target = copy.join(digest::name_below(entry, &file));
                let context = || format!("cannot fill {}", copy.display());
                fs::create_dir_all(target.parent().unwrap_or(&copy)).with_context(context)?;
                fs::copy(&file, &target).with_context(context)?;
            }
            let large = fs::File::create(copy.join("artifact/large")).context("cannot fill the cache")?;
            large.set_len(BYTES / missing as u64).context("cannot fill the cache")?;
        }
        Ok(())
    }

    /// A `run-all` that must run nothing.
    fn cached_run(&self, pipeline: &Pipeline) -> anyhow::Result<Ended> {
        let ended = self.xtask(&["run-all"])?;
        let cached = ended.stderr.lines().filter(|line| line.split_whitespace().nth(1) == Some("cached"));
        if cached.count() != map::STAGES.iter().filter(|stage| pipeline.runs(stage)).count() {
            bail!("a second run-all did not find everything in the cache; it said:\n{}", ended.stderr.trim());
        }
        Ok(ended)
    }

    /// What the run before has left in the cache, as far as these stages read it.
    fn finished_session(&self, stages: &[(&'static Stage, Benchmark)]) -> anyhow::Result<Session> {
        let pipeline = Pipeline::load(&self.workspace, self.data.pipeline, &self.data.sets(), None)?;
        let mut session = Session::start(&self.workspace, pipeline)?;
        let Some((last, _)) = stages.last() else { return Ok(session) };
        for stage in map::up_to(Some(last), &|stage| session.pipeline.runs(stage)) {
            let ready = session.ready(stage)?;
            let ready =
                ready.with_context(|| format!("the stages before {} are not finished", stage.name))?;
            match session.lookup(stage, &ready)? {
                Lookup::Intact(manifest) => session.finish(stage, *manifest, State::Cached),
                Lookup::Missing | Lookup::Corrupt(_) => bail!("{} has not been kept", stage.name),
            }
        }
        Ok(session)
    }

    /// The stage's process, on the inputs of the run before, into a folder of its own.
    fn stage(&self, session: &Session, stage: &Stage, binary: &Path) -> anyhow::Result<Ended> {
        let folder = self.scratch.fresh("stage")?;
        let outputs = Outputs {
            folder: self.scratch.fresh("stage/artifact")?,
            work: self.scratch.fresh("stage/work")?,
        };
        let request = session.request(stage, outputs, Some(folder.join("log.jsonl")));
        let file = folder.join("request.json");
        let mut command = child::command(&self.workspace, binary, &file, &request)?;
        process::run(command.args(["--log-format", "human", "--exit-with-stdin"]), self.scratch)
    }
}
