//! `[ingest] files`: paths and patterns expanded to the files that are there, each with its digest.

use std::path::{Path, PathBuf};

use anyhow::Context;
use contract::stage::InputFile;

use crate::digest;
use crate::failure::config;
use crate::pipeline::Pipeline;
use crate::workspace::Workspace;

/// The ends of the names of the files that a folder is read for.
pub(crate) const EXTENSIONS: &[&str] = &["nc", "nc4", "cdf", "netcdf", "csv", "parquet"];

/// The user's files, by base name and digest, so that their folder makes no difference.
///
/// # Errors
/// A sentence that names the pipeline, the key, the pattern, and what to do.
pub(crate) fn expand(workspace: &Workspace, pipeline: &Pipeline) -> anyhow::Result<Vec<InputFile>> {
    let mut files = Vec::new();
    for path in paths(workspace, pipeline)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (digest, _) = digest::file(&path)?;
        files.push(InputFile { name, path, digest });
    }
    files.sort_by(|a, b| (&a.name, &a.digest).cmp(&(&b.name, &b.digest)));
    Ok(files)
}

/// The paths of the same.
///
/// # Errors
/// As those of [`expand`].
pub(crate) fn paths(workspace: &Workspace, pipeline: &Pipeline) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for pattern in patterns(pipeline)? {
        paths.extend(matches(workspace, pipeline, &pattern)?);
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// The files of a folder that hold data, by their names' ends; not those of folders in it.
///
/// # Errors
/// When it cannot be listed.
pub(crate) fn in_folder(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let context = || format!("cannot list {}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(context)? {
        let path = entry.with_context(context)?.path();
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if path.is_file() && EXTENSIONS.contains(&extension.as_str()) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Those of the files which patterns name that are there and may be a station's tables.
pub(crate) fn tables_among(workspace: &Workspace, patterns: &[String]) -> Vec<PathBuf> {
    let among = |pattern: &String| -> Vec<PathBuf> {
        let path = workspace.root.join(pattern);
        if path.is_dir() {
            return in_folder(&path).unwrap_or_default();
        }
        if path.is_file() {
            return vec![path];
        }
        glob::glob(&path.to_string_lossy()).map(|found| found.flatten().collect()).unwrap_or_default()
    };
    let is_table = |path: &PathBuf| path.is_file() && may_be_tables(&[path.to_string_lossy().into_owned()]);
    patterns.iter().flat_map(among).filter(is_table).collect()
}

/// True if one of the names does not end as NetCDF does.
pub(crate) fn may_be_tables(names: &[String]) -> bool {
    let is_gridded = |name: &String| {
        let extension =
            Path::new(name).extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        ["nc", "nc4", "cdf", "netcdf"].contains(&extension.as_str())
    };
    names.iter().any(|name| Path::new(name).extension().is_some() && !is_gridded(name))
}

fn patterns(pipeline: &Pipeline) -> anyhow::Result<Vec<String>> {
    let path = &pipeline.path;
    let Some(value) = pipeline.tables["ingest"].get("files") else { return Ok(Vec::new()) };
    let wanted = "wanted a list of paths, folders or patterns, such as [\"data/raw/*.nc\"]";
    let refuse = || config(format!("{path}: [ingest] files is {value}; {wanted}"));
    let items = value.as_array().filter(|items| !items.is_empty()).ok_or_else(refuse)?;
    items.iter().map(|item| item.as_str().map(str::to_string).ok_or_else(refuse)).collect()
}

fn matches(workspace: &Workspace, pipeline: &Pipeline, pattern: &str) -> anyhow::Result<Vec<PathBuf>> {
    let refuse = |what: &str| {
        let place = if Path::new(pattern).is_absolute() { "" } else { " (relative to the repository)" };
        let path = &pipeline.path;
        config(format!("{path}: [ingest] files names {pattern:?}{place}, {what}; {}", advice(pipeline)))
    };
    let literal = workspace.root.join(pattern);
    if literal.is_file() {
        return Ok(vec![literal]);
    }
    if literal.is_dir() {
        let found = in_folder(&literal)?;
        let kinds = EXTENSIONS.join(", ");
        return match found.as_slice() {
            [] => Err(refuse(&format!("a folder without files that end in {kinds}"))),
            _ => Ok(found),
        };
    }
    if !pattern.contains(['*', '?', '[']) {
        return Err(refuse("and there is no such file"));
    }
    let root = if Path::new(pattern).is_absolute() {
        String::new()
    } else {
        format!("{}/", glob::Pattern::escape(&workspace.root.to_string_lossy()))
    };
    let found = glob::glob(&format!("{root}{pattern}"))
        .map_err(|error| refuse(&format!("which is not a pattern: {}", error.msg)))?;
    let found: Vec<PathBuf> = found.collect::<Result<_, _>>().context("cannot list [ingest] files")?;
    let found: Vec<PathBuf> = found.into_iter().filter(|path| path.is_file()).collect();
    if found.is_empty() { Err(refuse("which matches no file")) } else { Ok(found) }
}

fn advice(pipeline: &Pipeline) -> String {
    let otherwise = "put it there, or name others with --set 'ingest.files=[\"PATH/*.nc\"]'";
    pipeline
        .about_files
        .as_ref()
        .map_or_else(|| otherwise.to_string(), |text| format!("how to get them:\n{text}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Map, Value, json};

    use super::*;
    use crate::settings::Settings;

    struct Fixture {
        _folder: tempfile::TempDir,
        workspace: Workspace,
        pipeline: Pipeline,
    }

    fn fixture(files: Value) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_path_buf();
        fs::create_dir_all(root.join("data/raw")).unwrap();
        for (name, text) in [("b.nc", "two"), ("a.nc", "one"), ("notes.txt", "")] {
            fs::write(root.join("data/raw").join(name), text).unwrap();
        }
        let mut tables = Map::new();
        tables.insert("ingest".into(), json!({"files": files}));
        let pipeline = Pipeline {
            path: "pipelines/x.toml".into(),
            name: "x".into(),
            written: tables.keys().cloned().collect(),
            tables,
            about_files: None,
            overrides: Vec::new(),
        };
        Fixture {
            _folder: folder,
            workspace: Workspace {
                data: root.join("data"),
                root,
                settings: Settings::default(),
                binaries: None,
            },
            pipeline,
        }
    }

    fn names(files: Value) -> Result<Vec<String>, String> {
        let fixture = fixture(files);
        let files = expand(&fixture.workspace, &fixture.pipeline).map_err(|error| error.to_string())?;
        Ok(files.into_iter().map(|file| file.name).collect())
    }

    #[test]
    fn patterns_and_paths_expand_to_sorted_files_once() {
        assert_eq!(names(json!(["data/raw/b.nc", "data/raw/*.nc"])).unwrap(), ["a.nc", "b.nc"]);
        assert_eq!(names(json!(["data/raw"])).unwrap(), ["a.nc", "b.nc"]);
    }

    #[test]
    fn a_file_carries_its_digest() {
        let fixture = fixture(json!(["data/raw/a.nc"]));
        let files = expand(&fixture.workspace, &fixture.pipeline).unwrap();
        assert_eq!(files[0].digest, blake3::hash(b"one").to_hex().to_string());
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        let todo = "put it there, or name others with --set 'ingest.files=[\"PATH/*.nc\"]'";
        let start = "pipelines/x.toml: [ingest] files";
        for (files, message) in [
            (
                json!(["data/raw/c.nc"]),
                format!(
                    "{start} names \"data/raw/c.nc\" (relative to the repository), and there is no such file; {todo}"
                ),
            ),
            (
                json!(["data/raw/*.grib"]),
                format!(
                    "{start} names \"data/raw/*.grib\" (relative to the repository), which matches no file; {todo}"
                ),
            ),
            (
                json!(["/nowhere/*.nc"]),
                format!("{start} names \"/nowhere/*.nc\", which matches no file; {todo}"),
            ),
            (
                json!(["data"]),
                format!(
                    "{start} names \"data\" (relative to the repository), a folder without files that end in nc, \
                     nc4, cdf, netcdf, csv, parquet; {todo}"
                ),
            ),
            (
                json!("a.nc"),
                format!(
                    "{start} is \"a.nc\"; wanted a list of paths, folders or patterns, such as [\"data/raw/*.nc\"]"
                ),
            ),
            (
                json!([]),
                format!(
                    "{start} is []; wanted a list of paths, folders or patterns, such as [\"data/raw/*.nc\"]"
                ),
            ),
        ] {
            assert_eq!(names(files).unwrap_err(), message);
        }
    }

    #[test]
    fn a_pipeline_says_itself_how_to_get_its_files() {
        let mut fixture = fixture(json!(["data/raw/phoenix/*.nc"]));
        fixture.pipeline.about_files = Some("Download them.".into());
        assert_eq!(
            expand(&fixture.workspace, &fixture.pipeline).unwrap_err().to_string(),
            "pipelines/x.toml: [ingest] files names \"data/raw/phoenix/*.nc\" (relative to the repository), \
             which matches no file; how to get them:\nDownload them."
        );
    }
}
