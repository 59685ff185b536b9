//! `cargo xtask`: the only command that people type. It reads the pipeline, decides what has to
//! run, runs the stages as processes, and keeps what they leave. Of what is in
//! their files it knows the figures of `metrics.json`, for `list` and `compare`. It links nothing heavy.

mod bench;
mod builder;
mod cache;
mod canonical;
mod changes;
mod child;
mod ci;
mod clean;
mod cli;
mod code;
mod columns;
mod compare;
mod console;
mod dag;
mod digest;
mod doctor;
mod failure;
mod fingerprint;
mod gc;
mod history;
mod inspect;
mod interrupt;
mod lease;
mod list;
mod machine;
mod map;
mod new;
mod parquet;
mod pipeline;
mod plan;
mod process;
mod provenance;
mod record;
mod reference;
mod run;
mod runs;
mod scores;
mod session;
mod settings;
mod sweep;
mod task;
mod verify;
mod workspace;

#[cfg(test)]
mod borders;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, RunArguments};
use crate::console::OutputFormat;
use crate::failure::{Failure, config};
use crate::pipeline::Pipeline;
use crate::workspace::Workspace;

fn main() -> ExitCode {
    interrupt::listen();
    match dispatch(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(error.downcast_ref::<Failure>().map_or(1, Failure::exit_code))
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<()> {
    let output = cli.output();
    let workspace = Workspace::find(cli.root, cli.data_dir, cli.bin_dir)?;
    match cli.command {
        Command::RunAll { pipeline, run } => run_stages(&workspace, None, pipeline, run, output),
        Command::Run { stage, pipeline, run } => {
            run_stages(&workspace, Some(map::stage(&stage).map_err(config)?), pipeline, run, output)
        }
        Command::Fetch { pipeline, run } => run_stages(&workspace, Some(&map::FETCH), pipeline, run, output),
        Command::Inspect { files } => inspect::inspect(&workspace, &files, output),
        Command::Impute(arguments) => task::run(&workspace, arguments.task(), output),
        Command::Forecast(arguments) => task::run(&workspace, arguments.task(), output),
        Command::Detect(arguments) => task::run(&workspace, arguments.task(), output),
        Command::Generate(arguments) => task::run(&workspace, arguments.task(), output),
        Command::Sweep(arguments) => sweep::sweep(&workspace, &arguments.options(output)),
        Command::Verify(arguments) => verify::verify(&workspace, &arguments.options(output)?),
        Command::Freeze { run } => record::freeze(&workspace, &run, output),
        Command::Status { pipeline, overrides } => {
            let pipeline = Pipeline::load(&workspace, &pipeline, &overrides.set, overrides.name.as_deref())?;
            plan::print_status(&workspace, pipeline, output)
        }
        Command::Why { stage, pipeline, overrides } => {
            let pipeline = Pipeline::load(&workspace, &pipeline, &overrides.set, overrides.name.as_deref())?;
            plan::print_why(&workspace, pipeline, map::stage(&stage).map_err(config)?, output)
        }
        Command::Gc { all, dry_run, yes } => gc::gc(&workspace, &gc::Options { all, dry_run, yes, output }),
        Command::Completions { shell } => {
            cli::print_completions(shell);
            Ok(())
        }
        Command::List => {
            list::list(&workspace, output);
            Ok(())
        }
        Command::Compare(arguments) => compare::compare(&workspace, &arguments, output),
        Command::Dag(arguments) => dag::dag(&workspace, &arguments, output),
        Command::New(arguments) => {
            let (name, force) = (arguments.name.clone(), arguments.force);
            new::new(&workspace, &name, arguments.wishes(), force, output)
        }
        Command::Reference { check } => reference::reference(&workspace, check, output),
        Command::Clean { all, dry_run } => clean::clean(&workspace, all, dry_run, output),
        Command::Test { arguments } => ci::test(&workspace, &arguments),
        Command::Ci { skip, lint } => ci::ci(&workspace, &skip, lint, output),
        Command::Doctor => {
            doctor::doctor(&workspace, output);
            Ok(())
        }
        Command::Bench { only, against, phoenix, binaries } => {
            let json = output == OutputFormat::Json;
            bench::bench(&workspace, &bench::Options { only, json, against, phoenix, binaries })
        }
    }
}

fn run_stages(
    workspace: &Workspace,
    last: Option<&'static map::Stage>,
    pipeline: String,
    arguments: RunArguments,
    output: OutputFormat,
) -> anyhow::Result<()> {
    let options = run::Options {
        pipeline,
        sets: arguments.overrides.set,
        name: arguments.overrides.name,
        last,
        force: arguments.force,
        dry_run: arguments.dry_run,
        expect_cached: arguments.expect_cached,
        trust_code: arguments.trust_code,
        log_format: arguments.log_format,
        output,
    };
    run::run(workspace, &options).map(drop)
}
