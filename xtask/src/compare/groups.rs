//! Groups of runs that differ in nothing but seeds.

use serde_json::{Value, json};

use super::selection::Sample;
use super::settings::Settings;

/// Runs with the same settings, no two with the same seeds: those differ in something that is no setting, such as
/// the code.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// `A`, `B`, ....
    pub label: String,
    /// At least one.
    pub samples: Vec<Sample>,
}

/// The groups, in the order of their first runs.
pub(super) fn grouped(samples: Vec<Sample>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for sample in samples {
        match groups.iter_mut().find(|group| group.takes(&sample)) {
            Some(group) => group.samples.push(sample),
            None => groups.push(Group { label: label(groups.len()), samples: vec![sample] }),
        }
    }
    groups
}

/// `A` to `Z`, then `AA`.
fn label(index: usize) -> String {
    let letter = char::from(b'A' + (index % 26) as u8).to_string();
    match (index / 26).checked_sub(1) {
        Some(before) => label(before) + &letter,
        None => letter,
    }
}

impl Group {
    fn takes(&self, sample: &Sample) -> bool {
        let of_group = self.settings();
        let same = of_group.values == sample.settings.values
            && of_group.are_recorded == sample.settings.are_recorded
            && (of_group.are_recorded || self.samples[0].run.pipeline == sample.run.pipeline);
        same && self.samples.iter().all(|other| other.settings.seeds != sample.settings.seeds)
    }

    /// Those of all its runs.
    pub fn settings(&self) -> &Settings {
        &self.samples[0].settings
    }

    /// The commits that its runs are of, each once.
    pub fn commits(&self) -> Vec<String> {
        let mut commits = Vec::new();
        for sample in &self.samples {
            let commit =
                sample.run.commit.as_deref().map_or("unknown", |commit| commit.get(..12).unwrap_or(commit));
            let changed = if sample.run.dirty == Some(true) { " and changes" } else { "" };
            let commit = format!("{commit}{changed}");
            if !commits.contains(&commit) {
                commits.push(commit);
            }
        }
        commits
    }

    /// The seeds of its runs: `0, 1, 2`, or where a run has several of them `0/1, 0/2`.
    pub fn seeds(&self) -> String {
        let of_sample = |sample: &Sample| {
            let mut seeds: Vec<&str> = sample.settings.seeds.values().map(String::as_str).collect();
            seeds.dedup();
            if seeds.is_empty() { "default".to_string() } else { seeds.join("/") }
        };
        self.samples.iter().map(of_sample).collect::<Vec<_>>().join(", ")
    }

    pub fn names(&self) -> Vec<&str> {
        self.samples.iter().map(|sample| sample.name.as_str()).collect()
    }

    pub fn json(&self) -> Value {
        let runs = self.samples.iter().map(|sample| {
            json!({"name": sample.name, "seeds": sample.settings.seeds, "finished": sample.run.finished})
        });
        json!({
            "group": self.label,
            "settings_recorded": self.settings().are_recorded,
            "commits": self.commits(),
            "runs": runs.collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_go_on_after_z() {
        let labels: Vec<_> = [0, 25, 26, 51, 52, 701, 702].map(label).to_vec();
        assert_eq!(labels, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
