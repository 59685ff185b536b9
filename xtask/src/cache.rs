//! The cache, `data/cache/<stage>/<fingerprint>/`: `artifact/`, `manifest.json`, `log.jsonl`. An
//! entry appears under its name whole or not at all: it is written as a sibling, flushed to the
//! disk, then renamed. What is read from it is checked against the digests in its manifest.

mod draft;
mod sweep;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::console::Console;
use crate::digest::{self, Content};
use crate::fingerprint::Parts;
use crate::lease::{LOCK, Lease};
use crate::machine::Machine;

pub(crate) use draft::Draft;
pub(crate) use sweep::{remove, sweep_folder};

/// Version of the cache's layout; it is part of every fingerprint.
pub(crate) const FORMAT: u32 = 2;

/// Start of the names of what is not finished.
pub(crate) const TEMPORARY: &str = ".tmp-";
/// Start of the names of folders with checkpoints.
pub(crate) const WORK: &str = ".work-";

/// What is known about an entry: how it was made and what it holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub format: u32,
    pub stage: String,
    pub fingerprint: String,
    pub parts: Parts,
    pub outputs: Vec<Content>,
    /// The commit that was checked out; `None` without git.
    pub commit: Option<String>,
    /// True if files differed from that commit.
    pub dirty: Option<bool>,
    pub device: String,
    pub machine: Machine,
    /// Stages before it that were taken from the cache though their code has changed (`--trust-code`).
    #[serde(default)]
    pub trusted_code: Vec<String>,
    /// RFC 3339, UTC.
    pub started: String,
    pub seconds: f64,
}

/// What the cache has under a fingerprint.
#[derive(Debug)]
pub(crate) enum Lookup {
    Missing,
    /// All files are there with the digests of the manifest.
    Intact(Box<Manifest>),
    /// With what is wrong.
    Corrupt(String),
}

#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub fn new(folder: PathBuf) -> Cache {
        Cache { folder }
    }

    pub fn entry(&self, stage: &str, fingerprint: &str) -> PathBuf {
        self.folder.join(stage).join(fingerprint)
    }

    /// Where the files of an entry are.
    pub fn artifact(&self, stage: &str, fingerprint: &str) -> PathBuf {
        self.entry(stage, fingerprint).join("artifact")
    }

    /// Looks an entry up and checks all of its files.
    ///
    /// # Errors
    /// After Ctrl-C only; a file that cannot be read makes the entry corrupt.
    pub fn lookup(&self, stage: &str, fingerprint: &str) -> anyhow::Result<Lookup> {
        let entry = self.entry(stage, fingerprint);
        if !entry.exists() {
            return Ok(Lookup::Missing);
        }
        let checked = check(&entry, stage, fingerprint);
        crate::interrupt::check()?;
        Ok(match checked {
            Ok(manifest) => Lookup::Intact(Box::new(manifest)),
            Err(error) => Lookup::Corrupt(format!("{error:#}")),
        })
    }

    /// The manifest of an entry, without a look at its files.
    pub fn manifest(&self, stage: &str, fingerprint: &str) -> Option<Manifest> {
        read_manifest(&self.entry(stage, fingerprint)).ok()
    }

    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, stage: &str, fingerprint: &str) -> anyhow::Result<()> {
        let entry = self.entry(stage, fingerprint);
        fs::remove_dir_all(&entry).with_context(|| format!("cannot remove {}", entry.display()))
    }

    /// Waits until nobody else makes this entry, and keeps others waiting.
    ///
    /// # Errors
    /// When the folder cannot be written, or after Ctrl-C.
    pub fn lock(
        &self,
        stage: &str,
        fingerprint: &str,
        doing: &str,
        console: &Console,
    ) -> anyhow::Result<Lease> {
        let folder = self.folder.join(stage);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join(format!("{LOCK}{fingerprint}"));
        Lease::take(&path, doing, console, &format!("{stage} of the same request"))
    }

    /// Puts an intact entry of this cache into another one; false if there is none.
    ///
    /// # Errors
    /// When the other one cannot be written, or after Ctrl-C.
    pub fn lend(&self, fingerprint: &str, stage: &str, other: &Cache) -> anyhow::Result<bool> {
        let Lookup::Intact(manifest) = self.lookup(stage, fingerprint)? else { return Ok(false) };
        let (from, to) = (self.entry(stage, fingerprint), other.entry(stage, fingerprint));
        let context = || format!("cannot copy {}", from.display());
        let names = manifest.outputs.iter().map(|output| format!("artifact/{}", output.name));
        for name in names.chain(["manifest.json".to_string()]) {
            let target = to.join(&name);
            fs::create_dir_all(target.parent().unwrap_or(&to)).with_context(context)?;
            fs::copy(from.join(&name), &target).with_context(context)?;
        }
        Ok(true)
    }

    /// The manifests of a stage's entries, by fingerprint; those that cannot be read are left out.
    pub fn manifests(&self, stage: &str) -> Vec<Manifest> {
        let entries = fs::read_dir(self.folder.join(stage)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths.iter().filter_map(|path| read_manifest(path).ok()).collect()
    }
}

fn read_manifest(entry: &Path) -> anyhow::Result<Manifest> {
    let text = fs::read_to_string(entry.join("manifest.json")).context("manifest.json cannot be read")?;
    serde_json::from_str(&text).context("manifest.json is not a manifest")
}

fn check(entry: &Path, stage: &str, fingerprint: &str) -> anyhow::Result<Manifest> {
    let manifest = read_manifest(entry)?;
    if manifest.stage != stage
        || manifest.fingerprint != fingerprint
        || manifest.parts.fingerprint() != fingerprint
    {
        anyhow::bail!("manifest.json is that of another entry");
    }
    let found = digest::bare_folder(&entry.join("artifact"))?;
    let named = |contents: &[Content], name: &str| contents.iter().any(|content| content.name == name);
    for content in &manifest.outputs {
        if !named(&found, &content.name) {
            anyhow::bail!("{} is missing", content.name);
        }
        if !found.iter().any(|found| found.is_same(content)) {
            anyhow::bail!("{} is not what was written", content.name);
        }
    }
    if let Some(extra) = found.iter().find(|content| !named(&manifest.outputs, &content.name)) {
        anyhow::bail!("{} was added", extra.name);
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests;
