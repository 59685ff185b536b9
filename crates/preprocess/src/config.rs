//! The `[preprocess]` table.

use contract::artifact::flag;
use contract::calendar::UtcOffset;
use contract::config::{Fault, in_range, nearest};
use contract::transform::{TrendMethod, TrendShape};
use contract::variable::{Variable, variable_names};
use serde::Deserialize;

/// The tables of the pipeline file that this stage reads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    pub preprocess: PreprocessTable,
}

/// `[preprocess]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreprocessTable {
    #[serde(default = "default_variable")]
    variable: String,
    utc_offset: UtcOffset,
    years: Option<[i16; 2]>,
    #[serde(default = "default_trend")]
    trend: TrendMethod,
    #[serde(default = "default_shape")]
    trend_shape: TrendShape,
    #[serde(default = "default_trend_by")]
    trend_by: TrendByKind,
    reference_year: Option<i16>,
    #[serde(default = "default_marginals")]
    marginals: MarginalsKind,
    #[serde(default = "default_window_hours")]
    window_hours: usize,
    #[serde(default = "default_seasonal_degree")]
    seasonal_degree: usize,
    #[serde(default = "default_split")]
    split: SplitKind,
    #[serde(default = "default_two")]
    block_years: i16,
    #[serde(default)]
    block_offset: i16,
    #[serde(default = "default_two_years")]
    validation_years: usize,
    #[serde(default)]
    seed: u64,
    #[serde(default = "default_exclude")]
    exclude: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SplitKind {
    Blocks,
    Article,
}

/// Whether the trend has one slope or one that varies with season and time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrendByKind {
    Year,
    MonthHour,
}

/// How adjusted values become standardised ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarginalsKind {
    /// The article's one mean and one standard deviation.
    Scaler,
    /// A monotone map of each day of year and hour of day to normal scores.
    NormalScores,
}

/// `[preprocess]`, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub variable: &'static Variable,
    pub utc_offset: UtcOffset,
    /// First and last local year; `None` for every year that is there.
    pub years: Option<(i16, i16)>,
    pub trend: TrendMethod,
    pub trend_shape: TrendShape,
    pub trend_by: TrendByKind,
    /// `None` for the last year.
    pub reference_year: Option<i16>,
    pub marginals: MarginalsKind,
    pub window_hours: usize,
    pub seasonal_degree: usize,
    pub split: SplitPlan,
    /// Hours with any of these bits of [`flag`] count as missing.
    pub exclude: u8,
}

/// How years or windows are dealt to training, validation and test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitPlan {
    /// Blocks of whole years, in turn fitted on and held out; some fitted years validate.
    Blocks { block_years: i16, block_offset: i16, validation_years: usize },
    /// The article's: windows shuffled over all years, 80 % training, 20 % validation.
    Article { seed: u64 },
}

fn default_variable() -> String {
    "t2m".to_string()
}

fn default_trend() -> TrendMethod {
    TrendMethod::Ols
}

fn default_shape() -> TrendShape {
    TrendShape::Continuous
}

fn default_trend_by() -> TrendByKind {
    TrendByKind::Year
}

fn default_marginals() -> MarginalsKind {
    MarginalsKind::Scaler
}

fn default_window_hours() -> usize {
    1536
}

fn default_seasonal_degree() -> usize {
    3
}

fn default_split() -> SplitKind {
    SplitKind::Blocks
}

fn default_exclude() -> Vec<String> {
    ["out-of-range", "spike", "stuck"].map(str::to_string).to_vec()
}

fn default_two() -> i16 {
    2
}

fn default_two_years() -> usize {
    2
}

