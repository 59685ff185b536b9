//! What is in files: the stage that `cargo xtask inspect` asks for. It reads them as `ingest` does, at
//! the point in the middle of the grid, and leaves a text for people and JSON for programs, with the
//! table of the pipeline file that would use them. A file that cannot be used is listed with the
//! reason.

mod describe;
mod file;
mod tabular;
mod together;

use contract::config::Fault;
use contract::stage::{Inputs, Outputs, Stage};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use file::FileReport;
use together::Together;

/// The stage; see the module.
pub struct Inspect;

/// It has no settings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoTables {}

impl Stage for Inspect {
    const NAME: &'static str = "inspect";
    const READS: &'static [&'static str] = &["files"];
    type Tables = NoTables;
    type Config = ();

    fn check(_: NoTables) -> Result<(), Fault> {
        Ok(())
    }

    fn run(_: &(), inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let mut paths: Vec<_> = inputs.files("files").iter().map(|file| file.path.clone()).collect();
        paths.sort();
        let (files, hours): (Vec<FileReport>, Vec<file::Hours>) =
            paths.par_iter().map(|path| FileReport::of(path)).unzip();
        let together = Together::of(&paths, &files, hours);
        let report = Report { files, together };
        std::fs::write(outputs.file("inspect.txt"), describe::text(&report))?;
        outputs.write_json("inspect.json", &report)
    }
}

/// `inspect.json`.
#[derive(Debug, Serialize)]
struct Report {
    files: Vec<FileReport>,
    together: Together,
}
