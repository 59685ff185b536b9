//! The rows that a table takes, by the texts of columns.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use contract::config::Fault;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A row is taken where this column has one of these values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub column: String,
    values: Vec<String>,
}

impl Choice {
    /// Whether a row with that text in the column is taken. Numbers are compared as numbers.
    pub(crate) fn takes(&self, text: &str) -> bool {
        let number = |text: &str| text.parse::<f64>().ok();
        let is_same =
            |value: &String| value == text || number(value).is_some_and(|one| Some(one) == number(text));
        self.values.iter().any(is_same)
    }
}

/// What is wrong with a file of which no row is taken, as a sentence's end.
pub(crate) fn none_taken(choices: &[Choice], rows: usize) -> String {
    let wanted = choices.iter().map(|choice| format!("{} = {}", choice.column, choice.values.join(" or ")));
    let wanted = wanted.collect::<Vec<_>>().join(", ");
    format!(
        "has no row with {wanted} among its {rows}; wanted at least one: correct [ingest.station] where, or take the file \
         out of [ingest] files"
    )
}

/// The choices of a table.
///
/// # Errors
/// When one has no values.
pub(super) fn check(choices: BTreeMap<String, Values>) -> Result<Vec<Choice>, Fault> {
    let choice = |(column, Values(values)): (String, Values)| match values.as_slice() {
        [] => Err(Fault::value(&format!("ingest.station.where.{column}"), "empty", "at least one value")),
        _ => Ok(Choice { column, values }),
    };
    choices.into_iter().map(choice).collect()
}

/// One value, or a list of them; each is a text or a whole number.
#[derive(Clone, Debug)]
pub(super) struct Values(Vec<String>);

/// One of [`Values`].
struct Value(String);

impl JsonSchema for Values {
    fn schema_name() -> Cow<'static, str> {
        "Values".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                {"type": ["string", "integer"]},
                {"type": "array", "items": {"type": ["string", "integer"]}, "minItems": 1},
            ],
            "examples": ["260", ["0", "1"]],
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        let Values(values) = Values::deserialize(deserializer)?;
        match <[String; 1]>::try_from(values) {
            Ok([one]) => Ok(Value(one)),
            Err(_) => Err(D::Error::custom("a list inside a list; wanted values")),
        }
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Values, D::Error> {
        struct OneOrMore;

        impl<'de> Visitor<'de> for OneOrMore {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list of values")
            }

            fn visit_str<E>(self, value: &str) -> Result<Values, E> {
                Ok(Values(vec![value.to_string()]))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Values, E> {
                Ok(Values(vec![value.to_string()]))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Values, E> {
                Ok(Values(vec![value.to_string()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some(Value(value)) = sequence.next_element()? {
                    values.push(value);
                }
                Ok(Values(values))
            }
        }

        deserializer.deserialize_any(OneOrMore)
    }
}
