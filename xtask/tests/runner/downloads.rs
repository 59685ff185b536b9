//! Pipelines whose files are downloaded: once, kept with the user's own data, and never with a key.

use std::process::Command;

use super::sandbox::{STAGES, Sandbox, entries};

const PIPELINE: &str = "\
[ingest]
source = { kind = \"cds\", start = \"1990-01-01\", end = \"1999-12-31\" }
latitude_deg = 48.45
longitude_deg = 5.59
[train]
epochs = 3
";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("pipelines/x.toml", PIPELINE);
    sandbox
}

fn with_download() -> Vec<&'static str> {
    [&["fetch"], STAGES.as_slice()].concat()
}

/// The finished downloads, and what is left of unfinished ones.
fn downloads(sandbox: &Sandbox) -> Vec<String> {
    entries(&sandbox.path("data/raw/fetch"))
}

#[test]
fn a_source_is_downloaded_once() {
    let sandbox = sandbox();
    let status = sandbox.xtask(&["status", "x"]).stdout;
    assert!(
        status.contains(
            "fetch              missing  not downloaded yet\ningest             missing  waits for fetch\n"
        ),
        "{status}"
    );
    assert_eq!(sandbox.run_all(&[]), with_download());
    assert_eq!(sandbox.run_all(&[]).len(), 0);
    sandbox.assert_complete();
    assert_eq!(downloads(&sandbox).len(), 1);
    let status = sandbox.xtask(&["status", "x"]).stdout;
    assert!(status.contains("fetch              fresh "), "{status}");
}

#[test]
fn only_what_is_asked_for_decides_about_a_download() {
    let sandbox = sandbox();
    sandbox.run_all(&[]);
    // Neither another version of the program, nor --force, nor an empty cache.
    let script = sandbox.read("bin/fetch") + "# a comment\n";
    sandbox.write("bin/fetch", &script);
    assert_eq!(sandbox.run_all(&["--force"]), STAGES);
    assert_eq!(sandbox.xtask(&["clean", "--all"]).code, Some(0));
    assert_eq!(sandbox.run_all(&[]), STAGES);
    assert_eq!(sandbox.run_all(&["--set", "ingest.max_gap_hours=5"])[0], "ingest");
    assert_eq!(sandbox.run_all(&["--set", "ingest.source.end=2000-12-31"])[0], "fetch");
    assert_eq!(downloads(&sandbox).len(), 2);
}

#[test]
fn a_download_that_was_changed_is_made_again() {
    let sandbox = sandbox();
    sandbox.run_all(&[]);
    let entry = format!("data/raw/fetch/{}/artifact/era5.nc", downloads(&sandbox)[0]);
    sandbox.write(&entry, "garbage");
    let ended = sandbox.xtask(&["run-all", "x"]);
    assert!(
        ended.stderr.contains(
            "fetch              corrupt  its cache entry is not used: era5.nc is not what was written"
        ),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.ran(), ["fetch"]);
}

#[test]
fn fetch_downloads_and_does_nothing_else() {
    let sandbox = sandbox();
    let ended = sandbox.xtask(&["fetch", "x"]);
    assert_eq!((ended.code, ended.ran()), (Some(0), vec!["fetch".to_string()]), "{}", ended.stderr);
    assert_eq!(ended.stdout, format!("data/raw/fetch/{}/artifact\n", downloads(&sandbox)[0]));
    sandbox.assert_no_runs();
    assert_eq!(sandbox.xtask(&["fetch", "x"]).ran().len(), 0);
    assert_eq!(sandbox.xtask(&["fetch", "x", "--force"]).ran(), ["fetch"]);
}

#[test]
fn a_download_that_was_stopped_goes_on() {
    let sandbox = sandbox();
    sandbox.behave("fetch-block");
    let (mut child, _lines) = sandbox.start_until(&["fetch", "x"], "stage fetch blocks");
    assert!(Command::new("kill").args(["-9", &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap();
    sandbox.behave("");
    let ended = sandbox.xtask(&["run-all", "x"]);
    assert!(ended.stderr.contains("stage fetch resumes\n"), "{}", ended.stderr);
    assert_eq!(ended.ran(), with_download());
    assert_eq!(downloads(&sandbox).len(), 1);
}

#[test]
fn a_key_in_a_pipeline_file_is_refused_and_not_repeated() {
    let sandbox = sandbox();
    for (option, name) in
        [("ingest.source.key=a-secret", "key"), ("ingest.source.api_key=a-secret", "api_key")]
    {
        let ended = sandbox.xtask(&["run-all", "x", "--set", option]);
        let said = format!(
            "error: pipelines/x.toml: [ingest] source.{name} does not belong into a pipeline file, which others read; \
             put the key into ~/.cdsapirc (lines \"url: ...\" and \"key: ...\") or into the environment variable \
             CDSAPI_KEY\n"
        );
        assert_eq!((ended.code, ended.stderr), (Some(2), said));
    }
    assert!(!sandbox.path("data/cache").exists());
}

#[test]
fn files_need_no_fetching() {
    let sandbox = Sandbox::new();
    let ended = sandbox.xtask(&["fetch", "x"]);
    let said = "error: pipelines/x.toml: [ingest] has files and no source, so there is nothing to fetch; a source is, \
                for example, source = { kind = \"cds\", start = \"1990-01-01\", end = \"2019-12-31\" }\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(2), said));
}

#[test]
fn what_cannot_be_inspected_is_named() {
    let sandbox = Sandbox::new();
    for (path, said) in [
        ("no.nc", "error: there is no file no.nc\n"),
        ("pipelines", "error: pipelines has no files that end in nc, nc4, cdf, netcdf, csv, parquet\n"),
    ] {
        let ended = sandbox.xtask(&["inspect", path]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(2), said));
    }
}