impl PreprocessTable {
    pub(crate) fn check(self) -> Result<Config, Fault> {
        let variable = Variable::named(&self.variable).ok_or_else(|| {
            Fault::value("preprocess.variable", format!("{:?}", self.variable), variable_names())
        })?;
        let years = self.years.map(|[first, last]| (first, last));
        if let Some((first, last)) = years {
            in_range("preprocess.years", first, 1..=9999)?;
            if last < first || last > 9999 {
                let seen = format!("[{first}, {last}]");
                return Err(Fault::value(
                    "preprocess.years",
                    seen,
                    "the first and the last year, in this order",
                ));
            }
        }
        if let Some(year) = self.reference_year {
            in_range("preprocess.reference_year", year, 1..=9999)?;
        }
        if self.trend == TrendMethod::None && self.trend_by == TrendByKind::MonthHour {
            let wanted = "\"year\" beside trend = \"none\", which has no slope to vary";
            return Err(Fault::value("preprocess.trend_by", "\"month-hour\"", wanted));
        }
        if self.window_hours == 0 || self.window_hours % 96 != 0 || self.window_hours > 8736 {
            let wanted = "a multiple of 96 (a latent step is 96 hours) up to 8736, such as 1536";
            return Err(Fault::value("preprocess.window_hours", self.window_hours, wanted));
        }
        let exclude = check_exclude(&self.exclude)?;
        in_range("preprocess.seasonal_degree", self.seasonal_degree, 1..=20)?;
        in_range("preprocess.block_years", self.block_years, 1..=100)?;
        in_range("preprocess.block_offset", self.block_offset, 0..=100)?;
        in_range("preprocess.validation_years", self.validation_years, 1..=100)?;
        Ok(Config {
            variable,
            utc_offset: self.utc_offset,
            years,
            trend: self.trend,
            trend_shape: self.trend_shape,
            trend_by: self.trend_by,
            reference_year: self.reference_year,
            marginals: self.marginals,
            window_hours: self.window_hours,
            seasonal_degree: self.seasonal_degree,
            exclude,
            split: match self.split {
                SplitKind::Article => SplitPlan::Article { seed: self.seed },
                SplitKind::Blocks => SplitPlan::Blocks {
                    block_years: self.block_years,
                    block_offset: self.block_offset,
                    validation_years: self.validation_years,
                },
            },
        })
    }
}

/// The bits of the flags of these names.
fn check_exclude(names: &[String]) -> Result<u8, Fault> {
    let known = || flag::NAMES.into_iter().map(|(name, _)| name);
    let bit = |name: &String| {
        let found = flag::NAMES.into_iter().find(|(known, _)| known == name).map(|(_, bit)| bit);
        found.ok_or_else(|| {
            let proposal = nearest(name, known()).map(|near| format!("; did you mean {near:?}?"));
            let (known, proposal) = (known().collect::<Vec<_>>().join(", "), proposal.unwrap_or_default());
            let message = format!("has {name:?}; wanted flags out of {known}{proposal}");
            Fault { key: "preprocess.exclude".to_string(), message }
        })
    };
    names.iter().map(bit).try_fold(0, |bits, bit| Ok(bits | bit?))
}

#[cfg(test)]
mod tests {
    use contract::config::parse;
    use serde_json::{Value, json};

    use super::*;

    fn check(key: &str, value: Value, message: &str) {
        let mut table = json!({"utc_offset": "+01:00"});
        table[key] = value;
        check_table(table, message);
    }

    fn check_table(table: Value, message: &str) {
        let tables = json!({"preprocess": table});
        let parsed = parse::<Tables>(tables.as_object().unwrap());
        let fault = parsed.and_then(|tables| tables.preprocess.check().map(|_| ())).unwrap_err();
        assert_eq!(fault.describe("pipelines/x.toml"), format!("pipelines/x.toml: [preprocess] {message}"));
    }

    #[test]
    fn values_that_cannot_be_used_are_named() {
        check(
            "window_hours",
            json!(100),
            "window_hours is 100; wanted a multiple of 96 (a latent step is 96 hours) up to 8736, such as 1536",
        );
        check("seasonal_degree", json!(0), "seasonal_degree is 0; wanted 1 to 20");
        check("block_years", json!(0), "block_years is 0; wanted 1 to 100");
        check("validation_years", json!(0), "validation_years is 0; wanted 1 to 100");
        check(
            "years",
            json!([2000, 1990]),
            "years is [2000, 1990]; wanted the first and the last year, in this order",
        );
        check(
            "variable",
            json!("t3m"),
            "variable is \"t3m\"; wanted t2m, d2m, u10, v10, u100, v100, sp, msl, ssrd, tp",
        );
        check(
            "exclude",
            json!(["filled", "stuk"]),
            "exclude has \"stuk\"; wanted flags out of filled, preliminary, out-of-range, spike, stuck, duplicate; did \
             you mean \"stuck\"?",
        );
        check(
            "utc_offset",
            json!("Paris"),
            "utc_offset = \"Paris\": \"Paris\" is not an offset from UTC such as \"-07:00\" or \"+05:30\"",
        );
        check(
            "trend",
            json!("linear"),
            "trend = \"linear\": unknown variant `linear`, expected one of `ols`, `theil-sen`, `none`",
        );
        check(
            "trend_by",
            json!("month"),
            "trend_by = \"month\": unknown variant `month`, expected `year` or `month-hour`",
        );
        check_table(
            json!({"utc_offset": "+01:00", "trend": "none", "trend_by": "month-hour"}),
            "trend_by is \"month-hour\"; wanted \"year\" beside trend = \"none\", which has no slope to vary",
        );
        check(
            "marginals",
            json!("normal"),
            "marginals = \"normal\": unknown variant `normal`, expected `scaler` or `normal-scores`",
        );
    }
}
