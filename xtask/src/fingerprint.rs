//! A stage's fingerprint, the name of its entry in the cache, and the parts that it is made of,
//! kept apart so that `status` can say which of them has changed.

use std::collections::BTreeMap;

use contract::stage::Inputs;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::canonical;
use crate::changes::{Change, Kind};
use crate::code::Code;
use crate::map::{FILES, Stage, source_and_name};
use crate::pipeline::Pipeline;

/// Length of a fingerprint, in hexadecimal digits.
const DIGITS: usize = 32;
/// Of a digest, what people are shown.
const SHOWN_DIGITS: usize = 12;

/// Everything that decides what a stage writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parts {
    /// Digests by crate.
    pub sources: BTreeMap<String, String>,
    pub lockfile: String,
    pub settings: String,
    pub compiler: String,
    pub target: String,
    pub features: Vec<String>,
    /// Its tables of the pipeline file; without `[ingest] files`, which are inputs.
    pub config: Map<String, Value>,
    pub inputs: Vec<Input>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Input {
    /// `stage/file`; of the user's own files `files/` and the base name.
    pub name: String,
    pub digest: String,
}

impl Parts {
    /// # Errors
    /// When the stage's sources cannot be read.
    pub fn of(stage: &Stage, pipeline: &Pipeline, code: &Code, inputs: &Inputs) -> anyhow::Result<Parts> {
        let mut config = pipeline.tables_of(stage);
        if stage.is_download() {
            // Data stay what they are when the program or the machine changes.
            return Ok(Parts { config, ..Parts::default() });
        }
        if stage.sources().contains(&FILES) {
            let tables = config.values_mut().filter_map(Value::as_object_mut);
            tables.for_each(|table| drop(table.remove(FILES)));
        }
        let cuda = pipeline.uses_cuda() && ["train", "infer"].contains(&stage.binary);
        Ok(Parts {
            sources: code.sources(stage)?,
            lockfile: code.lockfile.clone(),
            settings: code.settings.clone(),
            compiler: code.compiler.clone(),
            target: code.target.clone(),
            features: if cuda { vec![format!("{}/cuda", stage.binary)] } else { Vec::new() },
            config,
            inputs: inputs_of(stage, inputs),
        })
    }

    pub fn fingerprint(&self) -> String {
        let mut digest = canonical::digest(&json!({"format": crate::cache::FORMAT, "parts": self}));
        digest.truncate(DIGITS);
        digest
    }

    /// What differs from an earlier run; nothing if the fingerprints are the same.
    pub fn changes_since(&self, earlier: &Parts) -> Vec<Change> {
        let mut changes = differing(Kind::Source, &earlier.sources, &self.sources, short);
        changes.extend(differing(
            Kind::Setting,
            &earlier.settings_by_key(),
            &self.settings_by_key(),
            str::to_string,
        ));
        changes.extend(differing(Kind::Input, &earlier.inputs_by_name(), &self.inputs_by_name(), short));
        changes.extend(differing(Kind::Build, &earlier.build(), &self.build(), str::to_string));
        changes
    }

    /// Keyed as `[train] epochs`.
    fn settings_by_key(&self) -> BTreeMap<String, String> {
        let tables = self.config.iter().filter_map(|(table, value)| Some((table, value.as_object()?)));
        tables
            .flat_map(|(table, keys)| {
                keys.iter().map(move |(key, value)| (format!("[{table}] {key}"), value))
            })
            .map(|(key, value)| (key, canonical::text(value)))
            .collect()
    }

    fn inputs_by_name(&self) -> BTreeMap<String, String> {
        self.inputs.iter().map(|input| (input.name.clone(), input.digest.clone())).collect()
    }

    /// What the binaries are built with.
    fn build(&self) -> BTreeMap<String, String> {
        let named = [
            ("Cargo.lock", short(&self.lockfile)),
            ("build settings in Cargo.toml", short(&self.settings)),
            ("compiler", self.compiler.clone()),
            ("target", self.target.clone()),
            ("features", self.features.join(", ")),
        ];
        named.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
    }
}

