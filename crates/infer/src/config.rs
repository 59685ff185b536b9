//! The `[generate]` table.

use contract::calendar::parse_date;
use contract::config::{Fault, in_range};
use contract::variable::VARIABLES;
use serde::Deserialize;

/// The tables of the pipeline file that this stage reads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    pub generate: GenerateTable,
}

/// `[generate]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerateTable {
    start: String,
    years: Option<i16>,
    hours: Option<i64>,
    #[serde(default = "default_members")]
    members: i32,
    #[serde(default = "default_noise")]
    noise: bool,
    target_year: Option<i16>,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    exports: Vec<ExportKind>,
    unit: Option<String>,
}

/// A format beside Parquet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportKind {
    Netcdf,
    Csv,
}

fn default_members() -> i32 {
    1
}

fn default_noise() -> bool {
    true
}

/// `[generate]`, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Local midnight of the first day.
    pub start_us: i64,
    pub length: Length,
    pub members: i32,
    pub noise: bool,
    /// `None` for the reference year's climate.
    pub target_year: Option<i16>,
    pub seed: u64,
    pub exports: Vec<ExportKind>,
    /// Unit of the exports; `None` for the canonical one.
    pub unit: Option<String>,
}

/// How long each member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Up to the same date so many calendar years later.
    Years(i16),
    Hours(i64),
}

impl GenerateTable {
    pub(crate) fn check(self) -> Result<Config, Fault> {
        let start_us = parse_date(&self.start).ok_or_else(|| {
            Fault::value("generate.start", format!("{:?}", self.start), "a local date such as \"2021-01-01\"")
        })?;
        let length = match (self.years, self.hours) {
            (Some(years), None) => Length::Years(in_range("generate.years", years, 1..=9999)?),
            (None, Some(hours)) => Length::Hours(in_range("generate.hours", hours, 1..=87_660_000)?),
            (Some(_), Some(_)) => {
                return Err(Fault::value("generate.hours", "given beside years", "one of the two"));
            }
            (None, None) => return Err(Fault::value("generate.years", "missing", "years or hours")),
        };
        let known = |name: &String| VARIABLES.iter().any(|variable| variable.unit(name).is_some());
        if let Some(unit) = self.unit.as_ref().filter(|unit| !known(unit)) {
            return Err(Fault::value(
                "generate.unit",
                format!("{unit:?}"),
                "a unit of the variable, such as \"degC\"",
            ));
        }
        if self.unit.is_some() && self.exports.is_empty() {
            let wanted =
                "exports = [\"netcdf\"] or [\"csv\"] beside it (Parquet is always in canonical units)";
            return Err(Fault::value("generate.unit", "given without exports", wanted));
        }
        let config = Config {
            start_us,
            length,
            members: in_range("generate.members", self.members, 1..=1_000_000)?,
            noise: self.noise,
            target_year: self
                .target_year
                .map(|year| in_range("generate.target_year", year, 1..=9999))
                .transpose()?,
            seed: self.seed,
            exports: self.exports,
            unit: self.unit,
        };
        config.end_us()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use contract::config::parse;
    use serde_json::{Value, json};

    use super::*;

    fn check(key: &str, value: Value, message: &str) {
        let mut table = json!({"start": "2021-01-01", "years": 50});
        table[key] = value;
        let tables = json!({"generate": table});
        let parsed = parse::<Tables>(tables.as_object().unwrap());
        let fault = parsed.and_then(|tables| tables.generate.check().map(|_| ())).unwrap_err();
        assert_eq!(fault.describe("pipelines/x.toml"), format!("pipelines/x.toml: [generate] {message}"));
    }

    #[test]
    fn values_that_cannot_be_used_are_named() {
        check(
            "start",
            json!("tomorrow"),
            "start is \"tomorrow\"; wanted a local date such as \"2021-01-01\"",
        );
        check("hours", json!(24), "hours is given beside years; wanted one of the two");
        check("years", json!(0), "years is 0; wanted 1 to 9999");
        check("years", json!(null), "years is missing; wanted years or hours");
        check("members", json!(0), "members is 0; wanted 1 to 1000000");
        check(
            "years",
            json!(8000),
            "years is 8000; wanted an end in year 9999 at the latest: more members (`members`) instead of longer ones",
        );
        check(
            "unit",
            json!("furlong"),
            "unit is \"furlong\"; wanted a unit of the variable, such as \"degC\"",
        );
        check(
            "exports",
            json!(["xlsx"]),
            "exports[0] = \"xlsx\": unknown variant `xlsx`, expected `netcdf` or `csv`",
        );
    }
}
