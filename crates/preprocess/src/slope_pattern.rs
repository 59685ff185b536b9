//! Fits how the trend's slope varies with season and time of day: the slope of each month and hour by
//! ordinary least squares, smoothed by harmonics. How it is used is in `contract::slope_pattern`.

use std::collections::BTreeMap;

use anyhow::Context;
use contract::calendar::{DAY_HOURS, YearClock, civil};
use contract::harmonics::harmonics;
use contract::slope_pattern::{PATTERN_TERMS, SlopePattern};

use crate::trend;
use marginals::least_squares::LeastSquares;

const MONTHS: usize = 12;
/// Terms of the year times terms of the day.
const PRODUCTS: usize = PATTERN_TERMS * PATTERN_TERMS;

/// The sum and the number of some values.
#[derive(Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1.0;
    }

    fn value(self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

/// The pattern of the hours of the years in `fitted`, in the variable's unit per year; NaN is missing.
///
/// # Errors
/// When a month and hour has no two years.
pub(crate) fn fit(local_times: &[i64], values: &[f64], fitted: &[i16]) -> anyhow::Result<SlopePattern> {
    let cells = Cells::of(local_times, values, fitted);
    let mut fit = LeastSquares::<PRODUCTS>::new();
    for month in 0..MONTHS {
        let year_terms = cells.year_terms(month);
        for hour in 0..DAY_HOURS {
            let means = cells.yearly_means(month, hour);
            let slope = trend::slope(&means);
            anyhow::ensure!(
                means.len() >= 2 && slope.is_finite(),
                "month {} has hour {hour}:00 in {} training years; [preprocess] trend_by = \"month-hour\" needs at least 2",
                month + 1,
                means.len()
            );
            let day_terms: [f64; PATTERN_TERMS] = harmonics(cells.day_phase(hour));
            fit.add(&products(&year_terms, &day_terms), slope);
        }
    }
    let solution = fit.solve().context("[preprocess] trend_by = \"month-hour\" needs whole years")?;
    let mut coefficients = [[0.0; PATTERN_TERMS]; PATTERN_TERMS];
    coefficients.as_flattened_mut().copy_from_slice(&solution);
    // The mean over the year is the trend's own slope.
    coefficients[0][0] = 0.0;
    Ok(SlopePattern { coefficients })
}

/// In the order of [`SlopePattern::coefficients`].
fn products(year: &[f64; PATTERN_TERMS], day: &[f64; PATTERN_TERMS]) -> [f64; PRODUCTS] {
    std::array::from_fn(|number| year[number / PATTERN_TERMS] * day[number % PATTERN_TERMS])
}

/// The hours by year, month and hour of day.
struct Cells {
    by_year: BTreeMap<i16, Vec<Mean>>,
    /// The Fourier terms of the year in each month: their mean, and not that at mid-month, because a
    /// month's mean is what the slope is fitted to.
    year_terms: [[Mean; PATTERN_TERMS]; MONTHS],
    /// What part of an hour a whole hour of the series lies after that of the clock.
    past_hour: f64,
}

impl Cells {
    fn of(local_times: &[i64], values: &[f64], fitted: &[i16]) -> Cells {
        let mut cells = Cells {
            by_year: BTreeMap::new(),
            year_terms: [[Mean::default(); PATTERN_TERMS]; MONTHS],
            past_hour: 0.0,
        };
        let mut clock = YearClock::default();
        for (&local_us, &value) in local_times.iter().zip(values) {
            let moment = clock.moment(local_us);
            if value.is_nan() || !fitted.contains(&moment.year) {
                continue;
            }
            let month = civil(local_us).month as usize - 1;
            cells.past_hour = 24.0 * moment.day_phase - moment.hour as f64;
            let of_year = cells.by_year.entry(moment.year);
            let of_year = of_year.or_insert_with(|| vec![Mean::default(); MONTHS * DAY_HOURS]);
            of_year[month * DAY_HOURS + moment.hour].add(value);
            let terms = harmonics::<PATTERN_TERMS>(moment.year_phase);
            for (mean, term) in cells.year_terms[month].iter_mut().zip(terms) {
                mean.add(term);
            }
        }
        cells
    }

    /// The years in which that month and hour was observed, with its mean.
    fn yearly_means(&self, month: usize, hour: usize) -> Vec<(i16, f64)> {
        let cells = self.by_year.iter().map(|(&year, cells)| (year, cells[month * DAY_HOURS + hour]));
        cells.filter_map(|(year, mean)| Some((year, mean.value()?))).collect()
    }

    fn year_terms(&self, month: usize) -> [f64; PATTERN_TERMS] {
        self.year_terms[month].map(|mean| mean.value().unwrap_or_default())
    }

    fn day_phase(&self, hour: usize) -> f64 {
        (hour as f64 + self.past_hour) / DAY_HOURS as f64
    }
}

#[cfg(test)]
mod tests {
    use contract::calendar::{HOUR_US, Moment, decimal_year, year_start_us};

    use super::*;

    const YEARS: [i16; 6] = [2001, 2002, 2005, 2006, 2009, 2011];

    /// Hours of 2001 to 2011 that lie half an hour after the clock's, warming by 0.05 K a year and a
    /// pattern.
    fn made_up(pattern: &SlopePattern) -> (Vec<i64>, Vec<f64>) {
        let hours = (year_start_us(2001) + HOUR_US / 2..year_start_us(2012)).step_by(HOUR_US as usize);
        let times: Vec<i64> = hours.collect();
        let value = |&local_us: &i64| {
            let moment = Moment::of(local_us);
            let slope = 0.05 + pattern.at(moment.year_phase, moment.day_phase);
            280.0 + slope * (decimal_year(local_us) - 2000.0)
        };
        let values = times.iter().map(value).collect();
        (times, values)
    }

    #[test]
    fn a_pattern_of_two_harmonics_is_found_again() {
        let mut coefficients = [[0.0; PATTERN_TERMS]; PATTERN_TERMS];
        for (number, coefficient) in coefficients.as_flattened_mut().iter_mut().enumerate().skip(1) {
            *coefficient = 0.02 * (1.7 * number as f64).sin();
        }
        let pattern = SlopePattern { coefficients };
        let (times, values) = made_up(&pattern);
        let fitted = fit(&times, &values, &YEARS).unwrap();
        assert_eq!(fitted.coefficients[0][0], 0.0);
        let pairs = fitted.coefficients.as_flattened().iter().zip(pattern.coefficients.as_flattened());
        for (got, wanted) in pairs {
            // Leap years have no share in it but through the dates, which move by a day at most.
            assert!((got - wanted).abs() < 3e-4, "{got} is not {wanted}");
        }
    }

    #[test]
    fn a_trend_that_is_the_same_everywhere_has_no_pattern() {
        let none = SlopePattern { coefficients: [[0.0; PATTERN_TERMS]; PATTERN_TERMS] };
        let (times, values) = made_up(&none);
        let fitted = fit(&times, &values, &YEARS).unwrap();
        let largest = fitted.coefficients.as_flattened().iter().fold(0.0_f64, |most, c| most.max(c.abs()));
        assert!(largest < 1e-4, "{largest}");
    }

    #[test]
    fn a_month_without_years_is_named() {
        let error = fit(&[], &[], &YEARS).unwrap_err();
        assert_eq!(
            error.to_string(),
            "month 1 has hour 0:00 in 0 training years; [preprocess] trend_by = \"month-hour\" needs at least 2"
        );
    }
}
