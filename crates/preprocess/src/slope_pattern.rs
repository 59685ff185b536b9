//! Fits how the trend's slope varies with season and time of day: the slope of each month and hour by
//! ordinary least squares, smoothed by harmonics. How it is used is in `contract::slope_pattern`.

use std::collections::BTreeMap;

use anyhow::Context;
use contract::calendar::{YearClock, civil};
use contract::harmonics::harmonics;
use contract::slope_pattern::{PATTERN_TERMS, SlopePattern};

use crate::least_squares::LeastSquares;
use crate::trend;

const MONTHS: usize = 12;
const HOURS: usize = 24;
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
        for hour in 0..HOURS {
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
            let of_year = of_year.or_insert_with(|| vec![Mean::default(); MONTHS * HOURS]);
            of_year[month * HOURS + moment.hour].add(value);
            let terms = harmonics::<PATTERN_TERMS>(moment.year_phase);
            for (mean, term) in cells.year_terms[month].iter_mut().zip(terms) {
                mean.add(term);
            }
        }
        cells
    }

    /// The years in which that month and hour was observed, with its mean.
    fn yearly_means(&self, month: usize, hour: usize) -> Vec<(i16, f64)> {
        let cells = self.by_year.iter().map(|(&year, cells)| (year, cells[month * HOURS + hour]));
        cells.filter_map(|(year, mean)| Some((year, mean.value()?))).collect()
    }

    fn year_terms(&self, month: usize) -> [f64; PATTERN_TERMS] {
        self.year_terms[month].map(|mean| mean.value().unwrap_or_default())
    }

    fn day_phase(&self, hour: usize) -> f64 {
        (hour as f64 + self.past_hour) / HOURS as f64
    }
}
