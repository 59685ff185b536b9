//! The largest and smallest hours of a year.

use std::ops::Range;

use super::{Figure, Kind};
use crate::sample::Sample;
use crate::series::{HOURS, LEAST_SHARE, Series, is_complete, largest, mean, smallest, standard_deviation};

const MONTHS: usize = 12;
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
    let years = yearly_extremes(&sample.series, sample.series.year_days(), sign);
    (years.len() >= 2).then_some(years)
}

/// The largest of `sign` (1 or -1) times the values of each year. A year without its summer has no largest hour: where
/// hours are missing, a year counts if it has 20 of 24 hours of the months that the years' largest hours are
/// in, each month as often as it has one.
pub(crate) fn yearly_extremes(series: &Series, years: Vec<Range<usize>>, sign: f64) -> Vec<f64> {
    let hours = |days: &Range<usize>| &series.values[days.start * HOURS..days.end * HOURS];
    let of_year =
        |days: &Range<usize>| if sign > 0.0 { largest(hours(days)) } else { -smallest(hours(days)) };
    let maxima: Vec<f64> = years.iter().map(of_year).collect();
    if years.iter().all(|days| is_complete(hours(days))) {
        return maxima;
    }
    let mut of_month = [0.0; MONTHS];
    for (days, maximum) in years.iter().zip(&maxima) {
        let at = hours(days).iter().position(|value| sign * value == *maximum);
        let months = at.map(|at| series.days[days.start + at / HOURS].month as usize - 1);
        months.into_iter().for_each(|month| of_month[month] += 1.0 / years.len() as f64);
    }
    let is_seen = |days: &Range<usize>| {
        let shares = shares_of_months(series, days);
        of_month.iter().zip(shares).map(|(weight, share)| weight * share).sum::<f64>() >= LEAST_SHARE - 1e-9
    };
    years.iter().zip(maxima).filter(|(days, _)| is_seen(days)).map(|(_, maximum)| maximum).collect()
}

/// The share of each month's hours that are there.
fn shares_of_months(series: &Series, days: &Range<usize>) -> [f64; MONTHS] {
    let mut counts = [(0.0, 0.0); MONTHS];
    for day in days.clone() {
        let count = &mut counts[series.days[day].month as usize - 1];
        let there = series.day(day).iter().filter(|value| !value.is_nan()).count();
        *count = (count.0 + there as f64, count.1 + HOURS as f64);
    }
    counts.map(|(there, all): (f64, f64)| there / all.max(1.0))
}

/// By the method of moments: scale `β = s √6 / π`, location `mean - γ β`.
fn return_level(maxima: &[f64]) -> f64 {
    let scale = standard_deviation(maxima, 1) * 6.0_f64.sqrt() / std::f64::consts::PI;
    mean(maxima) - EULER * scale + ONCE_IN_20_YEARS * scale
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;
    use contract::calendar::civil;

    #[test]
    fn a_year_without_its_summer_has_no_largest_hour_but_a_smallest() {
        let gappy = sample(2001, 4 * 365 * 24, |time| {
            let civil = civil(time);
            let summer = civil.year == 2003 && (150..240).contains(&civil.day_of_year);
            let scattered = (civil.day_of_year + i16::from(civil.hour)) % 30 == 0 && civil.day_of_year != 200;
            let day = f64::from((civil.day_of_year - 200).abs());
            if summer || scattered { f64::NAN } else { f64::from(civil.year) - day }
        });
        let series = gappy.series.real_years();
        assert_eq!(yearly_extremes(&series, series.year_days(), 1.0), [2001.0, 2002.0, 2004.0]);
        assert_eq!(yearly_extremes(&series, series.year_days(), -1.0).len(), 4);
    }
}
