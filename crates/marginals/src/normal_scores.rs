//! Fits the map of each day of year and hour of day to normal scores: a harmonic mean curve, then
//! empirical quantiles of the departures from it in windows over the year, smoothed by harmonics.
//! How it is evaluated is in `contract::normal_scores`.

use anyhow::Context;
use contract::calendar::{DAY_HOURS, Moment};
use contract::harmonics::harmonics;
use contract::monotone_cubic::{FIRST_SCORE, KNOTS, SCORE_STEP};
use contract::normal_scores::{MEAN_TERMS, NormalScores, QUANTILE_TERMS};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::least_squares::LeastSquares;

/// Training years wanted at least: the outer knots are quantiles of 0.6 %, and a window of 61 days
/// has 61 hours of each hour of day from each year.
const LEAST_YEARS: usize = 4;
/// Phases of year at which quantiles are taken, 5 days apart.
const PHASES: usize = 73;
/// Days from one of these phases to the next.
const PHASE_DAYS: i64 = 5;
/// Days of the year, for the windows; the last day of a leap year shares one with another.
const YEAR_DAYS: i64 = PHASES as i64 * PHASE_DAYS;
/// Days before and after the phase that its window holds.
const WINDOW_DAYS: i64 = 30;
/// Mean of a standard normal number above 2.5, minus 2.5: the density over the probability there, minus 2.5.
const MEAN_EXCESS: f64 = 0.322_745;
/// Smallest and largest slope of a tail over that of the outer segment.
const TAILS: (f64, f64) = (0.25, 2.0);
/// Terms over the day of each coefficient: 4 harmonics.
const DAY_TERMS: usize = 9;
/// Least distance of neighbouring knots in standard deviations of all training hours: far below
/// real ones (0.1 to 0.5), so that it acts only where harmonics make quantiles cross.
const MINIMUM_STEP: f64 = 1e-3;

