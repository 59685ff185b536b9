//! The memory of the weather: the autocorrelation of anomalies, of hours and of daily means.

use super::{Distance, Figure, Kind, first};
use crate::fourier::autocovariance_sums;
use crate::sample::{Anomalies, Sample};
use crate::series::mean;

/// The longest lag of the hourly anomalies.
const HOURS: usize = 720;
/// The last lags of the two figures about daily means.
const DAYS: [usize; 2] = [10, 30];

/// Fewer pairs of days say nothing about a correlation.
const LEAST_PAIRS: usize = 300;

const SOURCE: &str = "wxgen (autocorrelation from 1 to 180 days)";

pub(crate) fn figures() -> Vec<Figure> {
    let counted = [
        hourly(),
        daily("daily_autocorrelation_1_10", 1, DAYS[0]),
        daily("daily_autocorrelation_11_30", DAYS[0] + 1, DAYS[1]),
    ];
    counted.into_iter().chain((1..=DAYS[1]).map(single)).collect()
}

fn hourly() -> Figure {
    Figure {
        kind: Kind::Number,
        source: SOURCE,
        distance: Distance::LargestAbsoluteDifference,
        curve: Box::new(|sample| joined(sample, |anomalies| &anomalies.hourly, 1..=HOURS)),
        shown: mean,
        ..Figure::counted(
            6,
            "hourly_autocorrelation",
            "Autocorrelation of hours, 1 to 720 hours",
            "Autocorrelation of the hourly anomalies at lags of 1 to 720 hours, c(k) / c(0) with c(k) = Σ r[t] r[t+k]; years are joined as they follow each other. Shown: the mean over the lags.",
        )
    }
}

fn daily(key: &str, first_day: usize, last_day: usize) -> Figure {
    Figure {
        kind: Kind::Number,
        source: SOURCE,
        curve: Box::new(move |sample| joined(sample, |anomalies| &anomalies.daily, first_day..=last_day)),
        shown: mean,
        ..Figure::counted(
            7,
            key,
            &format!("Autocorrelation of days, {first_day} to {last_day} days"),
            &format!(
                "Autocorrelation of daily mean anomalies at lags of {first_day} to {last_day} days; years are joined as they follow each other. Shown: the mean over the lags."
            ),
        )
    }
}

fn single(lag: usize) -> Figure {
    Figure {
        kind: Kind::Number,
        source: SOURCE,
        needs: "a year and the longest lag without holes",
        curve: Box::new(move |sample| Some(vec![at_lag(&Centred::of(sample)?, lag)?])),
        shown: first,
        ..Figure::shown(
            &format!("daily_autocorrelation_day_{lag}"),
            &format!("Autocorrelation at {lag} day{}", if lag == 1 { "" } else { "s" }),
            &format!(
                "Autocorrelation of daily mean anomalies at a lag of {lag} days, over pairs of days without a hole between them."
            ),
        )
    }
}

/// `c(k) / c(0)` of a sample's anomalies, joined as if they had no holes.
fn joined(
    sample: &Sample,
    values: fn(&Anomalies) -> &Vec<f64>,
    lags: std::ops::RangeInclusive<usize>,
) -> Option<Vec<f64>> {
    let values = values(sample.anomalies.as_ref()?);
    let mean = mean(values);
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let sums = autocovariance_sums(&centred, *lags.end());
    (sums[0] > 0.0).then(|| lags.map(|lag| sums[lag] / sums[0]).collect())
}

/// The autocorrelation of daily mean anomalies at lags of 1 to `days` days.
pub(crate) fn anomaly_autocorrelation(sample: &Sample, days: usize) -> Option<Vec<f64>> {
    let centred = Centred::of(sample)?;
    (1..=days).map(|lag| at_lag(&centred, lag)).collect()
}

struct Centred<'a> {
    sample: &'a Sample,
    daily: Vec<f64>,
    variance: f64,
}

impl Centred<'_> {
    fn of(sample: &Sample) -> Option<Centred<'_>> {
        let anomalies = sample.anomalies.as_ref()?;
        let mean = mean(&anomalies.daily);
        let daily: Vec<f64> = anomalies.daily.iter().map(|value| value - mean).collect();
        let variance = daily.iter().map(|value| value * value).sum::<f64>() / daily.len() as f64;
        (variance > 0.0).then_some(Centred { sample, daily, variance })
    }
}

/// `ρ(k) = mean of r[t] r[t+k] over pairs / mean of r[t]²`: the pairs' own number is the divisor, so
/// that short runs of years are not pulled to zero.
fn at_lag(centred: &Centred<'_>, lag: usize) -> Option<f64> {
    let (mut sum, mut pairs) = (0.0, 0);
    for run in &centred.sample.series.runs {
        let values = &centred.daily[run.clone()];
        let later = values.get(lag..).unwrap_or_default();
        sum += values.iter().zip(later).map(|(a, b)| a * b).sum::<f64>();
        pairs += later.len();
    }
    (pairs >= LEAST_PAIRS).then(|| sum / pairs as f64 / centred.variance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::daily_autoregression;

    #[test]
    fn the_autocorrelation_of_a_daily_ar1_series_is_its_coefficients_powers() {
        let sample = daily_autoregression(0.8, 40 * 365);
        let got = anomaly_autocorrelation(&sample, 10).unwrap();
        for (lag, got) in (1..).zip(got) {
            // Bartlett's standard error is below sqrt((1 + 0.64) / (1 - 0.64) / 14600) = 0.018.
            let expected = 0.8_f64.powi(lag);
            assert!((got - expected).abs() < 0.05, "lag {lag}: {got} is not {expected}");
        }
    }
}
