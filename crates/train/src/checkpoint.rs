//! Checkpoints in the work folder: a killed run goes on where it was, and ends with the same
//! weights as one that was not killed. A half-written checkpoint never counts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use model::parameters::Parameter;
use model::vae::Vae;
use model::weights;

use crate::history::{self, Epoch};

/// Where training stands.
pub(crate) struct State {
    pub model: Vae,
    pub optimiser: ModuleOptimizer,
    pub history: Vec<Epoch>,
    /// The weights with the lowest validation loss so far, with that loss; kept only for early stopping.
    pub best: Option<(f64, BTreeMap<String, Parameter>)>,
}

const MODEL: &str = "model.bpk";
const OPTIMISER: &str = "optimiser.bpk";
const HISTORY: &str = "history.parquet";
const BEST: &str = "best.safetensors";

/// Saves the state; older checkpoints go once the new one is complete.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn save(work: &Path, state: &State) -> anyhow::Result<()> {
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

/// The newest checkpoint in the work folder, or `None` if there is none that can be read.
/// `fresh` is where training begins.
pub(crate) fn load(work: &Path, fresh: &State) -> Option<State> {
    let (_, folder) = all(work).ok()?.pop()?;
    match read(&folder, fresh.model.clone(), fresh.optimiser.clone()) {
        Ok(state) => Some(state),
        Err(error) => {
            tracing::warn!("starting anew: the checkpoint {} cannot be read: {error:#}", folder.display());
            None
        }
    }
}

fn write(folder: &Path, state: &State) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    state.model.clone().save_file(folder.join(MODEL))?;
    state.optimiser.save(folder.join(OPTIMISER))?;
    history::write(&folder.join(HISTORY), &state.history)?;
    if let Some((_, best)) = &state.best {
        fs::write(folder.join(BEST), weights::to_bytes(best)?)?;
    }
    for name in [MODEL, OPTIMISER, HISTORY, BEST] {
        let path = folder.join(name);
        if path.exists() {
            fs::File::open(path)?.sync_all()?;
        }
    }
    Ok(())
}

fn read(folder: &Path, fresh: Vae, optimiser: ModuleOptimizer) -> anyhow::Result<State> {
    let model = fresh.try_load_file(folder.join(MODEL))?;
    let optimiser = optimiser.load(folder.join(OPTIMISER))?;
    let history = history::read(&folder.join(HISTORY))?;
    let best = match fs::read(folder.join(BEST)) {
        Ok(bytes) => {
            let losses = history.iter().map(|epoch| epoch.validation.loss);
            let lowest = losses.min_by(f64::total_cmp).ok_or_else(|| anyhow!("the history is empty"))?;
            Some((lowest, weights::from_bytes(&bytes)?))
        }
        Err(_) => None,
    };
    Ok(State { model, optimiser, history, best })
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
