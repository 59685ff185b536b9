//! The `[preprocess]` table.

use contract::artifact::flag;
use contract::calendar::UtcOffset;
use contract::config::{Fault, in_range, nearest};
use contract::missing::MissingFlags;
pub use contract::preset::MarginalsKind;
use contract::preset::{Delivery, DeliveryTable, Preset, PresetTable, sentence};
use contract::schema::describe;
use contract::transform::{TrendMethod, TrendShape};
use contract::variable::{Variable, list_modelled_names, modelled_names};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::years::LEAST_COVERAGE;

/// The tables of the pipeline file that this stage reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    pub preprocess: PreprocessTable,
    #[serde(default)]
    pub model: PresetTable,
}

/// How the series becomes what the model is trained on: whole local years, their trend, their scale, and which of
/// them are held out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = say_what_presets_set)]
pub struct PreprocessTable {
    /// The variable that the model is of: one of `[ingest] variables` without a floor at 0.
    #[serde(default = "default_variable")]
    #[schemars(transform = list_modelled_names)]
    variable: String,
    /// Local standard time, without summer time, as its offset from UTC: -14:00 to +14:00. It says where a day and a
    /// year begin. Without it, the longitude's: the full hours nearest to the sun's.
    utc_offset: Option<UtcOffset>,
    /// The first and the last local year that are used; without it, every year of which enough hours are there
    /// (`min_year_coverage`).
    #[schemars(inner(range(min = 1, max = 9999)), extend("examples" = [[1971, 2020]]))]
    years: Option<[i16; 2]>,
    /// The least share of a local year's hours that must be there for the year to be used. Hours that are missing in
    /// such years stay missing; no training window holds one.
    #[serde(default = "default_min_year_coverage")]
    #[schemars(range(min = LEAST_COVERAGE, max = 1.0))]
    min_year_coverage: f64,
    /// How the trend over the years is estimated: from the training years alone, or with `split = "article"` from all.
    #[serde(default = "default_trend")]
    trend: TrendMethod,
    /// How the trend goes within a year.
    #[serde(default = "default_shape")]
    trend_shape: TrendShape,
    /// Whether the trend's slope varies with the season and the time of day. Not `month-hour` beside `trend = "none"`.
    #[serde(default = "default_trend_by")]
    trend_by: TrendByKind,
    /// The year whose climate all years are moved to along the trend; the last year without it.
    #[schemars(range(min = 1, max = 9999))]
    reference_year: Option<i16>,
    /// How adjusted values become standardised ones.
    marginals: Option<MarginalsKind>,
    /// Length of a training window, hours: a multiple of 96, the hours of a latent step.
    #[serde(default = "default_window_hours")]
    #[schemars(range(min = STEP_HOURS, max = LONGEST_WINDOW_HOURS), extend("multipleOf" = STEP_HOURS))]
    window_hours: usize,
    /// How many harmonics of the year the prior sees.
    #[serde(default = "default_seasonal_degree")]
    #[schemars(range(min = 1, max = 20))]
    seasonal_degree: usize,
    /// How years or windows are dealt to training, validation and test.
    #[serde(default = "default_split")]
    split: SplitKind,
    /// Years of a block. Only for `split = "blocks"`.
    #[serde(default = "default_two")]
    #[schemars(range(min = 1, max = 100))]
    block_years: i16,
    /// By how many years the blocks are moved: other years are held out then. Only for `split = "blocks"`.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    block_offset: i16,
    /// How many of the years that are not held out are for validation, evenly spread. Only for `split = "blocks"`.
    #[serde(default = "default_validation_years")]
    #[schemars(range(min = 1, max = 100))]
    validation_years: usize,
    /// The seed of the shuffle. Only for `split = "article"`.
    #[serde(default)]
    seed: u64,
    /// Hours with any of these quality flags are missing, here and in every stage that follows
    /// (docs/data-sources.md, Flags).
    #[serde(default = "default_exclude")]
    #[schemars(transform = list_flags)]
    exclude: Vec<String>,
}

/// Hours of a latent step.
const STEP_HOURS: usize = 96;
/// The longest window: the whole latent steps of a year.
const LONGEST_WINDOW_HOURS: usize = 8736;

/// Lists the names of all flags in the schema of the items.
fn list_flags(schema: &mut Schema) {
    if let Some(items) = schema.get_mut("items").and_then(|items| items.as_object_mut()) {
        let names: Vec<&str> = flag::NAMES.into_iter().map(|(name, _)| name).collect();
        items.insert("enum".to_string(), names.into());
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum SplitKind {
    /// Blocks of whole years, in turn fitted on and held out.
    Blocks,
    /// The article's: windows shuffled over all years, 80 % training, 20 % validation; nothing is held out.
    Article,
}

/// Whether the trend has one slope or one that varies with season and time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrendByKind {
    /// One slope.
    Year,
    /// A slope that varies with the season and the time of day.
    MonthHour,
}

/// `[preprocess]`, checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub variable: &'static Variable,
    /// `None` for the longitude's.
    pub utc_offset: Option<UtcOffset>,
    /// First and last local year; `None` for every year that is there.
    pub years: Option<(i16, i16)>,
    /// The least share of a year's hours, 0.5 to 1.
    pub min_year_coverage: f64,
    pub trend: TrendMethod,
    pub trend_shape: TrendShape,
    pub trend_by: TrendByKind,
    /// `None` for the last year.
    pub reference_year: Option<i16>,
    pub marginals: MarginalsKind,
    pub window_hours: usize,
    pub seasonal_degree: usize,
    pub split: SplitPlan,
    /// Hours with any of these flags are missing, here and in every stage that follows.
    pub exclude: MissingFlags,
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

fn default_min_year_coverage() -> f64 {
    0.9
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
    MissingFlags::default().names().into_iter().map(str::to_string).collect()
}

fn default_two() -> i16 {
    2
}

fn default_validation_years() -> usize {
    1
}

impl Tables {
    pub(crate) fn check(self) -> Result<Config, Fault> {
        self.preprocess.check(self.model.preset)
    }
}

/// The tables that `prepare-delivery` reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveryTables {
    pub preprocess: PreprocessTable,
    #[serde(default)]
    pub model: PresetTable,
    #[serde(default)]
    pub train: DeliveryTable,
}

