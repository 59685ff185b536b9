//! The autocorrelation of daily mean anomalies. Unlike the scorecard's, which takes a series as it
//! stands, no pair is taken across a hole, so that divided years are not pulled to zero.

use std::ops::Range;

use crate::series::mean_of_present;

/// Fewer pairs of days say nothing about a correlation.
const LEAST_PAIRS: usize = 300;

/// `ρ(k) = mean of r[t] r[t+k] over pairs / mean of r[t]²` for k from 1 to the longest lag; empty if the
/// pairs are too few.
pub(super) fn autocorrelation(runs: &[Range<usize>], daily: &[f64], longest_lag_days: usize) -> Vec<f64> {
    if daily.is_empty() {
        return Vec::new();
    }
    let mean = mean_of_present(daily);
    let daily: Vec<f64> = daily.iter().map(|value| value - mean).collect();
    let variance = mean_of_present(&daily.iter().map(|value| value * value).collect::<Vec<_>>());
    let at_lag = |lag: usize| {
        let (mut sum, mut pairs) = (0.0, 0);
        for run in runs {
            let values = &daily[run.clone()];
            let later = values.get(lag..).unwrap_or_default();
            let products = values.iter().zip(later).map(|(a, b)| a * b).filter(|product| !product.is_nan());
            let (of_run, count) = products.fold((0.0, 0), |(sum, count), product| (sum + product, count + 1));
            sum += of_run;
            pairs += count;
        }
        (pairs >= LEAST_PAIRS && variance > 0.0).then(|| sum / pairs as f64 / variance)
    };
    (1..=longest_lag_days).map(at_lag).collect::<Option<_>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::daily_autoregression;

    #[test]
    fn a_daily_ar1_series_has_its_coefficients_powers() {
        let sample = daily_autoregression(0.8, 40 * 365);
        let got = autocorrelation(&sample.series.runs, &sample.daily, 60);
        assert_eq!(got.len(), 60);
        for (lag, got) in (1..=20).zip(got) {
            // Bartlett's standard error is below sqrt((1 + 0.64) / (1 - 0.64) / 14600) = 0.018.
            let expected = 0.8_f64.powi(lag);
            assert!((got - expected).abs() < 0.06, "lag {lag}: {got} is not {expected}");
        }
    }

    #[test]
    fn no_pair_spans_a_hole() {
        // Two runs of a constant each: within a run all pairs agree, across the hole none would.
        let daily: Vec<f64> = (0..1000).map(|day| if day < 500 { 1.0 } else { -1.0 }).collect();
        let got = autocorrelation(&[0..500, 500..1000], &daily, 60);
        assert!(got.iter().all(|value| (value - 1.0).abs() < 1e-12), "{got:?}");
    }

    #[test]
    fn a_year_of_single_weeks_is_too_short() {
        let runs: Vec<_> = (0..52).map(|week| week * 7..week * 7 + 7).collect();
        assert!(autocorrelation(&runs, &vec![1.0; 364], 60).is_empty());
    }
}
