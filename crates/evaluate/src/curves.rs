//! The document `curves.json`: everything that the report draws, in the canonical unit, rounded to a
//! thousandth. A curve that a sample is too short for is empty.

use contract::artifact::FORMAT;
use contract::calendar::{self, DAY_US};
use contract::variable::Variable;
use serde::{Deserialize, Serialize};

use crate::evaluate::{EvaluateConfig, Samples};
use crate::figures::{anomaly_autocorrelation, diurnal_profile, diurnal_range, quantile, seasonal_profile};
use crate::sample::Sample;
use crate::series::HOURS;

const LAST_WEEKS_DAYS: usize = 28;
const LAST_YEAR_DAYS: usize = 365;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Curves {
    pub(crate) format: u32,
    pub(crate) variable: String,
    pub(crate) unit: String,
    /// Mean by day of year, 365 values.
    pub(crate) seasonal_profile: Curve,
    /// Mean by hour of day, 24 values.
    pub(crate) diurnal_profile: Curve,
    /// Mean diurnal range by month, 12 values.
    pub(crate) diurnal_range: Curve,
    /// Autocorrelation of daily mean anomalies at lags of 1 day and more.
    pub(crate) anomaly_autocorrelation: Curve,
    /// Quantiles at [`Curves::quantile_levels_percent`].
    pub(crate) quantiles: Curve,
    pub(crate) quantile_levels_percent: Vec<f64>,
    /// Hour by hour.
    pub(crate) last_weeks: Excerpts,
    /// Daily means.
    pub(crate) last_year: Excerpts,
}

/// One curve of each side.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Curve {
    /// The held-out years; in-sample all years.
    pub(crate) real: Vec<f64>,
    pub(crate) generated: Vec<f64>,
    /// The other side of the yardstick: the training years; in-sample the first half of the years.
    pub(crate) other_real: Vec<f64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Excerpts {
    pub(crate) real: Excerpt,
    pub(crate) generated: Excerpt,
}

/// A stretch of a series.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Excerpt {
    /// The first and the last local date; empty without values.
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) values: Vec<f64>,
}

impl Curves {
    pub(crate) fn of(samples: &Samples, config: &EvaluateConfig, variable: &Variable) -> Curves {
        let curve = |curve: &dyn Fn(&Sample) -> Option<Vec<f64>>| Curve {
            real: rounded(curve(samples.real()).unwrap_or_default()),
            generated: rounded(curve(&samples.generated).unwrap_or_default()),
            other_real: rounded(curve(&samples.pair[0]).unwrap_or_default()),
        };
        let levels = quantile_levels_percent();
        Curves {
            format: FORMAT,
            variable: variable.name.to_string(),
            unit: variable.canonical_unit.to_string(),
            seasonal_profile: curve(&seasonal_profile),
            diurnal_profile: curve(&diurnal_profile),
            diurnal_range: curve(&diurnal_range),
            anomaly_autocorrelation: curve(&|sample| {
                anomaly_autocorrelation(sample, config.autocorrelation_days)
            }),
            quantiles: curve(&|sample| {
                let enough = sample.sorted.len() >= HOURS;
                enough.then(|| levels.iter().map(|level| quantile(&sample.sorted, level / 100.0)).collect())
            }),
            quantile_levels_percent: levels,
            last_weeks: Excerpts::of(samples, LAST_WEEKS_DAYS, |sample, first, last| {
                sample.series.values[first * HOURS..=last * HOURS + HOURS - 1].to_vec()
            }),
            last_year: Excerpts::of(samples, LAST_YEAR_DAYS, |sample, first, last| {
                sample.daily[first..=last].to_vec()
            }),
        }
    }
}

/// 0.1, 0.5, every whole per cent, 99.5, 99.9.
fn quantile_levels_percent() -> Vec<f64> {
    let whole = (1..100).map(f64::from);
    [0.1, 0.5].into_iter().chain(whole).chain([99.5, 99.9]).collect()
}

fn rounded(mut values: Vec<f64>) -> Vec<f64> {
    values.iter_mut().for_each(|value| *value = (*value * 1000.0).round() / 1000.0);
    values
}

impl Excerpts {
    /// The end of the generated series' first member, and the last real stretch (of all years) that
    /// ends on the same day of a year, so that both show the same season.
    fn of(samples: &Samples, days: usize, values: impl Fn(&Sample, usize, usize) -> Vec<f64>) -> Excerpts {
        let excerpt = |sample: &Sample, stretch: Option<(usize, usize)>| {
            let Some((first, last)) = stretch else { return Excerpt::default() };
            let date = |day: usize| calendar::format_date(sample.series.days[day].number * DAY_US);
            Excerpt { first: date(first), last: date(last), values: rounded(values(sample, first, last)) }
        };
        let generated = last_stretch(&samples.generated, days, None);
        let end = generated.map(|(_, last)| {
            let civil = calendar::civil(samples.generated.series.days[last].number * DAY_US);
            (civil.month, civil.day)
        });
        let real = last_stretch(&samples.observed, days, end)
            .or_else(|| last_stretch(&samples.observed, days, None));
        Excerpts { real: excerpt(&samples.observed, real), generated: excerpt(&samples.generated, generated) }
    }
}

/// First and last index of the last `days` days of the first member without a hole, ending on that
/// month and day if given; fewer days if the series has no run so long.
fn last_stretch(sample: &Sample, days: usize, end: Option<(i8, i8)>) -> Option<(usize, usize)> {
    let series = &sample.series;
    let first_member = series.days.first()?.member;
    let longest = series.runs.iter().map(|run| run.len()).max()?;
    let days = days.min(longest);
    let runs = series.runs.iter().rev().filter(|run| series.days[run.start].member == first_member);
    let ends = runs.flat_map(|run| (run.start..run.end).rev().map(move |last| (run.start, last)));
    let mut fitting = ends.filter(|(start, last)| last + 1 >= start + days);
    let (_, last) = fitting.find(|&(_, last)| {
        end.is_none_or(|end| {
            let civil = calendar::civil(series.days[last].number * DAY_US);
            (civil.month, civil.day) == end
        })
    })?;
    Some((last + 1 - days, last))
}
