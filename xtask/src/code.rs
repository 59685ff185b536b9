//! What a stage's results depend on besides its configuration and inputs: the sources of its crate
//! and of the crates that it uses, the versions of the libraries that these link, build settings,
//! compiler. Tests, benchmarks, comments, layout and `libnetcdf` (both NetCDF backends must agree bit
//! for bit) are left out.

mod lockfile;
mod manifest;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, anyhow, bail};
use serde_json::{Value, json};
use toml::Table;

use crate::map::Stage;
use crate::workspace::{Workspace, output};
use crate::{canonical, digest};
use lockfile::Lockfile;

/// Of a source's digest, what is kept.
const SOURCE_DIGITS: usize = 32;

/// The code of all stages.
#[derive(Debug)]
pub(crate) struct Code {
    crates: BTreeMap<String, Crate>,
    digests: Mutex<BTreeMap<String, Files>>,
    lockfile: Lockfile,
    /// `[workspace.dependencies]`, which the crates' own manifests refer to.
    shared: Table,
    /// Digest of what else decides how crates are built: profiles, dependencies, flags.
    pub settings: String,
    pub compiler: String,
    pub target: String,
}

/// Digests by file.
pub(crate) type Files = BTreeMap<String, String>;

#[derive(Debug)]
struct Crate {
    /// Its folder, or in tests its binary.
    path: PathBuf,
    /// The crates of this workspace that it uses.
    uses: Vec<String>,
    /// The other libraries that it names.
    libraries: BTreeSet<String>,
}

impl Code {
    /// Reads what is the same for all stages; sources are digested when they are asked for.
    ///
    /// # Errors
    /// When cargo or rustc cannot be asked, or a file cannot be read.
    pub fn load(workspace: &Workspace) -> anyhow::Result<Code> {
        if let Some(folder) = &workspace.binaries {
            return Ok(ready_made(folder));
        }
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let compiler = output(Command::new(rustc).arg("-vV").current_dir(&workspace.root))?;
        let host = compiler.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or("unknown");
        Ok(Code {
            crates: crates(workspace)?,
            digests: Mutex::default(),
            lockfile: Lockfile::read(&workspace.root.join("Cargo.lock"))?,
            shared: manifest::shared(&workspace.root)?,
            settings: manifest::settings(&workspace.root)?,
            target: std::env::var("CARGO_BUILD_TARGET").unwrap_or_else(|_| host.to_string()),
            compiler: compiler.trim().to_string(),
        })
    }

    /// Checks that what was read is still what is there, so that a build has made binaries of it.
    ///
    /// # Errors
    /// When a file was edited since, or cannot be read.
    pub fn check_unchanged(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let now = Code::load(workspace)?;
        let read = self.digests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, before) in read {
            let path = &now.crates.get(&name).with_context(|| format!("the crate {name} is gone"))?.path;
            let after = now.digests_of(&name, path)?;
            let names = before.keys().chain(after.keys());
            if let Some(file) = names.into_iter().find(|file| before.get(*file) != after.get(*file)) {
                bail!("{name}/{file} was edited while the stages were built; run again when it is at rest");
            }
        }
        let rest = |code: &Code| (code.settings.clone(), code.compiler.clone(), code.target.clone());
        if rest(self) != rest(&now) || self.lockfile != now.lockfile {
            bail!("build settings or Cargo.lock were edited while the stages were built; run again");
        }
        Ok(())
    }

    /// Digests of the sources that a stage is made of, by crate and file.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn sources(&self, stage: &Stage) -> anyhow::Result<BTreeMap<String, Files>> {
        let mut found = BTreeMap::new();
        for (name, package) in self.crates_of(stage)? {
            found.insert(name.to_string(), self.digests_of(name, &package.path)?);
        }
        Ok(found)
    }

    /// The libraries that a stage links, with their versions.
    ///
    /// # Errors
    /// When the workspace has no such crate.
    pub fn libraries(&self, stage: &Stage) -> anyhow::Result<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        for (name, package) in self.crates_of(stage)? {
            found.extend(self.lockfile.libraries(name, &package.libraries));
        }
        Ok(found)
    }

    /// The stage's crate and those of this workspace that it uses.
    fn crates_of(&self, stage: &Stage) -> anyhow::Result<BTreeMap<&str, &Crate>> {
        let mut found: BTreeMap<&str, &Crate> = BTreeMap::new();
        let mut wanted = vec![stage.binary];
        while let Some(name) = wanted.pop() {
            if !found.contains_key(name) {
                let (name, package) = self
                    .crates
                    .get_key_value(name)
                    .ok_or_else(|| anyhow!("the workspace has no crate {name}"))?;
                wanted.extend(package.uses.iter().map(String::as_str));
                found.insert(name, package);
            }
        }
        Ok(found)
    }

    fn digests_of(&self, name: &str, path: &Path) -> anyhow::Result<Files> {
        let mut all = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(digests) = all.get(name) {
            return Ok(digests.clone());
        }
        let digests = if path.is_dir() {
            source_digests(path, &self.shared)?
        } else {
            let (digest, _) = digest::file(path)?;
            [(digest::name_below(path.parent().unwrap_or(path), path), digest)].into()
        };
        all.insert(name.to_string(), digests.clone());
        Ok(digests)
    }
}

