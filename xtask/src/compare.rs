//! `compare`: published runs beside each other. Runs that differ only in seeds form a group; of each figure the groups'
//! means are shown with intervals, so that a difference can be told from chance. Runs nothing and draws nothing: the
//! figures are those of the runs' reports.

mod estimate;
mod figures;
mod groups;
mod page;
mod selection;
mod settings;
mod student;
mod text;

use std::fs;

use anyhow::Context;
use serde_json::{Value, json};

use crate::cli::compare::CompareArguments;
use crate::console::OutputFormat;
use crate::runs::Runs;
use crate::workspace::Workspace;
use estimate::Estimate;
use figures::Row;
use groups::Group;
use settings::Difference;

/// Below `data/runs`; a file, which no run is.
const PAGE: &str = "compare.html";

/// Everything that is shown.
#[derive(Debug)]
struct Comparison {
    groups: Vec<Group>,
    /// The settings that are not the same in all groups.
    settings: Vec<Difference>,
    rows: Vec<Row>,
}

/// Prints the settings and figures that differ, and writes a page with the reports' figures side by side.
///
/// # Errors
/// When a run is not there or not evaluated, there is only one, or the page cannot be written.
pub(crate) fn compare(
    workspace: &Workspace,
    arguments: &CompareArguments,
    output: OutputFormat,
) -> anyhow::Result<()> {
    let samples = selection::samples(&Runs::new(workspace.runs()), &arguments.runs)?;
    let groups = groups::grouped(samples);
    let comparison =
        Comparison { settings: settings::differing(&groups), rows: figures::rows(&groups), groups };
    let path = arguments.output.clone().unwrap_or_else(|| workspace.runs().join(PAGE));
    let context = || format!("cannot write {}", path.display());
    fs::write(&path, page::of(&comparison)).with_context(context)?;
    let shown = workspace.show(&path);
    output
        .print(|| text::of(&comparison, arguments.all) + &format!("\n{shown}\n"), || comparison.json(&shown));
    Ok(())
}

impl Comparison {
    fn json(&self, page: &str) -> Value {
        json!({
            "groups": self.groups.iter().map(Group::json).collect::<Vec<_>>(),
            "settings": self.settings.iter().map(|row| row.json(&self.groups)).collect::<Vec<_>>(),
            "figures": self.rows.iter().map(|row| row.json(&self.groups)).collect::<Vec<_>>(),
            "page": page,
        })
    }
}

/// The words for what stands in parentheses.
fn about_intervals(groups: &[Group]) -> String {
    let seeds = match groups.iter().any(|group| group.samples.len() > 1) {
        true => "In parentheses: 95 % interval of the mean over seeds, from Student's t",
        false => {
            "No group has more than one run, so there are no intervals: run more seeds to see what is chance"
        }
    };
    let star = match groups.iter().filter(|group| group.samples.len() > 1).count() {
        0 | 1 => "",
        _ => {
            "; * marks differences whose Welch interval leaves out 0, as that of one figure in twenty does where nothing \
             differs"
        }
    };
    format!("{seeds}{star}.")
}

/// A mean, its interval and, where some runs lack the figure, how many have it: `1.34 (1.20 to 1.48)`.
fn shown(estimate: &Estimate, decimals: usize, of: usize) -> String {
    let number = |value: f64| number(value, decimals);
    let mut text = number(estimate.mean);
    if let Some([low, high]) = estimate.interval() {
        text += &format!(" ({} to {})", number(low), number(high));
    }
    if estimate.count != of {
        text += &format!(" [{} of {of} runs]", estimate.count);
    }
    text
}

/// A number without the sign of a rounded zero.
fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.chars().all(|character| matches!(character, '-' | '0' | '.'));
    if is_zero { text.replace('-', "") } else { text }
}
