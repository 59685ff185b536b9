//! What is in files: the stage that `cargo xtask inspect` asks for. It reads them as `ingest` does, at
//! the point in the middle of the grid, and leaves a text for people and JSON for programs, with the
//! table of the pipeline file that would use them. A file that cannot be used is listed with the
//! reason.

mod describe;
mod file;
mod tabular;
mod together;

use std::path::{Path, PathBuf};

use contract::config::Fault;
use contract::stage::{InputFile, Inputs, Outputs, Stage};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::archive::Unpacked;
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
        let mut given = inputs.files("files").to_vec();
        given.sort_by(|a, b| a.path.cmp(&b.path));
        // Each archive has a folder of its own, since they go one by one.
        let work = |number: usize| outputs.work.join(format!("archive-{number}"));
        let opened = given.into_iter().enumerate().map(|(number, file)| Opened::of(file, &work(number)));
        let opened: Vec<Opened> = opened.collect();
        let looked_at =
            opened.iter().flat_map(|opened| opened.paths().into_iter().map(move |path| (opened, path)));
        let looked_at: Vec<(&Opened, PathBuf)> = looked_at.collect();
        let (files, hours): (Vec<FileReport>, Vec<file::Hours>) =
            looked_at.par_iter().map(|(opened, path)| opened.report(path)).unzip();
        let paths: Vec<PathBuf> = looked_at.iter().map(|(opened, _)| opened.file.path.clone()).collect();
        let together = Together::of(&paths, &files, hours);
        let report = Report { files, together };
        std::fs::write(outputs.file("inspect.txt"), describe::text(&report))?;
        outputs.write_json("inspect.json", &report)
    }
}

/// A file, and if it is an archive what it holds.
struct Opened {
    file: InputFile,
    unpacked: anyhow::Result<Unpacked>,
}

impl Opened {
    fn of(file: InputFile, work: &Path) -> Opened {
        Opened { unpacked: Unpacked::of(std::slice::from_ref(&file), work), file }
    }

    fn paths(&self) -> Vec<PathBuf> {
        match &self.unpacked {
            Ok(unpacked) => unpacked.files.iter().map(|file| file.path.clone()).collect(),
            Err(_) => vec![self.file.path.clone()],
        }
    }

    fn report(&self, path: &Path) -> (FileReport, file::Hours) {
        let (mut report, hours) = FileReport::of(path);
        match &self.unpacked {
            Err(error) => report.error = Some(format!("{error:#}")),
            Ok(unpacked) => {
                if let Some((archive, name)) = unpacked.origin(path) {
                    report.path = format!("{} (its member {name:?})", file::shown(archive));
                    report.error = report.error.map(|error| unpacked.name_members(&error));
                    report
                        .table
                        .iter_mut()
                        .flat_map(|table| &mut table.open)
                        .for_each(|open| *open = unpacked.name_members(open));
                }
            }
        }
        (report, hours)
    }
}

/// `inspect.json`.
#[derive(Debug, Serialize)]
struct Report {
    files: Vec<FileReport>,
    together: Together,
}
