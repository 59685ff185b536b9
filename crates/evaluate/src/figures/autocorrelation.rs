//! The memory of the weather: the autocorrelation of anomalies, of hours and of daily means.

use super::{Distance, Figure, Kind, first};
use crate::fourier::autocovariance_sums;
use crate::sample::{Anomalies, Sample};
use crate::series::{mean, mean_of_present};

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
            "Autocorrelation of the hourly anomalies at lags of 1 to 720 hours, c(k) / c(0) with c(k) = Σ r[t] r[t+k] over the pairs that are there, times all pairs by those; years are joined as they follow each other. Shown: the mean over the lags.",
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

/// `c(k) / c(0)` of a sample's anomalies, joined as years follow each other. Where hours are missing, the sum
/// of the pairs that are there stands for all.
fn joined(
    sample: &Sample,
    values: fn(&Anomalies) -> &Vec<f64>,
    lags: std::ops::RangeInclusive<usize>,
) -> Option<Vec<f64>> {
    let values = values(sample.anomalies.as_ref()?);
    let mean = mean_of_present(values);
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let sums = match sample.has_gaps {
        true => sums_of_present(&centred, *lags.end())?,
        false => autocovariance_sums(&centred, *lags.end()),
    };
    (sums[0] > 0.0).then(|| lags.map(|lag| sums[lag] / sums[0]).collect())
}

/// `Σ x[t] x[t+k]` over the pairs that are there, times the number of all pairs by theirs; `None` where
/// a lag has none.
fn sums_of_present(values: &[f64], longest: usize) -> Option<Vec<f64>> {
    let zeros: Vec<f64> = values.iter().map(|value| if value.is_nan() { 0.0 } else { *value }).collect();
    let (sums, counts) = (autocovariance_sums(&zeros, longest), pairs_of_present(values, longest));
    let scaled = |(lag, (sum, count)): (usize, (f64, usize))| {
        (count > 0).then(|| sum * (values.len() - lag) as f64 / count as f64)
    };
    sums.into_iter().zip(counts).enumerate().map(scaled).collect()
}

/// The number of pairs that are there at each lag: all pairs less those that a missing value takes part in.
fn pairs_of_present(values: &[f64], longest: usize) -> Vec<usize> {
    let mut pairs: Vec<usize> = (0..=longest).map(|lag| values.len().saturating_sub(lag)).collect();
    for missing in (0..values.len()).filter(|&at| values[at].is_nan()) {
        let after = longest.min(values.len() - 1 - missing);
        pairs[..=after].iter_mut().for_each(|pairs| *pairs -= 1);
        for lag in 1..=longest.min(missing) {
            pairs[lag] -= usize::from(!values[missing - lag].is_nan());
        }
    }
    pairs
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
        let mean = mean_of_present(&anomalies.daily);
        let daily: Vec<f64> = anomalies.daily.iter().map(|value| value - mean).collect();
        let variance = mean_of_present(&daily.iter().map(|value| value * value).collect::<Vec<_>>());
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
        let products = values.iter().zip(later).map(|(a, b)| a * b).filter(|product| !product.is_nan());
        let (of_run, count) = products.fold((0.0, 0), |(sum, count), product| (sum + product, count + 1));
        sum += of_run;
        pairs += count;
    }
    (pairs >= LEAST_PAIRS).then(|| sum / pairs as f64 / centred.variance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::{Noise, daily_autoregression};

    #[test]
    fn sums_over_the_pairs_that_are_there_are_those_of_brute_force() {
        let mut noise = Noise(9);
        let mut values: Vec<f64> = (0..5000).map(|_| noise.normal()).collect();
        values.iter_mut().for_each(|value| {
            if noise.uniform() < 0.1 {
                *value = f64::NAN
            }
        });
        values[700..1300].fill(f64::NAN);
        let sums = sums_of_present(&values, 720).unwrap();
        for lag in [0, 1, 24, 719] {
            let pairs = values.iter().zip(&values[lag..]).map(|(a, b)| a * b);
            let there: Vec<f64> = pairs.filter(|product| !product.is_nan()).collect();
            let expected = mean(&there) * (5000 - lag) as f64;
            assert!((sums[lag] - expected).abs() < 1e-6, "{lag}: {} {expected}", sums[lag]);
        }
    }

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
