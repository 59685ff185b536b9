//! Which runs there are: every folder below `data/runs` that holds a `run.json`.

use std::fs;

use contract::config::nearest;

use super::{RUN, Run, Runs};
use crate::failure::config;
use crate::{digest, map};

impl Runs {
    /// The names of all published runs, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
                let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
                match path.join(RUN).is_file() {
                    _ if is_hidden => {}
                    true => names.push(digest::name_below(&self.folder, &path)),
                    false => folders.push(path),
                }
            }
        }
        names.sort();
        names
    }

    /// The run of that name, or all of the folder of that name.
    ///
    /// # Errors
    /// A sentence that proposes the nearest name, when there is none.
    pub fn named(&self, word: &str) -> anyhow::Result<Vec<String>> {
        let word = word.trim_end_matches('/');
        let names = self.names();
        let folder = format!("{word}/");
        let found: Vec<String> =
            names.iter().filter(|name| *name == word || name.starts_with(&folder)).cloned().collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let parents = names.iter().flat_map(|name| name.match_indices('/').map(|(at, _)| &name[..at]));
        let proposal = map::proposal(nearest(word, names.iter().map(String::as_str).chain(parents)));
        let hint = if proposal.is_empty() { "; cargo xtask list shows those that there are" } else { "" };
        Err(config(format!("there is no run {word:?} below data/runs{proposal}{hint}")))
    }

    /// What a run's `run.json` says.
    ///
    /// # Errors
    /// In a few words, when it cannot be read.
    pub fn open(&self, name: &str) -> Result<Run, String> {
        let text = fs::read_to_string(self.path(name).join("run.json"));
        let text = text.map_err(|error| format!("its run.json cannot be read: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("its run.json is not one: {error}"))
    }
}
