//! The artifacts by name: files, columns, and the version of their format.

/// Version of every artifact's layout; a reader refuses any other.
pub const FORMAT: u32 = 2;

/// Written by `ingest`: the hourly series of one place, in UTC.
pub const SERIES: &str = "series.parquet";
/// Written by `ingest`: where the series comes from (place, distance, files, gaps).
pub const SOURCE: &str = "source.json";

/// Written by `preprocess`: the local years as ingested, adjusted for the trend, with their split.
pub const OBSERVED: &str = "observed.parquet";
/// Written by `preprocess`: the standardised hours that the model is trained on.
pub const STANDARDISED: &str = "standardised.parquet";
/// Written by `preprocess`: the seasonal features of each local day.
pub const SEASON: &str = "season.parquet";
/// Written by `preprocess`: the first row and the split of each fixed window.
pub const WINDOWS: &str = "windows.parquet";
/// Written by `preprocess`, copied into the model folder: everything needed to come back from
/// standardised values to canonical units ([`crate::transform::Transform`]).
pub const TRANSFORM: &str = "transform.json";

/// Written by `prepare-delivery`: the folder with [`OBSERVED`], [`STANDARDISED`], [`SEASON`], [`WINDOWS`] and
/// [`TRANSFORM`] of the years that the delivered model is fitted to.
pub const DELIVERY: &str = "delivery";

/// Written by `deliver`: the folder of the model that users get.
pub const MODEL: &str = "model";
/// Written by `train`: the folder of the model that held-out years judge.
pub const HELD_OUT_MODEL: &str = "held_out_model";
/// In the model folder: the weights, named `encoder.0.kernel` and so on.
pub const WEIGHTS: &str = "weights.safetensors";
/// In the model folder: the model's configuration.
pub const MODEL_CONFIG: &str = "config.json";
/// In the model folder: what was fitted after training, for generating: the prior of paths and the
/// map of generated hours to the training years' marginals.
pub const GENERATOR: &str = "generator.json";
/// Written by `train`: one row an epoch.
pub const HISTORY: &str = "history.parquet";
/// Written by `deliver`: the same of the delivered model.
pub const DELIVERED_HISTORY: &str = "delivered_history.parquet";

/// Written by `generate`: the synthetic hours of the delivered model.
pub const GENERATED: &str = "generated.parquet";
/// Written by `held-out`: those of the model that has not seen the held-out years, which the scorecard is of.
pub const HELD_OUT: &str = "held_out.parquet";

/// Written by `bound`: the likelihood bound of training, validation and test years.
pub const LIKELIHOOD: &str = "likelihood.json";

/// Written by `impute`: the series with its missing hours filled.
pub const IMPUTED: &str = "imputed.parquet";
/// Written by `forecast`: the hours after the series.
pub const FORECAST: &str = "forecast.parquet";
/// Written by `detect`: the series with how odd each hour is.
pub const DETECTED: &str = "detected.parquet";
/// Written by `detect`: the runs of hours that do not look like the place's weather.
pub const EVENTS: &str = "events.parquet";

/// Written by `trials`: hours of the test years that were hidden, and what was drawn for them.
pub const IMPUTATIONS: &str = "imputations.parquet";
/// Written by `trials`: hours of the test years, and what was drawn for them from the hours before.
pub const FORECASTS: &str = "forecasts.parquet";
/// Written by `trials`: the test years with faults put in, and the p-value of each hour.
pub const DETECTIONS: &str = "detections.parquet";
/// Written by `trials`: the events that were found in them.
pub const DETECTED_EVENTS: &str = "detected_events.parquet";

/// Written by `evaluate`: every figure of the scorecard, with its yardstick.
pub const METRICS: &str = "metrics.json";
/// Written by `evaluate`: the curves that the report draws.
pub const CURVES: &str = "curves.json";

/// Written by `compare-models`: what the delivered model and the one of the scorecard make of the training years.
pub const MODELS: &str = "models.json";

/// Written by `score-tasks`: how well missing hours, coming hours and faults were found.
pub const TASKS: &str = "tasks.json";

