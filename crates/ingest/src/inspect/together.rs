//! All files together: their hours, and the table of the pipeline file that would use them.

use std::path::{Path, PathBuf};

use contract::variable::VARIABLES;
use serde::Serialize;

use super::file::{FileReport, Hours, Span, shown};

/// So many files are named one by one.
const LISTED: usize = 4;

#[derive(Debug, Serialize)]
pub(super) struct Together {
    /// Of the first variable that any of them has.
    pub span: Option<Span>,
    /// `[ingest]` as it would be written; `None` if nothing can be used.
    pub ingest: Option<String>,
}

impl Together {
    pub(super) fn of(paths: &[PathBuf], files: &[FileReport], hours: Vec<Hours>) -> Together {
        let usable: Vec<(&PathBuf, &FileReport)> =
            paths.iter().zip(files).filter(|(_, file)| file.error.is_none() && file.span.is_some()).collect();
        let is_there = |name: &str| hours.iter().any(|hours| hours.contains_key(name));
        let variables: Vec<&'static str> =
            VARIABLES.iter().map(|variable| variable.name).filter(|name| is_there(name)).collect();
        let Some(first) = variables.first() else {
            return Together { span: None, ingest: stations(paths, files) };
        };
        let mut all: Vec<_> = hours.iter().filter_map(|hours| hours.get(first)).flatten().copied().collect();
        all.sort_by_key(|hour| hour.time_us);
        all.dedup_by_key(|hour| hour.time_us);
        let grid = usable.iter().find_map(|(_, file)| file.grid.as_ref());
        let ingest = grid.map(|grid| {
            let names = variables.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
            let member = grid.member.map(|member| format!("member = {member}\n")).unwrap_or_default();
            let paths: Vec<&Path> = usable.iter().map(|(path, _)| path.as_path()).collect();
            format!(
                "[ingest]\nfiles = [{}]\nlatitude_deg = {}\nlongitude_deg = {}\nvariables = [{names}]\n{member}",
                patterns(&paths),
                grid.middle_latitude_deg,
                grid.middle_longitude_deg
            )
        });
        Together { span: Span::of(&all), ingest }
    }
}

/// The tables for a station's files; the place has to be filled in.
fn stations(paths: &[PathBuf], files: &[FileReport]) -> Option<String> {
    let tables =
        paths.iter().zip(files).filter_map(|(path, file)| Some((path.as_path(), file.table.as_ref()?)));
    let tables: Vec<_> = tables.collect();
    let (_, table) = tables.first()?;
    let paths: Vec<&Path> = tables.iter().map(|(path, _)| *path).collect();
    let files = patterns(&paths);
    let place = "latitude_deg = 48.45  # the station's\nlongitude_deg = 5.59\n";
    let names = if table.variables.is_empty() { vec!["t2m"] } else { table.variables.clone() };
    let names = names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let open: String = table.open.iter().map(|open| format!("# {open}\n")).collect();
    Some(format!("[ingest]\nfiles = [{files}]\n{place}variables = [{names}]\n\n{open}{}", table.station))
}

/// The paths, or if they are many the folder that they are in.
fn patterns(paths: &[&Path]) -> String {
    let parent = |path: &Path| path.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut texts: Vec<String> = paths.iter().map(|path| shown(path)).collect();
    texts.dedup();
    if texts.len() > LISTED {
        texts = paths.iter().map(|path| shown(&parent(path))).collect();
        texts.dedup();
    }
    texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(", ")
}
