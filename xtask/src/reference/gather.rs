//! What the stages' binaries say of their tables, one schema a table: that of the first stage that reads it. What
//! other stages read of the same table has to agree with it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::{Map, Value};

use super::about;
use crate::builder::Binaries;
use crate::map::{self, ABOUT, FETCH, Runs, STAGES, Stage};
use crate::workspace::output;

/// A table of the pipeline file.
#[derive(Debug)]
pub(super) struct Table {
    pub name: &'static str,
    pub schema: Value,
    /// The stages that read it, in order.
    pub readers: Vec<&'static str>,
    /// A key of it, and a stage that reads that key alone.
    pub readers_of_keys: Vec<(&'static str, &'static str)>,
    pub need: Need,
}

/// Whether a pipeline file has to have the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// It has keys without a default.
    Always,
    /// Every key has a default.
    Never,
    /// A stage runs only where the table is.
    Switches(&'static str),
}

/// The schema of each stage's tables, by the stage's name.
type Schemas = BTreeMap<String, Value>;

/// All tables, in the order of the stages.
///
/// # Errors
/// When a binary cannot be asked, or two stages contradict each other.
pub(super) fn tables(binaries: &Binaries) -> anyhow::Result<Vec<Table>> {
    let mut schemas = Schemas::new();
    for name in STAGES.iter().chain([&FETCH]).map(|stage| stage.binary).collect::<BTreeSet<_>>() {
        let text = output(Command::new(binaries.find(name)?).arg("--schema"))?;
        let of_binary: Schemas =
            serde_json::from_str(&text).with_context(|| format!("{name} --schema prints no schemas"))?;
        schemas.extend(of_binary);
    }
    map::tables().into_iter().map(|name| table(&schemas, name)).collect()
}

fn table(schemas: &Schemas, name: &'static str) -> anyhow::Result<Table> {
    if name == ABOUT {
        return Ok(Table {
            name,
            schema: about::schema(),
            readers: Vec::new(),
            readers_of_keys: Vec::new(),
            need: Need::Never,
        });
    }
    let reads = |stage: &&Stage| stage.tables.contains(&name);
    let Some(owner) = STAGES.iter().find(reads) else { bail!("no stage reads [{name}]") };
    let readers: Vec<&Stage> = [&FETCH].into_iter().chain(STAGES).filter(reads).collect();
    let schema = of_stage(schemas, owner, name)?;
    for other in &readers {
        agree((owner.name, schema), (other.name, of_stage(schemas, other, name)?), name)?;
    }
    let need = match owner.runs {
        Runs::WithTable => Need::Switches(owner.name),
        _ if schema["required"].as_array().is_some_and(|keys| !keys.is_empty()) => Need::Always,
        _ => Need::Never,
    };
    let readers = readers.iter().map(|stage| stage.name).collect();
    let keys = STAGES.iter().flat_map(|stage| stage.tables.iter().map(move |table| (table, stage.name)));
    let of_key =
        |(table, stage): (&&'static str, _)| Some((table.strip_prefix(name)?.strip_prefix('.')?, stage));
    Ok(Table {
        name,
        schema: schema.clone(),
        readers,
        readers_of_keys: keys.filter_map(of_key).collect(),
        need,
    })
}

fn of_stage<'a>(schemas: &'a Schemas, stage: &Stage, table: &str) -> anyhow::Result<&'a Value> {
    let properties = schemas.get(stage.name).map(|schema| &schema["properties"]);
    let schema = properties.and_then(|properties| properties.get(table));
    schema.with_context(|| {
        format!("{} is given [{table}] by THE MAP, and its schema has no such table", stage.name)
    })
}

/// Refuses a stage that reads a key as something else than the first stage does. One that takes the table as it is has
/// no keys.
fn agree(owner: (&str, &Value), other: (&str, &Value), table: &str) -> anyhow::Result<()> {
    let Some(keys) = other.1["properties"].as_object() else { return Ok(()) };
    for (key, schema) in keys {
        let first = owner.1["properties"].get(key).map(bare);
        if first != Some(bare(schema)) {
            bail!("{} and {} read [{table}] {key} as different things", owner.0, other.0);
        }
    }
    Ok(())
}

/// A schema without what is only for people.
fn bare(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, value)| {
                !(["description", "examples"].contains(&key.as_str()) && !value.is_object())
            });
            Value::Object(kept.map(|(key, value)| (key.clone(), bare(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema_of_fetch: Value) -> Result<Table, String> {
        let ingest = json!({
            "type": "object", "required": ["x"], "properties": {
                "x": {"type": "number", "minimum": 0, "description": "Metres."}, "y": {"type": "string"},
            },
        });
        let schemas = [
            ("ingest".to_string(), json!({"properties": {"ingest": ingest}})),
            ("report".to_string(), json!({"properties": {"ingest": {"type": "object"}}})),
            ("fetch".to_string(), json!({"properties": {"ingest": schema_of_fetch}})),
        ];
        table(&schemas.into(), "ingest").map_err(|error| error.to_string())
    }

    #[test]
    fn a_table_is_that_of_the_first_stage_that_reads_it() {
        let x = json!({"type": "number", "minimum": 0, "description": "In metres."});
        let table = check(json!({"properties": {"x": x}})).unwrap();
        assert_eq!(table.readers, ["fetch", "ingest", "report"]);
        assert_eq!(
            (table.need, &table.schema["properties"]["y"]),
            (Need::Always, &json!({"type": "string"}))
        );
    }

    #[test]
    fn stages_that_contradict_each_other_are_named() {
        let message = "ingest and fetch read [ingest] x as different things";
        assert_eq!(check(json!({"properties": {"x": {"type": "number"}}})).unwrap_err(), message);
        assert_eq!(
            check(json!({"properties": {"z": {"type": "number"}}})).unwrap_err(),
            "ingest and fetch read [ingest] z as different things"
        );
    }
}
