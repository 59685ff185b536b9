//! The climatology of one series, applied to others: the judge, the audit and the likelihood all take
//! the anomalies of every side from the climatology of the training years, so that no side is judged
//! by a curve of its own. The curve is that of `climatology.rs`: 3 harmonics of the year times 4 of
//! the day, `x(t) = Σ_ij β_ij a_i(phase of year) b_j(hour of day)`.

use std::f64::consts::TAU;

use crate::linear::Normal;
use crate::series::{HOURS, Series, days_in_year};

const ANNUAL: usize = 7;
const DIURNAL: usize = 9;

/// Shorter series do not show a whole year.
const LEAST_DAYS: usize = 365;

/// For each hour of the day, the coefficients of the annual terms.
#[derive(Debug)]
pub(crate) struct Climatology {
    curves: [[f64; ANNUAL]; HOURS],
}

impl Climatology {
    /// The least-squares fit to all hours of a series.
    ///
    /// The terms of the day depend on the hour alone, so each hour of the day needs the sums of the
    /// 7 annual terms only, and the sums of all 63 products are made from those of 24 hours.
    ///
    /// `None` for less than 365 whole days, or days that do not decide the curve.
    pub(crate) fn fit(series: &Series) -> Option<Climatology> {
        if series.days.len() < LEAST_DAYS {
            return None;
        }
        let centre = series.values[0];
        let mut hours = vec![Normal::new(ANNUAL); HOURS];
        for (day, values) in series.iter() {
            let length = days_in_year(day.year);
            for (hour, value) in values.iter().enumerate() {
                hours[hour].add(&annual_terms(phase(day.day_of_year, hour, length)), value - centre);
            }
        }
        let mut normal = Normal::new(ANNUAL * DIURNAL);
        for (hour, sums) in hours.iter().enumerate() {
            normal.merge_products(sums, &diurnal_terms(hour));
        }
        let coefficients = normal.solve()?;
        let mut curves = [[0.0; ANNUAL]; HOURS];
        for (hour, curve) in curves.iter_mut().enumerate() {
            let diurnal = diurnal_terms(hour);
            for (value, part) in curve.iter_mut().zip(coefficients.chunks_exact(DIURNAL)) {
                *value = part.iter().zip(diurnal).map(|(a, b)| a * b).sum();
            }
            curve[0] += centre;
        }
        Some(Climatology { curves })
    }

    /// Each hour of a series minus this climatology.
    pub(crate) fn anomalies(&self, series: &Series) -> Vec<f64> {
        let mut anomalies = Vec::with_capacity(series.values.len());
        for (day, values) in series.iter() {
            let length = days_in_year(day.year);
            for (hour, value) in values.iter().enumerate() {
                let annual = annual_terms(phase(day.day_of_year, hour, length));
                let expected: f64 = annual.iter().zip(&self.curves[hour]).map(|(a, c)| a * c).sum();
                anomalies.push(value - expected);
            }
        }
        anomalies
    }
}

fn phase(day_of_year: i16, hour: usize, days: f64) -> f64 {
    (f64::from(day_of_year) - 1.0 + hour as f64 / 24.0) / days
}

fn annual_terms(phase: f64) -> [f64; ANNUAL] {
    let mut terms = [1.0; ANNUAL];
    for k in 1..=3 {
        (terms[2 * k - 1], terms[2 * k]) = (TAU * k as f64 * phase).sin_cos();
    }
    terms
}

fn diurnal_terms(hour: usize) -> [f64; DIURNAL] {
    let mut terms = [1.0; DIURNAL];
    for k in 1..=4 {
        (terms[2 * k - 1], terms[2 * k]) = (TAU * (k * hour) as f64 / 24.0).sin_cos();
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::climatology;
    use crate::sample::tests::{Noise, sample};

    fn noisy_years() -> Series {
        let mut noise = Noise(5);
        sample(2003, 3 * 365 * 24, |time| {
            let phase = TAU * contract::calendar::year_phase(time);
            285.0 + 9.0 * phase.cos() + noise.normal()
        })
        .series
    }

    #[test]
    fn a_series_minus_its_own_climatology_is_what_the_figures_take() {
        let series = noisy_years();
        let ours = Climatology::fit(&series).unwrap().anomalies(&series);
        let theirs = climatology::anomalies(&series).unwrap();
        let largest = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(largest < 1e-9, "{largest}: the same equations, summed in another order");
    }

    #[test]
    fn another_series_keeps_its_difference() {
        let series = noisy_years();
        let climatology = Climatology::fit(&series).unwrap();
        let mut warmer = noisy_years();
        warmer.values.iter_mut().for_each(|value| *value += 1.5);
        let pairs = climatology.anomalies(&series).into_iter().zip(climatology.anomalies(&warmer));
        pairs.for_each(|(cold, warm)| assert!((warm - cold - 1.5).abs() < 1e-9));
    }

    #[test]
    fn less_than_a_year_has_no_climatology() {
        let short = sample(2001, 300 * 24, |_| 280.0).series;
        assert!(Climatology::fit(&short).is_none());
    }
}