/// Written by `report`: one self-contained page.
pub const REPORT: &str = "report.html";

/// Column names that more than one stage uses.
pub mod column {
    /// Timestamp in UTC, microseconds.
    pub const TIME: &str = "time";
    /// Naive timestamp in local standard time, microseconds.
    pub const LOCAL_TIME: &str = "local_time";
    /// `train`, `validation` or `test`.
    pub const SPLIT: &str = "split";
    /// Number of the generated series, from 0.
    pub const MEMBER: &str = "member";
    /// What hours were hidden: `random-10`, `gap-6`, `gap-24`, ....
    pub const PATTERN: &str = "pattern";
    /// The last hour that a forecast has seen, UTC.
    pub const ORIGIN: &str = "origin";
    /// Hours from the origin.
    pub const HORIZON: &str = "horizon";
    /// The kind of fault that was put in, or found; `none` in the copy without any.
    pub const FAULT: &str = "fault";
    /// 0 where there is no fault, else its size from 1 to 3.
    pub const SIZE: &str = "size";
    /// How often an hour without fault looks at least as odd.
    pub const P_VALUE: &str = "p_value";
    /// What kind of fault an event looks like.
    pub const KIND: &str = "kind";
    /// The first hour of an event, UTC.
    pub const START: &str = "start";
    /// The hour after an event's last one, UTC.
    pub const END: &str = "end";
    /// How many events as strong a year without faults has.
    pub const EXPECTED_PER_YEAR: &str = "expected_per_year";
    /// First row of a window in the standardised series.
    pub const FIRST_ROW: &str = "first_row";

    /// The column of one member of an ensemble, from 0.
    pub fn member(number: usize) -> String {
        format!("member_{number}")
    }

    /// The column of quality flags beside a variable's (bits in [`super::flag`]).
    pub fn flag(variable: &str) -> String {
        format!("{variable}_flag")
    }

    /// The column of a variable with its trend moved to the reference year.
    pub fn adjusted(variable: &str) -> String {
        format!("{variable}_adjusted")
    }

    /// The column of the `harmonic`-th sine of the phase of year, from 1.
    pub fn season_sin(harmonic: usize) -> String {
        format!("season_sin_{harmonic}")
    }

    /// The column of the `harmonic`-th cosine of the phase of year, from 1.
    pub fn season_cos(harmonic: usize) -> String {
        format!("season_cos_{harmonic}")
    }
}

/// Bits of the quality flags.
pub mod flag {
    /// The hour was missing and has been interpolated.
    pub const FILLED: u8 = 1;
    /// The hour comes from ERA5T, which may still change.
    pub const PRELIMINARY: u8 = 2;
    /// The value lies outside the variable's valid range.
    pub const OUT_OF_RANGE: u8 = 4;
    /// The value jumps away from its neighbours and back.
    pub const SPIKE: u8 = 8;
    /// The value has not moved for too long.
    pub const STUCK: u8 = 16;
    /// The source has more than one value for the hour.
    pub const DUPLICATE: u8 = 32;
    /// The value lies far outside what its month and hour otherwise have.
    pub const OUTLIER: u8 = 64;

    /// The names in pipeline files and reports.
    pub const NAMES: [(&str, u8); 7] = [
        ("filled", FILLED),
        ("preliminary", PRELIMINARY),
        ("out-of-range", OUT_OF_RANGE),
        ("spike", SPIKE),
        ("stuck", STUCK),
        ("duplicate", DUPLICATE),
        ("outlier", OUTLIER),
    ];

    /// The bit of that name, or `None`.
    pub fn named(name: &str) -> Option<u8> {
        NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, bit)| bit)
    }
}

/// The role of an hour or a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Split {
    Train,
    Validation,
    Test,
}

impl Split {
    pub const ALL: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Validation => "validation",
            Split::Test => "test",
        }
    }

    /// The split of that name, or `None`.
    pub fn from_name(name: &str) -> Option<Split> {
        Split::ALL.into_iter().find(|split| split.name() == name)
    }
}
