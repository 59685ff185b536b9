//! The climatology of a series, fitted by least squares: 3 harmonics of the year times 4 of the day,
//! `x(t) = Σ_ij β_ij a_i(phase of year) b_j(hour of day)`, with `a` = 1, sin and cos of 1 to 3 times
//! the phase, `b` = 1, sin and cos of 1 to 4 times the hour: 63 coefficients. What is left is the
//! anomaly.

use autoregression::cholesky;
use std::f64::consts::TAU;
use std::ops::Range;
use std::sync::LazyLock;

use crate::series::{Day, HOURS, Series, days_in_year, is_usable};

const ANNUAL: usize = 7;
const DIURNAL: usize = 9;
const COEFFICIENTS: usize = ANNUAL * DIURNAL;

/// Keeps the normal equations solvable for short series; nothing beside the sums of squares.
const RIDGE: f64 = 1e-6;

/// Shorter series do not show a whole year.
const LEAST_DAYS: usize = 365;

/// The fitted climatology.
pub(crate) struct Climatology {
    /// For each annual term, its coefficient at each hour of the day.
    curves: [[f64; HOURS]; ANNUAL],
}

impl Climatology {
    /// The climatology of a series, or `None` if it has less than a year.
    pub(crate) fn fit(series: &Series) -> Option<Climatology> {
        Sums::of(series, 0..series.days.len(), centre(series)?).solve()
    }

    /// What is usual at each hour of that day.
    pub(crate) fn of_day(&self, day: &Day) -> [f64; HOURS] {
        let mut usual = [0.0; HOURS];
        for (terms, curve) in annual_terms(day).iter().zip(&self.curves) {
            for hour in 0..HOURS {
                usual[hour] += terms[hour] * curve[hour];
            }
        }
        usual
    }

    /// The hours of a series minus what is usual; NaN where missing.
    pub(crate) fn anomalies(&self, series: &Series) -> Vec<f64> {
        let mut anomalies = Vec::with_capacity(series.values.len());
        for (day, values) in series.iter() {
            anomalies.extend(values.iter().zip(self.of_day(day)).map(|(value, usual)| value - usual));
        }
        anomalies
    }
}

/// The hourly anomalies of a series from its own climatology, or `None` if it has less than a year.
pub(crate) fn anomalies(series: &Series) -> Option<Vec<f64>> {
    Some(Climatology::fit(series)?.anomalies(series))
}

/// For each day of a year of 365 days, and of one of 366, the annual terms at each of its hours.
static ANNUAL_TERMS: LazyLock<[Vec<[[f64; HOURS]; ANNUAL]>; 2]> = LazyLock::new(|| {
    [365_u16, 366].map(|days| {
        let of_day = |day| {
            let at: [_; HOURS] = std::array::from_fn(|hour| terms(f64::from(day) + hour as f64 / 24.0, days));
            std::array::from_fn(|term| std::array::from_fn(|hour| at[hour][term]))
        };
        (0..days).map(of_day).collect()
    })
});

/// The annual terms at each hour of a day.
fn annual_terms(day: &Day) -> &'static [[f64; HOURS]; ANNUAL] {
    let is_leap = days_in_year(day.year) > 365.0;
    &ANNUAL_TERMS[usize::from(is_leap)][day.day_of_year as usize - 1]
}

fn terms(days_passed: f64, days_in_year: u16) -> [f64; ANNUAL] {
    let (sin, cos) = (TAU * days_passed / f64::from(days_in_year)).sin_cos();
    let (sin2, cos2) = (2.0 * sin * cos, cos * cos - sin * sin);
    let (sin3, cos3) = (sin2 * cos + cos2 * sin, cos2 * cos - sin2 * sin);
    [1.0, sin, cos, sin2, cos2, sin3, cos3]
}

fn diurnal_terms(hour: usize) -> [f64; DIURNAL] {
    let mut terms = [1.0; DIURNAL];
    for k in 1..=4 {
        let (sin, cos) = (TAU * k as f64 * hour as f64 / 24.0).sin_cos();
        terms[2 * k - 1] = sin;
        terms[2 * k] = cos;
    }
    terms
}

/// A value that is there, near which the equations are well conditioned.
pub(crate) fn centre(series: &Series) -> Option<f64> {
    series.values.iter().copied().find(|value| !value.is_nan())
}

/// The sums of the normal equations over some days; those of several years add up.
///
/// The terms of the day depend on the hour alone, so the normal matrix is a sum of 24 Kronecker
/// products, and each hour of the series costs 7 x 7 instead of 63 x 63 products.
pub(crate) struct Sums {
    /// Taken from each value.
    centre: f64,
    usable_days: usize,
    /// Of two annual terms at each hour of the day; the second is no later than the first.
    grams: [[[f64; HOURS]; ANNUAL]; ANNUAL],
    moments: [[f64; HOURS]; ANNUAL],
}

