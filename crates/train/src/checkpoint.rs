//! Checkpoints in the work folder: a killed run goes on where it was, and ends with the same
//! weights as one that was not killed. A half-written checkpoint never counts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use model::parameters::Parameter;
use model::weights;

use crate::history::{self, Epoch};
use crate::learner::Learner;

/// Where training stands.
pub(crate) struct State<'a> {
    pub learner: Box<dyn Learner + 'a>,
    pub history: Vec<Epoch>,
    /// The weights with the lowest validation loss so far, with that loss; kept only for early stopping.
    pub best: Option<(f64, BTreeMap<String, Parameter>)>,
}

const HISTORY: &str = "history.parquet";
const BEST: &str = "best.safetensors";

/// Saves the state; older checkpoints go once the new one is complete.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn save(work: &Path, state: &State<'_>) -> anyhow::Result<()> {
    let epoch = state.history.last().map_or(0, |epoch| epoch.number);
    let partial = work.join("partial");
    remove(&partial)?;
    write(&partial, state).with_context(|| format!("cannot write the checkpoint {}", partial.display()))?;
    let older = all(work)?;
    let complete = work.join(format!("epoch-{epoch:08}"));
    fs::rename(&partial, &complete).with_context(|| format!("cannot write {}", complete.display()))?;
    for (_, folder) in older.into_iter().filter(|(_, folder)| *folder != complete) {
        remove(&folder)?;
    }
    Ok(())
}

/// Goes on from the newest checkpoint in the work folder, if there is one that can be read. `objective` is
/// what early stopping compares.
pub(crate) fn load(work: &Path, state: &mut State<'_>, objective: impl Fn(&Epoch) -> f64) {
    let Some((_, folder)) = all(work).ok().and_then(|mut all| all.pop()) else { return };
    if let Err(error) = read(&folder, state, objective) {
        tracing::warn!("starting anew: the checkpoint {} cannot be read: {error:#}", folder.display());
    }
}

fn write(folder: &Path, state: &State<'_>) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    state.learner.save(folder)?;
    history::write(&folder.join(HISTORY), &state.history)?;
    if let Some((_, best)) = &state.best {
        fs::write(folder.join(BEST), weights::to_bytes(best)?)?;
    }
    for entry in fs::read_dir(folder)? {
        fs::File::open(entry?.path())?.sync_all()?;
    }
    Ok(())
}

fn read(folder: &Path, state: &mut State<'_>, objective: impl Fn(&Epoch) -> f64) -> anyhow::Result<()> {
    let history = history::read(&folder.join(HISTORY))?;
    let last = history.last().ok_or_else(|| anyhow!("the history is empty"))?;
    let best = match fs::read(folder.join(BEST)) {
        Ok(bytes) => {
            let lowest = history.iter().map(objective).fold(f64::INFINITY, f64::min);
            Some((lowest, weights::from_bytes(&bytes)?))
        }
        Err(_) => None,
    };
    state.learner.load(folder, last.step)?;
    (state.history, state.best) = (history, best);
    Ok(())
}

/// Complete checkpoints, oldest first.
fn all(work: &Path) -> anyhow::Result<Vec<(u32, PathBuf)>> {
    let entries = fs::read_dir(work).with_context(|| format!("cannot list {}", work.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(epoch) = name.strip_prefix("epoch-").and_then(|number| number.parse().ok()) {
            found.push((epoch, path));
        }
    }
    found.sort();
    Ok(found)
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}
