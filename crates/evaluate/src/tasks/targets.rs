//! What the tasks must reach on held-out years to be worth using instead of their baselines.

use serde::{Deserialize, Serialize};

use super::document::{DetectionScores, HorizonScores, Method, MethodScores, PatternScores};
use super::forecasts::HORIZONS;
use crate::metrics::round;

/// From this length on the model has to be better than every baseline.
const LONG_HOURS: usize = 24;
/// What a gap that is shorter may cost beside the best baseline.
const SHORT_RATIO: f64 = 1.02;
/// What a forecast may cost beside the autoregression, from [`LONG_HOURS`] on.
const FORECAST_RATIO: f64 = 0.95;
const COVERAGE: [f64; 2] = [0.88, 0.92];
/// Level of the tests of flatness together; each horizon has its share (Bonferroni).
const FLATNESS_LEVEL: f64 = 0.01;
const AREA_GAIN: f64 = 0.05;
/// A spike is what the test of residuals is made for; there the model need not be better.
const EXEMPT: &str = "spike";
/// Share by which false alarms may differ from what was asked for, if the Poisson interval is narrower.
const ALARMS_WITHIN: f64 = 0.2;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Aim {
    /// The CRPS of a pattern of hidden hours by that of the best baseline.
    ImputationScore(String),
    /// The share of them inside the interval of 90 %.
    ImputationCoverage(String),
    /// The CRPS of a forecast for so many hours by the autoregression's.
    ForecastScore(usize),
    /// The p-value of the test that its ranks are uniform.
    ForecastFlatness(usize),
    /// The area under precision and recall of a kind of faults, minus the autoregression's.
    DetectionArea(String),
    /// The number of alarms in years without faults.
    FalseAlarms,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskTarget {
    pub(crate) aim: Aim,
    pub(crate) value: f64,
    pub(crate) at_least: Option<f64>,
    pub(crate) at_most: Option<f64>,
    pub(crate) met: bool,
}

impl TaskTarget {
    fn of(aim: Aim, value: f64, at_least: Option<f64>, at_most: Option<f64>) -> TaskTarget {
        let met = at_least.is_none_or(|limit| value >= limit) && at_most.is_none_or(|limit| value <= limit);
        TaskTarget { aim, value: round(value), at_least, at_most, met }
    }
}

/// All that can be looked at.
pub(crate) fn targets(
    imputation: &[PatternScores],
    forecasts: &[HorizonScores],
    detection: &DetectionScores,
) -> Vec<TaskTarget> {
    let mut targets: Vec<TaskTarget> = imputation.iter().flat_map(of_pattern).collect();
    targets.extend(forecasts.iter().flat_map(of_horizon));
    targets.extend(areas(detection));
    targets.extend(detection.false_alarms.as_ref().map(|alarms| {
        let asked = alarms.asked_per_year * alarms.years;
        let [low, high] = alarms.poisson_interval.map(f64::from);
        let least = low.min((1.0 - ALARMS_WITHIN) * asked).ceil();
        let most = high.max((1.0 + ALARMS_WITHIN) * asked).floor();
        TaskTarget::of(Aim::FalseAlarms, alarms.model as f64, Some(least), Some(most))
    }));
    targets
}

/// The scores of a method.
pub(crate) fn find(methods: &[MethodScores], wanted: Method) -> Option<&MethodScores> {
    methods.iter().find(|scores| scores.method == wanted)
}

fn of_pattern(scores: &PatternScores) -> Vec<TaskTarget> {
    let Some(model) = find(&scores.methods, Method::Model) else { return Vec::new() };
    let others = scores.methods.iter().filter(|scores| scores.method != Method::Model);
    let best = others.map(|scores| scores.crps).min_by(f64::total_cmp);
    let most = if scores.gap_hours >= LONG_HOURS { 1.0 } else { SHORT_RATIO };
    let score = best.map(|best| {
        TaskTarget::of(Aim::ImputationScore(scores.pattern.clone()), model.crps / best, None, Some(most))
    });
    let coverage = model.coverage.map(|[_, of_90]| {
        let [least, most] = COVERAGE.map(Some);
        TaskTarget::of(Aim::ImputationCoverage(scores.pattern.clone()), of_90, least, most)
    });
    score.into_iter().chain(coverage).collect()
}

fn of_horizon(scores: &HorizonScores) -> Vec<TaskTarget> {
    let hours = scores.horizon_hours;
    let [model, other] = [Method::Model, Method::Autoregression].map(|method| find(&scores.methods, method));
    let most = if hours >= LONG_HOURS { FORECAST_RATIO } else { 1.0 };
    let score = model.zip(other).map(|(model, other)| {
        TaskTarget::of(Aim::ForecastScore(hours), model.crps / other.crps, None, Some(most))
    });
    let level = round(FLATNESS_LEVEL / HORIZONS.len() as f64);
    let flat = TaskTarget::of(Aim::ForecastFlatness(hours), scores.pit.p_value, Some(level), None);
    score.into_iter().chain([flat]).collect()
}

fn areas(detection: &DetectionScores) -> impl Iterator<Item = TaskTarget> {
    let faults = detection.faults.iter().filter(|scores| scores.fault != EXEMPT);
    faults.filter_map(|scores| {
        let gain = scores.model.area - scores.autoregression.as_ref()?.area;
        Some(TaskTarget::of(Aim::DetectionArea(scores.fault.clone()), gain, Some(AREA_GAIN), None))
    })
}

#[cfg(test)]
mod tests {
    use super::super::document::{Edges, FalseAlarms, Pit};
    use super::*;

    fn scores(method: Method, crps: f64, coverage: Option<[f64; 2]>) -> MethodScores {
        MethodScores { method, mae: crps, crps, coverage }
    }

    fn pattern(gap_hours: usize, crps: f64, of_90: f64) -> PatternScores {
        PatternScores {
            pattern: format!("gap-{gap_hours}"),
            gap_hours,
            gaps: 3,
            hours: 3 * gap_hours,
            methods: vec![
                scores(Method::Model, crps, Some([0.5, of_90])),
                scores(Method::Linear, 1.0, None),
                scores(Method::Climatology, 3.0, Some([0.5, 0.9])),
            ],
            beside_autoregression: None,
            edges: Edges { truth: 1.0, median: 1.0, member: 1.0 },
            excerpt: None,
        }
    }

    fn met(targets: &[TaskTarget]) -> Vec<bool> {
        targets.iter().map(|target| target.met).collect()
    }

    #[test]
    fn a_short_gap_may_cost_a_little_more_than_the_best_baseline_and_a_long_one_nothing() {
        assert_eq!(met(&of_pattern(&pattern(6, 1.019, 0.9))), [true, true]);
        assert_eq!(met(&of_pattern(&pattern(24, 1.019, 0.93))), [false, false]);
        assert_eq!(met(&of_pattern(&pattern(24, 0.99, 0.875))), [true, false]);
    }

    #[test]
    fn a_forecast_has_to_be_better_from_a_day_on() {
        let horizon = |horizon_hours, crps, p_value| HorizonScores {
            horizon_hours,
            origins: 100,
            methods: vec![scores(Method::Model, crps, None), scores(Method::Autoregression, 1.0, None)],
            beside_autoregression: None,
            pit: Pit { counts: [10; 10], tested_origins: 100, chi_square: 0.0, p_value },
        };
        assert_eq!(met(&of_horizon(&horizon(6, 0.99, 0.0016))), [true, false]);
        assert_eq!(met(&of_horizon(&horizon(24, 0.99, 0.0017))), [false, true]);
        assert_eq!(met(&of_horizon(&horizon(24, 0.95, 0.5))), [true, true]);
    }

    #[test]
    fn alarms_have_the_wider_of_both_intervals() {
        let of = |years: f64, model, poisson_interval| {
            let false_alarms = Some(FalseAlarms {
                asked_per_year: 12.0,
                years,
                model,
                autoregression: None,
                poisson_interval,
            });
            targets(&[], &[], &DetectionScores { false_alarms, ..DetectionScores::default() })
        };
        assert_eq!(met(&of(1.0, 19, [6, 19])), [true]);
        assert_eq!(met(&of(1.0, 20, [6, 19])), [false]);
        assert_eq!(met(&of(20.0, 288, [211, 271])), [true]);
        assert_eq!(met(&of(20.0, 191, [211, 271])), [false]);
    }
}
