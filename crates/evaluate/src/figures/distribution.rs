//! The distribution of the hourly values, by month and in the tails.

use super::{Figure, quantile, range};
use crate::gaps::month_weighted_quantile;
use crate::sample::Sample;

/// Quantiles 0.5 to 99.5 % of each month: `numpy.linspace(0.005, 0.995, 100)`.
const LEVELS: usize = 100;
const TAILS: [f64; 4] = [0.0005, 0.001, 0.999, 0.9995];

pub(crate) fn figures() -> Vec<Figure> {
    vec![
        Figure {
            source: "VALUE (COST action ES1102), marginal aspects; the first Wasserstein distance",
            curve: Box::new(monthly),
            shown: range,
            ..Figure::counted(
                3,
                "monthly_distribution",
                "Distribution by month (range)",
                "Quantiles 0.5, 1.5 ... 99.5 % of the hours of each calendar month, interpolated linearly, so that the error is nearly the first Wasserstein distance (W1). Shown: the largest minus the smallest.",
            )
        },
        Figure {
            source: "VALUE (COST action ES1102), extremes",
            curve: Box::new(tails),
            shown: range,
            ..Figure::counted(
                4,
                "tail_quantiles",
                "Tail quantiles (range)",
                "Quantiles 0.05, 0.1, 99.9 and 99.95 % of all hours; where some are missing, each month weighs as much as it has hours. Shown: the largest minus the smallest.",
            )
        },
    ]
}

fn monthly(sample: &Sample) -> Option<Vec<f64>> {
    let mut quantiles = Vec::with_capacity(12 * LEVELS);
    for month in &sample.by_month {
        if month.is_empty() {
            return None;
        }
        let level = |i: usize| 0.005 + 0.99 * i as f64 / (LEVELS - 1) as f64;
        quantiles.extend((0..LEVELS).map(|i| quantile(month, level(i))));
    }
    Some(quantiles)
}

fn tails(sample: &Sample) -> Option<Vec<f64>> {
    let ascending = &sample.sorted;
    if sample.has_gaps {
        let mut weights = [0.0; 12];
        sample.series.days.iter().for_each(|day| weights[day.month as usize - 1] += 1.0);
        let level = |&level: &f64| month_weighted_quantile(&sample.by_month, &weights, level);
        return (!ascending.is_empty()).then(|| TAILS.iter().map(level).collect());
    }
    (!ascending.is_empty()).then(|| TAILS.iter().map(|&level| quantile(ascending, level)).collect())
}
