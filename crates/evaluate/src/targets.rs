//! The targets: what generated years must reach to be believed, each with the value that is wanted.
//! Definitions are in `docs/scorecard.md`.

mod variability;

use serde::{Deserialize, Serialize};

use crate::audit::PASSES;
use crate::metrics::{Metrics, round};
use crate::sample::Sample;
use crate::scorecard::Candidate;

pub(crate) use variability::{Autocorrelation, Variability};

/// Figures that may be outside beyond as many as the training years have.
const MORE_OUTSIDE: f64 = 1.0;
/// How much farther from 0.5 than between halves of the real years the judge's area may be.
const MORE_AUC: f64 = 0.03;
/// How much lower than the better autoregression's the model's bound must be, nats per hour.
const LIKELIHOOD_GAIN: f64 = 0.02;

/// Null where a side is too short, or what is compared was not run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Targets {
    /// Against the training years' mean E.
    pub(crate) mean_e: Option<Target>,
    /// Against the mean E of chained blocks of real days.
    pub(crate) mean_e_knn: Option<Target>,
    /// Figures outside, against the training years' and one more.
    pub(crate) outside: Option<Target>,
    pub(crate) sd_monthly_anomaly: Option<Variability>,
    pub(crate) sd_yearly_anomaly: Option<Variability>,
    pub(crate) autocorrelation: Autocorrelation,
    /// The distance of the judge's area from 0.5, minus that between halves of the real years: an area below
    /// 0.5 is no better than one as far above it.
    pub(crate) judge: Option<Target>,
    /// The audit's ratio.
    pub(crate) memorisation: Option<Target>,
    /// The model's bound minus the better autoregression's figure, nats per hour.
    pub(crate) likelihood: Option<Target>,
}

/// A value and the range that is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) value: f64,
    pub(crate) at_least: Option<f64>,
    pub(crate) at_most: Option<f64>,
    pub(crate) met: bool,
}

impl Targets {
    /// Of the generated years, once all candidates are in `metrics`.
    pub(crate) fn of(real: &Sample, generated: &Sample, metrics: &Metrics) -> Targets {
        let training = metrics.candidate("training");
        let knn = metrics.candidate("knn_blocks").filter(|_| !metrics.in_sample);
        let mean_e =
            |than: Option<&Candidate>| Some(Target::at_most(metrics.model()?.mean_e?, than?.mean_e?));
        Targets {
            mean_e: mean_e(training),
            mean_e_knn: mean_e(knn),
            outside: outside(metrics, training),
            sd_monthly_anomaly: Variability::monthly(real, generated),
            sd_yearly_anomaly: Variability::yearly(real, generated),
            autocorrelation: Autocorrelation::of(real, generated),
            judge: judge(metrics),
            memorisation: memorisation(metrics),
            likelihood: likelihood(metrics),
        }
    }
}

impl Target {
    fn at_most(value: f64, limit: f64) -> Target {
        Target { value: round(value), at_least: None, at_most: Some(round(limit)), met: value <= limit }
    }
}

fn outside(metrics: &Metrics, training: Option<&Candidate>) -> Option<Target> {
    let (ours, theirs) = (metrics.model()?.outside?, training?.outside?);
    Some(Target::at_most(ours as f64, theirs as f64 + MORE_OUTSIDE))
}

fn judge(metrics: &Metrics) -> Option<Target> {
    let auc = metrics.model()?.judge.as_ref()?.auc;
    Some(judge_target(auc, metrics.judge_yardstick.as_ref()?.mean))
}

fn judge_target(auc: f64, halves: f64) -> Target {
    // Areas have few decimals, and their difference must not miss the limit by a rounding error.
    Target::at_most(round((auc - 0.5).abs() - (halves - 0.5).abs()), MORE_AUC)
}

fn memorisation(metrics: &Metrics) -> Option<Target> {
    let audit = metrics.model()?.memorisation.as_ref()?;
    let (at_least, at_most) = (Some(*PASSES.start()), Some(*PASSES.end()));
    Some(Target { value: audit.ratio, at_least, at_most, met: audit.passes })
}

fn likelihood(metrics: &Metrics) -> Option<Target> {
    Some(Target::at_most(metrics.likelihood.as_ref()?.difference?, -LIKELIHOOD_GAIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_at_its_limit_is_met() {
        let target = Target::at_most(1.25, 1.25);
        assert_eq!(target, Target { value: 1.25, at_least: None, at_most: Some(1.25), met: true });
        assert!(!Target::at_most(-0.01, -LIKELIHOOD_GAIN).met);
    }

    #[test]
    fn an_area_is_as_far_below_one_half_as_above_it() {
        let check = |auc: f64, halves: f64, value: f64, met: bool| {
            let target = judge_target(auc, halves);
            assert_eq!((target.value, target.met), (value, met), "{auc} {halves}");
        };
        check(0.55, 0.52, 0.03, true);
        check(0.45, 0.52, 0.03, true);
        check(0.33, 0.52, 0.15, false);
        check(0.55, 0.48, 0.03, true);
        check(0.5, 0.48, -0.02, true);
    }
}
