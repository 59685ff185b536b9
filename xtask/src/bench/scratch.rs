//! A folder that benchmarks fill and that is gone afterwards, also after an error or Ctrl-C. It lies in
//! the cache under a temporary name, so that the next run removes what `kill -9` leaves.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::cache::TEMPORARY;
use crate::process;
use crate::workspace::Workspace;

#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// # Errors
    /// When it cannot be made.
    pub fn new(workspace: &Workspace) -> anyhow::Result<Scratch> {
        let name = format!("{TEMPORARY}bench-{}", process::next_token());
        let scratch = Scratch { folder: workspace.cache().join(name) };
        scratch.fresh("")?;
        Ok(scratch)
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// An empty folder of that name in it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn fresh(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
