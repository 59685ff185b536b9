//! An entry of the cache while it is being made.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::Context;
use contract::stage::Outputs;

use super::{Cache, Manifest, TEMPORARY, WORK};
use crate::{digest, process};

/// A temporary folder beside the entry's name; removed unless it is published.
#[derive(Debug)]
pub(crate) struct Draft {
    folder: PathBuf,
    entry: PathBuf,
    work: PathBuf,
}

impl Cache {
    /// Starts an entry: an empty output folder, and the work folder of the same fingerprint.
    ///
    /// # Errors
    /// When the folders cannot be made.
    pub fn begin(&self, stage: &str, fingerprint: &str) -> anyhow::Result<Draft> {
        let parent = self.folder.join(stage);
        // The token keeps a stage that outlives its killed runner for a moment out of the next
        // run's folder.
        let folder = parent.join(format!("{TEMPORARY}{fingerprint}-{}", process::next_token()));
        let work = parent.join(format!("{WORK}{fingerprint}"));
        let draft = Draft { folder, entry: parent.join(fingerprint), work };
        for folder in [draft.folder.join("artifact"), draft.work.clone()] {
            fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        Ok(draft)
    }
}

impl Draft {
    pub fn outputs(&self) -> Outputs {
        Outputs { folder: self.folder.join("artifact"), work: self.work.clone() }
    }

    pub fn request(&self) -> PathBuf {
        self.folder.join("request.json")
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join("log.jsonl")
    }

    /// Forgets the checkpoints of earlier attempts.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn start_afresh(&self) -> anyhow::Result<()> {
        let context = || format!("cannot empty {}", self.work.display());
        fs::remove_dir_all(&self.work).and_then(|()| fs::create_dir(&self.work)).with_context(context)
    }

    /// Gives the entry its name.
    ///
    /// # Errors
    /// When something cannot be written; nothing stands under the name then.
    pub fn publish(self, manifest: &Manifest) -> anyhow::Result<()> {
        let context = || format!("cannot publish {}", self.entry.display());
        let _ = fs::remove_file(self.request());
        let text = serde_json::to_string_pretty(manifest).with_context(context)?;
        fs::write(self.folder.join("manifest.json"), text + "\n").with_context(context)?;
        flush(&self.folder).with_context(context)?;
        self.take_place().with_context(context)?;
        flush_folder(self.entry.parent().unwrap_or(Path::new("."))).with_context(context)?;
        let _ = fs::remove_dir_all(&self.work);
        let _ = fs::remove_file(self.failed_log());
        Ok(())
    }

    /// Renames the folder to the entry's name; what was there is removed once it has another.
    fn take_place(&self) -> std::io::Result<()> {
        if !self.entry.exists() {
            return fs::rename(&self.folder, &self.entry);
        }
        let old = self.entry.with_file_name(format!("{TEMPORARY}old-{}", process::next_token()));
        fs::rename(&self.entry, &old)?;
        if let Err(error) = fs::rename(&self.folder, &self.entry) {
            let _ = fs::rename(&old, &self.entry);
            return Err(error);
        }
        fs::remove_dir_all(&old)
    }

    /// Gives the entry up and keeps its log for people; returns where.
    pub fn fail(self) -> Option<PathBuf> {
        let kept = self.failed_log();
        fs::rename(self.log(), &kept).ok().map(|()| kept)
    }

    fn failed_log(&self) -> PathBuf {
        let fingerprint = self.entry.file_name().unwrap_or_default().to_string_lossy();
        self.entry.with_file_name(format!(".failed-{fingerprint}.jsonl"))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
        // Without a checkpoint the work folder says nothing.
        let _ = fs::remove_dir(&self.work);
    }
}

/// Flushes all files and folders below, so that the rename cannot reach the disk before them.
fn flush(folder: &Path) -> anyhow::Result<()> {
    for file in digest::files_below(folder, &|_| true)? {
        File::open(&file)?.sync_all()?;
        for parent in file.ancestors().skip(1).take_while(|parent| parent.starts_with(folder)) {
            flush_folder(parent)?;
        }
    }
    Ok(())
}

fn flush_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}
