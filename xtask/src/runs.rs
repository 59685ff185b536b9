//! `data/runs/<pipeline>/`, what people open: the artifacts by name, `run.json` and `ro-crate-metadata.json`. A new state is
//! made beside the old one and takes its place by rename. Files are read-only hard links into the
//! cache, or copies where links are not possible.

mod names;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cache::{Cache, Manifest, TEMPORARY, sweep_folder};
use crate::console::Console;
use crate::digest::{self, Content};
use crate::lease::{self, LOCK, Lease};
use crate::{process, provenance};

/// Start of the name of a state that is being replaced.
const OLD: &str = ".old-";
/// The file that makes a folder a run's.
pub(crate) const RUN: &str = "run.json";
/// Beside it, how each stage of the run was made.
pub(crate) const MANIFESTS: &str = "manifests.json";
const READ_ONLY: u32 = 0o444;

/// Version of `run.json`; 1 had no tables.
pub(crate) const FORMAT: u32 = 2;

/// What `run.json` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub format: u32,
    /// The pipeline file.
    pub pipeline: String,
    /// The `--set`s.
    pub overrides: Vec<String>,
    /// The tables of the pipeline file as they were run, with the `--set`s; empty in format 1.
    #[serde(default)]
    pub tables: Map<String, Value>,
    /// Stages that were taken from the cache though their code has changed (`--trust-code`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_code: Vec<String>,
    /// The commit that was checked out; `None` without git.
    pub commit: Option<String>,
    /// True if files differed from that commit.
    pub dirty: Option<bool>,
    /// RFC 3339, UTC.
    pub finished: String,
    pub stages: Vec<StageRun>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StageRun {
    pub stage: String,
    pub fingerprint: String,
    pub state: State,
    /// When it ran, now or earlier: RFC 3339, UTC; empty in format 1.
    #[serde(default)]
    pub started: String,
    /// How long it took when it ran, now or earlier.
    pub seconds: f64,
    pub outputs: Vec<Content>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Cached,
    Ran,
}

impl Run {
    /// True if both hold the same artifacts, made the same way.
    pub fn shows_the_same(&self, other: &Run) -> bool {
        let key = |run: &Run| -> Vec<_> {
            run.stages.iter().map(|stage| (stage.stage.clone(), stage.fingerprint.clone())).collect()
        };
        let same_stages = key(self) == key(other);
        let same_text = self.format == other.format && self.tables == other.tables;
        same_stages && same_text && self.pipeline == other.pipeline && self.overrides == other.overrides
    }
}

/// All published runs.
#[derive(Clone, Debug)]
pub(crate) struct Runs {
    folder: PathBuf,
}

