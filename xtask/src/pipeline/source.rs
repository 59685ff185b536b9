//! `[ingest] source`: whether a pipeline has one, and what the stage that downloads is told. What its
//! keys mean is that stage's business.

use serde_json::{Map, Value};

use crate::failure::config;

const INGEST: &str = "ingest";
const SOURCE: &str = "source";

/// The keys of `[ingest]` that say what is downloaded; all others leave it as it is.
const KEYS: &[&str] = &[SOURCE, "latitude_deg", "longitude_deg", "variables"];

/// Keys of `[ingest] source` that people expect, and that do not belong into a file.
const SECRETS: &[&str] = &["key", "api_key", "apikey", "token", "password", "secret"];

/// The source, if the pipeline has one.
pub(super) fn of(tables: &Map<String, Value>) -> Option<&Value> {
    tables.get(INGEST)?.get(SOURCE)
}

/// The tables of the stage that downloads.
pub(super) fn tables(tables: &Map<String, Value>) -> Map<String, Value> {
    let ingest = tables.get(INGEST).and_then(Value::as_object).cloned().unwrap_or_default();
    let wanted = ingest.into_iter().filter(|(key, _)| KEYS.contains(&key.as_str())).collect();
    Map::from_iter([(INGEST.to_string(), Value::Object(wanted))])
}

/// Refuses a source with a secret in it, before it is written anywhere.
///
/// # Errors
/// Names the key and not its value.
pub(super) fn refuse_keys(path: &str, tables: &Map<String, Value>) -> anyhow::Result<()> {
    let table = of(tables).and_then(Value::as_object);
    let Some(key) = table.and_then(|table| table.keys().find(|key| SECRETS.contains(&key.as_str()))) else {
        return Ok(());
    };
    Err(config(format!(
        "{path}: [ingest] source.{key} does not belong into a pipeline file, which others read; put the key into \
         ~/.cdsapirc (lines \"url: ...\" and \"key: ...\") or into the environment variable CDSAPI_KEY"
    )))
}