/// Fits the map to the hours of the years in `fitted`; NaN is missing. `standard_deviation` is that of
/// these hours, in the values' unit.
///
/// # Errors
/// With fewer than 4 years.
pub fn fit(
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
    let mut by_hour: [Vec<(f64, f64)>; DAY_HOURS] = std::array::from_fn(|_| Vec::new());
    let used = |moment: &Moment, value: f64| !value.is_nan() && fitted.contains(&moment.year);
    for (moment, &value) in moments.iter().zip(adjusted).filter(|(moment, value)| used(moment, **value)) {
        by_hour[moment.hour].push((moment.year_phase, value));
    }
    let probabilities = probabilities()?;
    let minimum_step = MINIMUM_STEP * standard_deviation;
    let mut scores = NormalScores {
        mean: [[0.0; MEAN_TERMS]; DAY_HOURS],
        quantiles: [[[0.0; KNOTS]; QUANTILE_TERMS]; DAY_HOURS],
        minimum_step,
        tails: [1.0; 2],
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
    smooth_over_hours(&mut scores.quantiles);
    scores.tails =
        tails(&scores, moments.iter().zip(adjusted).filter(|(moment, value)| used(moment, **value)));
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

/// The quantile by linear interpolation between order statistics, median-unbiased whatever the
/// distribution (type 8 of Hyndman and Fan 1996), or `None` of nothing. Numpy's default would pull the
/// outer knots inwards: of 310 hours, those of ±2.5 to where ±2.39 should be.
fn quantile_of(sorted: &[f64], probability: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = probability * (sorted.len() as f64 + 1.0 / 3.0) + 1.0 / 3.0;
    let position = (rank - 1.0).clamp(0.0, last as f64);
    let below = position as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (position - below as f64) * (sorted[above] - sorted[below]))
}

/// Each knot's quantiles over the phases as Fourier terms.
fn smooth(quantiles: &[[f64; KNOTS]; PHASES]) -> [[f64; KNOTS]; QUANTILE_TERMS] {
    let mut coefficients = [[0.0; KNOTS]; QUANTILE_TERMS];
    for knot in 0..KNOTS {
        let of_knot = fourier::<QUANTILE_TERMS>(quantiles.iter().map(|quantiles| quantiles[knot]));
        coefficients.iter_mut().zip(of_knot).for_each(|(row, coefficient)| row[knot] = coefficient);
    }
    coefficients
}

/// Each coefficient over the hours of the day, smooth. Each hour's quantiles are of nearly the same days, so
/// that a map of its own for each hour follows their sampling noise: generated hours, which do not know it,
/// would be rougher than real ones.
fn smooth_over_hours(quantiles: &mut [[[f64; KNOTS]; QUANTILE_TERMS]; DAY_HOURS]) {
    for term in 0..QUANTILE_TERMS {
        for knot in 0..KNOTS {
            let coefficients = fourier::<DAY_TERMS>(quantiles.iter().map(|of_hour| of_hour[term][knot]));
            for (hour, of_hour) in quantiles.iter_mut().enumerate() {
                of_hour[term][knot] = dot(&coefficients, &harmonics(hour as f64 / DAY_HOURS as f64));
            }
        }
    }
}

/// Least squares on Fourier terms of values at even phases from 0, where the terms are orthogonal: a
/// coefficient is the mean of its term times the value over the mean of the term's square.
fn fourier<const TERMS: usize>(values: impl ExactSizeIterator<Item = f64>) -> [f64; TERMS] {
    let count = values.len() as f64;
    let mut coefficients = [0.0; TERMS];
    for (number, value) in values.enumerate() {
        let terms = harmonics::<TERMS>(number as f64 / count);
        for (index, (coefficient, term)) in coefficients.iter_mut().zip(terms).enumerate() {
            let square = if index == 0 { 1.0 } else { 0.5 };
            *coefficient += term * value / (square * count);
        }
    }
    coefficients
}

/// How far values lie beyond the outer knots, over how far normal scores would with the outer segments'
/// slopes: a ratio of means over all hours and seasons, because one season's extremes are too few.
fn tails<'a>(scores: &NormalScores, observed: impl Iterator<Item = (&'a Moment, &'a f64)>) -> [f64; 2] {
    // The outer knots' scores, and where beyond them is.
    const SIDES: [(f64, f64); 2] = [(FIRST_SCORE, -1.0), (-FIRST_SCORE, 1.0)];
    let mut sums = [(0.0, 0.0); 2];
    for (moment, &value) in observed {
        let curve = scores.curve(moment.year_phase, moment.hour);
        for (sum, (score, outwards)) in sums.iter_mut().zip(SIDES) {
            let excess = outwards * (value - curve.value(score));
            if excess > 0.0 {
                sum.0 += excess;
                // With tails of 1 this is the outer segment's slope.
                sum.1 += MEAN_EXCESS * curve.slope(score);
            }
        }
    }
    sums.map(
        |(excess, expected)| {
            if expected > 0.0 { (excess / expected).clamp(TAILS.0, TAILS.1) } else { 1.0 }
        },
    )
}

