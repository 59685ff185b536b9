//! The options of the tasks, and the table of the stage that they become.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::task::Task;

/// What all tasks on a series have.
#[derive(Debug, Args)]
pub(crate) struct SeriesArguments {
    #[command(flatten)]
    pub model: ModelArguments,
    /// Files of hours, or folders of them: NetCDF, CSV or Parquet.
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub input: Vec<PathBuf>,
}

/// What all tasks have.
#[derive(Debug, Args)]
pub(crate) struct ModelArguments {
    /// The folder of a trained model, such as data/runs/la-haute-borne/model.
    #[arg(long, value_name = "FOLDER")]
    pub model: PathBuf,
    /// What to write; its name ends in .parquet, .nc or .csv.
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// The unit of values in .nc and .csv, such as degC, if not the canonical one.
    #[arg(long)]
    pub unit: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImputeArguments {
    #[command(flatten)]
    pub series: SeriesArguments,
    /// Draws of each missing hour.
    #[arg(long, default_value_t = 100)]
    pub members: usize,
    /// Another one gives other draws.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Also write each draw, as NAME_member_0 and so on.
    #[arg(long)]
    pub write_members: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ForecastArguments {
    #[command(flatten)]
    pub series: SeriesArguments,
    /// Hours ahead, 1 to 240.
    #[arg(long, default_value_t = 240)]
    pub hours: usize,
    /// Draws of each hour.
    #[arg(long, default_value_t = 1000)]
    pub members: usize,
    /// Another one gives other draws.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Also write how likely each hour is above it; in --unit; can be given more than once.
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true)]
    pub threshold: Vec<f64>,
    /// Also write each draw, as NAME_member_0 and so on.
    #[arg(long)]
    pub write_members: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DetectArguments {
    #[command(flatten)]
    pub series: SeriesArguments,
    /// False alarms that a year without faults may have; more than 0, and at most 365.
    #[arg(long, default_value_t = 12.0, value_name = "NUMBER")]
    pub false_alarms_per_year: f64,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArguments {
    #[command(flatten)]
    pub model: ModelArguments,
    /// The first day, local standard time.
    #[arg(long, value_name = "DATE", default_value = "2021-01-01")]
    pub start: String,
    /// Length in calendar years; 1 if neither years nor hours are given.
    #[arg(long, conflicts_with = "hours")]
    pub years: Option<i16>,
    /// Length in hours.
    #[arg(long)]
    pub hours: Option<i64>,
    /// Number of series.
    #[arg(long, default_value_t = 1)]
    pub members: i32,
    /// Another one gives other weather.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// The year whose climate it is, if not the model's reference year.
    #[arg(long, value_name = "YEAR")]
    pub target_year: Option<i16>,
}

impl ImputeArguments {
    pub(crate) fn task(self) -> Task {
        let settings =
            json!({"members": self.members, "seed": self.seed, "write_members": self.write_members});
        self.series.task("impute", "imputed", settings)
    }
}

impl ForecastArguments {
    pub(crate) fn task(self) -> Task {
        let settings = json!({
            "hours": self.hours, "members": self.members, "seed": self.seed, "thresholds": self.threshold,
            "write_members": self.write_members,
        });
        self.series.task("forecast", "forecast", settings)
    }
}

impl DetectArguments {
    pub(crate) fn task(self) -> Task {
        let settings = json!({"false_alarms_per_year": self.false_alarms_per_year});
        Task { beside: Some("events"), ..self.series.task("detect", "detected", settings) }
    }
}

impl GenerateArguments {
    pub(crate) fn task(self) -> Task {
        let years = self.years.or(if self.hours.is_none() { Some(1) } else { None });
        let settings = json!({
            "start": self.start, "years": years, "hours": self.hours, "members": self.members, "seed": self.seed,
            "target_year": self.target_year,
        });
        self.model.task("generate", "generated", settings, Vec::new())
    }
}

impl SeriesArguments {
    fn task(self, name: &'static str, leaves: &'static str, settings: Value) -> Task {
        self.model.task(name, leaves, settings, self.input)
    }
}

impl ModelArguments {
    fn task(self, name: &'static str, leaves: &'static str, settings: Value, files: Vec<PathBuf>) -> Task {
        let settings = match settings {
            Value::Object(settings) => settings,
            _ => Map::new(),
        };
        let ModelArguments { model, output, unit } = self;
        Task { name, leaves, beside: None, settings, model, files, output, unit }
    }
}
