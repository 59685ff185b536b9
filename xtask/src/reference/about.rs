//! The schema of the table that only `xtask` reads.

use serde_json::{Map, Value, json};

use crate::pipeline::ABOUT_KEYS;

pub(super) fn schema() -> Value {
    let key =
        |(name, text): &(&str, &str)| (name.to_string(), json!({"type": "string", "description": text}));
    json!({
        "type": "object",
        "description": "What the pipeline is. No stage reads it.",
        "properties": ABOUT_KEYS.iter().map(key).collect::<Map<_, _>>(),
        "additionalProperties": false,
    })
}
