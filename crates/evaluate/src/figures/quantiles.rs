//! Quantiles of the hourly values.

use super::{Distance, Figure, Kind, first, range};
use crate::evaluate::EvaluateConfig;
use crate::sample::Sample;

/// In per cent, with the names' spelling.
const LEVELS: [(f64, &str); 9] = [
    (0.1, "0_1"),
    (1.0, "1"),
    (5.0, "5"),
    (25.0, "25"),
    (50.0, "50"),
    (75.0, "75"),
    (95.0, "95"),
    (99.0, "99"),
    (99.9, "99_9"),
];

/// Fewer hours say nothing about a quantile of 0.1 %.
const LEAST_HOURS: usize = 1000;

const SOURCE: &str = "VALUE (COST action ES1102), marginal aspects";
const NEEDS: &str = "1000 hours in whole days";

pub(crate) fn figures(_: &EvaluateConfig) -> Vec<Figure> {
    let all = Figure {
        name: "quantiles".to_string(),
        group: "Quantiles",
        title: "Nine quantiles (0.1 to 99.9 %, range)".to_string(),
        part_of: None,
        kind: Kind::Difference,
        definition: "The quantiles 0.1, 1, 5, 25, 50, 75, 95, 99 and 99.9 % of the hourly values, interpolated linearly. Shown: the largest minus the smallest.".to_string(),
        source: SOURCE,
        needs: NEEDS,
        curve: Box::new(|sample| LEVELS.iter().map(|(level, _)| at(sample, *level)).collect()),
        shown: range,
        distance: Distance::MeanAbsoluteDifference,
    };
    let single = LEVELS.iter().map(|&(level, spelling)| Figure {
        name: format!("quantile_{spelling}"),
        group: "Quantiles",
        title: format!("Quantile {level} %"),
        part_of: Some("quantiles"),
        kind: Kind::Level,
        definition: format!("The value that {level} % of all hours lie below."),
        source: SOURCE,
        needs: NEEDS,
        curve: Box::new(move |sample| at(sample, level).map(|value| vec![value])),
        shown: first,
        distance: Distance::MeanAbsoluteDifference,
    });
    std::iter::once(all).chain(single).collect()
}

fn at(sample: &Sample, level_percent: f64) -> Option<f64> {
    (sample.sorted.len() >= LEAST_HOURS).then(|| quantile(&sample.sorted, level_percent / 100.0))
}

/// The quantile of an ascending sample that is not empty, interpolated linearly between order
/// statistics (Hyndman and Fan 1996, type 7).
pub(crate) fn quantile(ascending: &[f64], probability: f64) -> f64 {
    let position = probability * (ascending.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(ascending.len() - 1);
    ascending[below] + (position - below as f64) * (ascending[above] - ascending[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_ramp_are_its_probabilities() {
        let ramp: Vec<f64> = (0..=1000).map(f64::from).collect();
        for probability in [0.0, 0.001, 0.5, 0.9995, 1.0] {
            let got = quantile(&ramp, probability);
            assert!((got - 1000.0 * probability).abs() < 1e-9, "{probability}: {got}");
        }
    }
}
