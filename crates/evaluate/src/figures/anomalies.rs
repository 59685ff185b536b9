//! How much anomalies vary from month to month, from year to year and from hour to hour, and their
//! distribution.

use super::{Distance, Figure, Kind, first};
use crate::evaluate::EvaluateConfig;
use crate::sample::Sample;
use crate::series::{HOURS, Period, standard_deviation};

const LEAST_MONTHS: usize = 24;
const LEAST_YEARS: usize = 3;
const LEAST_HOURS: usize = 1000;

pub(crate) fn figures(_: &EvaluateConfig) -> Vec<Figure> {
    vec![sd_monthly_anomaly(), sd_yearly_anomaly(), sd_hourly_increment(), anomaly_distribution()]
}

fn sd_monthly_anomaly() -> Figure {
    Figure {
        name: "sd_monthly_anomaly".to_string(),
        title: "Sd of monthly anomalies".to_string(),
        definition: "Standard deviation (divisor n) of the monthly means of the anomalies, over months with at most one day missing.".to_string(),
        source: "scorecard of this project, figure 9",
        needs: "24 whole months",
        ..variability(|sample| Some(vec![sd_monthly(sample)?]))
    }
}

fn sd_yearly_anomaly() -> Figure {
    Figure {
        name: "sd_yearly_anomaly".to_string(),
        title: "Sd of yearly anomalies".to_string(),
        definition: "Standard deviation (divisor n - 1) of the yearly means of the anomalies, over years with at least 99 % of their days.".to_string(),
        source: "scorecard of this project, figure 10",
        needs: "three whole years",
        ..variability(|sample| Some(vec![sd_yearly(sample)?]))
    }
}

fn sd_hourly_increment() -> Figure {
    Figure {
        name: "sd_hourly_increment".to_string(),
        title: "Sd of 1-hour increments".to_string(),
        definition: "Standard deviation (divisor n) of x[t] - x[t-1] for each hour of day: 24 values. Shown: the root of their mean square.".to_string(),
        source: "scorecard of this project, figure 5",
        needs: "1000 hours in whole days",
        shown: |curve| (curve.iter().map(|sd| sd * sd).sum::<f64>() / curve.len() as f64).sqrt(),
        ..variability(sd_increments)
    }
}

fn anomaly_distribution() -> Figure {
    Figure {
        name: "anomaly_distribution".to_string(),
        title: "Hourly anomalies (sd)".to_string(),
        definition: "The distribution of the hourly anomalies. Shown: their standard deviation.".to_string(),
        source: "scorecard of this project, figure 3",
        needs: "365 whole days",
        shown: |curve| standard_deviation(curve, 0),
        distance: Distance::Wasserstein,
        ..variability(|sample| sample.anomalies.as_ref().map(|anomalies| anomalies.sorted.clone()))
    }
}

/// What these figures have in common.
fn variability(curve: fn(&Sample) -> Option<Vec<f64>>) -> Figure {
    Figure {
        name: String::new(),
        group: "Variability",
        title: String::new(),
        part_of: None,
        kind: Kind::Difference,
        definition: String::new(),
        source: "",
        needs: "",
        curve: Box::new(curve),
        shown: first,
        distance: Distance::AbsoluteLogRatio,
    }
}

fn sd_monthly(sample: &Sample) -> Option<f64> {
    let months = sample.series.months(&sample.anomalies.as_ref()?.daily);
    (months.len() >= LEAST_MONTHS).then(|| standard_deviation(&means(&months), 0))
}

fn sd_yearly(sample: &Sample) -> Option<f64> {
    let years = sample.series.years(&sample.anomalies.as_ref()?.daily);
    (years.len() >= LEAST_YEARS).then(|| standard_deviation(&means(&years), 1))
}

fn means(periods: &[Period]) -> Vec<f64> {
    periods.iter().map(|period| period.mean).collect()
}

/// The standard deviation of the increment that ends at each hour of day.
fn sd_increments(sample: &Sample) -> Option<Vec<f64>> {
    let mut increments = vec![Vec::new(); HOURS];
    for run in &sample.series.runs {
        let values = &sample.series.values[run.start * HOURS..run.end * HOURS];
        for (index, pair) in values.windows(2).enumerate() {
            increments[(index + 1) % HOURS].push(pair[1] - pair[0]);
        }
    }
    let enough = increments.iter().all(|hour| hour.len() >= LEAST_HOURS / HOURS);
    enough.then(|| increments.iter().map(|hour| standard_deviation(hour, 0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;
    use contract::calendar::civil;

    #[test]
    fn alternating_years_have_a_yearly_sd_by_hand() {
        // Yearly anomalies +1, -1, +1, -1 around a mean of 0: sd with n - 1 is sqrt(4 / 3).
        let sample = sample(2001, 4 * 365 * 24, |time| if civil(time).year % 2 == 1 { 6.0 } else { 4.0 });
        let got = sd_yearly(&sample).unwrap();
        assert!((got - (4.0_f64 / 3.0).sqrt()).abs() < 1e-3, "{got}");
        let monthly = sd_monthly(&sample).unwrap();
        assert!((monthly - 1.0).abs() < 1e-3, "{monthly}");
    }

    #[test]
    fn increments_of_a_saw_have_the_sd_of_its_teeth() {
        // Steps of +1 and -1 alternate by day at hour 0, all others are zero.
        let sample = sample(2001, 200 * 24, |time| f64::from(civil(time).day_of_year % 2));
        let got = sd_increments(&sample).unwrap();
        assert!((got[0] - 1.0).abs() < 1e-4, "{}", got[0]);
        assert!(got[1..].iter().all(|&sd| sd == 0.0));
    }
}
