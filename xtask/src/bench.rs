//! `bench`: measures one case after the other, each in a process of its own, and prints what came out.
//! What is computed is in the crate `benchmarks`; whole stages and a cached run are timed here.

mod comparison;
mod data;
mod process;
mod scratch;
mod stages;
mod table;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;
use contract::benchmark::{Benchmark, Case, Measured};
use serde_json::json;

use self::data::Data;
use self::scratch::Scratch;
use crate::builder::{self, BENCHMARKS, Binaries};
use crate::cache::Cache;
use crate::console::{Console, LogFormat};
use crate::failure::{Failure, config};
use crate::interrupt;
use crate::workspace::Workspace;

/// What to measure, and how to say it.
#[derive(Debug)]
pub(crate) struct Options {
    /// The name of one benchmark; `None` for all.
    pub only: Option<String>,
    pub json: bool,
    /// An earlier result, to compare with.
    pub against: Option<PathBuf>,
    /// The folder of the Phoenix files.
    pub phoenix: Option<PathBuf>,
    /// Only builds, and prints where the binaries are.
    pub binaries: bool,
}

/// Measures, and prints a table or JSON on standard output; progress goes to standard error.
///
/// # Errors
/// When an option cannot be used, or a benchmark fails.
pub(crate) fn bench(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let only = options.only.as_deref().map(Benchmark::named).transpose().map_err(config)?;
    let earlier = options.against.as_deref().map(comparison::read).transpose()?;
    let data = Data::choose(workspace, options.phoenix.as_deref())?;
    let console = Console::new(LogFormat::Human);
    let binaries = builder::build(workspace, &console, false)?;
    if options.binaries {
        println!("{}", json!(binaries.paths()));
        return Ok(());
    }
    // Another run beside it would be measured too.
    let _alone = Cache::new(workspace.cache()).enter_alone("bench", &console)?;
    let scratch = Scratch::new(workspace)?;
    let chosen: Vec<Benchmark> =
        Benchmark::ALL.into_iter().filter(|name| only.is_none_or(|only| only == *name)).collect();
    let measured = measure_computations(&chosen, &binaries, &scratch, &console).and_then(|mut results| {
        results.extend(stages::measure(&chosen, workspace, &data, &binaries, &scratch, &console)?);
        Ok(results)
    });
    let results = measured.map_err(|error| match interrupt::happened() {
        true => Failure::BenchInterrupted.into(),
        false => error,
    })?;
    match options.json {
        true => println!("{:#}", json!({"results": results})),
        false => print!("{}", table::of(&results)),
    }
    if let Some(mut earlier) = earlier {
        earlier.retain(|measured| chosen.contains(&measured.case.name));
        let compared = comparison::describe(&earlier, &results);
        // With --json, standard output holds nothing else.
        if options.json { eprint!("{compared}") } else { print!("\n{compared}") }
    }
    Ok(())
}

/// The cases of the crate `benchmarks`.
fn measure_computations(
    chosen: &[Benchmark],
    binaries: &Binaries,
    scratch: &Scratch,
    console: &Console,
) -> anyhow::Result<Vec<Measured>> {
    let binary = binaries.find(BENCHMARKS)?;
    let listed = process::run(Command::new(binary).arg("--list"), scratch)?.stdout;
    let mut results = Vec::new();
    for line in listed.lines() {
        let case: Case = serde_json::from_str(line)
            .with_context(|| format!("{BENCHMARKS} lists {line:?}, which is no case"))?;
        if !chosen.contains(&case.name) {
            continue;
        }
        console.note(&title(&case));
        let folder = scratch.fresh("case")?;
        let ended = process::run(Command::new(binary).arg(line).arg(&folder), scratch)
            .with_context(|| format!("stopped at {}", title(&case)))?;
        let measured: Measured = serde_json::from_str(&ended.stdout)
            .with_context(|| format!("{BENCHMARKS} answers {:?}, which is no result", ended.stdout))?;
        results.push(measured);
    }
    Ok(results)
}

/// A case in one line: `train-step portable: batch 32, 40 filters, 1536 hours`.
fn title(case: &Case) -> String {
    let path = case.path.map(|path| format!(" {}", path.name())).unwrap_or_default();
    format!("{}{path}: {}", case.name.name(), case.describe())
}
