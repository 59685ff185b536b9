//! The parts of a key's schema in words: what it may be, its default, its range.

use serde_json::Value;

/// What kind of value it is: `integer`, `text`, `list of numbers`, or the texts that it may be.
pub(super) fn kind(schema: &Value) -> String {
    let choices = choices(schema);
    if !choices.is_empty() {
        return choices.iter().map(|(name, _)| code(name)).collect::<Vec<_>>().join(", ");
    }
    if let Some(kinds) = schema["anyOf"].as_array() {
        return kinds.iter().map(kind).collect::<Vec<_>>().join(", or ");
    }
    match schema["type"].as_str().unwrap_or_default() {
        "string" => "text".to_string(),
        "boolean" => "`true`, `false`".to_string(),
        "array" => list(schema),
        "object" => "table".to_string(),
        other => other.to_string(),
    }
}

fn list(schema: &Value) -> String {
    let item = kind(&schema["items"]);
    let of = if item.starts_with('`') { "list out of " } else { "list of " };
    let plural = if matches!(item.as_str(), "integer" | "number" | "text") { "s" } else { "" };
    format!("{of}{item}{plural}")
}

/// The values that a schema allows one by one, each with what it means, if that is said.
pub(super) fn choices(schema: &Value) -> Vec<(&Value, Option<&str>)> {
    let listed = |schema: &Value| schema["enum"].as_array().map(Vec::as_slice).unwrap_or_default().len();
    if listed(schema) > 0 {
        return schema["enum"].as_array().into_iter().flatten().map(|value| (value, None)).collect();
    }
    let mut found = Vec::new();
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        if let Some(value) = choice.get("const") {
            found.push((value, choice["description"].as_str()));
        }
        found.extend(choice["enum"].as_array().into_iter().flatten().map(|value| (value, None)));
    }
    found
}

/// A value as it is written in TOML.
pub(super) fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// The same, as code in Markdown.
pub(super) fn code(value: &Value) -> String {
    format!("`{}`", toml(value))
}

/// The range of numbers, or the number of a list's items; empty if there is none.
pub(super) fn range(schema: &Value) -> String {
    let mut parts = Vec::new();
    if schema["type"] == "array" {
        parts.extend(count(schema));
        parts.extend(
            Some(bounds(&schema["items"])).filter(|text| !text.is_empty()).map(|text| format!("each {text}")),
        );
    } else {
        parts.extend(Some(bounds(schema)).filter(|text| !text.is_empty()));
    }
    parts.join("; ")
}

fn count(schema: &Value) -> Option<String> {
    match (schema["minItems"].as_u64(), schema["maxItems"].as_u64()) {
        (Some(least), Some(most)) if least == most => Some(format!("{least} items")),
        (Some(least), Some(most)) => Some(format!("{least} to {most} items")),
        (Some(1), None) => Some("at least 1 item".to_string()),
        (Some(least), None) => Some(format!("at least {least} items")),
        (None, Some(most)) => Some(format!("at most {most} items")),
        (None, None) => None,
    }
}

fn bounds(schema: &Value) -> String {
    let number = |key: &str| schema.get(key).map(Value::to_string);
    let least = number("minimum").map(|number| format!("at least {number}"));
    let least = least.or_else(|| number("exclusiveMinimum").map(|number| format!("more than {number}")));
    let most = number("maximum").map(|number| format!("at most {number}"));
    let most = most.or_else(|| number("exclusiveMaximum").map(|number| format!("less than {number}")));
    let mut parts: Vec<String> = match (number("minimum"), number("maximum")) {
        (Some(least), Some(most)) => vec![format!("{least} to {most}")],
        _ => least.into_iter().chain(most).collect(),
    };
    parts.extend(number("multipleOf").map(|number| format!("multiples of {number}")));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ranges_are_said_in_words() {
        let check = |schema: Value, text: &str| assert_eq!(range(&schema), text, "{schema}");
        check(json!({"minimum": 1, "maximum": 9}), "1 to 9");
        check(json!({"exclusiveMinimum": 0, "maximum": 1}), "more than 0, at most 1");
        check(json!({"minimum": 0, "exclusiveMaximum": 1}), "at least 0, less than 1");
        check(json!({"minimum": 96, "maximum": 960, "multipleOf": 96}), "96 to 960, multiples of 96");
        check(json!({"type": "string"}), "");
        let items = json!({"minimum": 1, "maximum": 9999});
        check(
            json!({"type": "array", "minItems": 2, "maxItems": 2, "items": items}),
            "2 items; each 1 to 9999",
        );
        check(json!({"type": "array", "minItems": 1}), "at least 1 item");
    }

    #[test]
    fn kinds_are_said_in_words() {
        let check = |schema: Value, text: &str| assert_eq!(kind(&schema), text, "{schema}");
        check(json!({"type": "array", "items": {"type": "number"}}), "list of numbers");
        check(json!({"oneOf": [{"enum": ["b"]}, {"const": "a", "description": "A."}]}), "`\"b\"`, `\"a\"`");
        check(json!({"type": "array", "items": {"enum": ["a", "b"]}}), "list out of `\"a\"`, `\"b\"`");
        let or = [json!({"type": "string"}), json!({"type": "array", "items": {"type": "string"}})];
        check(json!({"anyOf": or}), "text, or list of texts");
    }
}
