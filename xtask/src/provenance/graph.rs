//! The entities of a crate: each once, by its `@id`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Entities by `@id`; what is said of one twice is said of it once.
#[derive(Default)]
pub(super) struct Graph(BTreeMap<String, Value>);

impl Graph {
    /// Adds an entity, if there is none of that `@id` yet, and returns the reference to it. A list of one is written as
    /// that one, and nothing of an empty one, as the format recommends.
    pub(super) fn add(&mut self, mut entity: Value) -> Value {
        let id = entity["@id"].as_str().unwrap_or_default().to_string();
        let reference = reference(&id);
        if let Some(fields) = entity.as_object_mut() {
            fields.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
            fields.values_mut().for_each(unpack);
        }
        self.0.entry(id).or_insert(entity);
        reference
    }

    /// In the order of their `@id`s.
    pub(super) fn entities(self) -> Vec<Value> {
        self.0.into_values().collect()
    }
}

fn unpack(value: &mut Value) {
    if let Value::Array(list) = value
        && list.len() == 1
    {
        *value = list.swap_remove(0);
    }
}

/// A mention of an entity.
pub(super) fn reference(id: &str) -> Value {
    json!({ "@id": id })
}

/// A name as part of an address: letters, digits and what needs no escape, the rest by its bytes (`%20`).
pub(super) fn encoded(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}
