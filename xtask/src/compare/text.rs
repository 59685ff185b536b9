//! The comparison for a terminal.

use super::{Comparison, about_intervals, number, shown};
use crate::columns::align;

/// At the end of a difference that chance does not explain; its space does not break.
pub(super) const BEYOND: &str = "\u{a0}*";

/// The groups, the settings and the figures; the main ones, or all.
pub(super) fn of(comparison: &Comparison, all: bool) -> String {
    let mut text = groups(comparison) + "\n" + &settings(comparison) + "\n" + &figures(comparison, all);
    text += &(about_intervals(&comparison.groups) + "\n");
    text
}

fn groups(comparison: &Comparison) -> String {
    let header = ["group", "runs", "seeds", "first run"].map(str::to_string).to_vec();
    let row = |group: &super::Group| {
        vec![
            group.label.clone(),
            group.samples.len().to_string(),
            group.seeds(),
            group.samples[0].name.clone(),
        ]
    };
    let rows: Vec<_> = [header].into_iter().chain(comparison.groups.iter().map(row)).collect();
    align(&rows, |column| column != 1)
}

fn settings(comparison: &Comparison) -> String {
    let mut text = String::new();
    if comparison.settings.is_empty() {
        text += "no setting that is known differs\n";
    } else {
        let labels = comparison.groups.iter().map(|group| group.label.clone());
        let header = std::iter::once("settings that differ".to_string()).chain(labels).collect();
        let row = |row: &super::Difference| [vec![row.key.clone()], row.values.clone()].concat();
        let rows: Vec<_> = std::iter::once(header).chain(comparison.settings.iter().map(row)).collect();
        text += &align(&rows, |_| true);
    }
    let unknown = comparison.groups.iter().filter(|group| !group.settings().are_recorded);
    let unknown: Vec<_> = unknown.map(|group| group.label.as_str()).collect();
    if !unknown.is_empty() {
        text += &format!(
            "settings not recorded of {}: an earlier version has published it, and only what was --set is known\n",
            unknown.join(", ")
        );
    }
    text
}

fn figures(comparison: &Comparison, all: bool) -> String {
    let groups = &comparison.groups;
    // Of more than two, the page has the differences: here they would not fit.
    let pair = groups.len() == 2;
    let labels = groups.iter().map(|group| group.label.clone());
    let difference = pair.then(|| format!("{} - {}", groups[1].label, groups[0].label));
    let header = std::iter::once("figure".to_string()).chain(labels).chain(difference).collect();
    let row = |row: &super::Row| {
        let decimals = row.decimals();
        let cell = |(estimate, group): (&Option<super::Estimate>, &super::Group)| {
            estimate
                .as_ref()
                .map_or("-".to_string(), |estimate| shown(estimate, decimals, group.samples.len()))
        };
        let cells = row.estimates.iter().zip(groups).map(cell);
        let change =
            pair.then(|| row.change(1).map_or("-".to_string(), |change| change_text(&change, decimals)));
        std::iter::once(row.heading()).chain(cells).chain(change).collect()
    };
    let wanted = comparison.rows.iter().filter(|row| all || row.is_main);
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(wanted.map(row)).collect();
    align(&rows, |_| true)
}

/// `+0.27 (0.10 to 0.44) *`.
pub(super) fn change_text(change: &super::estimate::Change, decimals: usize) -> String {
    let mean = number(change.mean, decimals);
    let sign = if change.mean > 0.0 { "+" } else { "" };
    let interval = change.interval().map_or(String::new(), |[low, high]| {
        format!(" ({} to {})", number(low, decimals), number(high, decimals))
    });
    let star = if change.is_beyond_chance() { BEYOND } else { "" };
    format!("{sign}{mean}{interval}{star}")
}
