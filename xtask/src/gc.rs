//! `gc`: removes from the cache what no run refers to, neither a published nor a frozen one; with a
//! limit in the settings only as much as needed, the oldest first.

use std::collections::BTreeSet;
use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;

use crate::cache::{Cache, TEMPORARY, WORK};
use crate::console::{Console, LogFormat, OutputFormat, line};
use crate::digest::{describe_bytes, files_below, weigh};
use crate::failure::config;
use crate::map;
use crate::runs::{RUN, Run};
use crate::workspace::Workspace;

/// Digits of a fingerprint that people are shown.
const SHOWN_DIGITS: usize = 12;

/// What to remove, and whether to ask.
pub(crate) struct Options {
    /// Everything that no run refers to, whatever the limit.
    pub all: bool,
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
    pub output: OutputFormat,
}

/// What can be removed.
#[derive(Debug)]
struct Waste {
    stage: &'static str,
    path: PathBuf,
    bytes: u64,
    /// RFC 3339; empty where it is not known.
    made: String,
    /// True for what a stopped run would go on from.
    is_checkpoint: bool,
}

/// Removes what no run refers to.
///
/// # Errors
/// When it is neither allowed nor can be asked, or something cannot be removed.
pub(crate) fn gc(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let cache = Cache::new(workspace.cache());
    let limit = workspace.settings.cache_limit_bytes.filter(|_| !options.all);
    let mut total = weigh(&workspace.cache())?;
    let mut chosen = choose(waste(workspace)?, total, limit);
    if options.output == OutputFormat::Text {
        options.output.print(|| table(&chosen), || json!(null));
    }
    let wanted = !options.dry_run && !chosen.is_empty() && may_remove(&chosen, options.yes)?;
    if wanted {
        // Nobody may begin to use what is being removed; what has come into use since it was listed stays.
        let _alone = cache.enter_alone("gc", &Console::new(LogFormat::Human))?;
        cache.sweep()?;
        total = weigh(&workspace.cache())?;
        let still = waste(workspace)?;
        chosen.retain(|chosen| still.iter().any(|waste| waste.path == chosen.path));
        chosen.iter().try_for_each(remove)?;
    }
    print_sum(workspace, &chosen, total, wanted, options.output);
    Ok(())
}

/// Says that the cache is above its limit, if it has one.
pub(crate) fn note_limit(workspace: &Workspace, console: &Console) {
    let Some(limit) = workspace.settings.cache_limit_bytes else { return };
    if let Ok(bytes) = weigh(&workspace.cache())
        && bytes > limit
    {
        console.note(&format!(
            "the cache weighs {}, more than its limit of {}: cargo xtask gc",
            describe_bytes(bytes),
            describe_bytes(limit)
        ));
    }
}

/// Entries that no run refers to and checkpoints that no run goes on from, the oldest first.
fn waste(workspace: &Workspace) -> anyhow::Result<Vec<Waste>> {
    let kept = referenced(workspace)?;
    let mut found = Vec::new();
    for stage in map::STAGES {
        let folder = workspace.cache().join(stage.name);
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let is_entry = !name.starts_with('.') && !kept.contains(&(stage.name.to_string(), name.clone()));
            if path.is_dir() && (is_entry || name.starts_with(WORK)) {
                let manifest = Cache::new(workspace.cache()).manifest(stage.name, &name);
                let made = manifest.map(|manifest| manifest.started).unwrap_or_default();
                let is_checkpoint = name.starts_with(WORK);
                found.push(Waste { stage: stage.name, bytes: weigh(&path)?, path, made, is_checkpoint });
            }
        }
    }
    // Checkpoints last: they are hours of work that a stopped run would go on from.
    found.sort_by(|a, b| (a.is_checkpoint, &a.made, &a.path).cmp(&(b.is_checkpoint, &b.made, &b.path)));
    Ok(found)
}

