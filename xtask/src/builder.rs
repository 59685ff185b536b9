//! Builds the stages' binaries: always the same packages with the same features, because another
//! selection would compile polars and burn once more.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, anyhow, bail};
use serde_json::Value;

use crate::console::{Console, LogFormat};
use crate::interrupt;
use crate::workspace::{Workspace, output};

/// The stages' packages.
const SELECTION: &[&str] = &["--workspace", "--exclude", "xtask", "--exclude", "integration", "--bins"];

/// The binary of the benchmarks, built beside the stages.
pub(crate) const BENCHMARKS: &str = "benchmarks";

/// The binaries by name.
pub(crate) type Binaries = BTreeMap<String, PathBuf>;

/// Builds what is not up to date, and says where everything is.
///
/// # Errors
/// When cargo fails; it has said why.
pub(crate) fn build(workspace: &Workspace, console: &Console, cuda: bool) -> anyhow::Result<Binaries> {
    if let Some(folder) = &workspace.binaries {
        let stages = crate::map::STAGES.iter().chain([&crate::map::FETCH]).map(|stage| stage.binary);
        let names = stages.chain([BENCHMARKS]);
        return Ok(names.map(|name| (name.to_string(), folder.join(name))).collect());
    }
    let draws_progress = console.format == LogFormat::Human && std::io::stderr().is_terminal();
    let mut command = workspace.cargo();
    command.args(["build", "--locked", "--message-format", "json-render-diagnostics"]);
    command.args(SELECTION).args(feature_arguments(cuda));
    if !draws_progress {
        command.arg("--quiet");
    }
    console.stage("build", "running", "the stages' binaries (the first time this takes minutes)");
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let stdout = child.stdout.take().context("cargo has no standard output")?;
    let binaries = read_messages(BufReader::new(stdout))?;
    let status = child.wait().context("cannot wait for cargo")?;
    interrupt::check()?;
    if !status.success() {
        bail!("the stages could not be built; cargo says why above");
    }
    Ok(binaries)
}

/// Where the binary of that name is.
///
/// # Errors
/// When the workspace has none.
pub(crate) fn find<'a>(binaries: &'a Binaries, name: &str) -> anyhow::Result<&'a PathBuf> {
    let names = || binaries.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    binaries.get(name).ok_or_else(|| anyhow!("the workspace has no binary {name}; it has {}", names()))
}

/// The executables that cargo reports, one JSON message a line.
fn read_messages(lines: impl BufRead) -> anyhow::Result<Binaries> {
    let mut binaries = Binaries::new();
    for line in lines.lines() {
        let line = line.context("cannot read what cargo prints")?;
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        if let (Some(path), Some(name)) = (message["executable"].as_str(), message["target"]["name"].as_str())
        {
            binaries.insert(name.to_string(), path.into());
        }
    }
    Ok(binaries)
}

/// `--features ...` for this machine, or nothing.
pub(crate) fn feature_arguments(cuda: bool) -> Vec<String> {
    let features = features(cuda);
    if features.is_empty() { Vec::new() } else { vec!["--features".into(), features.join(",")] }
}

/// The optional features that are on.
pub(crate) fn features(cuda: bool) -> Vec<&'static str> {
    let mut features = Vec::new();
    if libnetcdf().is_some() {
        features.push("ingest/libnetcdf");
    }
    if cuda {
        features.extend(["train/cuda", "infer/cuda"]);
    }
    features
}

/// The version of the libnetcdf that is installed with its headers.
pub(crate) fn libnetcdf() -> Option<String> {
    let by_netcdf = output(Command::new("nc-config").arg("--version"));
    let version = by_netcdf.or_else(|_| output(Command::new("pkg-config").args(["--modversion", "netcdf"])));
    version.ok().map(|text| text.trim().trim_start_matches("netCDF").trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_read_from_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"contract"},"executable":null}"#,
            "\nnot JSON\n",
            r#"{"reason":"compiler-artifact","target":{"name":"ingest"},"executable":"/t/debug/ingest"}"#,
        );
        let binaries = read_messages(messages.as_bytes()).unwrap();
        assert_eq!(find(&binaries, "ingest").unwrap().to_str(), Some("/t/debug/ingest"));
        assert_eq!(
            find(&binaries, "x").unwrap_err().to_string(),
            "the workspace has no binary x; it has ingest"
        );
    }
}
