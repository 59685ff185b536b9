//! The tables `[impute]`, `[forecast]` and `[detect]`.

use contract::config::{Fault, in_range};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::ExportKind;
use crate::forecast::LONGEST_HOURS;

/// The most members of an ensemble.
const MOST_MEMBERS: usize = 100_000;

/// The table that `impute` reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImputeTables {
    pub impute: ImputeConfig,
}

/// The missing hours of the series, filled with draws of the trained model.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImputeConfig {
    /// How many times each missing hour is drawn; the median fills it.
    #[schemars(range(min = 1, max = MOST_MEMBERS))]
    pub members: usize,
    /// The seed of all draws.
    pub seed: u64,
    /// Whether all draws are written, beside their quantiles.
    pub write_members: bool,
    /// Formats beside Parquet.
    pub exports: Vec<ExportKind>,
    /// Unit of the exports, such as `degC`; the canonical one without it. Only beside `exports`.
    pub unit: Option<String>,
}

impl Default for ImputeConfig {
    fn default() -> ImputeConfig {
        ImputeConfig { members: 100, seed: 0, write_members: false, exports: Vec::new(), unit: None }
    }
}

/// The table that `forecast` reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForecastTables {
    pub forecast: ForecastConfig,
}

/// The hours that follow the series, drawn from the trained model.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ForecastConfig {
    /// How many hours.
    #[schemars(range(min = 1, max = LONGEST_HOURS))]
    pub hours: usize,
    /// How many times they are drawn.
    #[schemars(range(min = 1, max = MOST_MEMBERS))]
    pub members: usize,
    /// The seed of all draws.
    pub seed: u64,
    /// Values, in `unit`; for each one, the share of draws above it is written beside each hour.
    pub thresholds: Vec<f64>,
    /// Whether all draws are written, beside their quantiles.
    pub write_members: bool,
    /// Formats beside Parquet.
    pub exports: Vec<ExportKind>,
    /// Unit of the thresholds and the exports, such as `degC`; the canonical one without it.
    pub unit: Option<String>,
}

impl Default for ForecastConfig {
    fn default() -> ForecastConfig {
        ForecastConfig {
            hours: LONGEST_HOURS,
            members: 1000,
            seed: 0,
            thresholds: Vec::new(),
            write_members: false,
            exports: Vec::new(),
            unit: None,
        }
    }
}

/// The table that `detect` reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectTables {
    pub detect: DetectConfig,
}

/// Hours of the series that do not look like the place's weather.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DetectConfig {
    /// How many events a year without faults may have; the more, the more faults are found.
    #[schemars(range(max = 365), extend("exclusiveMinimum" = 0))]
    pub false_alarms_per_year: f64,
    /// Formats beside Parquet.
    pub exports: Vec<ExportKind>,
    /// Unit of the exports, such as `degC`; the canonical one without it. Only beside `exports`.
    pub unit: Option<String>,
}

impl Default for DetectConfig {
    fn default() -> DetectConfig {
        DetectConfig { false_alarms_per_year: 12.0, exports: Vec::new(), unit: None }
    }
}

impl ImputeConfig {
    pub(super) fn check(self) -> Result<ImputeConfig, Fault> {
        in_range("impute.members", self.members, 1..=MOST_MEMBERS)?;
        check_unit("impute.unit", self.unit.as_deref(), &self.exports)?;
        Ok(self)
    }
}

impl ForecastConfig {
    pub(super) fn check(self) -> Result<ForecastConfig, Fault> {
        in_range("forecast.hours", self.hours, 1..=LONGEST_HOURS)?;
        in_range("forecast.members", self.members, 1..=MOST_MEMBERS)?;
        Ok(self)
    }
}

impl DetectConfig {
    pub(super) fn check(self) -> Result<DetectConfig, Fault> {
        let rate = self.false_alarms_per_year;
        if !(rate > 0.0 && rate <= 365.0) {
            return Err(Fault::value("detect.false_alarms_per_year", rate, "more than 0, and at most 365"));
        }
        check_unit("detect.unit", self.unit.as_deref(), &self.exports)?;
        Ok(self)
    }
}

fn check_unit(key: &str, unit: Option<&str>, exports: &[ExportKind]) -> Result<(), Fault> {
    if unit.is_some() && exports.is_empty() {
        let wanted = "exports = [\"netcdf\"] or [\"csv\"] beside it (Parquet is always in canonical units)";
        return Err(Fault::value(key, "given without exports", wanted));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use contract::config::parse;
    use serde_json::{Value, json};

    use super::*;

    fn check(table: &str, key: &str, value: Value, message: &str) {
        let tables = json!({ table: { key: value } });
        let tables = tables.as_object().unwrap();
        let checked = match table {
            "impute" => parse::<ImputeTables>(tables).and_then(|tables| tables.impute.check().map(|_| ())),
            "forecast" => {
                parse::<ForecastTables>(tables).and_then(|tables| tables.forecast.check().map(|_| ()))
            }
            _ => parse::<DetectTables>(tables).and_then(|tables| tables.detect.check().map(|_| ())),
        };
        assert_eq!(checked.unwrap_err().describe("x.toml"), format!("x.toml: [{table}] {message}"));
    }

    #[test]
    fn values_that_cannot_be_used_are_named() {
        check("impute", "members", json!(0), "members is 0; wanted 1 to 100000");
        check("forecast", "hours", json!(0), "hours is 0; wanted 1 to 240");
        check("forecast", "hours", json!(241), "hours is 241; wanted 1 to 240");
        let rate = "wanted more than 0, and at most 365";
        check("detect", "false_alarms_per_year", json!(0), &format!("false_alarms_per_year is 0; {rate}"));
        check(
            "detect",
            "false_alarms_per_year",
            json!(366),
            &format!("false_alarms_per_year is 366; {rate}"),
        );
        check(
            "impute",
            "unit",
            json!("degC"),
            "unit is given without exports; wanted exports = [\"netcdf\"] or [\"csv\"] beside it (Parquet is always in \
             canonical units)",
        );
    }
}
