//! The pipeline file: found by path or name, read, overridden by `--set`, its tables turned into
//! JSON. What the keys inside a table mean is the stages' business.

pub(crate) mod files;
mod graph;
mod optional;
mod overrides;
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use contract::config::nearest;
use serde_json::{Map, Value};

use crate::failure::config;
use crate::map;
use crate::workspace::Workspace;

/// The keys of `[about]`, with what they are; their values are texts.
pub(crate) const ABOUT_KEYS: &[(&str, &str)] = &[
    ("title", "What the pipeline is, in one line."),
    ("files", "How to get the files that it needs; said when they are missing."),
];

pub(crate) const DEFAULT: &str = "pipelines/la-haute-borne.toml";

/// A pipeline file, read.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// Its path as people read it.
    pub path: String,
    /// The folder of its results, below `data/runs`.
    pub name: String,
    /// The tables that stages get, by name; every one, empty if the file does not have it.
    pub tables: Map<String, Value>,
    /// Those that the file has, or a `--set`.
    pub written: BTreeSet<String>,
    /// `[about] files`: how to get the files it needs.
    pub about_files: Option<String>,
    /// The `--set`s, as written.
    pub overrides: Vec<String>,
}

impl Pipeline {
    /// Reads the pipeline that `word` names (a path, or a name below `pipelines/`).
    ///
    /// # Errors
    /// A sentence that names the file, and where it can be told the line or the key.
    pub fn load(
        workspace: &Workspace,
        word: &str,
        sets: &[String],
        name: Option<&str>,
    ) -> anyhow::Result<Pipeline> {
        let file = find(workspace, word)?;
        let path = workspace.show(&file);
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {path}"))?;
        let mut pipeline = parse(&path, &text, sets)?;
        pipeline.name = match name {
            Some(name) => checked_name(name)?,
            None => name_of(workspace, &file),
        };
        Ok(pipeline)
    }

    /// A pipeline whose tables were kept with a run, whatever its file holds now.
    pub fn of_record(path: &str, name: &str, tables: &Map<String, Value>) -> Pipeline {
        let table = |name: &str| tables.get(name).cloned().unwrap_or_else(|| Value::Object(Map::new()));
        let known = map::tables().into_iter().filter(|name| *name != map::ABOUT);
        Pipeline {
            path: path.to_string(),
            name: name.to_string(),
            tables: known.map(|name| (name.to_string(), table(name))).collect(),
            written: tables.keys().cloned().collect(),
            about_files: None,
            overrides: Vec::new(),
        }
    }

    /// The tables of one stage, as its request carries them.
    pub fn tables_of(&self, stage: &map::Stage) -> Map<String, Value> {
        if stage.is_download() {
            return source::tables(&self.tables);
        }
        let table = |name: &&str| match name.split_once('.') {
            Some((table, key)) => {
                let value = self.tables[table].get(key).map(|value| (key.to_string(), value.clone()));
                (table.to_string(), value.into_iter().collect::<Map<_, _>>().into())
            }
            None if *name == map::GRAPH => (name.to_string(), self.graph_table()),
            None => (name.to_string(), self.tables[*name].clone()),
        };
        stage.tables.iter().map(table).collect()
    }

    /// The tables that the file has, or a `--set`, without what is only for its readers.
    pub fn written_tables(&self) -> Map<String, Value> {
        let written = self.tables.iter().filter(|(name, _)| self.written.contains(*name));
        written.map(|(name, table)| (name.clone(), table.clone())).collect()
    }

    /// True if its files are downloaded.
    pub fn has_source(&self) -> bool {
        source::of(&self.tables).is_some()
    }

    /// True if the model is trained on a GPU.
    pub fn uses_cuda(&self) -> bool {
        self.tables["train"].get("device").and_then(Value::as_str) == Some("cuda")
    }
}

fn find(workspace: &Workspace, word: &str) -> anyhow::Result<PathBuf> {
    let folder = workspace.root.join("pipelines");
    let here = std::env::current_dir().unwrap_or_default();
    let candidates =
        [here.join(word), workspace.root.join(word), folder.join(word), folder.join(format!("{word}.toml"))];
    if let Some(file) = candidates.into_iter().find(|candidate| candidate.is_file()) {
        return Ok(file.canonicalize().unwrap_or(file));
    }
    let known = known_names(&folder);
    let wanted = word.trim_start_matches("pipelines/").trim_end_matches(".toml");
    let proposal = map::proposal(nearest(wanted, known.iter().map(String::as_str)));
    Err(config(format!("there is no pipeline {word:?}; below pipelines/ are {}{proposal}", known.join(", "))))
}

