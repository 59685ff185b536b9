//! Where things are: the repository, its data folders, and the programs that xtask calls.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow, bail};

use crate::settings::Settings;

/// The repository and the folders of its data.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    pub root: PathBuf,
    pub data: PathBuf,
    /// Those of this machine, `data/settings.toml`.
    pub settings: Settings,
    /// Where stage binaries are taken from, ready made; only tests set it.
    pub binaries: Option<PathBuf>,
}

impl Workspace {
    /// Finds the repository: as told, or from cargo's environment, or above the current folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(
        root: Option<PathBuf>,
        data: Option<PathBuf>,
        binaries: Option<PathBuf>,
    ) -> anyhow::Result<Workspace> {
        let here = std::env::current_dir().context("cannot tell the current folder")?;
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let starts = [root, manifest, Some(here.clone())];
        let root = starts.into_iter().flatten().find_map(|start| workspace_above(&here.join(start)));
        let root = root.ok_or_else(|| {
            anyhow!("no workspace at or above {}; run this in a clone of the repository", here.display())
        })?;
        let root = root.canonicalize().unwrap_or(root);
        let data = data.map_or_else(|| root.join("data"), |data| here.join(data));
        let settings = Settings::read(&data)?;
        Ok(Workspace { root, data, settings, binaries: binaries.map(|binaries| here.join(binaries)) })
    }

    pub fn cache(&self) -> PathBuf {
        self.settings.cache_folder.clone().unwrap_or_else(|| self.data.join("cache"))
    }

    /// Where downloads are, beside what users put there.
    pub fn raw(&self) -> PathBuf {
        self.data.join("raw")
    }

    pub fn runs(&self) -> PathBuf {
        self.data.join("runs")
    }

    /// A path as people read it: below the repository without the repository's own.
    pub fn show(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// The cargo that called us, in the repository, without what it tells only its children.
    pub fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let of_our_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
            if of_our_package.iter().any(|prefix| text.starts_with(prefix)) || text == "CARGO_PRIMARY_PACKAGE"
            {
                command.env_remove(&name);
            }
        }
        command
    }

    /// The commit that is checked out, and whether files differ from it; `None` without git.
    pub fn commit(&self) -> Option<(String, bool)> {
        let git =
            |arguments: &[&str]| output(Command::new("git").args(arguments).current_dir(&self.root)).ok();
        let commit = git(&["rev-parse", "HEAD"])?;
        let changes = git(&["status", "--porcelain"])?;
        Some((commit.trim().to_string(), !changes.trim().is_empty()))
    }
}

/// The nearest folder, from `start` up, whose `Cargo.toml` is a workspace's.
fn workspace_above(start: &Path) -> Option<PathBuf> {
    start.ancestors().map(Path::to_path_buf).find(|folder| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml"));
        manifest.is_ok_and(|text| text.lines().any(|line| line.trim() == "[workspace]"))
    })
}

/// What a program prints.
///
/// # Errors
/// When it cannot be started or fails; then with what it said.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start {name}"))?;
    if !output.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
