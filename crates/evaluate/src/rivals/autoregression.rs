//! The periodic AR(26): the climatology (3 annual times 4 diurnal harmonics), the residual divided by its
//! standard deviation of that month and hour, and an autoregression
//! `u[t] = Σ_l φ_l(season, hour) u[t-l] + e[t]`, l = 1 to 26, with coefficients for each of four seasons
//! and 24 hours by least squares with a small ridge. Innovations are drawn from those that the fit has
//! left over for the same season and hour.

use autoregression::least_squares::Normal;
use autoregression::{ORDER, dot};
use std::ops::Range;

use super::Material;
use crate::climatology::Climatology;
use crate::random::Random;
use crate::series::{Day, HOURS, Series, standard_deviation};

const SEASONS: usize = 4;
const MONTHS: usize = 12;
/// Generated before the first hour that counts.
const SPIN_UP_DAYS: usize = 30;

pub(super) fn generate(material: &Material, random: &mut Random) -> Result<Vec<f64>, String> {
    let Fitted { climatology, scale, processes, .. } = Fitted::of(&material.training)
        .ok_or_else(|| "the training years are too few for a periodic AR(26)".to_string())?;
    let standardised = simulate(&processes, &material.axis, random);
    let mut values = Vec::with_capacity(standardised.len());
    for (day, standardised) in material.axis.iter().zip(standardised.chunks_exact(HOURS)) {
        let usual = climatology.of_day(day);
        values.extend((0..HOURS).map(|hour| usual[hour] + standardised[hour] * scale.at(day, hour)));
    }
    Ok(values)
}

/// The autoregression of some training years.
pub(crate) struct Fitted {
    pub(crate) climatology: Climatology,
    pub(crate) scale: Scale,
    processes: Vec<Process>,
    /// Of the innovations, for each month and hour.
    variances: Vec<f64>,
}

impl Fitted {
    /// `None` where the training years are too few.
    pub(crate) fn of(training: &Series) -> Option<Fitted> {
        let climatology = Climatology::fit(training)?;
        let mut residuals = climatology.anomalies(training);
        let scale = Scale::of(training, &residuals)?;
        scale.divide(training, &mut residuals);
        let processes = fit(training, &residuals)?;
        let variances = variances(training, &residuals, &processes)?;
        Some(Fitted { climatology, scale, processes, variances })
    }

    /// Of that hour, the coefficient of the oldest of 26 hours first.
    pub(crate) fn coefficients(&self, day: &Day, hour: usize) -> &[f64] {
        &self.processes[process(day, hour)].coefficients
    }

    /// The innovations of the training years by their standard deviations, run after run; NaN where one of
    /// the 26 hours before is missing.
    pub(crate) fn innovations(&self, training: &Series) -> Vec<Vec<f64>> {
        let mut residuals = self.climatology.anomalies(training);
        self.scale.divide(training, &mut residuals);
        let mut innovations = vec![f64::NAN; residuals.len()];
        each_hour(training, |at, process| {
            let expected = dot(&self.processes[process].coefficients, &residuals[at - ORDER..at]);
            let variance = self.variance(&training.days[at / HOURS], at % HOURS);
            innovations[at] = (residuals[at] - expected) / variance.sqrt();
        });
        let of_run = |run: &Range<usize>| innovations[run.start * HOURS..run.end * HOURS].to_vec();
        training.runs.iter().map(of_run).collect()
    }

    /// The variance of that hour's innovation.
    pub(crate) fn variance(&self, day: &Day, hour: usize) -> f64 {
        self.variances[cell(day, hour)]
    }
}

/// The mean of the squared innovations in each cell; `None` where a cell has none.
fn variances(series: &Series, residuals: &[f64], processes: &[Process]) -> Option<Vec<f64>> {
    let mut sums = vec![(0.0, 0.0); MONTHS * HOURS];
    each_hour(series, |at, process| {
        let expected = dot(&processes[process].coefficients, &residuals[at - ORDER..at]);
        let sum = &mut sums[cell(&series.days[at / HOURS], at % HOURS)];
        *sum = (sum.0 + (residuals[at] - expected).powi(2), sum.1 + 1.0);
    });
    let variance = |(squares, count): (f64, f64)| (squares > 0.0).then_some(squares / count);
    sums.into_iter().map(variance).collect()
}

/// The standard deviation of each month and hour.
pub(crate) struct Scale(Vec<f64>);

impl Scale {
    fn of(series: &Series, residuals: &[f64]) -> Option<Scale> {
        let mut cells = vec![Vec::new(); MONTHS * HOURS];
        for (day, residuals) in series.days.iter().zip(residuals.chunks_exact(HOURS)) {
            let there = residuals.iter().enumerate().filter(|(_, value)| !value.is_nan());
            there.for_each(|(hour, &value)| cells[cell(day, hour)].push(value));
        }
        let sd = |cell: &Vec<f64>| {
            let sd = if cell.len() > 1 { standard_deviation(cell, 0) } else { 0.0 };
            (sd > 0.0).then_some(sd)
        };
        cells.iter().map(sd).collect::<Option<_>>().map(Scale)
    }

