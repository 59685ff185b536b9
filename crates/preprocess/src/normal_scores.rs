//! Fits the map of each day of year and hour of day to normal scores: a harmonic mean curve, then
//! empirical quantiles of the departures from it in windows over the year, smoothed by harmonics.
//! How it is evaluated is in `contract::normal_scores`.

use anyhow::Context;
use contract::calendar::Moment;
use contract::harmonics::harmonics;
use contract::monotone_cubic::{FIRST_SCORE, KNOTS, SCORE_STEP};
use contract::normal_scores::{HOURS, MEAN_TERMS, NormalScores, QUANTILE_TERMS};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::least_squares::LeastSquares;

/// Training years wanted at least: the outer knots are quantiles of 0.6 %, and a window of 31 days
/// has 31 hours of each hour of day from each year.
const LEAST_YEARS: usize = 4;
/// Phases of year at which quantiles are taken, 5 days apart.
const PHASES: usize = 73;
/// Days from one of these phases to the next.
const PHASE_DAYS: i64 = 5;
/// Days of the year, for the windows; the last day of a leap year shares one with another.
const YEAR_DAYS: i64 = PHASES as i64 * PHASE_DAYS;
/// Days before and after the phase that its window holds.
const WINDOW_DAYS: i64 = 15;
/// Least distance of neighbouring knots in standard deviations of all training hours: far below
/// real ones (0.1 to 0.5), so that it acts only where harmonics make quantiles cross.
const MINIMUM_STEP: f64 = 1e-3;

/// Fits the map to the hours of the years in `fitted`; NaN is missing. `standard_deviation` is that of
/// these hours.
///
/// # Errors
/// With fewer than 4 years.
pub(crate) fn fit(
    moments: &[Moment],
    adjusted: &[f64],
    fitted: &[i16],
    standard_deviation: f64,
) -> anyhow::Result<NormalScores> {
    anyhow::ensure!(
        fitted.len() >= LEAST_YEARS,
        "[preprocess] marginals = \"normal-scores\" needs at least {LEAST_YEARS} training years, there are {}; give \
         more years or set marginals = \"scaler\"",
        fitted.len()
    );
    let mut by_hour: [Vec<(f64, f64)>; HOURS] = std::array::from_fn(|_| Vec::new());
    let used = |moment: &Moment, value: f64| !value.is_nan() && fitted.contains(&moment.year);
    for (moment, &value) in moments.iter().zip(adjusted).filter(|(moment, value)| used(moment, **value)) {
        by_hour[moment.hour].push((moment.year_phase, value));
    }
    let probabilities = probabilities()?;
    let minimum_step = MINIMUM_STEP * standard_deviation;
    let mut scores = NormalScores {
        mean: [[0.0; MEAN_TERMS]; HOURS],
        quantiles: [[[0.0; KNOTS]; QUANTILE_TERMS]; HOURS],
        minimum_step,
    };
    for (hour, observed) in by_hour.iter_mut().enumerate() {
        let missing = || format!("too few training hours at {hour}:00 to fit [preprocess] marginals");
        scores.mean[hour] = mean(observed).with_context(missing)?;
        for (phase, value) in observed.iter_mut() {
            *value -= dot(&scores.mean[hour], &harmonics(*phase));
        }
        let quantiles = quantiles(observed, &probabilities).with_context(missing)?;
        scores.quantiles[hour] = smooth(&quantiles);
    }
    Ok(scores)
}

/// The normal distribution's probability of each knot's score.
fn probabilities() -> anyhow::Result<[f64; KNOTS]> {
    let normal = Normal::new(0.0, 1.0)?;
    Ok(std::array::from_fn(|knot| normal.cdf(FIRST_SCORE + SCORE_STEP * knot as f64)))
}

/// The mean over the year, by least squares, of `(phase of year, value)`.
fn mean(observed: &[(f64, f64)]) -> Option<[f64; MEAN_TERMS]> {
    let mut fit = LeastSquares::<MEAN_TERMS>::new();
    for &(phase, value) in observed {
        fit.add(&harmonics(phase), value);
    }
    fit.solve()
}

/// The quantiles of the values in each phase's window, or `None` where a window is empty.
fn quantiles(observed: &[(f64, f64)], probabilities: &[f64; KNOTS]) -> Option<[[f64; KNOTS]; PHASES]> {
    let mut windows: [Vec<f64>; PHASES] = std::array::from_fn(|_| Vec::new());
    for &(phase, value) in observed {
        let day = (phase * YEAR_DAYS as f64) as i64;
        for (number, window) in windows.iter_mut().enumerate() {
            let ahead = (day - PHASE_DAYS * number as i64).rem_euclid(YEAR_DAYS);
            if ahead.min(YEAR_DAYS - ahead) <= WINDOW_DAYS {
                window.push(value);
            }
        }
    }
    let mut quantiles = [[0.0; KNOTS]; PHASES];
    for (quantiles, window) in quantiles.iter_mut().zip(&mut windows) {
        window.sort_by(f64::total_cmp);
        for (quantile, &probability) in quantiles.iter_mut().zip(probabilities) {
            *quantile = quantile_of(window, probability)?;
        }
    }
    Some(quantiles)
}

/// The quantile by linear interpolation between order statistics (numpy's default), or `None` of nothing.
fn quantile_of(sorted: &[f64], probability: f64) -> Option<f64> {
    let position = probability * sorted.len().checked_sub(1)? as f64;
    let below = position as usize;
    let above = (below + 1).min(sorted.len() - 1);
    Some(sorted[below] + (position - below as f64) * (sorted[above] - sorted[below]))
}

/// Least squares of each knot's quantiles over the phases, at which Fourier terms are orthogonal: a
/// coefficient is the mean of its term times the quantile over the mean of the term's square.
fn smooth(quantiles: &[[f64; KNOTS]; PHASES]) -> [[f64; KNOTS]; QUANTILE_TERMS] {
    let mut coefficients = [[0.0; KNOTS]; QUANTILE_TERMS];
    for (number, quantiles) in quantiles.iter().enumerate() {
        let terms = harmonics::<QUANTILE_TERMS>(number as f64 / PHASES as f64);
        for (index, (coefficients, term)) in coefficients.iter_mut().zip(terms).enumerate() {
            let square = if index == 0 { 1.0 } else { 0.5 };
            for (coefficient, quantile) in coefficients.iter_mut().zip(quantiles) {
                *coefficient += term * quantile / (square * PHASES as f64);
            }
        }
    }
    coefficients
}

fn dot<const TERMS: usize>(coefficients: &[f64; TERMS], terms: &[f64; TERMS]) -> f64 {
    coefficients.iter().zip(terms).map(|(coefficient, term)| coefficient * term).sum()
}
