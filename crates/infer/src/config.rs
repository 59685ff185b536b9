//! The `[generate]` table.

use contract::calendar::parse_date;
use contract::config::{Fault, in_range};
use contract::variable::VARIABLES;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tables of the pipeline file that this stage reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    #[serde(default)]
    pub generate: GenerateTable,
}

/// The years that are drawn from the trained model: `years` or `hours`, not both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("not" = {"required": ["years", "hours"]}))]
pub struct GenerateTable {
    /// The first day, local standard time, as `YYYY-MM-DD`. It sets the season, not the climate.
    #[schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), extend("examples" = ["2021-01-01"]))]
    start: String,
    /// Length of each member, calendar years; they end with the year 9999 at the latest. Without `hours`, 100.
    #[schemars(range(min = 1, max = 9999), extend("examples" = [50]))]
    years: Option<i16>,
    /// Length of each member, hours.
    #[schemars(range(min = 1, max = MOST_HOURS))]
    hours: Option<i64>,
    /// How many series are drawn, each independent of the others.
    #[schemars(range(min = 1, max = MOST_MEMBERS))]
    members: i32,
    /// Whether the noise around the decoder's output is drawn; without it the hours are too smooth.
    noise: bool,
    /// The year whose climate the hours have, along the trend; the reference year's without it.
    #[schemars(range(min = 1, max = 9999))]
    target_year: Option<i16>,
    /// The seed of all draws.
    seed: u64,
    /// Formats beside Parquet.
    exports: Vec<ExportKind>,
    /// Unit of the exports, such as `degC`; the canonical one without it. Only beside `exports`.
    unit: Option<String>,
}

/// Years of a member, unless a length is given: the scorecard compares statistics of whole years, and needs many.
const YEARS: i16 = 100;
/// The most hours of a member: ten thousand years.
const MOST_HOURS: i64 = 87_660_000;
/// The most members.
const MOST_MEMBERS: i32 = 1_000_000;

/// A format beside Parquet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportKind {
    /// CF NetCDF.
    Netcdf,
    /// Text.
    Csv,
}

impl Default for GenerateTable {
    fn default() -> GenerateTable {
        GenerateTable {
            start: "2001-01-01".to_string(),
            years: None,
            hours: None,
            members: 1,
            noise: true,
            target_year: None,
            seed: 0,
            exports: Vec::new(),
            unit: None,
        }
    }
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
            (None, Some(hours)) => Length::Hours(in_range("generate.hours", hours, 1..=MOST_HOURS)?),
            (Some(_), Some(_)) => {
                return Err(Fault::value("generate.hours", "given beside years", "one of the two"));
            }
            (None, None) => Length::Years(YEARS),
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
            members: in_range("generate.members", self.members, 1..=MOST_MEMBERS)?,
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
    #[test]
    fn an_absent_table_is_a_hundred_years_from_2001_on() {
        let checked =
            |tables: Value| parse::<Tables>(tables.as_object().unwrap()).unwrap().generate.check().unwrap();
        let given = json!({"generate": {"start": "2001-01-01", "years": 100, "members": 1, "noise": true, "seed": 0}});
        assert_eq!(format!("{:?}", checked(json!({}))), format!("{:?}", checked(given)));
        assert_eq!(checked(json!({"generate": {"hours": 48}})).length, Length::Hours(48));
    }
}
