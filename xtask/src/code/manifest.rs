//! What manifests say of how crates are built.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Map, Value, json};
use toml::Table;

use crate::canonical;

/// `[workspace.dependencies]` of the root manifest.
///
/// # Errors
/// When it cannot be read.
pub(super) fn shared(root: &Path) -> anyhow::Result<Table> {
    let manifest = read(&root.join("Cargo.toml"))?;
    let shared = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    Ok(shared.and_then(toml::Value::as_table).cloned().unwrap_or_default())
}

/// A crate's manifest without what only its tests use, and with what it leaves to the workspace in its place, so that
/// a dependency of another crate makes no difference.
pub(super) fn of_crate(mut manifest: Table, shared: &Table) -> Table {
    manifest.remove("dev-dependencies");
    for kind in ["dependencies", "build-dependencies"] {
        let Some(toml::Value::Table(used)) = manifest.get_mut(kind) else { continue };
        for (name, value) in used.iter_mut() {
            if let (Some(table), Some(shared)) = (value.as_table_mut(), shared.get(name)) {
                table.insert("workspace".to_string(), shared.clone());
            }
        }
    }
    manifest
}

/// Digest of the root manifest's parts that all builds depend on, cargo's own settings, and flags.
///
/// # Errors
/// When one cannot be read.
pub(super) fn settings(root: &Path) -> anyhow::Result<String> {
    let mut parts = Map::new();
    let manifest = read(&root.join("Cargo.toml"))?;
    for name in ["profile", "patch", "replace"] {
        parts.insert(name.into(), json!(manifest.get(name)));
    }
    let of_workspace = |name: &str| manifest.get("workspace").and_then(|workspace| workspace.get(name));
    for name in ["resolver", "lints"] {
        parts.insert(format!("workspace.{name}"), json!(of_workspace(name)));
    }
    let package = of_workspace("package");
    parts.insert("edition".into(), json!(package.and_then(|package| package.get("edition"))));
    for cargo in cargo_configs(root) {
        parts.insert(format!("cargo {}", parts.len()), of_config(&read(&cargo)?));
    }
    for (name, value) in std::env::vars().filter(|(name, _)| decides_a_build(name)) {
        parts.insert(name, value.into());
    }
    Ok(canonical::digest(&Value::Object(parts)))
}

/// Cargo's own settings that hold in a folder: its own, those of the folders around, and the user's.
fn cargo_configs(root: &Path) -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let mut found: Vec<PathBuf> = root.ancestors().map(|folder| folder.join(".cargo/config.toml")).collect();
    found.extend(home.map(|home| home.join("config.toml")).filter(|home| !found.contains(home)));
    found.retain(|file| file.is_file());
    found
}

/// What of them decides how crates are built; not where they come from, nor aliases.
fn of_config(config: &Table) -> Value {
    let kept = ["build", "profile", "target", "unstable", "patch"];
    let mut kept: Map<String, Value> =
        kept.iter().filter_map(|name| Some((name.to_string(), json!(config.get(*name)?)))).collect();
    if let Some(Value::Object(build)) = kept.get_mut("build") {
        build.retain(|key, _| !["jobs", "target-dir", "build-dir"].contains(&key.as_str()));
    }
    kept.retain(|_, table| table.as_object().is_some_and(|table| !table.is_empty()));
    Value::Object(kept)
}

/// True for variables that cargo takes flags and profiles from.
fn decides_a_build(name: &str) -> bool {
    let flags = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"].contains(&name);
    let of_target = name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS");
    flags || of_target || name.starts_with("CARGO_PROFILE_")
}

fn read(path: &Path) -> anyhow::Result<Table> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("{} is not TOML", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_built_with_the_features_that_the_workspace_names_for_it() {
        let table = |text: &str| text.parse::<Table>().unwrap();
        let manifest = || table("[dependencies]\nburn = { workspace = true }\n[dev-dependencies]\nx = \"1\"");
        let with = |shared: &str| of_crate(manifest(), &table(shared));
        assert_eq!(with("burn = \"1\""), with("burn = \"1\"\nclap = \"4\""));
        assert_ne!(with("burn = \"1\""), with("burn = { version = \"1\", features = [\"std\"] }"));
        assert!(!with("").contains_key("dev-dependencies"));
    }

    #[test]
    fn aliases_are_no_build_settings_and_profiles_are() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join(".cargo")).unwrap();
        let check = |manifest: &str, cargo: &str| {
            fs::write(root.join("Cargo.toml"), manifest).unwrap();
            fs::write(root.join(".cargo/config.toml"), cargo).unwrap();
            settings(root).unwrap()
        };
        let plain = check("[workspace]\nmembers = []", "");
        assert_eq!(plain, check("[workspace]\nmembers = [\"x\"]", "[alias]\nxtask = \"run\""));
        assert_ne!(plain, check("[workspace]\n[profile.dev]\nopt-level = 2", ""));
        assert_ne!(plain, check("[workspace]", "[build]\nrustflags = [\"-Ctarget-cpu=native\"]"));
        assert_eq!(plain, check("[workspace]", "[build]\njobs = 2\n[net]\noffline = true"));
        assert_ne!(plain, check("[workspace]\n[workspace.package]\nedition = \"2024\"", ""));
    }

    #[test]
    fn flags_and_profiles_of_the_environment_decide_a_build() {
        for name in
            ["RUSTFLAGS", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "CARGO_PROFILE_DEV_OPT_LEVEL"]
        {
            assert!(decides_a_build(name), "{name}");
        }
        for name in ["CARGO_TARGET_DIR", "CARGO_HOME", "CARGO_PKG_NAME"] {
            assert!(!decides_a_build(name), "{name}");
        }
    }
}