fn dot<const TERMS: usize>(coefficients: &[f64; TERMS], terms: &[f64; TERMS]) -> f64 {
    coefficients.iter().zip(terms).map(|(coefficient, term)| coefficient * term).sum()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use contract::calendar::{HOUR_US, YearClock, year_start_us};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const YEARS: [i16; 20] = {
        let mut years = [2001; 20];
        let mut index = 0;
        while index < 20 {
            years[index] += index as i16;
            index += 1;
        }
        years
    };

    /// The value of a normal score: a season and a day in the mean, a season in the spread, skewed.
    fn truth(moment: &Moment, score: f64) -> f64 {
        let angle = TAU * moment.year_phase;
        let mean = 285.0 - 10.0 * angle.cos() + 4.0 * (TAU * moment.hour as f64 / 24.0).sin();
        mean + (3.0 + angle.sin()) * (0.15 * score).exp_m1() / 0.15
    }

    /// Independent hours of the years with the values of their scores.
    fn made_up() -> (Vec<Moment>, Vec<f64>) {
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let mut clock = YearClock::default();
        let hours = (year_start_us(2001)..year_start_us(2021)).step_by(HOUR_US as usize);
        let moments: Vec<Moment> = hours.map(|local_us| clock.moment(local_us)).collect();
        let value = |moment| truth(moment, normal.inverse_cdf(random.random_range(1e-12..1.0)));
        let values = moments.iter().map(value).collect();
        (moments, values)
    }

    #[test]
    fn training_scores_are_standard_normal() {
        let (moments, values) = made_up();
        let scores = fit(&moments, &values, &YEARS, 8.0).unwrap();
        let hours = moments.iter().zip(&values);
        let z: Vec<f64> =
            hours.map(|(moment, &value)| scores.curve(moment.year_phase, moment.hour).score(value)).collect();
        let moment_of = |power: i32| z.iter().map(|z| z.powi(power)).sum::<f64>() / z.len() as f64;
        let mean = moment_of(1);
        let deviation = (moment_of(2) - mean * mean).sqrt();
        assert!(mean.abs() < 0.02, "mean {mean}");
        assert!((deviation - 1.0).abs() < 0.02, "standard deviation {deviation}");
        let skewness = (moment_of(3) - 3.0 * mean * moment_of(2) + 2.0 * mean.powi(3)) / deviation.powi(3);
        assert!(skewness.abs() < 0.05, "skewness {skewness}");
        let normal = Normal::new(0.0, 1.0).unwrap();
        // Tails of 3989 and 1089 hours are known to 1.6 and 3 %, and what is fitted to them has an error
        // too: in a window of 61 days the spread changes by up to a sixth, which widens the outer knots.
        // Beyond them the map is a line and the truth is curved.
        for (limit, tolerance) in [(2.0, 0.1), (2.5, 0.2), (3.0, 0.5)] {
            let wanted = normal.cdf(-limit) * z.len() as f64;
            for tail in [z.iter().filter(|z| **z > limit).count(), z.iter().filter(|z| **z < -limit).count()]
            {
                let error = tail as f64 / wanted - 1.0;
                assert!(error.abs() < tolerance, "{tail} beyond {limit}, wanted {wanted}");
            }
        }
    }

    /// The standard error of a quantile from n hours is sqrt(p (1 - p) / n) over the density; each
    /// hour of day has 7305 hours, for the 9 terms of each quantile.
    #[test]
    fn the_map_is_the_true_quantile_function_within_sampling_error() {
        let (moments, values) = made_up();
        let scores = fit(&moments, &values, &YEARS, 8.0).unwrap();
        let normal = Normal::new(0.0, 1.0).unwrap();
        for score in [-2.5, -1.7, -1.0, 0.0, 0.25, 1.0, 2.0, 2.5] {
            let errors: Vec<f64> = moments[..8760]
                .iter()
                .step_by(25)
                .map(|moment| {
                    let curve = scores.curve(moment.year_phase, moment.hour);
                    curve.score(truth(moment, score)) - score
                })
                .collect();
            let n = 7305.0 / QUANTILE_TERMS as f64;
            let probability = normal.cdf(score);
            let density = (-0.5 * score * score).exp() / TAU.sqrt();
            let standard_error = (probability * (1.0 - probability) / n).sqrt() / density;
            let mean = errors.iter().sum::<f64>() / errors.len() as f64;
            let square = errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64;
            assert!(
                square.sqrt() < 1.3 * standard_error,
                "{score}: {} above {standard_error}",
                square.sqrt()
            );
            // 24 hours x 9 terms make the mean that much better known; 5 times that, and what the
            // width of the windows and the finite tail add.
            let wanted = 5.0 * standard_error / (24.0 * QUANTILE_TERMS as f64).sqrt() + 0.02;
            assert!(
                square.sqrt() < 1.2 * standard_error,
                "{score}: {} above {standard_error}",
                square.sqrt()
            );
            assert!(mean.abs() < wanted, "{score}: mean error {mean}");
        }
    }

    #[test]
    fn missing_hours_are_left_out() {
        let (moments, mut values) = made_up();
        let whole = fit(&moments, &values, &YEARS[1..], 8.0).unwrap();
        for (moment, value) in moments.iter().zip(&mut values) {
            if moment.year == 2001 {
                *value = f64::NAN;
            }
        }
        assert_eq!(fit(&moments, &values, &YEARS, 8.0).unwrap(), whole);
    }

    /// By `numpy.quantile` with `method="median_unbiased"`.
    #[test]
    fn quantiles_agree_with_numpy() {
        let mut values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6, 5.0];
        values.sort_by(f64::total_cmp);
        for (probability, wanted) in [
            (0.0, 1.0),
            (0.0062, 1.0),
            (0.15, 1.2166666666666668),
            (0.31, 2.167333333333333),
            (0.5, 3.0),
            (0.87, 7.853333333333332),
            (1.0, 9.0),
        ] {
            let got = quantile_of(&values, probability).unwrap();
            assert!((got - wanted).abs() < 1e-12, "{probability}: {got} is not {wanted}");
        }
        assert_eq!(quantile_of(&[], 0.5), None);
    }

    #[test]
    fn a_smoothed_curve_of_few_harmonics_is_itself() {
        let curve = |phase: f64| 3.0 + 2.0 * (TAU * phase).sin() - (4.0 * TAU * phase).cos();
        let quantiles = std::array::from_fn(|number| [curve(number as f64 / PHASES as f64); KNOTS]);
        let mut wanted = [0.0; QUANTILE_TERMS];
        (wanted[0], wanted[1], wanted[8]) = (3.0, 2.0, -1.0);
        for (got, wanted) in smooth(&quantiles).iter().zip(wanted) {
            assert!((got[4] - wanted).abs() < 1e-12, "{} is not {wanted}", got[4]);
        }
    }

    #[test]
    fn a_day_of_few_harmonics_is_itself_and_what_single_hours_add_is_gone() {
        let day = |hour: usize| 3.0 + (TAU * hour as f64 / 24.0).sin() - (TAU * hour as f64 / 6.0).cos();
        let of = |values: &dyn Fn(usize) -> f64| {
            let mut quantiles = std::array::from_fn(|hour| [[values(hour); KNOTS]; QUANTILE_TERMS]);
            smooth_over_hours(&mut quantiles);
            quantiles
        };
        let (kept, rough) = (of(&day), of(&|hour| day(hour) + if hour % 2 == 0 { 0.5 } else { -0.5 }));
        for hour in 0..DAY_HOURS {
            assert!((kept[hour][3][5] - day(hour)).abs() < 1e-12, "hour {hour}");
            assert!((rough[hour][3][5] - day(hour)).abs() < 1e-12, "hour {hour}");
        }
    }

    /// Beyond scores of 2.5 the values go on with 0.6 and 1.5 times the slope before.
    #[test]
    fn tails_are_as_long_as_the_values_are() {
        let (moments, _) = made_up();
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(6);
        let values: Vec<f64> = moments
            .iter()
            .map(|_| {
                let score: f64 = normal.inverse_cdf(random.random_range(1e-12..1.0));
                score + 0.5 * (score - 2.5).max(0.0) + 0.4 * (-2.5 - score).max(0.0)
            })
            .collect();
        let [below, above] = fit(&moments, &values, &YEARS, 1.0).unwrap().tails;
        assert!((below - 0.6).abs() < 0.15 && (above - 1.5).abs() < 0.15, "{below} and {above}");
    }

    #[test]
    fn three_years_are_too_few() {
        let error = fit(&[], &[], &[2001, 2002, 2003], 8.0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "[preprocess] marginals = \"normal-scores\" needs at least 4 training years, there are 3; give more years \
             or set marginals = \"scaler\""
        );
    }
}
