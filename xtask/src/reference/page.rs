//! The page for people: one section a table, one row a key.

use std::fmt::Write;

use serde_json::Value;

use super::examples;
use super::gather::{Need, Table};
use super::words::{choices, code, kind, range};

/// How the file as a whole is read.
const INTRODUCTION: &str = r##"# The pipeline file

A pipeline is a TOML file below `pipelines/`; `cargo xtask new NAME` writes one. Each table holds the settings of one
part, and each stage sees only the tables that it reads: changing a key runs the stages again that read its table, and
what follows from them; `report` reads most of them only to show them. A key that has a default can be left out. An unknown key or table, a wrong type and a value out
of range are refused before anything runs, with the file, the key, what was seen and what was wanted.

This page and `docs/pipeline.schema.json` are made by `cargo xtask reference` from the types that the stages read their
tables with.

## In an editor

Editors with a TOML language server (Even Better TOML for VS Code, taplo for others) complete and check keys, and show
what they mean, if the file's first line names the schema, relative to the file:

```text
#:schema ../docs/pipeline.schema.json
```

The schema knows keys, types, ranges and choices. What keys have to do with each other is known to the stages alone;
`run-all` and `run` ask all of them before the first one runs.

## On the command line

`--set TABLE.KEY=VALUE` replaces one value for one run; it can be given more than once. A key of a table in a table has
one more dot. The value is TOML; a bare word is taken as text, and what the shell would touch goes into quotes. A
table that the file does not have is made.

```text
cargo xtask run-all smoke --set train.epochs=20 --set train.schedule=cosine
cargo xtask run-all smoke --set model.noise.kind=ar --set model.noise.order=12
cargo xtask run-all smoke --set 'ingest.files=["data/*.nc"]' --set 'preprocess.years=[2001, 2016]'
cargo xtask run-all smoke --set impute.members=50
```

## Tables

| table | read by | needed |
|---|---|---|
"##;

/// The page as a file's text.
pub(super) fn text(tables: &[Table]) -> String {
    let mut page = INTRODUCTION.to_string();
    for table in tables {
        let (readers, needed) = (readers(table), needed(table));
        let _ = writeln!(page, "| [`[{0}]`](#{0}) | {readers} | {needed} |", table.name);
    }
    for table in tables {
        let intro = format!("Read by {}. {}.", readers(table), sentence(table));
        section(&mut page, 2, table.name, &table.schema, &intro);
    }
    page
}

fn readers(table: &Table) -> String {
    if table.readers.is_empty() {
        return "people".to_string();
    }
    let whole = table.readers.iter().map(|name| format!("`{name}`"));
    let keys = table.readers_of_keys.iter().map(|(key, name)| format!("`{name}` (only `{key}`)"));
    whole.chain(keys).collect::<Vec<_>>().join(", ")
}

fn needed(table: &Table) -> String {
    match table.need {
        Need::Always => "always".to_string(),
        Need::Never => "never".to_string(),
        Need::Switches(stage) => format!("for `{stage}`"),
    }
}

/// Whether the table is needed, as a sentence without its end.
fn sentence(table: &Table) -> String {
    match table.need {
        Need::Always => "Every pipeline needs it".to_string(),
        Need::Never => "It can be left out".to_string(),
        Need::Switches(stage) => format!(
            "`{stage}` runs only in pipelines that have the table, if only with nothing below the line `[{}]`",
            table.name
        ),
    }
}

/// One table: its description, a row for each key, an example, and then the tables in it.
fn section(page: &mut String, level: usize, path: &str, schema: &Value, intro: &str) {
    let _ = write!(page, "\n{} `[{path}]`\n\n", "#".repeat(level));
    let description = schema["description"].as_str().unwrap_or_default();
    for paragraph in [description, intro].into_iter().filter(|text| !text.is_empty()) {
        let _ = write!(page, "{paragraph}\n\n");
    }
    page.push_str("| key | value | default | range | meaning |\n|---|---|---|---|---|\n");
    let keys = keys(schema);
    for (name, key, is_needed) in &keys {
        row(page, path, name, key, *is_needed);
    }
    if let Some(example) = examples::of(path) {
        let _ = write!(page, "\n```toml\n{}```\n", example);
    }
    for (name, key, _) in keys {
        let path = format!("{path}.{name}");
        if key["properties"].is_object() {
            section(page, level + 1, &path, key, "");
        } else if key["additionalProperties"].is_object() {
            section(page, level + 1, &format!("{path}.NAME"), &key["additionalProperties"], "");
        }
    }
}

/// Name and schema of each key, and whether it is needed; those first that are.
fn keys(schema: &Value) -> Vec<(&str, &Value, bool)> {
    let is_needed =
        |name: &str| schema["required"].as_array().is_some_and(|keys| keys.iter().any(|key| key == name));
    let keys = schema["properties"].as_object().into_iter().flatten();
    let mut keys: Vec<_> = keys.map(|(name, key)| (name.as_str(), key, is_needed(name))).collect();
    keys.sort_by_key(|(name, _, is_needed)| (!is_needed, *name));
    keys
}

fn row(page: &mut String, path: &str, name: &str, key: &Value, is_needed: bool) {
    let below = match key {
        _ if key["properties"].is_object() => Some(format!("{path}.{name}")),
        _ if key["additionalProperties"].is_object() => Some(format!("{path}.{name}.NAME")),
        _ => None,
    };
    let value = below.map_or_else(|| kind(key), |path| format!("table, [below](#{})", anchor(&path)));
    let default = match key.get("default") {
        Some(default) => code(default),
        None if is_needed => "needed".to_string(),
        None => String::new(),
    };
    let (range, meaning) = (range(key), meaning(key));
    let cells = [format!("`{name}`"), value, default, range, meaning].map(|cell| cell.replace('|', "\\|"));
    let _ = writeln!(page, "| {} |", cells.join(" | ").replace("  ", " "));
}

/// The description, and what the choices mean.
fn meaning(key: &Value) -> String {
    let mut text = key["description"].as_str().unwrap_or_default().to_string();
    for (value, description) in choices(key).into_iter().chain(choices(&key["items"])) {
        if let Some(description) = description {
            let _ = write!(text, "<br>{}: {description}", code(value));
        }
    }
    text
}

/// How GitHub names a heading for links.
fn anchor(path: &str) -> String {
    path.replace('.', "").to_lowercase()
}
