//! `[ingest] source`: what is downloaded, for pipelines that name no files of their own. `fetch`
//! downloads it, `ingest` reads what that leaves; both check it here.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar::{DAY_US, format_date, parse_date};
use crate::config::Fault;

/// The first day of ERA5.
const FIRST_DAY: &str = "1940-01-01";

/// What of ERA5 is downloaded, in place of `files`. A key of the store does not belong here, but into `~/.cdsapirc`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceTable {
    /// Where it is downloaded from.
    pub kind: Kind,
    /// First day, UTC, as `YYYY-MM-DD`; 1940-01-01, the first day of ERA5, at the earliest.
    #[schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("examples" = ["1990-01-01"]))]
    pub start: String,
    /// Last day, UTC, as `YYYY-MM-DD`; it is part of what is downloaded.
    #[schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("examples" = ["2019-12-31"]))]
    pub end: String,
    /// Which dataset of the store. Only for `kind = "cds"`.
    #[schemars(extend("default" = Dataset::default()))]
    pub dataset: Option<Dataset>,
    /// The format of the files. Only for `kind = "cds"` and `dataset = "timeseries"`.
    #[schemars(extend("default" = FileFormat::default()))]
    pub format: Option<FileFormat>,
    /// The address of a server of one's own; the archive's without it. Only for `kind = "open-meteo"`.
    pub url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The Copernicus Climate Data Store; needs a key.
    Cds,
    /// The archive of Open-Meteo; needs none, and is not bit-equal to the store's.
    OpenMeteo,
}

/// What of ERA5 the Climate Data Store is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// `reanalysis-era5-single-levels-timeseries`: all years of a point at once.
    #[default]
    Timeseries,
    /// `reanalysis-era5-single-levels`: the grid points around the place.
    Gridded,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// NetCDF-4.
    #[default]
    Netcdf,
    /// Text.
    Csv,
}

/// `[ingest] source`, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub provider: Provider,
    /// Midnight UTC of the first day.
    pub first_us: i64,
    /// Midnight UTC of the last day, which is part of it.
    pub last_us: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    Cds { dataset: Dataset, format: FileFormat },
    OpenMeteo { url: Option<String> },
}

impl SourceTable {
    /// # Errors
    /// The first key whose value cannot be used.
    pub fn check(self) -> Result<Source, Fault> {
        let day = |key: &str, text: &str| {
            let wanted = "a day such as \"1990-01-01\"";
            parse_date(text).ok_or_else(|| Fault::value(key, format!("{text:?}"), wanted))
        };
        let (first_us, last_us) =
            (day("ingest.source.start", &self.start)?, day("ingest.source.end", &self.end)?);
        let earliest = parse_date(FIRST_DAY).unwrap_or(i64::MIN);
        if first_us < earliest {
            let wanted = format!("{FIRST_DAY}, the first day of ERA5, or later");
            return Err(Fault::value("ingest.source.start", format!("{:?}", self.start), wanted));
        }
        if last_us < first_us {
            let wanted = format!("{:?}, its start, or later", self.start);
            return Err(Fault::value("ingest.source.end", format!("{:?}", self.end), wanted));
        }
        let only = |key: &str, is_set: bool, of: &str| match is_set {
            true => Err(Fault { key: format!("ingest.source.{key}"), message: format!("is only for {of}") }),
            false => Ok(()),
        };
        let provider = match self.kind {
            Kind::Cds => {
                only("url", self.url.is_some(), "kind = \"open-meteo\"; the store's is in ~/.cdsapirc")?;
                let dataset = self.dataset.unwrap_or_default();
                let gridded = dataset == Dataset::Gridded;
                only("format", gridded && self.format.is_some(), "dataset = \"timeseries\"")?;
                Provider::Cds { dataset, format: self.format.unwrap_or_default() }
            }
            Kind::OpenMeteo => {
                only("dataset", self.dataset.is_some(), "kind = \"cds\"")?;
                only("format", self.format.is_some(), "kind = \"cds\"")?;
                Provider::OpenMeteo { url: self.url }
            }
        };
        Ok(Source { provider, first_us, last_us })
    }
}

impl Source {
    /// The number of days.
    pub fn days(&self) -> i64 {
        (self.last_us - self.first_us) / DAY_US + 1
    }
}

impl fmt::Display for Source {
    /// `ERA5 from the Climate Data Store, 1970-01-01 to 2020-12-31`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.provider {
            Provider::Cds { .. } => "ERA5 from the Climate Data Store",
            Provider::OpenMeteo { .. } => "ERA5 from Open-Meteo",
        };
        write!(f, "{what}, {} to {}", format_date(self.first_us), format_date(self.last_us))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(key: &str, value: Value, message: &str) {
        let mut table = json!({"kind": "cds", "start": "1970-01-01", "end": "1970-12-31"});
        table[key] = value;
        let table: SourceTable = serde_json::from_value(table).unwrap();
        assert_eq!(table.check().unwrap_err().describe("x.toml"), format!("x.toml: [ingest] {message}"));
    }

    #[test]
    fn days_and_keys_that_cannot_be_used_are_named() {
        check("start", json!("1970"), "source.start is \"1970\"; wanted a day such as \"1990-01-01\"");
        check(
            "start",
            json!("1939-12-31"),
            "source.start is \"1939-12-31\"; wanted 1940-01-01, the first day of ERA5, or later",
        );
        check(
            "end",
            json!("1969-12-31"),
            "source.end is \"1969-12-31\"; wanted \"1970-01-01\", its start, or later",
        );
        check(
            "url",
            json!("http://127.0.0.1"),
            "source.url is only for kind = \"open-meteo\"; the store's is in ~/.cdsapirc",
        );
    }

    #[test]
    fn both_days_count() {
        let table = json!({"kind": "open-meteo", "start": "2020-02-28", "end": "2020-03-01"});
        let source = serde_json::from_value::<SourceTable>(table).unwrap().check().unwrap();
        assert_eq!(source.days(), 3);
        assert_eq!(source.to_string(), "ERA5 from Open-Meteo, 2020-02-28 to 2020-03-01");
    }
}
