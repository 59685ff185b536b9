//! `test` and `ci`: cargo called so that nothing is compiled twice.

use std::process::Command;

use anyhow::{Context, bail};
use serde_json::json;

use crate::builder;
use crate::console::{Console, LogFormat, OutputFormat};
use crate::interrupt;
use crate::record::From;
use crate::run::{self, Options};
use crate::workspace::{Workspace, output};
use crate::{reference, verify};

/// One check of [`ci`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Step {
    /// `cargo fmt --check`.
    Format,
    /// The stages' binaries.
    Build,
    /// `cargo xtask test`, which has the checks of the crates' borders.
    Test,
    /// `pipelines/smoke.toml` twice; the second time nothing may run.
    Smoke,
    /// The frozen smoke run once more, in a cache of its own.
    Verify,
    /// The reference of the pipeline file, which has to be up to date.
    Reference,
}

const STEPS: [Step; 6] = [Step::Format, Step::Build, Step::Test, Step::Reference, Step::Smoke, Step::Verify];

/// The pipeline that has no other purpose, and its frozen run.
const SMOKE: &str = "smoke";

/// Runs the tests of the whole workspace with this machine's features.
///
/// # Errors
/// When one fails.
pub(crate) fn test(workspace: &Workspace, extra: &[String]) -> anyhow::Result<()> {
    let mut command = workspace.cargo();
    command.args(["test", "--workspace", "--locked"]).args(builder::feature_arguments(false)).args(extra);
    call(&mut command)
}

/// Does every check but those to skip; stops at the first that fails.
///
/// # Errors
/// When one fails.
pub(crate) fn ci(
    workspace: &Workspace,
    skip: &[Step],
    lint: bool,
    output: OutputFormat,
) -> anyhow::Result<()> {
    // The results of the steps are for people only.
    let of_steps = if output == OutputFormat::Text { output } else { OutputFormat::Nothing };
    for step in STEPS.into_iter().filter(|step| !skip.contains(step)) {
        match step {
            Step::Format => format(workspace)?,
            Step::Build => {
                builder::build(workspace, &Console::new(LogFormat::Human), false)?;
            }
            Step::Test => test(workspace, &[])?,
            Step::Smoke => smoke(workspace, of_steps)?,
            Step::Verify => verify::verify(workspace, &frozen_smoke(of_steps))?,
            Step::Reference => reference::reference(workspace, true, of_steps)?,
        }
    }
    if lint {
        let mut command = workspace.cargo();
        command.args(["clippy", "--workspace", "--locked"]);
        // An empty range says on purpose that no year is there.
        let allowed = ["--", "-A", "clippy::reversed_empty_ranges"];
        call(command.args(builder::feature_arguments(false)).args(allowed))?;
    }
    output.print(|| "all checks passed\n".to_string(), || json!({"passed": true}));
    Ok(())
}

fn format(workspace: &Workspace) -> anyhow::Result<()> {
    if output(workspace.cargo().args(["fmt", "--version"])).is_err() {
        eprintln!("rustfmt is not installed (rustup component add rustfmt); the format is not checked");
        return Ok(());
    }
    call(workspace.cargo().args(["fmt", "--all", "--check"]))
}

fn smoke(workspace: &Workspace, output: OutputFormat) -> anyhow::Result<()> {
    let options = Options { output, ..Options::all(SMOKE, LogFormat::Human) };
    run::run(workspace, &options)?;
    let again = run::run(workspace, &options)?;
    if !again.is_empty() {
        bail!("the second run of the smoke pipeline ran {} again; wanted nothing", again.join(", "));
    }
    Ok(())
}

fn frozen_smoke(output: OutputFormat) -> verify::Options {
    verify::Options {
        name: SMOKE.to_string(),
        from: From::Anywhere,
        stage: None,
        log_format: LogFormat::Human,
        output,
    }
}

/// Shows a command and runs it.
fn call(command: &mut Command) -> anyhow::Result<()> {
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let shown = format!("{name} {}", arguments.join(" "));
    eprintln!("$ {}", shown.trim_end());
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    interrupt::check()?;
    if !status.success() {
        bail!("`{}` failed", shown.trim_end());
    }
    Ok(())
}
