//! What a run was set to, key by key, and the seeds apart from it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::groups::Group;
use crate::canonical;
use crate::runs::Run;

/// The last part of the names of keys that only change the random numbers.
const SEED: &str = "seed";
/// In place of a value that an earlier version has not written down.
const NOT_RECORDED: &str = "not recorded";

/// Values by key, `[train] epochs`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settings {
    /// False for runs that an earlier version has published: of those only what was `--set` is known.
    pub are_recorded: bool,
    pub values: BTreeMap<String, String>,
    pub seeds: BTreeMap<String, String>,
}

/// A setting, and its value in each group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    pub key: String,
    pub values: Vec<String>,
}

impl Settings {
    pub fn of(run: &Run) -> Settings {
        let mut settings = Settings { are_recorded: !run.tables.is_empty(), ..Settings::default() };
        for (table, value) in &run.tables {
            settings.add(&format!("[{table}]"), value);
        }
        if !settings.are_recorded {
            settings.add_overrides(&run.overrides);
        }
        settings
    }

    /// `train.epochs=3`, later ones over earlier ones.
    fn add_overrides(&mut self, overrides: &[String]) {
        for (path, value) in overrides.iter().filter_map(|set| set.split_once('=')) {
            if let Some((table, key)) = path.trim().split_once('.') {
                self.insert(format!("[{table}] {key}"), value.trim().to_string());
            }
        }
    }

    fn add(&mut self, path: &str, value: &Value) {
        let Some(table) = value.as_object().filter(|table| !table.is_empty()) else {
            return self.insert(path.to_string(), canonical::text(value));
        };
        for (key, value) in table {
            let separator = if path.ends_with(']') { " " } else { "." };
            self.add(&format!("{path}{separator}{key}"), value);
        }
    }

    fn insert(&mut self, key: String, value: String) {
        let is_seed = key.rsplit([' ', '.']).next() == Some(SEED);
        if is_seed { &mut self.seeds } else { &mut self.values }.insert(key, value);
    }

    fn value(&self, key: &str) -> String {
        let absent = if self.are_recorded { "unset" } else { NOT_RECORDED };
        self.values.get(key).map_or(absent, String::as_str).to_string()
    }
}

/// The settings that are known not to be the same in all groups; pipelines and commits if they are not.
pub(super) fn differing(groups: &[Group]) -> Vec<Difference> {
    let keys: BTreeSet<&String> = groups.iter().flat_map(|group| group.settings().values.keys()).collect();
    let row = |key: &str, value: &dyn Fn(&Group) -> String| Difference {
        key: key.to_string(),
        values: groups.iter().map(value).collect(),
    };
    let settings = keys.into_iter().map(|key| row(key, &|group| group.settings().value(key)));
    let pipelines = row("pipeline", &|group| group.samples[0].run.pipeline.clone());
    let commits = row("commit", &|group| group.commits().join(", "));
    [pipelines].into_iter().chain(settings).chain([commits]).filter(Difference::is_one).collect()
}

impl Difference {
    /// True if two values differ that are both known.
    fn is_one(&self) -> bool {
        let mut known = self.values.iter().filter(|value| *value != NOT_RECORDED);
        let first = known.next();
        known.any(|value| Some(value) != first)
    }

    pub fn json(&self, groups: &[Group]) -> Value {
        let values: Vec<Value> = groups
            .iter()
            .zip(&self.values)
            .map(|(group, value)| json!({"group": group.label, "value": value}))
            .collect();
        json!({"key": self.key, "groups": values})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(tables: Value, overrides: &[&str]) -> Run {
        serde_json::from_value(json!({
            "format": 2, "pipeline": "pipelines/x.toml", "overrides": overrides, "tables": tables, "commit": null,
            "dirty": null, "finished": "2026-01-01T00:00:00Z", "stages": [],
        }))
        .unwrap()
    }

    #[test]
    fn seeds_of_any_table_are_kept_apart() {
        let tables = json!({
            "train": {"epochs": 3, "seed": 1, "seeds": 2},
            "model": {"noise": {"kind": "ar", "seed": 4}},
            "impute": {},
        });
        let settings = Settings::of(&run(tables, &[]));
        let values: Vec<_> = settings.values.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            values,
            ["[impute]={}", "[model] noise.kind=\"ar\"", "[train] epochs=3", "[train] seeds=2"]
        );
        let seeds: Vec<_> = settings.seeds.keys().collect();
        assert_eq!(seeds, ["[model] noise.seed", "[train] seed"]);
        assert_eq!(settings.value("[train] batch"), "unset");
    }

    #[test]
    fn of_an_older_run_only_what_was_set_is_known() {
        let settings = Settings::of(&run(json!({}), &["train.epochs=3", "train.seed=1", "train.epochs=4"]));
        assert_eq!(
            (settings.value("[train] epochs"), settings.value("[train] batch")),
            ("4".into(), "not recorded".into())
        );
        assert_eq!(settings.seeds.len(), 1);
    }
}