impl Runs {
    pub fn new(folder: PathBuf) -> Runs {
        Runs { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The published state of that name.
    pub fn read(&self, name: &str) -> Option<Run> {
        let text = fs::read_to_string(self.path(name).join(RUN)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// How a stage of the published state was made.
    pub fn manifest(&self, name: &str, stage: &str) -> Option<Manifest> {
        let text = fs::read_to_string(self.path(name).join(MANIFESTS)).ok()?;
        let manifests: Vec<Manifest> = serde_json::from_str(&text).ok()?;
        manifests.into_iter().find(|manifest| manifest.stage == stage)
    }

    /// Publishes `run` under `name`; leaves the folder alone, and returns false, if it shows the same already.
    ///
    /// # Errors
    /// When it cannot be written, or something that is not a run has that name.
    pub fn publish(&self, name: &str, run: &Run, cache: &Cache) -> anyhow::Result<bool> {
        let target = self.path(name);
        if self.read(name).is_some_and(|old| old.shows_the_same(run)) && is_complete(&target, run, cache) {
            return Ok(false);
        }
        self.check_place(name)?;
        let parent = target.parent().unwrap_or(&self.folder);
        let base = target.file_name().unwrap_or_default().to_string_lossy();
        let draft = parent.join(format!("{TEMPORARY}{base}-{}", process::next_token()));
        let context = || format!("cannot publish {}", target.display());
        let filled = fill(&draft, run, cache).and_then(|()| swap(&draft, &target, &base));
        if filled.is_err() {
            let _ = fs::remove_dir_all(&draft);
        }
        filled.with_context(context).map(|()| true)
    }

    /// Refuses to replace a folder that is not a run's, or to nest runs.
    ///
    /// # Errors
    /// When the name cannot be used; asked before hours of work, and again before the folder is replaced.
    pub fn check_place(&self, name: &str) -> anyhow::Result<()> {
        let target = self.path(name);
        let taken = fs::read_dir(&target).is_ok_and(|mut entries| entries.next().is_some());
        if taken && !target.join(RUN).is_file() {
            bail!("{} holds no run.json, so it is not a run's; move it away or use --name", target.display());
        }
        let parents = target.ancestors().skip(1).take_while(|parent| *parent != self.folder);
        for parent in parents {
            if parent.join(RUN).is_file() {
                bail!("{} is a run, and a run cannot hold another; use --name", parent.display());
            }
        }
        Ok(())
    }

    /// Waits for another run of that name, and keeps others waiting.
    ///
    /// # Errors
    /// When the folder cannot be written, or after Ctrl-C.
    pub fn lock(&self, name: &str, doing: &str, console: &Console) -> anyhow::Result<Lease> {
        let target = self.path(name);
        let parent = target.parent().unwrap_or(&self.folder);
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        Lease::take(&lock_of(&target), doing, console, &format!("the run {name}"))
    }

    /// Ends what killed runs began: a state that was on its way out comes back if no other has
    /// taken its place. The run `name` is locked by the caller; other locked ones are left alone.
    ///
    /// # Errors
    /// When something cannot be renamed or removed.
    pub fn sweep(&self, name: &str) -> anyhow::Result<()> {
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            sweep_folder(&folder)?;
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
                let base = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if let Some(target) = base.strip_prefix(OLD).map(|base| folder.join(base)) {
                    if target == self.path(name) || lease::remove_if_abandoned(&lock_of(&target)) {
                        bring_back(&path, &target)?;
                    }
                } else if !base.starts_with('.') && !path.join(RUN).is_file() {
                    folders.push(path);
                }
            }
        }
        Ok(())
    }
}

/// Where the lease of a run is.
fn lock_of(target: &Path) -> PathBuf {
    target.with_file_name(format!("{LOCK}{}", target.file_name().unwrap_or_default().to_string_lossy()))
}

/// Gives a state that was on its way out its name again, or removes it if another has it.
fn bring_back(old: &Path, target: &Path) -> anyhow::Result<()> {
    let done = if target.exists() { fs::remove_dir_all(old) } else { fs::rename(old, target) };
    done.with_context(|| format!("cannot put {} in order", old.display()))
}

/// Makes the folder of a run.
fn fill(draft: &Path, run: &Run, cache: &Cache) -> anyhow::Result<()> {
    fs::create_dir_all(draft)?;
    for stage in &run.stages {
        let artifact = cache.artifact(&stage.stage, &stage.fingerprint);
        for output in &stage.outputs {
            let (source, target) = (artifact.join(&output.name), draft.join(&output.name));
            if target.exists() || [RUN, MANIFESTS, provenance::FILE].contains(&output.name.as_str()) {
                bail!("{} writes {}, which another stage has written", stage.stage, output.name);
            }
            fs::create_dir_all(target.parent().unwrap_or(draft))?;
            if fs::hard_link(&source, &target).is_err() {
                fs::copy(&source, &target).with_context(|| format!("cannot copy {}", source.display()))?;
            }
            fs::set_permissions(&target, Permissions::from_mode(READ_ONLY))?;
        }
    }
    let manifests = run.stages.iter().filter_map(|stage| cache.manifest(&stage.stage, &stage.fingerprint));
    // One a line: they are long, and kept in git where a run is frozen.
    let manifests: Vec<String> =
        manifests.map(|manifest| serde_json::to_string(&manifest)).collect::<Result<_, _>>()?;
    let records = [
        (MANIFESTS, format!("[\n{}\n]\n", manifests.join(",\n"))),
        (RUN, serde_json::to_string_pretty(run)? + "\n"),
    ];
    for (name, text) in &records {
        fs::write(draft.join(name), text)?;
    }
    fs::write(draft.join(provenance::FILE), provenance::text(run, &records, cache)?)?;
    Ok(())
}

/// Puts `draft` in the place of `target`.
fn swap(draft: &Path, target: &Path, base: &str) -> anyhow::Result<()> {
    let old = target.with_file_name(format!("{OLD}{base}"));
    if target.exists() {
        fs::rename(target, &old)?;
    }
    if let Err(error) = fs::rename(draft, target) {
        let _ = fs::rename(&old, target);
        return Err(error.into());
    }
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    Ok(())
}

/// True if every file of the run is there, unchanged.
fn is_complete(target: &Path, run: &Run, cache: &Cache) -> bool {
    [MANIFESTS, provenance::FILE].iter().all(|name| target.join(name).is_file())
        && run.stages.iter().all(|stage| {
            let artifact = cache.artifact(&stage.stage, &stage.fingerprint);
            stage.outputs.iter().all(|output| {
                let file = target.join(&output.name);
                is_same_file(&file, &artifact.join(&output.name))
                    || digest::file(&file).is_ok_and(|(digest, _)| digest == output.digest)
            })
        })
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
