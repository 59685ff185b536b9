//! The keys of `[ingest]` that a download depends on: as written, and checked.

use contract::config::{Fault, in_range};
use contract::source::{Provider, Source, SourceTable};
use contract::variable::{self, Variable};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::address::Address;

/// The tables that this stage reads.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    pub ingest: IngestTable,
}

/// Of `[ingest]`, the keys that change what is downloaded.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IngestTable {
    pub source: SourceTable,
    /// Degrees, north positive.
    #[schemars(range(min = -90, max = 90))]
    pub latitude_deg: f64,
    /// Degrees, east positive; -180 to 180 or 0 to 360.
    #[schemars(range(min = -180, max = 360))]
    pub longitude_deg: f64,
    #[serde(default = "default_variables")]
    #[schemars(transform = variable::list_names)]
    pub variables: Vec<String>,
}

/// The same, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub source: Source,
    pub latitude_deg: f64,
    pub longitude_deg: f64,
    pub variables: Vec<&'static Variable>,
}

fn default_variables() -> Vec<String> {
    vec!["t2m".to_string()]
}

impl Tables {
    /// # Errors
    /// The first key whose value cannot be used.
    pub fn check(self) -> Result<Config, Fault> {
        let table = self.ingest;
        let source = table.source.check()?;
        if let Provider::OpenMeteo { url: Some(url) } = &source.provider {
            let address = Address::parse(url).and_then(|address| address.check_privacy());
            address.map_err(|message| Fault { key: "ingest.source.url".to_string(), message })?;
        }
        Ok(Config {
            source,
            latitude_deg: in_range("ingest.latitude_deg", table.latitude_deg, -90.0..=90.0)?,
            longitude_deg: in_range("ingest.longitude_deg", table.longitude_deg, -180.0..=360.0)?,
            variables: variable::checked("ingest.variables", &table.variables)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use contract::config::parse;
    use serde_json::{Value, json};

    use super::*;

    fn check(key: &str, value: Value, message: &str) {
        let source = json!({"kind": "open-meteo", "start": "1970-01-01", "end": "1970-12-31"});
        let mut tables = json!({"ingest": {"source": source, "latitude_deg": 48.45, "longitude_deg": 5.59}});
        tables["ingest"][key] = value;
        let tables = parse::<Tables>(tables.as_object().unwrap());
        let fault = tables.and_then(Tables::check).unwrap_err().describe("x.toml");
        assert_eq!(fault, format!("x.toml: [ingest] {message}"));
    }

    #[test]
    fn a_value_that_cannot_be_used_is_named() {
        check("latitude_deg", json!(91), "latitude_deg is 91; wanted -90 to 90");
        check("longitude_deg", json!(361), "longitude_deg is 361; wanted -180 to 360");
        let all = variable::variable_names();
        check(
            "variables",
            json!(["t2n"]),
            &format!("variables has \"t2n\"; wanted {all}; did you mean \"t2m\"?"),
        );
        check("variables", json!(["tp", "tp"]), "variables has \"tp\" twice; wanted each variable once");
        check("variables", json!([]), &format!("variables is empty; wanted at least one of {all}"));
        let source =
            |url: &str| json!({"kind": "open-meteo", "start": "1970-01-01", "end": "1970-12-31", "url": url});
        check("source", source("archive"), "source.url is not an address such as https://example.org/api");
        check(
            "source",
            source("http://example.org/v1/archive"),
            "source.url is not encrypted; wanted https:// (http:// only to this machine)",
        );
    }
}