/// Digests of a crate's files, without tests, benchmarks and what editors leave.
fn source_digests(folder: &Path, shared: &Table) -> anyhow::Result<Files> {
    let wanted = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let at_top = path.parent() == Some(folder);
        let beside = ["tests", "benches", "examples", "target"].contains(&name.as_ref());
        !(at_top && beside || name.starts_with('.') || name.ends_with('~') || name.ends_with(".orig"))
    };
    let mut digests = BTreeMap::new();
    for path in digest::files_below(folder, &wanted)? {
        digests.insert(digest::name_below(folder, &path), meaning(&path, shared)?);
    }
    Ok(digests)
}

/// Digest of what a file means to the compiler.
fn meaning(path: &Path, shared: &Table) -> anyhow::Result<String> {
    let context = || format!("cannot read {}", path.display());
    let bytes = fs::read(path).with_context(context)?;
    let extension = path.extension().unwrap_or_default();
    let mut digest = if extension == "rs" {
        digest::bytes(&tokens::of_rust(&bytes))
    } else if path.ends_with("Cargo.toml") {
        let text = String::from_utf8(bytes).with_context(context)?;
        let manifest: Table = text.parse().with_context(|| format!("{} is not TOML", path.display()))?;
        canonical::digest(&json!(manifest::of_crate(manifest, shared)))
    } else {
        digest::bytes(&bytes)
    };
    digest.truncate(SOURCE_DIGITS);
    Ok(digest)
}

/// The crates of this workspace, as cargo knows them.
fn crates(workspace: &Workspace) -> anyhow::Result<BTreeMap<String, Crate>> {
    let arguments = ["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"];
    let text = output(workspace.cargo().args(arguments))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata printed no JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let members: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut crates = BTreeMap::new();
    for package in packages {
        let name = package["name"].as_str().context("a package of cargo metadata has no name")?;
        let manifest = package["manifest_path"].as_str().context("a package has no manifest_path")?;
        let uses = package["dependencies"].as_array().into_iter().flatten();
        let uses = uses.filter(|dependency| dependency["kind"] != "dev");
        let uses: Vec<String> =
            uses.filter_map(|dependency| dependency["name"].as_str()).map(str::to_string).collect();
        let (uses, libraries): (Vec<_>, Vec<_>) =
            uses.into_iter().partition(|name| members.contains(name.as_str()));
        let libraries = libraries.into_iter().collect();
        let path = Path::new(manifest).parent().unwrap_or(Path::new("")).to_path_buf();
        crates.insert(name.to_string(), Crate { path, uses, libraries });
    }
    Ok(crates)
}

/// The code of binaries that are there already: their own bytes.
fn ready_made(folder: &Path) -> Code {
    let package = |stage: &Stage| {
        let (uses, libraries) = (Vec::new(), BTreeSet::new());
        (stage.binary.to_string(), Crate { path: folder.join(stage.binary), uses, libraries })
    };
    Code {
        crates: crate::map::STAGES.iter().chain([&crate::map::FETCH]).map(package).collect(),
        digests: Mutex::default(),
        lockfile: Lockfile::default(),
        shared: Table::new(),
        settings: String::new(),
        compiler: "ready made".into(),
        target: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Files {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        source_digests(folder.path(), &Table::new()).unwrap()
    }

    #[test]
    fn sources_are_all_files_but_tests_and_benchmarks() {
        let plain = sources(&[("Cargo.toml", "a = 1"), ("src/lib.rs", "b")]);
        let with_tests = [
            ("Cargo.toml", "a = 1"),
            ("src/lib.rs", "b"),
            ("tests/x.rs", "c"),
            ("benches/y.rs", "d"),
            ("src/.lib.rs.swp", "e"),
            ("src/lib.rs~", "f"),
        ];
        assert_eq!(plain, sources(&with_tests));
        let cosmetic =
            [("Cargo.toml", "# A.\na=1\n[dev-dependencies]\nc=\"1\""), ("src/lib.rs", "b // B.\n")];
        assert_eq!(plain, sources(&cosmetic));
        assert_ne!(plain, sources(&[("Cargo.toml", "a = 2"), ("src/lib.rs", "b")]));
        assert_ne!(plain, sources(&[("Cargo.toml", "a = 1"), ("src/lib.rs", "b b")]));
        assert_ne!(plain, sources(&[("Cargo.toml", "a = 1"), ("src/main.rs", "b")]));
        assert_ne!(plain, sources(&[("Cargo.toml", "a = 1"), ("src/lib.rs", "b"), ("src/page.html", "")]));
    }

    #[test]
    fn a_stage_is_made_of_its_crate_and_the_crates_it_uses() {
        let workspace = Workspace::find(None, None, None).unwrap();
        let code = Code::load(&workspace).unwrap();
        let train = crate::map::stage("train").unwrap();
        let names: Vec<_> = code.sources(train).unwrap().into_keys().collect();
        assert_eq!(names, ["contract", "marginals", "model", "tables", "train"]);
        let libraries = code.libraries(train).unwrap();
        assert!(libraries.contains_key("burn") && libraries.contains_key("burn-tensor"));
        for other in ["polars", "netcdf", "clap", "proptest"] {
            assert!(!libraries.contains_key(other), "train does not link {other}");
        }
    }
}
