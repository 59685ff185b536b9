//! Where a task's result goes: to temporary names beside, then renamed, so that a file that was there is replaced
//! only by a whole one. Beside CSV goes what describes it: columns, units, licence.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use crate::cache::TEMPORARY;
use crate::failure::config;
use crate::process;

/// What describes a CSV file has its name with this at the end (W3C, Metadata Vocabulary for Tabular Data).
const DESCRIPTION: &str = "-metadata.json";

/// A file to be written, in a folder that is there.
#[derive(Debug, PartialEq)]
pub(super) struct Destination {
    path: PathBuf,
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Parquet,
    Netcdf,
    Csv,
}

impl Format {
    fn extension(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Netcdf => "nc",
            Format::Csv => "csv",
        }
    }

    /// That of a second table, which has text.
    fn of_events(self) -> Format {
        match self {
            Format::Parquet => Format::Parquet,
            Format::Netcdf | Format::Csv => Format::Csv,
        }
    }
}

impl Destination {
    /// # Errors
    /// When the name ends in something else, or the folder is not there.
    pub(super) fn of(path: &Path, has_events: bool) -> anyhow::Result<Destination> {
        let shown = path.display();
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let formats = [Format::Parquet, Format::Netcdf, Format::Csv];
        let Some(format) = formats.into_iter().find(|format| format.extension() == extension) else {
            return Err(config(format!(
                "--output is {shown}; wanted a name that ends in .parquet, .nc or .csv"
            )));
        };
        let here = std::env::current_dir().context("cannot tell the current folder")?;
        let path = here.join(path);
        let destination = Destination { path, format };
        let folder = destination.folder();
        if !folder.is_dir() {
            return Err(config(format!(
                "--output is {shown}, and there is no folder {}; make it first",
                folder.display()
            )));
        }
        let mut taken = vec![destination.path.clone()];
        taken.extend(has_events.then(|| destination.events()));
        taken.extend(descriptions(&taken));
        if let Some(taken) = taken.iter().find(|path| path.is_dir()) {
            return Err(config(format!("--output is {}, which is a folder; wanted a file", taken.display())));
        }
        Ok(destination)
    }

    /// The name of the format in a stage's table; none for Parquet.
    pub(super) fn export(&self) -> Option<&'static str> {
        match self.format {
            Format::Parquet => None,
            Format::Netcdf => Some("netcdf"),
            Format::Csv => Some("csv"),
        }
    }

    /// Puts the file `leaves` of a stage's folder in its place, and `beside` into `NAME.events.parquet` or
    /// `NAME.events.csv` beside it, each CSV file with its description. Returns what was written.
    ///
    /// # Errors
    /// When something cannot be written; then what was there before still is.
    pub(super) fn place(
        &self,
        from: &Path,
        leaves: &str,
        beside: Option<&str>,
    ) -> anyhow::Result<Vec<PathBuf>> {
        let mut made = vec![from.join(leaves).with_extension(self.format.extension())];
        made.extend(beside.map(|name| from.join(name).with_extension(self.format.of_events().extension())));
        made.extend(descriptions(&made));
        let mut wanted = vec![self.path.clone()];
        wanted.extend(beside.map(|_| self.events()));
        wanted.extend(descriptions(&wanted));
        let moves: Vec<(PathBuf, PathBuf)> = made.into_iter().zip(wanted).collect();
        let drafts: Vec<PathBuf> = moves.iter().map(|(_, to)| draft(to)).collect();
        let written = moves.iter().zip(&drafts).try_for_each(|((from, to), draft)| {
            copy(from, draft, to).with_context(|| format!("cannot write {}", to.display()))
        });
        let renamed = written.and_then(|()| {
            moves.iter().zip(&drafts).try_for_each(|((_, to), draft)| {
                fs::rename(draft, to).with_context(|| format!("cannot write {}", to.display()))
            })
        });
        drafts.iter().for_each(|draft| drop(fs::remove_file(draft)));
        renamed.map(|()| moves.into_iter().map(|(_, to)| to).collect())
    }

    fn folder(&self) -> PathBuf {
        self.path.parent().map(Path::to_path_buf).unwrap_or_default()
    }

    /// `x.events.csv` beside `x.nc`.
    fn events(&self) -> PathBuf {
        self.path.with_extension(format!("events.{}", self.format.of_events().extension()))
    }
}

/// The descriptions of those that are CSV.
fn descriptions(paths: &[PathBuf]) -> Vec<PathBuf> {
    let is_csv = |path: &&PathBuf| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let description = |path: &PathBuf| {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(DESCRIPTION);
        path.with_file_name(name)
    };
    paths.iter().filter(is_csv).map(description).collect()
}

/// Copies a file that will be called `to`; a description names the file that it describes.
fn copy(from: &Path, draft: &Path, to: &Path) -> anyhow::Result<()> {
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let Some(described) = name.strip_suffix(DESCRIPTION) else {
        fs::copy(from, draft)?;
        return Ok(());
    };
    let mut description: Value = serde_json::from_str(&fs::read_to_string(from)?)?;
    description["url"] = Value::from(described);
    fs::write(draft, format!("{description:#}\n"))?;
    Ok(())
}

fn draft(path: &Path) -> PathBuf {
    let mut name = OsString::from(TEMPORARY);
    name.push(path.file_name().unwrap_or_default());
    name.push(format!("-{}", process::next_token()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_written_are_refused() {
        let refused = |path: &str| Destination::of(Path::new(path), false).unwrap_err().to_string();
        assert_eq!(refused("x.xlsx"), "--output is x.xlsx; wanted a name that ends in .parquet, .nc or .csv");
        assert_eq!(refused("x"), "--output is x; wanted a name that ends in .parquet, .nc or .csv");
        assert_eq!(
            refused("/nowhere/x.nc"),
            "--output is /nowhere/x.nc, and there is no folder /nowhere; make it first"
        );
    }

    #[test]
    fn a_file_that_was_there_stays_until_all_is_written() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(from.path().join("detected.csv"), "new").unwrap();
        fs::write(to.path().join("x.csv"), "old").unwrap();
        let destination = Destination::of(&to.path().join("x.csv"), true).unwrap();
        assert!(destination.place(from.path(), "detected", Some("events")).is_err());
        assert_eq!(fs::read_to_string(to.path().join("x.csv")).unwrap(), "old");
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 1);
        fs::write(from.path().join("events.csv"), "events").unwrap();
        assert!(destination.place(from.path(), "detected", Some("events")).is_err(), "without descriptions");
        for name in ["detected", "events"] {
            let description = format!("{{\"url\": \"{name}.csv\", \"dc:title\": \"{name}\"}}");
            fs::write(from.path().join(format!("{name}.csv-metadata.json")), description).unwrap();
        }
        let written = destination.place(from.path(), "detected", Some("events")).unwrap();
        assert_eq!(written[1], to.path().join("x.events.csv"));
        assert_eq!(fs::read_to_string(to.path().join("x.csv")).unwrap(), "new");
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 4);
        assert_eq!(
            fs::read_to_string(to.path().join("x.events.csv-metadata.json")).unwrap(),
            "{\n  \"dc:title\": \"events\",\n  \"url\": \"x.events.csv\"\n}\n"
        );
    }
}