impl Sums {
    pub(crate) fn of(series: &Series, days: Range<usize>, centre: f64) -> Sums {
        let (grams, moments) = ([[[0.0; HOURS]; ANNUAL]; ANNUAL], [[0.0; HOURS]; ANNUAL]);
        let mut sums = Sums { centre, usable_days: 0, grams, moments };
        for day in days {
            let (annual, values) = (annual_terms(&series.days[day]), series.day(day));
            sums.usable_days += usize::from(is_usable(values));
            sums.add_day(annual, values);
        }
        sums
    }

    /// A missing hour counts as zero times its terms.
    fn add_day(&mut self, annual: &[[f64; HOURS]; ANNUAL], values: &[f64]) {
        let (mut apart, mut there) = ([0.0; HOURS], [1.0; HOURS]);
        for hour in 0..HOURS {
            match values[hour].is_nan() {
                true => there[hour] = 0.0,
                false => apart[hour] = values[hour] - self.centre,
            }
        }
        for i in 0..ANNUAL {
            for hour in 0..HOURS {
                self.moments[i][hour] += annual[i][hour] * apart[hour];
            }
            for j in 0..=i {
                for hour in 0..HOURS {
                    self.grams[i][j][hour] += annual[i][hour] * annual[j][hour] * there[hour];
                }
            }
        }
    }

    /// Of several years with the same centre; `None` of none.
    pub(crate) fn total<'a>(years: impl Iterator<Item = &'a Sums>) -> Option<Sums> {
        let mut total: Option<Sums> = None;
        for year in years {
            let (grams, moments) = ([[[0.0; HOURS]; ANNUAL]; ANNUAL], [[0.0; HOURS]; ANNUAL]);
            let zero = Sums { centre: year.centre, usable_days: 0, grams, moments };
            let total = total.get_or_insert(zero);
            total.usable_days += year.usable_days;
            let grams = total.grams.as_flattened_mut().as_flattened_mut().iter_mut();
            grams.zip(year.grams.as_flattened().as_flattened()).for_each(|(sum, more)| *sum += more);
            let moments = total.moments.as_flattened_mut().iter_mut();
            moments.zip(year.moments.as_flattened()).for_each(|(sum, more)| *sum += more);
        }
        total
    }

    /// `None` for less than a year.
    pub(crate) fn solve(&self) -> Option<Climatology> {
        if self.usable_days < LEAST_DAYS {
            return None;
        }
        let coefficients = solve(&self.grams, &self.moments)?;
        let mut curves = [[0.0; HOURS]; ANNUAL];
        for hour in 0..HOURS {
            let diurnal = diurnal_terms(hour);
            for (i, curve) in curves.iter_mut().enumerate() {
                curve[hour] = (0..DIURNAL).map(|k| coefficients[i * DIURNAL + k] * diurnal[k]).sum();
            }
            curves[0][hour] += self.centre;
        }
        Some(Climatology { curves })
    }
}

fn solve(grams: &[[[f64; HOURS]; ANNUAL]; ANNUAL], moments: &[[f64; HOURS]; ANNUAL]) -> Option<Vec<f64>> {
    let mut matrix = vec![vec![0.0; COEFFICIENTS]; COEFFICIENTS];
    let mut right = vec![0.0; COEFFICIENTS];
    for hour in 0..HOURS {
        let diurnal = diurnal_terms(hour);
        for row in 0..COEFFICIENTS {
            let (i, k) = (row / DIURNAL, row % DIURNAL);
            right[row] += moments[i][hour] * diurnal[k];
            for column in 0..=row {
                let (j, l) = (column / DIURNAL, column % DIURNAL);
                matrix[row][column] += grams[i.max(j)][i.min(j)][hour] * diurnal[k] * diurnal[l];
            }
        }
    }
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += RIDGE;
    }
    cholesky::solve(&mut matrix, right)
}

#[cfg(test)]
mod tests {
    use contract::calendar::{self, HOUR_US};

    use super::*;
    use crate::series::Hour;

    #[test]
    fn a_series_of_pure_harmonics_has_no_anomaly() {
        let start = calendar::year_start_us(2003);
        let hours = (0..3 * 365 * 24_i64).map(|i| {
            let local_us = start + i * HOUR_US;
            let (year, hour) = (TAU * calendar::year_phase(local_us), TAU * (i % 24) as f64 / 24.0);
            let value = 285.0 + 9.0 * (year - 0.4).cos() + (3.0 * year).sin()
                - 4.0 * hour.cos() * (1.0 + 0.3 * (2.0 * year).cos())
                + 0.5 * (4.0 * hour).sin();
            Hour { member: 0, local_us, value }
        });
        let anomalies = anomalies(&Series::of(hours)).unwrap();
        let largest = anomalies.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        assert!(largest < 1e-6, "{largest}: the ridge of 1e-6 leaves about 1e-10 of the amplitudes");
    }

    #[test]
    fn less_than_a_year_has_no_climatology() {
        let hours = (0..300 * 24_i64).map(|i| Hour { member: 0, local_us: i * HOUR_US, value: i as f64 });
        assert!(anomalies(&Series::of(hours)).is_none());
    }
}
