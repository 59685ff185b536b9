//! The JSON schema of the whole file.

use serde_json::{Map, Value, json};

use super::gather::{Need, Table};

/// The schema as a file's text, with a final newline.
pub(super) fn text(tables: &[Table]) -> String {
    let property = |table: &Table| {
        let mut schema = table.schema.clone();
        entitle(&mut schema, table.name);
        (table.name.to_string(), schema)
    };
    let needed: Vec<_> =
        tables.iter().filter(|table| table.need == Need::Always).map(|table| table.name).collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A pipeline of Isotherm",
        "description": "Made by `cargo xtask reference` from the types that the stages read their tables with.",
        "type": "object",
        "properties": tables.iter().map(property).collect::<Map<_, _>>(),
        "required": needed,
        "additionalProperties": false,
    });
    format!("{schema:#}\n")
}

/// Gives a table, and the tables in it, their headings in TOML as titles.
fn entitle(schema: &mut Value, path: &str) {
    let Some(map) = schema.as_object_mut() else { return };
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        for (name, property) in properties.iter_mut() {
            entitle(property, &format!("{path}.{name}"));
        }
        map.insert("title".to_string(), format!("[{path}]").into());
    }
}
