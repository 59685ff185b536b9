//! The document `tasks.json`: how well each task did on the held-out years, and its baselines beside it.
//! Errors and values are in the canonical unit, in the reference year's climate; scores are rounded to seven
//! digits, what is drawn to hundredths.

use serde::{Deserialize, Serialize};

use super::targets::TaskTarget;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskScores {
    pub(crate) format: u32,
    pub(crate) variable: String,
    /// Of values and errors.
    pub(crate) unit: String,
    pub(crate) imputation: Vec<PatternScores>,
    pub(crate) forecasts: Vec<HorizonScores>,
    /// Forecasts hour by hour, for pictures.
    pub(crate) fans: Vec<Fan>,
    pub(crate) detection: DetectionScores,
    pub(crate) targets: Vec<TaskTarget>,
    pub(crate) notes: Vec<String>,
}

/// Who says what the hidden or coming hours are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Method {
    Model,
    /// A straight line between the hours around the gap: no more than a point.
    Linear,
    /// The last value seen of the same hour of the day, with the errors that this has in the training years.
    Persistence,
    /// The training years' values of that hour within 15 days of that day of the year.
    Climatology,
    /// The periodic AR(26) of the training years: its Kalman smoother, or its forecast.
    Autoregression,
}

/// Means over all cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MethodScores {
    pub(crate) method: Method,
    /// Mean absolute error of the median.
    pub(crate) mae: f64,
    /// Continuous ranked probability score; of a point it is the absolute error.
    pub(crate) crps: f64,
    /// Shares inside the central intervals of 50 and 90 %; null for a point.
    pub(crate) coverage: Option<[f64; 2]>,
}

/// The model's CRPS by the autoregression's, minus 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) percent: f64,
    /// Of resampled blocks of 30 days, 95 %.
    pub(crate) interval_percent: [f64; 2],
}

/// Hours that were hidden by one rule.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatternScores {
    /// `random-10`, `gap-6`, ....
    pub(crate) pattern: String,
    /// Of the longest gap, hours.
    pub(crate) gap_hours: usize,
    pub(crate) gaps: usize,
    pub(crate) hours: usize,
    pub(crate) methods: Vec<MethodScores>,
    pub(crate) beside_autoregression: Option<Change>,
    pub(crate) edges: Edges,
    /// The gap whose score is the median of all.
    pub(crate) excerpt: Option<Excerpt>,
}

/// The root mean square of the step from the last hour seen to the first hidden one, and from the last hidden
/// one to the next seen.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edges {
    pub(crate) truth: f64,
    /// Of the ensemble's median.
    pub(crate) median: f64,
    /// Of its first member.
    pub(crate) member: f64,
}

/// Hours around a gap.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Excerpt {
    /// Local time of the first hour.
    pub(crate) first: String,
    /// Null where no hour is.
    pub(crate) truth: Vec<Option<f64>>,
    /// Hours before the gap.
    pub(crate) before: usize,
    pub(crate) hidden: Spread,
}

/// Quantiles and the first member of an ensemble, hour by hour.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spread {
    /// 5, 25, 50, 75 and 95 %.
    pub(crate) quantiles: [Vec<f64>; 5],
    pub(crate) member: Vec<f64>,
}

/// Forecasts for one number of hours.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HorizonScores {
    pub(crate) horizon_hours: usize,
    pub(crate) origins: usize,
    pub(crate) methods: Vec<MethodScores>,
    pub(crate) beside_autoregression: Option<Change>,
    pub(crate) pit: Pit,
}

/// The histogram of the probability integral transform, which is flat where the ensemble is calibrated.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pit {
    /// Of all origins, ten bins.
    pub(crate) counts: [u32; 10],
    /// Origins at least 15 days apart, of which the test is.
    pub(crate) tested_origins: usize,
    pub(crate) chi_square: f64,
    pub(crate) p_value: f64,
}

/// A forecast for every hour, and what came.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fan {
    /// Local time of the last hour seen.
    pub(crate) origin: String,
    /// Local time of the first hour of `seen`.
    pub(crate) first: String,
    /// The hours before and with it.
    pub(crate) seen: Vec<Option<f64>>,
    pub(crate) truth: Vec<Option<f64>>,
    pub(crate) ahead: Spread,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetectionScores {
    pub(crate) faults: Vec<FaultScores>,
    pub(crate) false_alarms: Option<FalseAlarms>,
    /// Shares of the hours without faults with a p-value of at most 0.01, 0.05 and 0.1.
    pub(crate) p_value_shares: Option<[f64; 3]>,
    pub(crate) excerpts: Vec<FaultExcerpt>,
}

/// Faults of one kind, in a copy of the test years.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultScores {
    pub(crate) fault: String,
    pub(crate) faults: usize,
    pub(crate) hours: usize,
    pub(crate) model: DetectorScores,
    pub(crate) autoregression: Option<DetectorScores>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetectorScores {
    /// Area under precision and recall of hours (average precision).
    pub(crate) area: f64,
    /// The same with faults of size 1, 2 and 3 only; null where there is none.
    pub(crate) area_by_size: [Option<f64>; 3],
    /// Share of the faults that an alarm overlaps, asked for 12 false alarms a year.
    pub(crate) found: f64,
    /// Median over the found ones of the hours from the first faulty one to the first in an alarm.
    pub(crate) delay_hours: Option<f64>,
    /// Recall and precision, at most 101 points.
    pub(crate) curve: Vec<(f64, f64)>,
}

/// Alarms in the test years as they are.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FalseAlarms {
    pub(crate) asked_per_year: f64,
    pub(crate) years: f64,
    pub(crate) model: usize,
    pub(crate) autoregression: Option<usize>,
    /// The 95 % interval of the number of alarms at the rate that was asked for.
    pub(crate) poisson_interval: [u32; 2],
}

/// A fault and what was found of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultExcerpt {
    pub(crate) fault: String,
    /// Local time of the first hour.
    pub(crate) first: String,
    pub(crate) truth: Vec<Option<f64>>,
    /// With the fault in.
    pub(crate) faulty: Vec<Option<f64>>,
    /// The hours of the fault, end exclusive.
    pub(crate) fault_hours: [usize; 2],
    /// The hours of each alarm, end exclusive, and the kind it was taken for.
    pub(crate) alarms: Vec<(usize, usize, String)>,
}
