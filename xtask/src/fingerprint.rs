//! A stage's fingerprint, the name of its entry in the cache, and the parts that it is made of,
//! kept apart so that `status` can say which of them has changed.

use std::collections::BTreeMap;

use contract::stage::Inputs;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::canonical;
use crate::changes::{Change, Kind};
use crate::code::{Code, Files};
use crate::digest;
use crate::map::{FILES, Stage, source_and_name};
use crate::pipeline::Pipeline;

/// Length of a fingerprint, in hexadecimal digits.
const DIGITS: usize = 32;
/// Of a digest, what people are shown.
const SHOWN_DIGITS: usize = 12;

/// Everything that decides what a stage writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parts {
    /// Digests by crate and file; of what the compiler sees, so that comments and layout are no part of it.
    pub sources: BTreeMap<String, Files>,
    /// Versions of the libraries that those crates link.
    pub libraries: BTreeMap<String, String>,
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
        let cuda = pipeline.uses_cuda() && stage.can_use_cuda();
        Ok(Parts {
            sources: code.sources(stage)?,
            libraries: code.libraries(stage)?,
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

    /// True if both are of the same settings and inputs for the same kind of machine, whatever the code.
    pub fn asks_the_same(&self, other: &Parts) -> bool {
        let asked = |parts: &Parts| (parts.target.clone(), parts.features.clone());
        self.config == other.config && self.inputs == other.inputs && asked(self) == asked(other)
    }

    /// What differs from an earlier run; nothing if the fingerprints are the same.
    pub fn changes_since(&self, earlier: &Parts) -> Vec<Change> {
        let mut changes = differing(Kind::Source, &earlier.sources_by_file(), &self.sources_by_file(), short);
        changes.extend(differing(
            Kind::Setting,
            &earlier.settings_by_key(),
            &self.settings_by_key(),
            str::to_string,
        ));
        changes.extend(differing(Kind::Input, &earlier.inputs_by_name(), &self.inputs_by_name(), short));
        changes.extend(differing(Kind::Library, &earlier.libraries, &self.libraries, str::to_string));
        changes.extend(differing(Kind::Toolchain, &earlier.toolchain(), &self.toolchain(), str::to_string));
        changes.extend(differing(Kind::Build, &earlier.build(), &self.build(), short));
        changes
    }

    /// Keyed as `train/src/optimiser.rs`.
    fn sources_by_file(&self) -> BTreeMap<String, String> {
        let files = self.sources.iter().flat_map(|(name, files)| {
            files.iter().map(move |(file, digest)| (format!("{name}/{file}"), digest.clone()))
        });
        files.collect()
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

    /// What compiles the binaries, and what for.
    fn toolchain(&self) -> BTreeMap<String, String> {
        let named = [
            ("compiler", self.compiler.lines().next().unwrap_or_default().to_string()),
            ("target", self.target.clone()),
            (
                "features",
                if self.features.is_empty() { "none".to_string() } else { self.features.join(", ") },
            ),
        ];
        named.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
    }

    /// Digests of what else decides how they are built.
    fn build(&self) -> BTreeMap<String, String> {
        let details = self.compiler.split_once('\n').map_or("", |(_, details)| details);
        let named = [
            ("build settings in Cargo.toml", self.settings.clone()),
            ("details of the compiler", digest::bytes(details.as_bytes())),
        ];
        named.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
    }
}

/// The entries of one kind that are not the same, by name.
pub(crate) fn differing(
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
pub(crate) fn short(digest: &str) -> String {
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

    fn files(files: &[(&str, &str)]) -> Files {
        files.iter().map(|(name, digest)| (name.to_string(), digest.to_string())).collect()
    }

    fn parts() -> Parts {
        Parts {
            sources: [("train".into(), files(&[("src/lib.rs", "1")]))].into(),
            libraries: files(&[("burn", "0.22.1")]),
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
        let change = |name: &str, list: &[(&str, &str)], words: &str| {
            check(|parts| drop(parts.sources.insert(name.into(), files(list))), words);
        };
        change("train", &[("src/lib.rs", "9")], "changed: train/src/lib.rs");
        change("model", &[("src/lib.rs", "9")], "changed: model/src/lib.rs");
        let many = [("src/a.rs", "1"), ("src/b.rs", "1"), ("src/c.rs", "1"), ("src/d.rs", "1")];
        change("model", &many, "changed: 4 source files of model");
        check(
            |parts| drop(parts.libraries.insert("burn".into(), "0.23.0".into())),
            "changed: burn 0.22.1 -> 0.23.0",
        );
        check(|parts| parts.settings.push('x'), "changed: build settings in Cargo.toml");
        check(|parts| parts.compiler = "rustc 2".into(), "changed: compiler rustc 1 -> rustc 2");
        check(|parts| parts.compiler.push_str("\nLLVM 9"), "changed: details of the compiler");
        check(|parts| parts.target.push('x'), "changed: target x86 -> x86x");
        check(|parts| parts.features.push("train/cuda".into()), "changed: features none -> train/cuda");
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