/// The entries of one kind that are not the same, by name.
fn differing(
    kind: Kind,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
    show: impl Fn(&str) -> String,
) -> Vec<Change> {
    let mut names: Vec<_> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| before.get(*name) != after.get(*name));
    let side = |map: &BTreeMap<String, String>, name: &String| map.get(name).map(|value| show(value));
    names
        .into_iter()
        .map(|name| Change { kind, name: name.clone(), before: side(before, name), after: side(after, name) })
        .collect()
}

/// The start of a digest.
fn short(digest: &str) -> String {
    digest.chars().take(SHOWN_DIGITS).collect()
}

/// The inputs that a stage reads, sorted.
pub(crate) fn inputs_of(stage: &Stage, inputs: &Inputs) -> Vec<Input> {
    let mut found = Vec::new();
    for read in stage.reads {
        let (source, wanted) = source_and_name(read);
        for file in inputs.files(source).iter().filter(|file| wanted.is_empty() || file.name == wanted) {
            found.push(Input { name: format!("{source}/{}", file.name), digest: file.digest.clone() });
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use contract::stage::InputFile;

    use super::*;
    use crate::changes::Why;

    fn parts() -> Parts {
        Parts {
            sources: [("train".to_string(), "1".to_string())].into(),
            lockfile: "2".into(),
            settings: "3".into(),
            compiler: "rustc 1".into(),
            target: "x86".into(),
            features: Vec::new(),
            config: json!({"train": {"epochs": 5}}).as_object().unwrap().clone(),
            inputs: vec![Input { name: "preprocess/season.parquet".into(), digest: "4".into() }],
        }
    }

    fn check(change: impl Fn(&mut Parts), words: &str) {
        let earlier = parts();
        let mut now = parts();
        change(&mut now);
        assert_ne!(now.fingerprint(), earlier.fingerprint());
        assert_eq!(Why::Changed(now.changes_since(&earlier)).to_string(), words);
    }

    #[test]
    fn every_part_changes_the_fingerprint_and_is_named() {
        check(|parts| drop(parts.sources.insert("train".into(), "9".into())), "changed: sources of train");
        check(|parts| drop(parts.sources.insert("model".into(), "9".into())), "changed: sources of model");
        check(|parts| parts.lockfile.push('x'), "changed: Cargo.lock");
        check(|parts| parts.settings.push('x'), "changed: build settings in Cargo.toml");
        check(|parts| parts.compiler.push('x'), "changed: compiler");
        check(|parts| parts.target.push('x'), "changed: target");
        check(|parts| parts.features.push("train/cuda".into()), "changed: features");
        check(|parts| parts.config["train"]["epochs"] = json!(6), "changed: [train] epochs 5 -> 6");
        check(|parts| parts.config["train"]["seed"] = json!(1), "changed: [train] seed unset -> 1");
        check(|parts| parts.inputs[0].digest.push('x'), "changed: input preprocess/season.parquet");
    }

    #[test]
    fn equal_parts_have_equal_fingerprints() {
        assert_eq!(parts().fingerprint(), parts().fingerprint());
        assert_eq!(parts().fingerprint().len(), DIGITS);
        assert_eq!(parts().changes_since(&parts()), []);
    }

    #[test]
    fn only_files_that_a_stage_reads_count() {
        let file =
            |name: &str| InputFile { name: name.into(), path: "x".into(), digest: name.len().to_string() };
        let mut inputs = Inputs::default();
        inputs.0.insert("ingest".into(), vec![file("source.json"), file("series.parquet")]);
        let stage = crate::map::stage("preprocess").unwrap();
        let expected = Input { name: "ingest/series.parquet".into(), digest: "14".into() };
        assert_eq!(inputs_of(stage, &inputs), [expected]);
    }
}
