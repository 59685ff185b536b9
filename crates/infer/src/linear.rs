//! What a seasonal autoregression says of missing hours: the second opinion that draws of the model are pooled with
//! ([`crate::pooling`]). It is fitted on the standardised training hours, with coefficients for each quarter of the
//! year and each hour of the day.

use autoregression::conditional::conditional;
use autoregression::least_squares::Normal;
use autoregression::{ORDER, Process, dot};
use contract::calendar::{DAY_HOURS, HOUR_US, Moment};
use serde::{Deserialize, Serialize};

use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;

const SEASONS: usize = 4;
/// Rows for each coefficient that a fit needs.
const ROWS_PER_COEFFICIENT: usize = 3;

/// Consecutive standardised hours.
#[derive(Clone, Debug)]
pub struct Standardised {
    /// Local standard time of the first hour, microseconds.
    pub first_local_us: i64,
    /// NaN where missing.
    pub hours: Vec<f32>,
}

impl Standardised {
    /// A series, and so many missing hours after it.
    pub fn of(model: &TrainedModel, observed: &ObservedHours, following: usize) -> Standardised {
        let mut hours = observed.standardised(model);
        hours.resize(hours.len() + following, f32::NAN);
        Standardised { first_local_us: observed.local_us(model, 0), hours }
    }
}

/// The autoregression of a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Linear {
    /// `[season][hour of day]`.
    cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cell {
    /// Of the hours before, the oldest first.
    coefficients: Vec<f64>,
    variance: f64,
}

impl Linear {
    /// `None` where there are too few hours for a season and hour of the day.
    pub fn fit(stretches: &[Standardised]) -> Option<Linear> {
        let mut equations = vec![Normal::new(ORDER); SEASONS * DAY_HOURS];
        each_row(stretches, |cell, before, value| equations[cell].add(before, value));
        let solve = |equations: &Normal| {
            (equations.rows >= ROWS_PER_COEFFICIENT * ORDER).then(|| equations.solve()).flatten()
        };
        let coefficients: Vec<Vec<f64>> = equations.iter().map(solve).collect::<Option<_>>()?;
        let mut squares = vec![0.0; coefficients.len()];
        each_row(stretches, |cell, before, value| {
            squares[cell] += (value - dot(&coefficients[cell], before)).powi(2);
        });
        let counts = equations.iter().map(|equations| (equations.rows - ORDER) as f64);
        let variances = squares.into_iter().zip(counts).map(|(squares, count)| squares / count);
        let cells = coefficients.into_iter().zip(variances);
        let cell = |(coefficients, variance)| (variance > 0.0).then_some(Cell { coefficients, variance });
        Some(Linear { cells: cells.map(cell).collect::<Option<_>>()? })
    }

    /// The means of the hours at `hidden`, which ascend, given those that are not NaN; 0 where nothing is known. A
    /// forecast is of hidden hours after all others.
    pub fn means(&self, series: &Standardised, hidden: &[usize]) -> Vec<f64> {
        let values: Vec<f64> = series.hours.iter().map(|hour| f64::from(*hour)).collect();
        let dated = Dated { linear: self, cells: cells(series) };
        let moments = conditional(&dated, &values, hidden);
        moments.into_iter().map(|moments| moments.map_or(0.0, |moments| moments.mean)).collect()
    }
}

/// The autoregression on the hours of a series.
struct Dated<'a> {
    linear: &'a Linear,
    cells: Vec<usize>,
}

impl Process for Dated<'_> {
    fn coefficients(&self, hour: usize) -> &[f64] {
        &self.linear.cells[self.cells[hour]].coefficients
    }

    fn variance(&self, hour: usize) -> f64 {
        self.linear.cells[self.cells[hour]].variance
    }
}

/// The season and hour of the day of each hour.
fn cells(series: &Standardised) -> Vec<usize> {
    let cell = |hour: usize| {
        let moment = Moment::of(series.first_local_us + hour as i64 * HOUR_US);
        let season = (moment.year_phase * SEASONS as f64) as usize;
        season.min(SEASONS - 1) * DAY_HOURS + moment.hour
    };
    (0..series.hours.len()).map(cell).collect()
}

/// Every hour with all hours before it that it depends on.
fn each_row(stretches: &[Standardised], mut visit: impl FnMut(usize, &[f64], f64)) {
    for stretch in stretches {
        let cells = cells(stretch);
        let hours: Vec<f64> = stretch.hours.iter().map(|hour| f64::from(*hour)).collect();
        for (row, window) in hours.windows(ORDER + 1).enumerate() {
            if window.iter().all(|hour| !hour.is_nan()) {
                visit(cells[row + ORDER], &window[..ORDER], window[ORDER]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::calendar::year_start_us;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// `x[t] = φ x[t-1] + e[t]` with a coefficient for day and one for night, and the variance 1 of `e`.
    fn series(hours: usize) -> Standardised {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let mut last = 0.0;
        let next = |hour: usize| {
            let innovation: f64 = StandardNormal.sample(&mut random);
            last = coefficient(hour) * last + innovation;
            last as f32
        };
        Standardised { first_local_us: year_start_us(2001), hours: (0..hours).map(next).collect() }
    }

    fn coefficient(hour: usize) -> f64 {
        if hour % DAY_HOURS < 12 { 0.9 } else { 0.6 }
    }

    #[test]
    fn a_known_process_is_fitted_hour_by_hour() {
        let linear = Linear::fit(&[series(20 * 8760)]).unwrap();
        for (cell, of) in linear.cells.iter().enumerate() {
            // 1,825 rows a cell: the standard error of a coefficient is 0.01 to 0.02.
            assert!((of.coefficients[ORDER - 1] - coefficient(cell)).abs() < 0.08, "{cell}: {of:?}");
            assert!((of.variance - 1.0).abs() < 0.2, "{cell}: {of:?}");
        }
    }

    #[test]
    fn the_mean_of_a_gap_is_that_of_the_processs_bridge() {
        let mut series = series(20 * 8760);
        let linear = Linear::fit(std::slice::from_ref(&series)).unwrap();
        // Two hours of the afternoon: a Markov chain, so that only its neighbours matter.
        let first = 5000 * DAY_HOURS + 15;
        let (before, after) = (f64::from(series.hours[first - 1]), f64::from(series.hours[first + 2]));
        (first..first + 2).for_each(|hour| series.hours[hour] = f64::NAN as f32);
        let phi: f64 = 0.6;
        // Precision [[1 + phi², -phi], [-phi, 1 + phi²]], right side phi (before, after).
        let (a, b, determinant) = (1.0 + phi * phi, phi, (1.0 + phi * phi).powi(2) - phi * phi);
        let expected =
            [(a * before + b * after) * phi / determinant, (b * before + a * after) * phi / determinant];
        let found = linear.means(&series, &[first, first + 1]);
        for (found, expected) in found.iter().zip(expected) {
            // What 26 coefficients that are only nearly zero add.
            assert!((found - expected).abs() < 0.25, "{found}, not {expected}");
        }
    }

    #[test]
    fn too_few_hours_are_no_fit() {
        assert_eq!(Linear::fit(&[series(100 * 24)]), None);
    }
}