/// Stage and fingerprint of all entries that published and frozen runs name.
fn referenced(workspace: &Workspace) -> anyhow::Result<BTreeSet<(String, String)>> {
    let mut kept = BTreeSet::new();
    for root in [workspace.runs(), workspace.root.join("pipelines")] {
        if !root.is_dir() {
            continue;
        }
        // What is only on its way to its place has what it refers to locked.
        let is_draft =
            |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY));
        let wanted = |path: &Path| !is_draft(path) && (path.is_dir() || path.ends_with(RUN));
        for path in files_below(&root, &wanted)? {
            let context = || {
                let shown = path.display();
                format!("{shown} cannot be read, so nothing is removed; remove that folder, or run it again")
            };
            let text = fs::read_to_string(&path).with_context(context)?;
            let run: Run = serde_json::from_str(&text).with_context(context)?;
            kept.extend(run.stages.into_iter().map(|stage| (stage.stage, stage.fingerprint)));
        }
    }
    Ok(kept)
}

/// With a limit only as much as needed.
fn choose(waste: Vec<Waste>, total: u64, limit: Option<u64>) -> Vec<Waste> {
    let Some(limit) = limit else { return waste };
    let mut left = total;
    let needed = waste.into_iter().take_while(|waste| {
        let is_needed = left > limit;
        left = left.saturating_sub(waste.bytes);
        is_needed
    });
    needed.collect()
}

fn may_remove(chosen: &[Waste], yes: bool) -> anyhow::Result<bool> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        return Err(config(
            "nobody can be asked here; say --yes to remove, or --dry-run to see what would go",
        ));
    }
    eprint!("remove {} entries, {}? [y/N] ", chosen.len(), describe_bytes(sum(chosen)));
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

fn remove(waste: &Waste) -> anyhow::Result<()> {
    fs::remove_dir_all(&waste.path).with_context(|| format!("cannot remove {}", waste.path.display()))
}

fn sum(chosen: &[Waste]) -> u64 {
    chosen.iter().map(|waste| waste.bytes).sum()
}

impl Waste {
    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

fn table(chosen: &[Waste]) -> String {
    let row = |waste: &Waste| {
        let shown: String = waste.name().chars().take(SHOWN_DIGITS).collect();
        let made = match (waste.is_checkpoint, waste.made.is_empty()) {
            (true, _) => "checkpoints of a stopped run",
            (false, true) => "of another version",
            (false, false) => &waste.made,
        };
        line(waste.stage, "", &format!("{shown}  {}  {made}", describe_bytes(waste.bytes))) + "\n"
    };
    chosen.iter().map(row).collect()
}

fn print_sum(workspace: &Workspace, chosen: &[Waste], total: u64, is_done: bool, output: OutputFormat) {
    let word = if is_done { "removed" } else { "could go" };
    let (all, of) = (describe_bytes(sum(chosen)), describe_bytes(total));
    let values = chosen.iter().map(|waste| {
        json!({"stage": waste.stage, "entry": waste.name(), "bytes": waste.bytes, "made": waste.made})
    });
    output.print(
        || format!("{} entries, {all} of {of}, {word}\n", chosen.len()),
        || {
            json!({
                "cache": workspace.show(&workspace.cache()), "bytes": total, "removed": is_done,
                "entries": values.collect::<Vec<_>>(),
            })
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waste(bytes: u64) -> Waste {
        Waste { stage: "train", path: PathBuf::new(), bytes, made: String::new(), is_checkpoint: false }
    }

    #[test]
    fn with_a_limit_the_oldest_go_until_it_is_met() {
        let chosen = |total, limit| choose(vec![waste(3), waste(2), waste(5)], total, limit).len();
        assert_eq!(chosen(20, None), 3);
        assert_eq!(chosen(20, Some(20)), 0);
        assert_eq!(chosen(20, Some(19)), 1);
        assert_eq!(chosen(20, Some(16)), 2);
        assert_eq!(chosen(20, Some(1)), 3);
    }
}
