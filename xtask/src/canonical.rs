//! JSON in exactly one spelling: sorted keys, no spaces. Two configurations that mean the same
//! have the same digest, whatever the order of their keys.

use serde_json::Value;

/// The canonical text of `value`.
pub(crate) fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// BLAKE3 of the canonical text, hexadecimal.
pub(crate) fn digest(value: &Value) -> String {
    blake3::hash(text(value).as_bytes()).to_hex().to_string()
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (position, (key, value)) in entries.into_iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_at_every_depth_and_lists_keep_their_order() {
        let value = json!({"b": {"z": [3, 1], "a": "\"x\"\n"}, "a": 0.001, "c": null});
        assert_eq!(text(&value), r#"{"a":0.001,"b":{"a":"\"x\"\n","z":[3,1]},"c":null}"#);
    }

    #[test]
    fn an_integer_and_a_float_differ() {
        assert_ne!(digest(&json!(1)), digest(&json!(1.0)));
    }
}
