//! Times what the stages do most, on made-up numbers: `cargo xtask bench` asks for one case after the other,
//! each in a process of its own, so that the peak memory is the case's.
//!
//! `benchmarks --list` prints the cases, one JSON object a line. `benchmarks CASE FOLDER` measures one of
//! them, or another of the same kind, and prints it with what came out. FOLDER takes files for a while.

mod cases;
mod decode;
mod generate;
mod made_up;
mod peak;
mod products;
mod sampling;
mod tasks;
mod train_step;
mod untrained;
mod validation;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use contract::benchmark::{Benchmark, Case, Measured};

use crate::sampling::Sampled;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> anyhow::Result<()> {
    match arguments {
        [list] if list == "--list" => {
            for case in cases::all() {
                println!("{}", serde_json::to_string(&case)?);
            }
        }
        [case, folder] => {
            let wanted = "wanted a line of `benchmarks --list`";
            let case: Case =
                serde_json::from_str(case).with_context(|| format!("{case} is no case; {wanted}"))?;
            let outcome = measure(&case, Path::new(folder))?.outcome()?;
            println!("{}", serde_json::to_string(&Measured { case, outcome })?);
        }
        _ => bail!("usage: benchmarks --list, or benchmarks CASE FOLDER"),
    }
    Ok(())
}

fn measure(case: &Case, folder: &Path) -> anyhow::Result<Sampled> {
    match case.name {
        Benchmark::TrainStep => train_step::measure(case),
        Benchmark::Validation => validation::measure(case),
        Benchmark::Decode => decode::measure(case),
        Benchmark::Generate | Benchmark::GenerateIsotherm => generate::measure(case, folder),
        Benchmark::Impute => tasks::impute(case),
        Benchmark::Forecast => tasks::forecast(case),
        Benchmark::Detect => tasks::detect(case),
        Benchmark::Ingest
        | Benchmark::Preprocess
        | Benchmark::Evaluate
        | Benchmark::CachedRunAll
        | Benchmark::Status => {
            bail!("{} is measured by xtask, as a process of its own", case.name.name())
        }
    }
}
