//! Builds the stages' binaries: always the same packages with the same features, because another
//! selection would compile polars and burn once more.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, IsTerminal};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
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

/// The binaries of one build.
#[derive(Debug, Default)]
pub(crate) struct Binaries(BTreeMap<String, Binary>);

#[derive(Debug)]
struct Binary {
    path: PathBuf,
    /// What another build changes: device, number, length and time of the file.
    stamp: Option<Stamp>,
}

type Stamp = (u64, u64, u64, i64, i64);

impl Binaries {
    fn new(paths: impl IntoIterator<Item = (String, PathBuf)>) -> Binaries {
        let binaries = paths.into_iter().map(|(name, path)| {
            let stamp = stamp(&path);
            (name, Binary { path, stamp })
        });
        Binaries(binaries.collect())
    }

    /// Where the binary of that name is.
    ///
    /// # Errors
    /// When the workspace has none.
    pub fn find(&self, name: &str) -> anyhow::Result<&Path> {
        Ok(&self.named(name)?.path)
    }

    /// Checks that nobody has built the binary anew since, from other sources perhaps.
    ///
    /// # Errors
    /// When somebody has.
    pub fn check_unchanged(&self, name: &str) -> anyhow::Result<()> {
        let binary = self.named(name)?;
        if stamp(&binary.path) == binary.stamp {
            return Ok(());
        }
        bail!("the binary of {name} was built anew meanwhile, perhaps from other sources; run again")
    }

    /// Where each one is.
    pub fn paths(&self) -> BTreeMap<&str, &Path> {
        self.0.iter().map(|(name, binary)| (name.as_str(), binary.path.as_path())).collect()
    }

    fn named(&self, name: &str) -> anyhow::Result<&Binary> {
        let names = || self.0.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        self.0.get(name).ok_or_else(|| anyhow!("the workspace has no binary {name}; it has {}", names()))
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let data = fs::metadata(path).ok()?;
    Some((data.dev(), data.ino(), data.len(), data.mtime(), data.mtime_nsec()))
}

/// Builds what is not up to date, and says where everything is.
///
/// # Errors
/// When cargo fails; it has said why.
pub(crate) fn build(workspace: &Workspace, console: &Console, cuda: bool) -> anyhow::Result<Binaries> {
    if let Some(folder) = &workspace.binaries {
        let stages = crate::map::STAGES.iter().chain([&crate::map::FETCH]).map(|stage| stage.binary);
        let names = stages.chain([BENCHMARKS]);
        return Ok(Binaries::new(names.map(|name| (name.to_string(), folder.join(name)))));
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

/// A binary of an earlier build, beside this program or where tests have it; `None` if there is none.
pub(crate) fn already_built(workspace: &Workspace, name: &str) -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_path_buf));
    let path = workspace.binaries.clone().or(beside)?.join(name);
    path.is_file().then_some(path)
}

/// The executables that cargo reports, one JSON message a line.
fn read_messages(lines: impl BufRead) -> anyhow::Result<Binaries> {
    let mut binaries: BTreeMap<String, PathBuf> = BTreeMap::new();
    for line in lines.lines() {
        let line = line.context("cannot read what cargo prints")?;
        let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
        if let (Some(path), Some(name)) = (message["executable"].as_str(), message["target"]["name"].as_str())
        {
            binaries.insert(name.to_string(), path.into());
        }
    }
    Ok(Binaries::new(binaries))
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
        assert_eq!(binaries.find("ingest").unwrap().to_str(), Some("/t/debug/ingest"));
        assert_eq!(
            binaries.find("x").unwrap_err().to_string(),
            "the workspace has no binary x; it has ingest"
        );
    }

    #[test]
    fn a_binary_that_was_built_anew_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("train");
        fs::write(&path, "one").unwrap();
        let binaries = Binaries::new([("train".to_string(), path.clone())]);
        binaries.check_unchanged("train").unwrap();
        fs::write(folder.path().join("other"), "two").unwrap();
        fs::rename(folder.path().join("other"), &path).unwrap();
        assert_eq!(
            binaries.check_unchanged("train").unwrap_err().to_string(),
            "the binary of train was built anew meanwhile, perhaps from other sources; run again"
        );
    }
}