    pub(crate) fn at(&self, day: &Day, hour: usize) -> f64 {
        self.0[cell(day, hour)]
    }

    fn divide(&self, series: &Series, residuals: &mut [f64]) {
        for (day, residuals) in series.days.iter().zip(residuals.chunks_exact_mut(HOURS)) {
            residuals.iter_mut().enumerate().for_each(|(hour, value)| *value /= self.at(day, hour));
        }
    }
}

fn cell(day: &Day, hour: usize) -> usize {
    (day.month as usize - 1) * HOURS + hour
}

/// The quarter of the year, from its first day.
fn process(day: &Day, hour: usize) -> usize {
    (day.day_of_year as usize - 1) / 92 % SEASONS * HOURS + hour
}

/// The process of one season and hour.
#[derive(Clone)]
struct Process {
    /// Of the oldest value first.
    coefficients: Vec<f64>,
    innovations: Vec<f64>,
}

/// One process a season and hour, over hours whose last 26 are there.
fn fit(series: &Series, residuals: &[f64]) -> Option<Vec<Process>> {
    let mut equations = vec![Normal::new(ORDER); SEASONS * HOURS];
    each_hour(series, |at, process| equations[process].add(&residuals[at - ORDER..at], residuals[at]));
    let enough = |equations: &Normal| equations.rows > 2 * ORDER;
    let solve = |equations: Normal| enough(&equations).then(|| equations.solve()).flatten();
    let coefficients: Vec<Vec<f64>> = equations.into_iter().map(solve).collect::<Option<_>>()?;
    let mut processes: Vec<Process> = coefficients
        .into_iter()
        .map(|coefficients| Process { coefficients, innovations: Vec::new() })
        .collect();
    each_hour(series, |at, process| {
        let process = &mut processes[process];
        let expected = dot(&process.coefficients, &residuals[at - ORDER..at]);
        process.innovations.push(residuals[at] - expected);
    });
    Some(processes)
}

/// Visits the hours that are there and have 26 hours before them of which none is missing.
fn each_hour(series: &Series, mut visit: impl FnMut(usize, usize)) {
    for run in &series.runs {
        let mut in_row = 0;
        for at in run.start * HOURS..run.end * HOURS {
            in_row = if series.values[at].is_nan() { 0 } else { in_row + 1 };
            if in_row > ORDER {
                visit(at, process(&series.days[at / HOURS], at % HOURS));
            }
        }
    }
}

fn simulate(processes: &[Process], axis: &[Day], random: &mut Random) -> Vec<f64> {
    let spin_up = axis.iter().take(1).cycle().take(SPIN_UP_DAYS);
    let mut values = vec![0.0; ORDER];
    for day in spin_up.chain(axis) {
        for hour in 0..HOURS {
            let process = &processes[process(day, hour)];
            let expected = dot(&process.coefficients, &values[values.len() - ORDER..]);
            values.push(expected + random.choose(&process.innovations));
        }
    }
    values.split_off(values.len() - axis.len() * HOURS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::autoregression;

    #[test]
    fn an_ar1_series_is_fitted_by_its_coefficient() {
        let sample = autoregression(0.8, 20 * 365 * 24);
        let processes = fit(&sample.series, &sample.series.values).unwrap();
        let mean = |lag: usize| {
            processes.iter().map(|process| process.coefficients[ORDER - 1 - lag]).sum::<f64>()
                / processes.len() as f64
        };
        // 96 processes of 1825 hours each: the standard error of the mean coefficient is about 0.002.
        assert!((mean(0) - 0.8).abs() < 0.01, "{}", mean(0));
        for lag in 1..ORDER {
            assert!(mean(lag).abs() < 0.01, "lag {}: {}", lag + 1, mean(lag));
        }
        let innovations: Vec<f64> =
            processes.iter().flat_map(|process| process.innovations.clone()).collect();
        assert!((standard_deviation(&innovations, 0) - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_simulation_has_the_autocorrelation_of_its_process() {
        let sample = autoregression(0.8, 20 * 365 * 24);
        let processes = fit(&sample.series, &sample.series.values).unwrap();
        let values = simulate(&processes, &sample.series.days, &mut Random::of("test"));
        let product = |lag: usize| values.iter().zip(&values[lag..]).map(|(a, b)| a * b).sum::<f64>();
        let correlation = product(1) / product(0);
        assert!((correlation - 0.8).abs() < 0.01, "{correlation}");
    }
}
