//! The list of figures. Each is a curve (or one number) computed from a sample, a way to show it as
//! one number, and a distance between two curves. To add one, write it in a file of its own and add
//! its group to [`GROUPS`].

mod anomalies;
mod autocorrelation;
mod distance;
mod profiles;
mod quantiles;
mod slopes;

use crate::evaluate::EvaluateConfig;
use crate::sample::Sample;

pub(crate) use autocorrelation::anomaly_autocorrelation;
pub(crate) use distance::Distance;
pub(crate) use profiles::{diurnal_profile, diurnal_range, seasonal_profile};
pub(crate) use quantiles::quantile;

/// Every group of figures, in the report's order.
const GROUPS: &[fn(&EvaluateConfig) -> Vec<Figure>] = &[
    slopes::figures,
    profiles::figures,
    quantiles::figures,
    autocorrelation::figures,
    anomalies::figures,
];

/// All figures.
pub(crate) fn figures(config: &EvaluateConfig) -> Vec<Figure> {
    GROUPS.iter().flat_map(|group| group(config)).collect()
}

/// One figure of the scorecard.
pub(crate) struct Figure {
    /// The key in `metrics.json`; never changes.
    pub(crate) name: String,
    pub(crate) group: &'static str,
    pub(crate) title: String,
    pub(crate) kind: Kind,
    /// What it is and what its one number says, in sentences.
    pub(crate) definition: String,
    /// Where the definition comes from.
    pub(crate) source: &'static str,
    /// What a series needs for it, for the sentence about one that is left out.
    pub(crate) needs: &'static str,
    /// What is compared; `None` if the sample is too short for it.
    pub(crate) curve: Box<dyn Fn(&Sample) -> Option<Vec<f64>>>,
    /// The one number of a curve that tables show.
    pub(crate) shown: fn(&[f64]) -> f64,
    pub(crate) distance: Distance,
}

/// What the shown number is, which decides its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Without a unit.
    Number,
    /// A value of the variable, such as a quantile.
    Level,
    /// A difference or a standard deviation of values.
    Difference,
}

/// The first value: for figures of one number.
fn first(curve: &[f64]) -> f64 {
    curve[0]
}

/// Largest minus smallest value.
fn range(curve: &[f64]) -> f64 {
    let (low, high) =
        curve.iter().fold((f64::MAX, f64::MIN), |(low, high), &value| (low.min(value), high.max(value)));
    high - low
}
