//! The memory of the weather: the autocorrelation of daily mean anomalies.

use super::{Distance, Figure, Kind, first};
use crate::evaluate::EvaluateConfig;
use crate::sample::Sample;
use crate::series::mean;

/// The lags that are shown one by one.
const SHOWN_DAYS: [usize; 4] = [1, 5, 10, 30];

/// Fewer pairs of days say nothing about a correlation.
const LEAST_PAIRS: usize = 300;

const GROUP: &str = "Memory of anomalies";
const NEEDS: &str = "a year and the longest lag without holes";
const SOURCE: &str = "scorecard of this project, figure 7; wxgen (autocorrelation to 180 days)";

pub(crate) fn figures(config: &EvaluateConfig) -> Vec<Figure> {
    let days = config.autocorrelation_days;
    let all = Figure {
        name: "anomaly_autocorrelation".to_string(),
        group: GROUP,
        title: format!("Autocorrelation, 1 to {days} days (mean)"),
        part_of: None,
        kind: Kind::Number,
        definition: format!(
            "Autocorrelation of daily mean anomalies (the series minus its own climatology of 3 annual times 4 diurnal harmonics) at lags of 1 to {days} days, over pairs of days without a hole between them. Shown: the mean over the lags."
        ),
        source: SOURCE,
        needs: NEEDS,
        curve: Box::new(move |sample| anomaly_autocorrelation(sample, days)),
        shown: mean,
        distance: Distance::MeanAbsoluteDifference,
    };
    let single = SHOWN_DAYS.into_iter().filter(|&lag| lag <= days).map(|lag| Figure {
        name: format!("anomaly_autocorrelation_day_{lag}"),
        group: GROUP,
        title: format!("Autocorrelation at {lag} day{}", if lag == 1 { "" } else { "s" }),
        part_of: Some("anomaly_autocorrelation"),
        kind: Kind::Number,
        definition: format!("Autocorrelation of daily mean anomalies at a lag of {lag} days."),
        source: SOURCE,
        needs: NEEDS,
        curve: Box::new(move |sample| Some(vec![at_lag(&Centred::of(sample)?, lag)?])),
        shown: first,
        distance: Distance::MeanAbsoluteDifference,
    });
    std::iter::once(all).chain(single).collect()
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
