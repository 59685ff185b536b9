//! The JSON schema of a stage's tables, from the types that read them, as the pipeline file has them: TOML has no
//! null, so a key that can be left out says so by not being required. Names and sizes of Rust's types are left out.
//! What a value has to be beyond its type and range is the business of the stage's check.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// The schema of the type `T`, JSON Schema 2020-12 without references.
pub fn of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    plain(&mut schema);
    schema
}

/// Adds a sentence to the description of a key, for transforms that know more than a comment does.
pub fn describe(schema: &mut Schema, key: &str, sentence: &str) {
    let property = schema.pointer_mut(&format!("/properties/{key}")).and_then(Value::as_object_mut);
    if let Some(property) = property {
        let text = property.get("description").and_then(Value::as_str).unwrap_or_default();
        let text = format!("{text} {sentence}").trim().to_string();
        property.insert("description".to_string(), text.into());
    }
}

/// Takes out what is Rust's and not TOML's, in this schema and all within it.
fn plain(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    without_null(map);
    map.remove("title");
    map.remove("format");
    if map.contains_key("properties") {
        map.remove("default");
    }
    if let Some(Value::String(text)) = map.get_mut("description") {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    for (key, value) in map.iter_mut() {
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => properties.values_mut().for_each(plain),
            ("items" | "additionalProperties", schema) => plain(schema),
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(plain);
            }
            _ => {}
        }
    }
}

/// The same schema for a value that is there: no null as a type, a choice or a default.
fn without_null(map: &mut Map<String, Value>) {
    map.retain(|key, value| key != "default" || !value.is_null());
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_string(), only);
        }
    }
    if let Some(Value::Array(values)) = map.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let Some(Value::Array(choices)) = map.get_mut("anyOf") else { return };
    choices.retain(|choice| *choice != json!({"type": "null"}));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        map.remove("anyOf");
        for (key, value) in only {
            map.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    /// Where a walk begins.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, default)]
    #[allow(dead_code)]
    struct Walk {
        /// How many steps,
        /// all told.
        #[schemars(range(min = 1, max = 9))]
        steps: u32,
        /// Whom to meet.
        friend: Option<Friend>,
        /// Metres.
        length: Option<f64>,
    }

    #[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Friend {
        /// Barks.
        BigDog,
        Cat,
    }

    impl Default for Walk {
        fn default() -> Walk {
            Walk { steps: 3, friend: None, length: None }
        }
    }

    #[test]
    fn a_schema_has_ranges_defaults_and_descriptions_and_no_null() {
        let friends = json!([
            {"type": "string", "enum": ["cat"]},
            {"type": "string", "const": "big-dog", "description": "Barks."},
        ]);
        assert_eq!(
            of::<Walk>(),
            json!({
                "type": "object",
                "description": "Where a walk begins.",
                "properties": {
                    "steps": {
                        "type": "integer", "minimum": 1, "maximum": 9, "default": 3,
                        "description": "How many steps, all told.",
                    },
                    "friend": {"oneOf": friends, "description": "Whom to meet."},
                    "length": {"type": "number", "description": "Metres."},
                },
                "additionalProperties": false,
            })
        );
    }

    #[test]
    fn a_sentence_is_added_to_a_description() {
        let mut schema = schemars::json_schema!({"properties": {"steps": {"description": "How many."}}});
        describe(&mut schema, "steps", "Usually 3.");
        describe(&mut schema, "friend", "Nobody.");
        assert_eq!(
            schema.to_value()["properties"],
            json!({"steps": {"description": "How many. Usually 3."}})
        );
    }
}
