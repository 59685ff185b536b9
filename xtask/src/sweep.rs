//! `sweep`: a pipeline at every point of a grid, as one queue for all cores. What points share is made
//! once; after a kill the same command goes on where it was, because finished stages are in the cache.

mod grid;
mod queue;

use anyhow::bail;
use serde_json::json;

use crate::builder::Binaries;
use crate::console::{Console, Job, LogFormat, OutputFormat};
use crate::failure::config;
use crate::interrupt;
use crate::pipeline::{self, Pipeline};
use crate::run::{self, Runner};
use crate::session::Session;
use crate::workspace::Workspace;
use grid::Point;
use queue::{Outcome, Queue};

/// What is varied, and how.
pub(crate) struct Options {
    pub pipeline: String,
    pub sets: Vec<String>,
    /// The folder of the runs, below `data/runs`.
    pub name: Option<String>,
    pub grids: Vec<String>,
    pub seeds: Option<u32>,
    /// How many runs go on at once; one a core if not given.
    pub jobs: Option<usize>,
    pub dry_run: bool,
    pub log_format: LogFormat,
    pub output: OutputFormat,
}

/// Runs all points.
///
/// # Errors
/// When one cannot be run; the others are run all the same.
pub(crate) fn sweep(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let points = grid::points(&options.grids, options.seeds)?;
    let name = match &options.name {
        Some(name) => pipeline::checked_name(name)?,
        None => format!("{}-sweep", Pipeline::load(workspace, &options.pipeline, &options.sets, None)?.name),
    };
    if options.dry_run {
        print_points(&name, &points, options.output);
        return Ok(());
    }
    let console = Console::new(options.log_format);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.unwrap_or(cores).clamp(1, points.len());
    let mut runners = runners(workspace, options, &name, &points, cores.div_ceil(jobs))?;
    let doing = format!("sweep {name}");
    let Some(first) = runners.first() else { return Ok(()) };
    let (cache, runs) = (first.session.cache.clone(), first.session.runs.clone());
    let full_names = || points.iter().map(|point| format!("{name}/{}", point.name));
    // Always in the same order, so that no two sweeps wait for each other.
    let mut in_order: Vec<String> = full_names().collect();
    in_order.sort();
    let _runs: Vec<_> = in_order
        .into_iter()
        .map(|name| {
            runs.check_place(&name)?;
            runs.lock(&name, &doing, &console)
        })
        .collect::<anyhow::Result<_>>()?;
    let _cache = cache.enter(&doing, &console)?;
    cache.sweep()?;
    full_names().try_for_each(|name| runs.sweep(&name))?;
    let outcomes = match binaries(&mut runners)? {
        Some(binaries) => Queue::new(runners, &binaries, &console).work(jobs),
        None => publish(&mut runners)?,
    };
    interrupt::check()?;
    report(workspace, &name, &points, &outcomes, options.output)
}

fn runners(
    workspace: &Workspace,
    options: &Options,
    name: &str,
    points: &[Point],
    threads: usize,
) -> anyhow::Result<Vec<Runner>> {
    let mut runners: Vec<Runner> = Vec::new();
    for point in points {
        let sets = [options.sets.clone(), point.sets.clone()].concat();
        let full = format!("{name}/{}", point.name);
        let pipeline = Pipeline::load(workspace, &options.pipeline, &sets, Some(&full))?;
        if let Some(first) = runners.first()
            && first.session.pipeline.uses_cuda() != pipeline.uses_cuda()
        {
            return Err(config("the points of a sweep have different devices; use a sweep for each"));
        }
        let session = match runners.first() {
            None => Session::start(workspace, pipeline)?,
            Some(first) => first.session.start_another(pipeline)?,
        };
        let mut console = Console::new(options.log_format);
        console.job = Some(Job { name: point.name.clone(), threads });
        runners.push(Runner::new(session, console, run::Options::all(&options.pipeline, options.log_format)));
    }
    Ok(runners)
}

/// Builds the stages if any has to run, after which all runs have had their settings checked.
fn binaries(runners: &mut [Runner]) -> anyhow::Result<Option<Binaries>> {
    let mut has_work = false;
    for runner in runners.iter_mut() {
        has_work |= runner.advance()?.is_some();
    }
    let Some(first) = runners.first().filter(|_| has_work) else { return Ok(None) };
    let binaries = first.build()?;
    runners[1..].iter().try_for_each(|runner| {
        runner.share_commit(first);
        runner.check(&binaries)
    })?;
    Ok(Some(binaries))
}

/// Publishes runs that have everything in the cache.
fn publish(runners: &mut [Runner]) -> anyhow::Result<Vec<Outcome>> {
    let published = runners.iter_mut().enumerate().map(|(position, runner)| {
        runner.publish(None)?;
        Ok(Outcome { ran: Ok(Vec::new()), position })
    });
    published.collect()
}

fn print_points(name: &str, points: &[Point], output: OutputFormat) {
    let text =
        || points.iter().map(|point| format!("{name}/{}  {}\n", point.name, point.sets.join(" "))).collect();
    let values =
        points.iter().map(|point| json!({"run": format!("{name}/{}", point.name), "set": point.sets}));
    output.print(text, || json!({"sweep": name, "runs": values.collect::<Vec<_>>()}));
}

fn report(
    workspace: &Workspace,
    name: &str,
    points: &[Point],
    outcomes: &[Outcome],
    output: OutputFormat,
) -> anyhow::Result<()> {
    let (mut text, mut rows) = (String::new(), Vec::new());
    for (point, outcome) in points.iter().zip(outcomes) {
        let run = format!("{name}/{}", point.name);
        let (state, ran) = match &outcome.ran {
            Ok(ran) if ran.is_empty() => ("cached".to_string(), json!([])),
            Ok(ran) => (format!("ran {}", ran.join(", ")), json!(ran)),
            Err(error) => (format!("failed: {error}"), json!(null)),
        };
        text += &format!("{}  {state}\n", workspace.show(&workspace.runs().join(&run)));
        rows.push(json!({"run": run, "ran": ran, "error": outcome.ran.as_ref().err()}));
    }
    output.print(|| text, || json!({"sweep": name, "runs": rows}));
    let failed = outcomes.iter().filter(|outcome| outcome.ran.is_err()).count();
    if failed > 0 {
        bail!("{failed} of {} runs failed; the others are there", points.len());
    }
    eprintln!("compare them with: cargo xtask compare {name}");
    Ok(())
}
