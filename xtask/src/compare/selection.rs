//! The runs that are compared, and what is read of each.

use std::fs;

use contract::artifact::{METRICS, REPORT};

use super::settings::Settings;
use crate::failure::config;
use crate::runs::{Run, Runs};
use crate::scores::{Figure, Scores, tasks};

/// A run, as far as it is compared.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub name: String,
    pub run: Run,
    pub settings: Settings,
    pub figures: Vec<Figure>,
    /// The page; `None` where the run has none.
    pub report: Option<String>,
}

/// The runs that `words` name, each once, in the order of the words, those of a folder by name.
///
/// # Errors
/// When a run is not there or cannot be read, has not been evaluated, or there is only one.
pub(super) fn samples(runs: &Runs, words: &[String]) -> anyhow::Result<Vec<Sample>> {
    let mut names: Vec<String> = Vec::new();
    for word in words {
        for name in runs.named(word)? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if let [only] = names.as_slice() {
        return Err(config(format!(
            "compare needs at least two runs, and {} is only {only:?}; cargo xtask list shows those that there are",
            words.join(" ")
        )));
    }
    names.into_iter().map(|name| sample(runs, name)).collect()
}

fn sample(runs: &Runs, name: String) -> anyhow::Result<Sample> {
    let run = runs.open(&name).map_err(|reason| config(format!("{name:?} cannot be compared: {reason}")))?;
    let folder = runs.path(&name);
    let Some(scores) = Scores::read(&folder)? else { return Err(config(not_evaluated(&name, &run))) };
    let mut figures = scores.figures();
    figures.extend(tasks::figures(&folder)?);
    Ok(Sample {
        settings: Settings::of(&run),
        figures,
        report: fs::read_to_string(folder.join(REPORT)).ok(),
        name,
        run,
    })
}

/// Says how the run gets its figures.
fn not_evaluated(name: &str, run: &Run) -> String {
    let sets: String = run.overrides.iter().map(|set| format!(" --set '{set}'")).collect();
    format!(
        "{name:?} has no {METRICS}; make it with: cargo xtask run evaluate {} --name {name}{sets}",
        run.pipeline
    )
}
