//! Degree-hours: what buildings are cooled and heated for.

use super::{Distance, Figure, Kind, first};
use crate::gaps::{MonthHours, first_cell};
use crate::sample::Sample;
use crate::series::{HOURS, Series, is_complete, mean, standard_deviation};

/// 24 °C and 15 °C, in K.
const COOLING_KELVIN: f64 = 297.15;
const HEATING_KELVIN: f64 = 288.15;

pub(crate) fn figures() -> Vec<Figure> {
    let cooling = [
        figure(
            "cooling_degree_hours_mean",
            "Cooling degree-hours above 24 °C, mean",
            COOLING,
            MEAN,
            |sample| mean_of_years(sample, above),
        ),
        figure(
            "cooling_degree_hours_sd",
            "Cooling degree-hours above 24 °C, standard deviation",
            COOLING,
            SD,
            |sample| sd_of_years(sample, above),
        ),
    ];
    let heating = [
        figure(
            "heating_degree_hours_mean",
            "Heating degree-hours below 15 °C, mean",
            HEATING,
            MEAN,
            |sample| mean_of_years(sample, below),
        ),
        figure(
            "heating_degree_hours_sd",
            "Heating degree-hours below 15 °C, standard deviation",
            HEATING,
            SD,
            |sample| sd_of_years(sample, below),
        ),
    ];
    let shown = heating.into_iter().map(|figure| Figure { counted: false, ..figure });
    cooling.into_iter().chain(shown).collect()
}

const COOLING: &str = "The sum over the hours of a year of the temperature above 24 °C.";
const HEATING: &str = "The sum over the hours of a year of the temperature below 15 °C.";
const MEAN: &str = "The mean of the years.";
const SD: &str = "The standard deviation (divisor n - 1) of the years.";

fn figure(key: &str, title: &str, sum: &str, of_years: &str, curve: fn(&Sample) -> Option<f64>) -> Figure {
    Figure {
        kind: Kind::DegreeHours,
        source: "xclim (cooling and heating degree days), by the hour",
        needs: "two whole years",
        only_temperature: true,
        curve: Box::new(move |sample| Some(vec![curve(sample)?])),
        shown: first,
        distance: Distance::AbsoluteLogRatio,
        ..Figure::counted(16, key, title, &format!("{sum} {of_years}"))
    }
}

fn above(kelvin: f64) -> f64 {
    (kelvin - COOLING_KELVIN).max(0.0)
}

fn below(kelvin: f64) -> f64 {
    (HEATING_KELVIN - kelvin).max(0.0)
}

fn mean_of_years(sample: &Sample, degrees: impl Fn(f64) -> f64 + Copy) -> Option<f64> {
    let sums = sums(sample, degrees)?;
    (!sums.is_empty()).then(|| mean(&sums))
}

fn sd_of_years(sample: &Sample, degrees: impl Fn(f64) -> f64 + Copy) -> Option<f64> {
    let sums = sums(sample, degrees)?;
    (sums.len() >= 2).then(|| standard_deviation(&sums, 1))
}

/// The sum over the hours of each year; `None` where hours are missing that no year has.
fn sums(sample: &Sample, degrees: impl Fn(f64) -> f64 + Copy) -> Option<Vec<f64>> {
    let series = &sample.series;
    let usual = sample.has_gaps.then(|| MonthHours::of_each(series, degrees));
    let years = series.year_days().into_iter();
    years
        .map(|days| {
            let hours = &series.values[days.start * HOURS..days.end * HOURS];
            match usual.as_ref().filter(|_| !is_complete(hours)) {
                None => Some(hours.iter().map(|&value| degrees(value)).sum()),
                Some(usual) => sum_with_gaps(series, days, usual, degrees),
            }
        })
        .collect()
}

/// The sum over a year's hours. A missing one counts as the mean of its month and hour of day: of that year
/// if it has half of them, otherwise of all years.
fn sum_with_gaps(
    series: &Series,
    year: std::ops::Range<usize>,
    usual: &MonthHours,
    degrees: impl Fn(f64) -> f64,
) -> Option<f64> {
    let mut sum = 0.0;
    let mut start = year.start;
    for month in series.days[year].chunk_by(|a, b| first_cell(a) == first_cell(b)) {
        let days = start..start + month.len();
        start = days.end;
        for (hour, usual) in usual.of_day(&month[0]).iter().enumerate() {
            let there = days.clone().map(|day| series.day(day)[hour]).filter(|value| !value.is_nan());
            let (of_cell, count) =
                there.fold((0.0, 0), |(sum, count), value| (sum + degrees(value), count + 1));
            let missing = (month.len() - count) as f64;
            sum += of_cell;
            if missing > 0.0 {
                let mean = if 2 * count >= month.len() { of_cell / count as f64 } else { *usual };
                sum += missing * mean;
            }
        }
    }
    (!sum.is_nan()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;
    use contract::calendar::civil;

    #[test]
    fn a_year_without_its_summer_has_that_of_the_other_years() {
        let warm = |time: i64| {
            let civil = civil(time);
            COOLING_KELVIN + f64::from(civil.month) - 6.0 + f64::from(civil.hour) / 10.0
        };
        let whole = sample(2001, 3 * 365 * 24, warm);
        let gappy = crate::sample::Sample::of(
            sample(2001, 3 * 365 * 24, |time| {
                let civil = civil(time);
                let summer = (civil.year, civil.month) == (2002, 8);
                let scattered = (civil.day_of_year + i16::from(civil.hour)) % 20 == 0;
                if summer || scattered { f64::NAN } else { warm(time) }
            })
            .series
            .real_years(),
        );
        let (found, expected) = (sums(&gappy, above).unwrap(), sums(&whole, above).unwrap());
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn degree_hours_of_warm_and_cold_hours_are_counted_by_hand() {
        // One hour a day of 26 °C, one of 10 °C, the others of 20 °C; 2003 lacks the warm hour.
        let sample = sample(2001, 3 * 365 * 24, |time| match civil(time).hour {
            15 if civil(time).year < 2003 => 299.15,
            5 => 283.15,
            _ => 293.15,
        });
        let near =
            |got: Option<f64>, expected: f64| assert!((got.unwrap() - expected).abs() < 1e-6, "{got:?}");
        near(mean_of_years(&sample, above), 2.0 * 730.0 / 3.0);
        near(mean_of_years(&sample, below), 5.0 * 365.0);
        // 730, 730 and 0: a mean of 486.7, squares of 243.3 twice and 486.7.
        near(sd_of_years(&sample, above), 421.465_696_4);
        near(sd_of_years(&sample, below), 0.0);
    }
}
