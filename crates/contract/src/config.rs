//! How a stage reads its tables of the pipeline file, and how it says what is wrong with them:
//! the file, the table, the key, the value seen, the value wanted.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A key of the pipeline file whose value cannot be used.
#[derive(Debug, PartialEq)]
pub struct Fault {
    /// Path from the top of the file: `preprocess.window_hours`.
    pub key: String,
    pub message: String,
}

impl Fault {
    /// A value that has the right type and the wrong content.
    pub fn value(key: &str, seen: impl std::fmt::Display, wanted: impl std::fmt::Display) -> Fault {
        Fault { key: key.to_string(), message: format!("is {seen}; wanted {wanted}") }
    }

    /// The sentence for people: `pipelines/x.toml: [train] epochs is 0; wanted at least 1`.
    pub fn describe(&self, pipeline: &str) -> String {
        let (table, key) = self.key.split_once('.').unwrap_or((&self.key, ""));
        let space = if key.is_empty() { "" } else { " " };
        format!("{pipeline}: [{table}]{space}{key} {}", self.message)
    }
}

/// Checks that `value` lies in `range`, and returns it.
///
/// # Errors
/// A [`Fault`] with the range in words.
pub fn in_range<T: PartialOrd + std::fmt::Display>(
    key: &str,
    value: T,
    range: std::ops::RangeInclusive<T>,
) -> Result<T, Fault> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(Fault::value(key, &value, format!("{} to {}", range.start(), range.end())))
}

/// Parses a stage's tables, `{"train": {...}, ...}`.
///
/// # Errors
/// A [`Fault`] that names the key; for an unknown one, the nearest known one is proposed.
pub fn parse<T: DeserializeOwned>(tables: &Map<String, Value>) -> Result<T, Fault> {
    let tables = Value::Object(tables.clone());
    serde_path_to_error::deserialize(&tables).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        if let Some(message) = unknown_key(&message) {
            // The path ends in the unknown key itself.
            let table = path.rsplit_once('.').map_or(path.as_str(), |(table, _)| table);
            return Fault { key: table.to_string(), message };
        }
        let message = match value_at(&tables, &path) {
            Some(seen) if !seen.is_object() => format!("= {seen}: {message}"),
            _ => format!(": {message}"),
        };
        Fault { key: path, message }
    })
}

fn value_at<'a>(tables: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').try_fold(tables, |value, part| value.get(part))
}

/// "unknown field `epoch`, expected one of `epochs`, `batch`" with a proposal added.
fn unknown_key(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `")?;
    let (unknown, expected) = rest.split_once('`')?;
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let proposal = nearest(unknown, known.iter().copied())
        .map(|near| format!("; did you mean {near:?}?"))
        .unwrap_or_default();
    Some(format!(
        "has no key {unknown:?}; its keys are {}{proposal}",
        if known.is_empty() { "none".to_string() } else { known.join(", ") }
    ))
}

/// The candidate that a misspelt word most likely means, or `None` if all are far from it.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Tables {
        #[serde(default)]
        train: Train,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Train {
        epochs: u32,
        batch: u32,
    }

    fn check(tables: Value, message: &str) {
        let fault = parse::<Tables>(tables.as_object().unwrap()).unwrap_err();
        assert_eq!(fault.describe("pipelines/x.toml"), message);
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        check(
            json!({"train": {"epoch": 3}}),
            "pipelines/x.toml: [train] has no key \"epoch\"; its keys are epochs, batch; did you mean \"epochs\"?",
        );
    }

    #[test]
    fn a_wrong_type_is_named_with_the_value_seen() {
        check(
            json!({"train": {"epochs": "ten"}}),
            "pipelines/x.toml: [train] epochs = \"ten\": invalid type: string \"ten\", expected u32",
        );
    }

    #[test]
    fn a_value_out_of_range_is_named_with_the_range() {
        let fault = in_range("train.epochs", 0, 1..=10).unwrap_err();
        assert_eq!(fault.describe("x.toml"), "x.toml: [train] epochs is 0; wanted 1 to 10");
    }

    #[test]
    fn tables_that_are_right_parse() {
        let tables = json!({"train": {"epochs": 7}});
        let parsed: Tables = parse(tables.as_object().unwrap()).unwrap();
        assert_eq!((parsed.train.epochs, parsed.train.batch), (7, 0));
    }
}
