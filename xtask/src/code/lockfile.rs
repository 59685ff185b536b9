//! `Cargo.lock`: which versions of which libraries a crate of this workspace links.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

/// Where cargo's libraries come from unless the lock file says otherwise.
const USUAL_SOURCE: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[derive(Debug, Default, PartialEq)]
pub(super) struct Lockfile {
    packages: Vec<Package>,
    /// Where those of a name are.
    by_name: BTreeMap<String, Vec<usize>>,
}

#[derive(Debug, Default, PartialEq)]
struct Package {
    name: String,
    version: String,
    source: String,
    checksum: String,
    /// As the file names them: by name, and where that is not enough by version.
    uses: Vec<String>,
}

impl Lockfile {
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> anyhow::Result<Lockfile> {
        let context = || format!("cannot read {}", path.display());
        parse(&fs::read_to_string(path).with_context(context)?).with_context(context)
    }

    /// All libraries that the crate links by way of those in `direct`, with their versions.
    ///
    /// The file does not tell what is used on which system or with which feature, so all of it counts.
    pub fn libraries(&self, name: &str, direct: &BTreeSet<String>) -> BTreeMap<String, String> {
        let own = self.named(name).filter(|package| package.source.is_empty());
        let names = own.flat_map(|package| &package.uses);
        let mut wanted: Vec<&str> =
            names.filter(|used| direct.contains(name_of(used))).map(String::as_str).collect();
        let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        while let Some(used) = wanted.pop() {
            for package in self.named(name_of(used)).filter(|package| package.is(used)) {
                // Crates of this workspace are told by their sources.
                let is_new = !package.source.is_empty()
                    && found.entry(&package.name).or_default().insert(package.shown());
                if is_new {
                    wanted.extend(package.uses.iter().map(String::as_str));
                }
            }
        }
        let join = |versions: BTreeSet<String>| versions.into_iter().collect::<Vec<_>>().join(", ");
        found.into_iter().map(|(name, versions)| (name.to_string(), join(versions))).collect()
    }
}

impl Lockfile {
    fn named(&self, name: &str) -> impl Iterator<Item = &Package> {
        self.by_name.get(name).into_iter().flatten().map(|&position| &self.packages[position])
    }
}

impl Package {
    /// True if `used` (`name`, `name version` or `name version (source)`) means this one.
    fn is(&self, used: &str) -> bool {
        let mut parts = used.splitn(3, ' ');
        parts.next() == Some(&self.name)
            && parts.next().is_none_or(|version| version == self.version)
            && parts.next().is_none_or(|source| source.trim_matches(['(', ')']) == self.source)
    }

    /// The version; of a library from an unusual source also that.
    fn shown(&self) -> String {
        if self.source == USUAL_SOURCE && !self.checksum.is_empty() {
            return self.version.clone();
        }
        format!("{} from {}", self.version, self.source)
    }
}

fn name_of(used: &str) -> &str {
    used.split(' ').next().unwrap_or(used)
}

/// Reads the file as cargo writes it, a value a line; `toml` would take longer than all else of a cached run.
fn parse(text: &str) -> anyhow::Result<Lockfile> {
    let mut packages: Vec<Package> = Vec::new();
    let mut in_list = false;
    for line in text.lines() {
        if line == "[[package]]" {
            packages.push(Package::default());
            in_list = false;
            continue;
        }
        let Some(package) = packages.last_mut() else { continue };
        if let Some(used) = line.strip_prefix(" \"").filter(|_| in_list) {
            package.uses.push(used.trim_end_matches(',').trim_end_matches('"').to_string());
            continue;
        }
        in_list = line == "dependencies = [";
        let value = |key: &str| {
            let rest = line.strip_prefix(key)?.strip_prefix(" = \"")?;
            rest.strip_suffix('"').map(str::to_string)
        };
        let fields = [
            ("name", &mut package.name),
            ("version", &mut package.version),
            ("source", &mut package.source),
            ("checksum", &mut package.checksum),
        ];
        for (key, field) in fields {
            if let Some(value) = value(key) {
                *field = value;
            }
        }
    }
    if packages.is_empty() || packages.iter().any(|package| package.version.is_empty()) {
        bail!("it does not look like what cargo writes; run `cargo update --workspace`");
    }
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (position, package) in packages.iter().enumerate() {
        by_name.entry(package.name.clone()).or_default().push(position);
    }
    Ok(Lockfile { packages, by_name })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    const TEXT: &str = r#"version = 4

[[package]]
name = "burn"
version = "0.22.1"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "1"
dependencies = [
 "log",
 "rand 0.9.0",
]

[[package]]
name = "log"
version = "0.4.0"
source = "git+https://example.org/log#abc"

[[package]]
name = "rand"
version = "0.9.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "2"

[[package]]
name = "rand"
version = "0.10.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "3"

[[package]]
name = "train"
version = "0.1.0"
dependencies = [
 "burn",
 "model",
 "rand 0.10.0",
]
"#;

    fn libraries(direct: &[&str]) -> BTreeMap<String, String> {
        let direct = direct.iter().map(ToString::to_string).collect();
        parse(TEXT).unwrap().libraries("train", &direct)
    }

    #[test]
    fn only_what_is_linked_counts_with_all_that_it_links() {
        let expected =
            [("burn", "0.22.1"), ("log", "0.4.0 from git+https://example.org/log#abc"), ("rand", "0.9.0")];
        let expected: BTreeMap<_, _> = expected.map(|(name, version)| (name.into(), version.into())).into();
        assert_eq!(libraries(&["burn", "model"]), expected);
        assert_eq!(libraries(&["rand"]), [("rand".to_string(), "0.10.0".to_string())].into());
        assert_eq!(libraries(&["burn", "rand"])["rand"], "0.10.0, 0.9.0");
        assert!(parse("version = 4\n").is_err());
    }

    #[test]
    fn the_file_of_this_workspace_is_read_as_toml_reads_it() {
        let path = Workspace::find(None, None, None).unwrap().root.join("Cargo.lock");
        let table: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let ours = Lockfile::read(&path).unwrap().packages;
        let theirs = table["package"].as_array().unwrap();
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            let text = |key: &str| theirs.get(key).and_then(toml::Value::as_str).unwrap_or_default();
            assert_eq!((ours.name.as_str(), ours.version.as_str()), (text("name"), text("version")));
            assert_eq!((ours.source.as_str(), ours.checksum.as_str()), (text("source"), text("checksum")));
            let uses =
                theirs.get("dependencies").and_then(toml::Value::as_array).cloned().unwrap_or_default();
            assert_eq!(ours.uses, uses.iter().map(|used| used.as_str().unwrap()).collect::<Vec<_>>());
        }
    }
}
