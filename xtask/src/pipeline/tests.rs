//! Reading a pipeline file, and the exact words of what is wrong with one.

use serde_json::json;

use super::*;
use crate::settings::Settings;

fn check(text: &str, sets: &[&str], message: &str) {
    let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
    assert_eq!(parse("pipelines/x.toml", text, &sets).unwrap_err().to_string(), message);
}

#[test]
fn tables_become_json_and_missing_ones_are_empty() {
    let text =
        "[about]\ntitle = \"A\"\n[generate]\nstart = 2021-01-01\n[train]\nlearning_rate = 1e-3\nepochs = 3";
    let pipeline = parse("x.toml", text, &["train.epochs=5".into()]).unwrap();
    assert_eq!(pipeline.tables["train"], json!({"learning_rate": 0.001, "epochs": 5}));
    assert_eq!(pipeline.tables["generate"], json!({"start": "2021-01-01"}));
    assert_eq!(pipeline.tables["evaluate"], json!({}));
    assert!(!pipeline.tables.contains_key("about"));
}

#[test]
fn an_unknown_table_proposes_the_nearest() {
    check(
        "[trian]",
        &[],
        "pipelines/x.toml: has no table [trian]; its tables are about, ingest, preprocess, model, train, \
         generate, impute, forecast, detect, trials, evaluate, report; did you mean \"train\"?",
    );
}

#[test]
fn a_key_outside_a_table_is_refused() {
    check("train = 3", &[], "pipelines/x.toml: train is 3; wanted a table, [train]");
}

#[test]
fn a_syntax_error_has_its_line_and_column() {
    check("[train]\nepochs = = 3\n", &[], "pipelines/x.toml: line 2, column 10: extra `=`, expected nothing");
}

#[test]
fn numbers_must_be_finite() {
    check(
        "[train]\nlearning_rate = nan",
        &[],
        "pipelines/x.toml: [train] learning_rate is NaN; wanted a finite number",
    );
    check("[train]\nx = [1.0, -inf]", &[], "pipelines/x.toml: [train] x is -inf; wanted a finite number");
}

#[test]
fn about_has_two_keys() {
    check(
        "[about]\nfile = \"\"",
        &[],
        "pipelines/x.toml: [about] has no key \"file\"; its keys are title, files",
    );
    check("[about]\nfiles = 3", &[], "pipelines/x.toml: [about] files is 3; wanted text in quotes");
}

#[test]
fn a_name_stays_below_the_runs() {
    for name in ["", "..", "/tmp/x", "a/../b", ".x"] {
        assert!(checked_name(name).is_err(), "{name}");
    }
    assert_eq!(checked_name("paris/warm").unwrap(), "paris/warm");
}

#[test]
fn a_pipeline_is_named_for_its_path_below_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let workspace = Workspace {
        root: root.path().canonicalize().unwrap(),
        data: "data".into(),
        settings: Settings::default(),
        binaries: None,
    };
    let folder = workspace.root.join("pipelines/paris");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("warm.toml"), "").unwrap();
    fs::write(workspace.root.join("other.toml"), "").unwrap();
    let load = |word: &str| Pipeline::load(&workspace, word, &[], None);
    for word in ["paris/warm", "pipelines/paris/warm.toml", "paris/warm.toml"] {
        let pipeline = load(word).unwrap();
        assert_eq!(
            (pipeline.name.as_str(), pipeline.path.as_str()),
            ("paris/warm", "pipelines/paris/warm.toml")
        );
    }
    assert_eq!(load("other.toml").unwrap().name, "other");
    assert_eq!(
        load("paris/warn").unwrap_err().to_string(),
        "there is no pipeline \"paris/warn\"; below pipelines/ are paris/warm; did you mean \"paris/warm\"?"
    );
}
