//! How much anomalies vary from month to month, from year to year and over weeks and seasons.

use super::{Distance, Figure};
use crate::sample::Sample;
use crate::series::{LEAST_SHARE, mean_of_present, present, standard_deviation};

const WINDOWS_DAYS: [usize; 3] = [7, 31, 91];

pub(crate) fn figures() -> Vec<Figure> {
    let monthly = Figure {
        source: "wxgen (variance by time scale)",
        needs: "two whole years",
        curve: Box::new(|sample| Some(vec![sd_monthly(sample)?])),
        distance: Distance::AbsoluteLogRatio,
        ..Figure::counted(
            9,
            "sd_monthly_anomaly",
            "Standard deviation of monthly anomalies",
            "Standard deviation (divisor n) of the means of the anomalies over each month of each year that has 20 of 24 of its days.",
        )
    };
    let yearly = Figure {
        source: "VALUE (COST action ES1102), interannual variability; wxgen",
        needs: "two whole years",
        curve: Box::new(|sample| Some(vec![sd_yearly(sample)?])),
        distance: Distance::AbsoluteLogRatio,
        ..Figure::counted(
            10,
            "sd_yearly_anomaly",
            "Standard deviation of yearly anomalies",
            "Standard deviation (divisor n - 1) of the means of the anomalies over each year.",
        )
    };
    let running = WINDOWS_DAYS.map(|days| Figure {
        source: "wxgen (variance by time scale, 1 to 365 days)",
        curve: Box::new(move |sample| Some(vec![sd_running_mean(sample, days)?])),
        distance: Distance::AbsoluteLogRatio,
        ..Figure::counted(
            11,
            &format!("sd_running_mean_{days}_days"),
            &format!("Standard deviation of {days}-day means"),
            &format!(
                "Standard deviation (divisor n) of the running means of the daily mean anomalies over {days} days, of which 20 of 24 are there; years are joined as they follow each other."
            ),
        )
    });
    [monthly, yearly].into_iter().chain(running).collect()
}

/// The mean anomaly of each month that has enough of its days, in one list a year; `None` for less than a
/// year. An anomaly has no season, so that means of the days that are there need no weights.
pub(crate) fn monthly_anomalies(sample: &Sample) -> Option<Vec<Vec<f64>>> {
    let daily = &sample.anomalies.as_ref()?.daily;
    let years = sample.series.year_days().into_iter().map(|year| {
        let mut months = Vec::with_capacity(12);
        let mut start = year.start;
        for month in sample.series.days[year].chunk_by(|a, b| a.month == b.month) {
            months.extend(mean_of_enough(&daily[start..start + month.len()]));
            start += month.len();
        }
        months
    });
    Some(years.collect())
}

/// The mean anomaly of each year; `None` for less than a year.
pub(crate) fn yearly_anomalies(sample: &Sample) -> Option<Vec<f64>> {
    let daily = &sample.anomalies.as_ref()?.daily;
    Some(sample.series.year_days().into_iter().map(|year| mean_of_present(&daily[year])).collect())
}

fn sd_monthly(sample: &Sample) -> Option<f64> {
    let years = monthly_anomalies(sample)?;
    (years.len() >= 2).then(|| standard_deviation(&years.concat(), 0))
}

fn sd_yearly(sample: &Sample) -> Option<f64> {
    let years = yearly_anomalies(sample)?;
    (years.len() >= 2).then(|| standard_deviation(&years, 1))
}

fn sd_running_mean(sample: &Sample, days: usize) -> Option<f64> {
    let daily = &sample.anomalies.as_ref()?.daily;
    let means = running_means(daily, days);
    (means.len() > 1).then(|| standard_deviation(&means, 0))
}

/// The mean of each so many days in a row of which 20 of 24 are there, by differences of sums from the first
/// day on.
fn running_means(daily: &[f64], days: usize) -> Vec<f64> {
    let mut totals = vec![(0.0, 0.0)];
    totals.extend(daily.iter().scan((0.0, 0.0), |total, value| {
        if !value.is_nan() {
            *total = (total.0 + value, total.1 + 1.0);
        }
        Some(*total)
    }));
    let ends = totals.iter().zip(totals.get(days..).unwrap_or_default());
    let of_window = ends.map(|(first, last)| (last.0 - first.0, last.1 - first.1));
    let least = LEAST_SHARE * days as f64;
    of_window.filter(|(_, there)| *there >= least).map(|(sum, there)| sum / there).collect()
}

/// The mean of the days that are there, if they are 20 of 24.
fn mean_of_enough(daily: &[f64]) -> Option<f64> {
    let there = present(daily).count() as f64;
    (there >= LEAST_SHARE * daily.len() as f64).then(|| mean_of_present(daily))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;
    use contract::calendar::civil;

    #[test]
    fn running_means_are_those_of_brute_force_and_need_20_of_24_days() {
        let mut noise = crate::sample::tests::Noise(5);
        let mut daily: Vec<f64> = (0..2000).map(|_| noise.normal()).collect();
        daily.iter_mut().for_each(|value| {
            if noise.uniform() < 0.1 {
                *value = f64::NAN
            }
        });
        daily[500..520].fill(f64::NAN);
        for days in [7, 31, 91] {
            let means = running_means(&daily, days);
            let expected: Vec<f64> = daily.windows(days).filter_map(mean_of_enough).collect();
            assert!(means.len() < 2000 - days && means.len() == expected.len(), "{days}");
            assert!(means.iter().zip(&expected).all(|(mean, expected)| (mean - expected).abs() < 1e-12));
        }
        assert!(running_means(&daily[..5], 7).is_empty());
    }

    #[test]
    fn alternating_years_have_a_yearly_sd_by_hand() {
        // Yearly anomalies +1, -1, +1, -1 around a mean of 0: sd with n - 1 is sqrt(4 / 3).
        let sample = sample(2001, 4 * 365 * 24, |time| if civil(time).year % 2 == 1 { 6.0 } else { 4.0 });
        let got = sd_yearly(&sample).unwrap();
        assert!((got - (4.0_f64 / 3.0).sqrt()).abs() < 1e-3, "{got}");
        let monthly = sd_monthly(&sample).unwrap();
        assert!((monthly - 1.0).abs() < 1e-3, "{monthly}");
    }
}