impl DeliveryTables {
    pub(crate) fn check(self) -> Result<(Config, Delivery), Fault> {
        let preset = self.model.preset;
        Ok((self.preprocess.check(preset)?, self.train.deliver.unwrap_or(preset.delivery())))
    }
}

/// Says in the schema what each preset sets.
fn say_what_presets_set(schema: &mut Schema) {
    describe(schema, "marginals", &sentence(Preset::marginals));
}

impl PreprocessTable {
    fn check(self, preset: Preset) -> Result<Config, Fault> {
        let variable = check_variable(&self.variable)?;
        let min_year_coverage =
            in_range("preprocess.min_year_coverage", self.min_year_coverage, LEAST_COVERAGE..=1.0)?;
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
        if !(STEP_HOURS..=LONGEST_WINDOW_HOURS).contains(&self.window_hours)
            || !self.window_hours.is_multiple_of(STEP_HOURS)
        {
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
            min_year_coverage,
            trend: self.trend,
            trend_shape: self.trend_shape,
            trend_by: self.trend_by,
            reference_year: self.reference_year,
            marginals: self.marginals.unwrap_or(preset.marginals()),
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

/// The variable of that name, if a model can be of it.
fn check_variable(name: &str) -> Result<&'static Variable, Fault> {
    let key = "preprocess.variable";
    let variable =
        Variable::named(name).ok_or_else(|| Fault::value(key, format!("{name:?}"), modelled_names()))?;
    if variable.has_floor() {
        let message = format!(
            "is {name:?} ({}), which is never below 0 and exactly 0 in many hours; a variable with such a floor is not \
             modelled as what it is yet: generated hours would lie below 0, and none at 0. Take one of {} instead; \
             {name} may stay among [ingest] variables",
            variable.long_name,
            modelled_names()
        );
        return Err(Fault { key: key.to_string(), message });
    }
    Ok(variable)
}

/// The flags of these names.
fn check_exclude(names: &[String]) -> Result<MissingFlags, Fault> {
    let known = || flag::NAMES.into_iter().map(|(name, _)| name);
    let bit = |name: &String| {
        flag::named(name).ok_or_else(|| {
            let proposal = nearest(name, known()).map(|near| format!("; did you mean {near:?}?"));
            let (known, proposal) = (known().collect::<Vec<_>>().join(", "), proposal.unwrap_or_default());
            let message = format!("has {name:?}; wanted flags out of {known}{proposal}");
            Fault { key: "preprocess.exclude".to_string(), message }
        })
    };
    names.iter().map(bit).try_fold(0, |bits, bit| Ok(bits | bit?)).map(MissingFlags)
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
        let fault = parsed.and_then(|tables| tables.check().map(|_| ())).unwrap_err();
        assert_eq!(fault.describe("pipelines/x.toml"), format!("pipelines/x.toml: [preprocess] {message}"));
    }

    #[test]
    fn variables_with_a_floor_are_refused() {
        for (name, long_name) in
            [("tp", "Total precipitation"), ("ssrd", "Surface solar radiation downwards")]
        {
            let message = format!(
                "variable is \"{name}\" ({long_name}), which is never below 0 and exactly 0 in many hours; a variable \
                 with such a floor is not modelled as what it is yet: generated hours would lie below 0, and none at \
                 0. Take one of t2m, d2m, u10, v10, u100, v100, sp, msl instead; {name} may stay among [ingest] \
                 variables"
            );
            check("variable", json!(name), &message);
        }
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
            "variable is \"t3m\"; wanted t2m, d2m, u10, v10, u100, v100, sp, msl",
        );
        check("min_year_coverage", json!(0.4), "min_year_coverage is 0.4; wanted 0.5 to 1");
        check("min_year_coverage", json!(90), "min_year_coverage is 90; wanted 0.5 to 1");
        check(
            "exclude",
            json!(["filled", "stuk"]),
            "exclude has \"stuk\"; wanted flags out of filled, preliminary, out-of-range, spike, stuck, duplicate, outlier; did \
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
    #[test]
    fn the_marginals_are_the_presets_unless_they_are_given() {
        let marginals = |tables: Value| {
            let tables = parse::<Tables>(tables.as_object().unwrap()).unwrap();
            tables.check().unwrap().marginals
        };
        let article = json!({"preset": "article"});
        assert_eq!(marginals(json!({"preprocess": {}})), MarginalsKind::NormalScores);
        assert_eq!(marginals(json!({"preprocess": {}, "model": article})), MarginalsKind::Scaler);
        let given = json!({"preprocess": {"marginals": "normal-scores"}, "model": article});
        assert_eq!(marginals(given), MarginalsKind::NormalScores);
    }
}