fn known_names(folder: &Path) -> Vec<String> {
    let files = crate::digest::files_below(folder, &|_| true).unwrap_or_default();
    let toml = files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml"));
    toml.map(|file| crate::digest::name_below(folder, &file.with_extension(""))).collect()
}

fn name_of(workspace: &Workspace, file: &Path) -> String {
    let folder = workspace.root.join("pipelines");
    let folder = folder.canonicalize().unwrap_or(folder);
    let bare = file.with_extension("");
    match bare.strip_prefix(&folder) {
        Ok(_) => crate::digest::name_below(&folder, &bare),
        Err(_) => bare.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

/// A name for a run, if it can be one.
///
/// # Errors
/// When it is no folder below `data/runs`.
pub(crate) fn checked_name(name: &str) -> anyhow::Result<String> {
    let plain =
        |part: Component| matches!(part, Component::Normal(part) if !part.to_string_lossy().starts_with('.'));
    if !name.is_empty() && Path::new(name).components().all(plain) {
        return Ok(name.to_string());
    }
    Err(config(format!(
        "--name is {name:?}; wanted the name of a folder below data/runs, such as warm or paris/warm"
    )))
}

/// Reads a pipeline's text; its name is left empty.
fn parse(path: &str, text: &str, sets: &[String]) -> anyhow::Result<Pipeline> {
    let mut table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| config(describe_syntax(path, text, &error)))?;
    for set in sets {
        overrides::apply(&mut table, set).map_err(config)?;
    }
    let known = map::tables();
    for (name, value) in &table {
        if !known.contains(&name.as_str()) {
            let proposal = map::proposal(nearest(name, known.iter().copied()));
            let known = known.join(", ");
            return Err(config(format!("{path}: has no table [{name}]; its tables are {known}{proposal}")));
        }
        if !value.is_table() {
            return Err(config(format!("{path}: {name} is {value}; wanted a table, [{name}]")));
        }
    }
    let written = table.keys().cloned().collect();
    let about_files = about(path, table.remove(map::ABOUT))?;
    let mut tables = Map::new();
    for name in known.into_iter().filter(|name| *name != map::ABOUT) {
        let value = table.remove(name).unwrap_or_else(|| toml::Value::Table(toml::Table::new()));
        tables.insert(name.to_string(), to_json(path, name, value)?);
    }
    source::refuse_keys(path, &tables)?;
    Ok(Pipeline {
        path: path.to_string(),
        name: String::new(),
        tables,
        written,
        about_files,
        overrides: sets.to_vec(),
    })
}

/// `[about]`: `title` is for the file's readers, `files` is returned.
fn about(path: &str, table: Option<toml::Value>) -> anyhow::Result<Option<String>> {
    let Some(toml::Value::Table(table)) = table else { return Ok(None) };
    for (key, value) in &table {
        if !ABOUT_KEYS.iter().any(|(name, _)| name == key) {
            let names: Vec<_> = ABOUT_KEYS.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            return Err(config(format!("{path}: [about] has no key {key:?}; its keys are {names}")));
        }
        if !value.is_str() {
            return Err(config(format!("{path}: [about] {key} is {value}; wanted text in quotes")));
        }
    }
    Ok(table.get("files").and_then(toml::Value::as_str).map(|text| text.trim_end().to_string()))
}

fn describe_syntax(path: &str, text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&character| character != '\n').count() + 1;
    format!("{path}: line {line}, column {column}: {}", error.message().trim().replace('\n', ", "))
}

fn to_json(path: &str, key: &str, value: toml::Value) -> anyhow::Result<Value> {
    Ok(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Boolean(boolean) => boolean.into(),
        toml::Value::Datetime(datetime) => datetime.to_string().into(),
        toml::Value::Float(number) if number.is_finite() => number.into(),
        toml::Value::Float(number) => {
            let (table, key) = key.split_once('.').unwrap_or((key, ""));
            return Err(config(format!("{path}: [{table}] {key} is {number}; wanted a finite number")));
        }
        toml::Value::Array(items) => {
            let items: Result<_, _> = items.into_iter().map(|item| to_json(path, key, item)).collect();
            Value::Array(items?)
        }
        toml::Value::Table(table) => {
            let mut map = Map::new();
            for (name, value) in table {
                let value = to_json(path, &format!("{key}.{name}"), value)?;
                map.insert(name, value);
            }
            Value::Object(map)
        }
    })
}

#[cfg(test)]
mod tests;
