//! The article's three slopes: the least-squares slope of x[t+1] on x[t]. They are shown and not
//! counted, since they cannot tell weather with memory from weather without.

use super::{Figure, Kind};
use crate::sample::Sample;
use crate::series::HOURS;

pub(crate) fn figures() -> Vec<Figure> {
    let figure = |key, title, pairs: &str, needs, slope: fn(&Sample) -> Option<f64>| Figure {
        kind: Kind::Number,
        source: "Kyle 2024",
        needs,
        curve: Box::new(move |sample| slope(sample).map(|slope| vec![slope])),
        ..Figure::shown(
            key,
            title,
            &format!(
                "Least-squares slope b of x[t+1] = a + b x[t] over {pairs}; values moved to the reference year's climate."
            ),
        )
    };
    vec![
        figure("slope_hourly", "Slope, hour to hour", "pairs of consecutive hours", "one whole day", hourly),
        figure(
            "slope_daily",
            "Slope, daily means",
            "the means of pairs of consecutive local days",
            "three consecutive days",
            daily,
        ),
        figure(
            "slope_monthly",
            "Slope, monthly means",
            "the means of pairs of consecutive calendar months (with at most one day missing)",
            "three consecutive whole months",
            monthly,
        ),
    ]
}

fn hourly(sample: &Sample) -> Option<f64> {
    let runs = sample.series.runs.iter();
    slope(runs.flat_map(|run| pairs(&sample.series.values[run.start * HOURS..run.end * HOURS])))
}

fn daily(sample: &Sample) -> Option<f64> {
    slope(sample.series.runs.iter().flat_map(|run| pairs(&sample.daily[run.clone()])))
}

fn monthly(sample: &Sample) -> Option<f64> {
    let months = sample.series.months(&sample.daily);
    let consecutive = months
        .windows(2)
        .filter(|pair| pair[0].member == pair[1].member && pair[0].number + 1 == pair[1].number);
    slope(consecutive.map(|pair| (pair[0].mean, pair[1].mean)))
}

fn pairs(values: &[f64]) -> impl Iterator<Item = (f64, f64)> + Clone {
    values.iter().copied().zip(values.iter().copied().skip(1))
}

/// Of the pairs of which neither is missing, `b = Σ (x - mean x)(y - mean y) / Σ (x - mean x)²`; `None` for fewer than two pairs or equal x.
fn slope(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let pairs = pairs.filter(|(x, y)| !x.is_nan() && !y.is_nan());
    let (mut n, mut sum_x, mut sum_y) = (0.0, 0.0, 0.0);
    for (x, y) in pairs.clone() {
        n += 1.0;
        sum_x += x;
        sum_y += y;
    }
    if n < 2.0 {
        return None;
    }
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let (mut xx, mut xy) = (0.0, 0.0);
    for (x, y) in pairs {
        xx += (x - mean_x) * (x - mean_x);
        xy += (x - mean_x) * (y - mean_y);
    }
    (xx > 0.0).then(|| xy / xx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::{autoregression, daily_steps, sample};

    #[test]
    fn the_hourly_slope_of_an_ar1_series_is_its_coefficient() {
        let sample = autoregression(0.9, 20 * 365 * 24);
        let got = hourly(&sample).unwrap();
        // Standard error of the estimate: sqrt((1 - 0.9²) / 175200) = 0.001.
        assert!((got - 0.9).abs() < 0.004, "{got}");
    }

    #[test]
    fn the_daily_slope_pairs_no_days_across_a_hole() {
        // Means 0, 1, 2, hole, 10, 12: the pairs (0, 1), (1, 2), (10, 12).
        let sample = daily_steps(&[0.0, 1.0, 2.0, f64::NAN, 10.0, 12.0]);
        // By hand: Σxy - n mean x mean y = 122 - 55 = 67, Σx² - n (mean x)² = 101 - 121 / 3 = 182 / 3.
        let got = daily(&sample).unwrap();
        assert!((got - 201.0 / 182.0).abs() < 1e-12, "{got}");
    }

    #[test]
    fn the_monthly_slope_is_that_of_the_months_means() {
        // Every month's value is 0.5 times the one before plus 1.
        let mut value = 40.0;
        let mut last = 0;
        let sample = sample(2001, 730 * 24, |hour| {
            let month = i32::from(contract::calendar::civil(hour).month);
            if last != 0 && month != last {
                value = 0.5 * value + 1.0;
            }
            last = month;
            value
        });
        let got = monthly(&sample).unwrap();
        assert!((got - 0.5).abs() < 1e-9, "{got}");
    }

    #[test]
    fn a_constant_series_has_no_slope() {
        assert_eq!(daily(&daily_steps(&[3.0; 5])), None);
    }
}
