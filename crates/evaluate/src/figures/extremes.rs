//! The largest and smallest hours of a year.

use super::{Figure, Kind};
use crate::sample::Sample;
use crate::series::{HOURS, mean, standard_deviation};

/// Euler's constant, as in the reference.
const EULER: f64 = 0.5772;
/// `-ln(-ln(1 - 1/20))`: the reduced variate of a value exceeded once in 20 years.
const ONCE_IN_20_YEARS: f64 = 2.9702;

pub(crate) fn figures() -> Vec<Figure> {
    let largest = [
        figure("annual_maximum", "Largest hour of a year", MAXIMUM, |sample| {
            Some(mean(&yearly(sample, 1.0)?))
        }),
        figure(
            "return_level_20_years",
            "20-year return level of the largest hour",
            MAXIMUM_LEVEL,
            |sample| Some(return_level(&yearly(sample, 1.0)?)),
        ),
    ];
    let smallest = [
        figure("annual_minimum", "Smallest hour of a year", MINIMUM, |sample| {
            Some(-mean(&yearly(sample, -1.0)?))
        }),
        figure(
            "return_level_20_years_minimum",
            "20-year return level of the smallest hour",
            MINIMUM_LEVEL,
            |sample| Some(-return_level(&yearly(sample, -1.0)?)),
        ),
    ];
    let shown = smallest.into_iter().map(|figure| Figure { counted: false, ..figure });
    largest.into_iter().chain(shown).collect()
}

const MAXIMUM: &str = "Mean over the years of the largest hourly value.";
const MAXIMUM_LEVEL: &str = "The value that the largest hour of a year exceeds once in 20 years, by a Gumbel distribution with the mean and the standard deviation (divisor n - 1) of the years' largest hours.";
const MINIMUM: &str = "Mean over the years of the smallest hourly value.";
const MINIMUM_LEVEL: &str = "The value that the smallest hour of a year falls below once in 20 years, by a Gumbel distribution as for the largest.";

fn figure(key: &str, title: &str, definition: &str, curve: fn(&Sample) -> Option<f64>) -> Figure {
    Figure {
        kind: Kind::Level,
        source: "Semenov 2008; Parey et al. 2014",
        needs: "two whole years",
        curve: Box::new(move |sample| Some(vec![curve(sample)?])),
        ..Figure::counted(17, key, title, definition)
    }
}

/// The largest of `sign` times the values of each year; `None` for less than two years.
fn yearly(sample: &Sample, sign: f64) -> Option<Vec<f64>> {
    let years = sample.series.year_days();
    let largest = |days: std::ops::Range<usize>| {
        let hours = &sample.series.values[days.start * HOURS..days.end * HOURS];
        hours.iter().map(|value| sign * value).fold(f64::MIN, f64::max)
    };
    (years.len() >= 2).then(|| years.into_iter().map(largest).collect())
}

/// By the method of moments: scale `β = s √6 / π`, location `mean - γ β`.
fn return_level(maxima: &[f64]) -> f64 {
    let scale = standard_deviation(maxima, 1) * 6.0_f64.sqrt() / std::f64::consts::PI;
    mean(maxima) - EULER * scale + ONCE_IN_20_YEARS * scale
}
