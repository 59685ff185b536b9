//! The folders of a download: pieces that are not finished in the work folder, finished ones beside
//! them, all of them in the output folder at the end.

use std::path::{Path, PathBuf};

use anyhow::Context;
use contract::stage::Outputs;
use serde_json::Value;

use crate::archive::unpack;
use crate::files::{remove_if_there, sync_folder_of, write_whole};

/// The work folder, which outlives a killed run.
pub(crate) struct Workshop<'a> {
    outputs: &'a Outputs,
}

impl<'a> Workshop<'a> {
    /// Opens the work folder for what is asked for: whatever the names of pieces do not tell, such as
    /// the place. Finished pieces of another question do not count.
    ///
    /// # Errors
    /// When the folders cannot be made.
    pub(crate) fn open(outputs: &'a Outputs, asked: &Value) -> anyhow::Result<Workshop<'a>> {
        let workshop = Workshop { outputs };
        let (done, note) = (workshop.done_folder(), workshop.file("asked.json"));
        let fail = || format!("cannot prepare {}", done.display());
        let asked = format!("{asked:#}\n");
        if std::fs::read(&note).ok().as_deref() != Some(asked.as_bytes()) {
            if done.exists() {
                std::fs::remove_dir_all(&done).with_context(fail)?;
            }
            write_whole(&note, asked.as_bytes())?;
        }
        std::fs::create_dir_all(&done).with_context(fail)?;
        Ok(workshop)
    }

    /// A file in the work folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.outputs.work.join(name)
    }

    /// True if the files of that piece are here and whole.
    pub(crate) fn is_done(&self, stem: &str) -> bool {
        self.done(stem).is_dir()
    }

    /// Unpacks a downloaded file into the piece's finished files, and removes it. Returns the names of
    /// an archive's members that were left out.
    ///
    /// # Errors
    /// When it cannot be used, or the disk fails; the download is removed then too, so that the next
    /// run downloads it again.
    pub(crate) fn finish(&self, stem: &str, download: &Path) -> anyhow::Result<Vec<String>> {
        let unpacked = self.make(stem, |draft| unpack(download, draft, stem));
        remove_if_there(download)?;
        unpacked
    }

    /// Makes the finished files of a piece: `write` gets an empty folder, which gets its name when it
    /// is complete.
    ///
    /// # Errors
    /// Those of `write`, and when the disk fails.
    pub(crate) fn make<T>(
        &self,
        stem: &str,
        write: impl FnOnce(&Path) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let draft = self.done_folder().join(format!("{stem}.new"));
        let fail = || format!("cannot write {}", draft.display());
        if draft.exists() {
            std::fs::remove_dir_all(&draft).with_context(fail)?;
        }
        std::fs::create_dir(&draft).with_context(fail)?;
        let made = write(&draft)?;
        let done = self.done(stem);
        let publish = || -> std::io::Result<()> {
            sync_folder_of(&draft.join("any"))?;
            std::fs::rename(&draft, &done)?;
            sync_folder_of(&done)
        };
        publish().with_context(fail)?;
        Ok(made)
    }

    /// Puts the files of these pieces into the output folder.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn deliver(&self, stems: &[String]) -> anyhow::Result<()> {
        let mut count = 0;
        for stem in stems {
            let done = self.done(stem);
            let entries =
                std::fs::read_dir(&done).with_context(|| format!("cannot read {}", done.display()))?;
            for entry in entries {
                let from = entry?.path();
                let Some(name) = from.file_name() else { continue };
                let to = self.outputs.folder.join(name);
                put(&from, &to).with_context(|| format!("cannot write {}", to.display()))?;
                count += 1;
            }
        }
        sync_folder_of(&self.outputs.folder.join("any"))?;
        tracing::info!("{count} {} downloaded", if count == 1 { "file" } else { "files" });
        Ok(())
    }

    fn done_folder(&self) -> PathBuf {
        self.outputs.work.join("done")
    }

    fn done(&self, stem: &str) -> PathBuf {
        self.done_folder().join(stem)
    }
}

/// A second name for a file where the disk can do that, so that a kill during the delivery loses
/// nothing and nothing is written twice; a copy elsewhere.
fn put(from: &Path, to: &Path) -> std::io::Result<()> {
    if std::fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    std::fs::copy(from, to)?;
    std::fs::File::open(to)?.sync_all()
}
