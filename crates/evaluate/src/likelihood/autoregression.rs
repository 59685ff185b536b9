//! Autoregressions of order 26 in closed form: the seasonal one with one set of coefficients, the periodic one
//! with a set for each season and hour of the day.
//!
//! With the anomaly `a_t` from the climatology, its root mean square `s(c)` in the training years for
//! each cell `c` of month and hour of the day, and `z_t = a_t / s(c_t)`:
//! `z_t = φ_1 z_{t-1} + ... + φ_26 z_{t-26} + e_t`, `e_t` normal with the variance `v(c_t)`, which is the
//! mean of the squared innovations of the training hours in the cell. The density of the variable
//! itself has the scale's Jacobian: `-ln p = ½ ln(2π v) + e² / 2v + ln s`.

use autoregression::least_squares::Normal;
use std::f64::consts::TAU;

use anyhow::ensure;

use super::ORDER;
use crate::climatology::Climatology;
use crate::series::{HOURS, Series, is_complete, mean};

/// Month and hour of the day.
const CELLS: usize = 12 * HOURS;
/// Season (December to February first) and hour of the day.
const GROUPS: usize = 4 * HOURS;
/// Training hours a coefficient of the periodic autoregression.
const LEAST_HOURS_A_COEFFICIENT: usize = 10;

/// The root mean square of the anomalies in each cell.
///
/// # Errors
/// When a cell has less than two hours, or no spread.
pub(super) fn scales(climatology: &Climatology, training: &Series) -> anyhow::Result<Vec<f64>> {
    let cells = cells(training);
    let scales = root_mean_squares(&climatology.anomalies(training), &cells);
    for (cell, &(scale, hours)) in scales.iter().enumerate() {
        let (month, hour) = (cell / HOURS + 1, cell % HOURS);
        ensure!(
            hours >= 2 && scale > 0.0,
            "the training years have {hours} hours of month {month} at {hour:02}:00, with a standard deviation of {scale}; an autoregression needs two or more, and some spread"
        );
    }
    Ok(scales.into_iter().map(|(scale, _)| scale).collect())
}

/// The cell of each hour.
fn cells(series: &Series) -> Vec<usize> {
    let cells = series.days.iter().flat_map(|day| {
        let first = (day.month as usize - 1) * HOURS;
        first..first + HOURS
    });
    cells.collect()
}

/// The root mean square in each cell with the number of its values.
fn root_mean_squares(values: &[f64], cells: &[usize]) -> Vec<(f64, usize)> {
    let mut sums = vec![(0.0, 0); CELLS];
    for (value, &cell) in values.iter().zip(cells).filter(|(value, _)| !value.is_nan()) {
        sums[cell].0 += value * value;
        sums[cell].1 += 1;
    }
    sums.into_iter().map(|(squares, hours)| ((squares / hours as f64).sqrt(), hours)).collect()
}

/// A series divided by the scales, with the cell of each hour.
pub(super) struct Scaled<'a> {
    series: &'a Series,
    values: Vec<f64>,
    cells: Vec<usize>,
}

impl Scaled<'_> {
    pub(super) fn of<'a>(climatology: &Climatology, series: &'a Series, scales: &[f64]) -> Scaled<'a> {
        let cells = cells(series);
        let mut values = climatology.anomalies(series);
        values.iter_mut().zip(&cells).for_each(|(value, &cell)| *value /= scales[cell]);
        Scaled { series, values, cells }
    }

    /// The hours that are there and have 26 hours before them of which none is missing.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        let rows = self.series.runs.iter().flat_map(|run| run.start * HOURS + ORDER..run.end * HOURS);
        rows.filter(|&row| is_complete(&self.values[row - ORDER..=row]))
    }

    /// What comes before that hour, the oldest first.
    fn before(&self, row: usize) -> &[f64] {
        &self.values[row - ORDER..row]
    }

    fn group(&self, row: usize) -> usize {
        let (month, hour) = (self.cells[row] / HOURS, self.cells[row] % HOURS);
        (month + 1) % 12 / 3 * HOURS + hour
    }
}

pub(super) struct Autoregression {
    /// For each season and hour of the day, the oldest hour's first.
    coefficients: Vec<Vec<f64>>,
    /// Of the innovations, for each cell.
    variances: Vec<f64>,
}

/// The autoregression with one set of coefficients, and the one with a set for each season and hour,
/// by least squares; `None` where the training hours are too few.
pub(super) fn fit(training: &Scaled) -> [Option<Autoregression>; 2] {
    let mut groups = vec![Normal::new(ORDER); GROUPS];
    for row in training.rows() {
        groups[training.group(row)].add(training.before(row), training.values[row]);
    }
    let mut all = Normal::new(ORDER);
    groups.iter().for_each(|group| all.merge(group));
    let constant = all.solve().map(|coefficients| vec![coefficients; GROUPS]);
    let is_enough = groups.iter().all(|group| group.rows >= LEAST_HOURS_A_COEFFICIENT * ORDER);
    let periodic = is_enough.then(|| groups.iter().map(Normal::solve).collect()).flatten();
    [constant, periodic].map(|coefficients| Autoregression::of(coefficients?, training))
}

impl Autoregression {
    /// `None` where a cell has no innovations.
    fn of(coefficients: Vec<Vec<f64>>, training: &Scaled) -> Option<Autoregression> {
        let mut model = Autoregression { coefficients, variances: Vec::new() };
        let (innovations, cells): (Vec<f64>, Vec<usize>) =
            training.rows().map(|row| (model.innovation(training, row), training.cells[row])).unzip();
        model.variances = root_mean_squares(&innovations, &cells).iter().map(|(rms, _)| rms * rms).collect();
        model.variances.iter().all(|&variance| variance > 0.0).then_some(model)
    }

    fn innovation(&self, hours: &Scaled, row: usize) -> f64 {
        let before = hours.before(row).iter().zip(&self.coefficients[hours.group(row)]);
        hours.values[row] - before.map(|(value, coefficient)| value * coefficient).sum::<f64>()
    }

    /// The mean over the hours, in nats, of the variable in its own unit.
    pub(super) fn negative_log_density(&self, hours: &Scaled, scales: &[f64]) -> f64 {
        let densities = hours.rows().map(|row| {
            let (cell, innovation) = (hours.cells[row], self.innovation(hours, row));
            let variance = self.variances[cell];
            0.5 * ((TAU * variance).ln() + innovation * innovation / variance) + scales[cell].ln()
        });
        mean(&densities.collect::<Vec<_>>())
    }
}
