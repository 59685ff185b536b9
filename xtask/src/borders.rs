//! The borders between the crates, held by what cargo says each one links.

use std::process::Command;

use crate::workspace::{Workspace, output};

/// Names of the crates that `package` links, all features on but `cuda`.
fn links(package: &str, features: &[&str]) -> Vec<String> {
    let workspace = Workspace::find(None, None, None).unwrap();
    let mut command: Command = workspace.cargo();
    command.args(["tree", "--locked", "--edges", "normal", "--prefix", "none"]);
    command.args(["--format", "{p}", "--package", package, "--features", &features.join(",")]);
    let text = output(&mut command).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_string).collect()
}

fn check(package: &str, features: &[&str], forbidden: &[&str]) {
    let links = links(package, features);
    assert_eq!(links.first().map(String::as_str), Some(package));
    for name in links {
        let hit = forbidden.iter().find(|word| name == **word || name.starts_with(&format!("{word}-")));
        assert_eq!(hit, None, "{package} links {name}");
    }
}

#[test]
fn xtask_links_nothing_heavy() {
    check("xtask", &[], &["polars", "arrow", "parquet", "burn", "netcdf", "netcdf3", "tables"]);
}

#[test]
fn diagram_links_nothing() {
    assert_eq!(links("diagram", &[]), ["diagram"]);
}

#[test]
fn contract_links_nothing_heavy() {
    check("contract", &[], &["polars", "arrow", "parquet", "burn", "netcdf", "netcdf3", "clap", "toml"]);
}

#[test]
fn evaluate_links_no_burn() {
    check("evaluate", &[], &["burn", "model", "train", "infer"]);
}

#[test]
fn model_does_no_input_and_output() {
    check(
        "model",
        &[],
        &["polars", "arrow", "parquet", "netcdf", "netcdf3", "tables", "contract", "tracing-subscriber"],
    );
}

#[test]
fn no_stage_links_another() {
    let stages = ["fetch", "ingest", "preprocess", "train", "infer", "evaluate"];
    for stage in stages {
        let others: Vec<_> = stages.into_iter().filter(|other| *other != stage).collect();
        let features: &[&str] = if stage == "ingest" { &["libnetcdf"] } else { &[] };
        check(stage, features, &others);
    }
}

#[test]
fn only_fetch_reaches_the_network() {
    for package in ["xtask", "contract", "ingest", "preprocess", "evaluate"] {
        check(package, &[], &["ureq", "rustls"]);
    }
    check("fetch", &[], &["netcdf", "arrow", "parquet", "polars", "burn", "cds-server"]);
}

/// Each crate of a selection with its features, `polars v0.55.2 lazy,temporal`.
fn features(arguments: &[&str]) -> Vec<String> {
    let workspace = Workspace::find(None, None, None).unwrap();
    let mut command = workspace.cargo();
    command.args(["tree", "--locked", "--prefix", "none", "--format", "{p} {f}"]);
    let text = output(command.args(["--workspace"]).args(arguments)).unwrap();
    let mut lines: Vec<_> = text.lines().map(|line| line.trim_end_matches(" (*)").to_string()).collect();
    lines.sort();
    lines.dedup();
    lines
}

#[test]
fn tests_and_stages_are_built_with_the_same_features() {
    let tests = features(&["--edges", "normal,build,dev"]);
    let stages = ["--exclude", "xtask", "--exclude", "integration", "--edges", "normal,build"];
    for line in features(&stages) {
        assert!(
            tests.contains(&line),
            "{line}: a dependency of tests only turns on more features of it, so it and all that uses it would be \
             compiled twice; let a stage's crate depend on it with those features"
        );
    }
}
