//! A checker for the parts of JSON Schema that the pipeline file's schema has; any other part is refused.

use serde_json::{Map, Value};

/// What is wrong with `value`, one sentence a fault, each with the place.
pub fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check("", schema.as_object().unwrap(), value, &mut found);
    found
}

fn fits(schema: &Value, value: &Value) -> bool {
    faults(schema, value).is_empty()
}

fn check(place: &str, schema: &Map<String, Value>, value: &Value, found: &mut Vec<String>) {
    // Of anything but a number, no range says anything.
    let number = value.as_f64().unwrap_or(f64::NAN);
    let mut fault = |is_wrong: bool, what: String| {
        if is_wrong {
            found.push(format!("{place} {what}"));
        }
    };
    let mut inner = Vec::new();
    for (part, wanted) in schema {
        let limit = wanted.as_f64().unwrap_or_default();
        let size = value.as_array().map(Vec::len).unwrap_or_default() as f64;
        match part.as_str() {
            "$schema" | "title" | "description" | "default" | "examples" => {}
            "type" => {
                fault(!is_of(wanted.as_str().unwrap(), value), format!("is no {}", wanted.as_str().unwrap()))
            }
            "const" => fault(value != wanted, "is another value".to_string()),
            "enum" => fault(!wanted.as_array().unwrap().contains(value), "is not listed".to_string()),
            "minimum" => fault(number < limit, format!("is less than {wanted}")),
            "maximum" => fault(number > limit, format!("is more than {wanted}")),
            "exclusiveMinimum" => fault(number <= limit, format!("is not more than {wanted}")),
            "exclusiveMaximum" => fault(number >= limit, format!("is not less than {wanted}")),
            "multipleOf" => {
                fault(number.is_finite() && number % limit != 0.0, format!("is no multiple of {wanted}"))
            }
            "minItems" => fault(size < limit, format!("has fewer than {wanted} items")),
            "maxItems" => fault(size > limit, format!("has more than {wanted} items")),
            "minLength" => {
                fault(
                    value.as_str().is_some_and(|text| (text.chars().count() as f64) < limit),
                    "is short".to_string(),
                );
            }
            "uniqueItems" => {
                let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let is_twice = (1..items.len()).any(|at| items[..at].contains(&items[at]));
                fault(is_twice, "has an item twice".to_string());
            }
            "pattern" => {
                let pattern = regex::Regex::new(wanted.as_str().unwrap()).unwrap();
                fault(
                    !value.as_str().is_some_and(|text| pattern.is_match(text)),
                    "does not match".to_string(),
                );
            }
            "required" => {
                for key in wanted.as_array().unwrap() {
                    let key = key.as_str().unwrap();
                    fault(value.get(key).is_none(), format!("lacks {key}"));
                }
            }
            "not" => fault(fits(wanted, value), "fits what it must not".to_string()),
            "oneOf" | "anyOf" => {
                let count = wanted.as_array().unwrap().iter().filter(|schema| fits(schema, value)).count();
                let is_right = if part == "oneOf" { count == 1 } else { count > 0 };
                fault(!is_right, format!("fits {count} of {part}"));
            }
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                inner.extend(items.map(|(at, item)| (format!("{place}/{at}"), wanted, item)));
            }
            "properties" => {
                let keys = value.as_object().into_iter().flatten();
                let known = keys.filter_map(|(key, value)| Some((key, wanted.get(key)?, value)));
                inner.extend(known.map(|(key, schema, value)| (format!("{place}/{key}"), schema, value)));
            }
            "additionalProperties" => {
                let is_known =
                    |key: &str| schema.get("properties").is_some_and(|known| known.get(key).is_some());
                for (key, value) in value.as_object().into_iter().flatten().filter(|(key, _)| !is_known(key))
                {
                    fault(*wanted == false, format!("has no key {key}"));
                    if wanted.is_object() {
                        inner.push((format!("{place}/{key}"), wanted, value));
                    }
                }
            }
            other => panic!("{place}: the schema has {other}, which this checker does not know"),
        }
    }
    for (place, schema, value) in inner {
        check(&place, schema.as_object().unwrap(), value, found);
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("the schema has the type {other}"),
    }
}
