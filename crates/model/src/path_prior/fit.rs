//! Fits the prior of paths to encoded training years: seasonal regressions, then the slow
//! components from long lags, then the autoregression from what is left at short ones.
//!
//! The autoregression is stationary by construction. Autocovariances are divided by the number of
//! all steps, which is the same as padding each run with zeros, so their block-Toeplitz matrix has
//! no negative eigenvalue; a ridge makes it positive definite, and the slow components are shrunk
//! until it stays so without them. With R that matrix up to lag p - 1, F the companion matrix and
//! Q the innovation's covariance in the first block, the Yule-Walker equations say
//! `R = F R F' + Q`. For a left eigenvector w of F, `(1 - |lambda|^2) w R w* = w Q w* >= 0`, and
//! equality would need a first block of zeros, hence, F being a shift below, w = 0. So
//! `|lambda| < 1` (Whittle 1963).

use super::{MEAN_HARMONICS, Parts, PartsError, PathPrior, SlowPart, VARIANCE_HARMONICS, combine, features};
use crate::config::ConfigError;
use crate::linear::Matrix;

/// Lags in steps from which the slow components are read: past what the weather remembers.
const SLOW_LAGS: std::ops::Range<usize> = 8..300;
/// Eigenvalues of a slow covariance below this share of a channel's variance are left out: noise.
const SLOW_EIGENVALUE: f64 = 0.1;
/// Training steps per time constant that it takes to see one.
const STEPS_PER_TIME_CONSTANT: f64 = 2.0;
/// Steps that one run must have for slow components.
const SLOW_RUN: usize = 48;
/// Added to the variance 1 of every channel, so that no matrix is singular.
const RIDGE: f64 = 1e-6;
/// Steps of a year, without which its seasons are unknown.
const YEAR_STEPS: usize = 91;

/// Encoded steps in the order of time.
///
/// # Shapes
/// `values` is `[step][channel]`, `phase` and `run` `[step]`.
#[derive(Clone, Copy, Debug)]
pub struct Latents<'a> {
    pub values: &'a [f64],
    pub channels: usize,
    /// Phase of year from 0 to 1.
    pub phase: &'a [f64],
    /// Neighbours with the same number follow each other without a hole.
    pub run: &'a [u32],
}

impl Latents<'_> {
    pub(super) fn step(&self, step: usize) -> &[f64] {
        &self.values[step * self.channels..(step + 1) * self.channels]
    }
}

/// What is fitted.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathPriorConfig {
    /// Lags of the autoregression.
    pub order: usize,
    /// Time constants of the slow components in latent steps of 96 hours; may be empty.
    pub slow_steps: Vec<f64>,
}

impl PathPriorConfig {
    /// Refuses settings that cannot be fitted.
    ///
    /// # Errors
    /// The first key that is out of range.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !(1..=8).contains(&self.order) {
            return Err(ConfigError { key: "order", seen: self.order.to_string(), wanted: "1 to 8" });
        }
        let slow = &self.slow_steps;
        let range = 8.0..=10_000.0;
        if slow.len() > 4 || !slow.iter().all(|s| range.contains(s)) || !slow.is_sorted_by(|a, b| a < b) {
            let wanted = "at most four time constants of 8 to 10000 steps, the shortest first";
            return Err(ConfigError { key: "slow_steps", seen: format!("{slow:?}"), wanted });
        }
        Ok(())
    }
}

/// Why the prior cannot be fitted.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(
        "the latents have {values} values, {phases} phases and {runs} run numbers; wanted {channels} values \
         and one of each a step"
    )]
    Shape { values: usize, channels: usize, phases: usize, runs: usize },
    #[error("the latent of step {step}, channel {channel}, is {seen}; wanted a finite number")]
    NotFinite { step: usize, channel: usize, seen: f64 },
    #[error("latent channel {channel} is the same at every step of a season; it carries nothing to fit")]
    Constant { channel: usize },
    #[error(
        "the training years have {seen} latent steps of 96 hours; the prior needs {needed}: train on more \
         years or choose a lower order"
    )]
    TooShort { needed: usize, seen: usize },
    #[error("the training steps leave out too much of the year to fit its seasons; train on whole years")]
    Seasons,
    #[error(
        "the training years have {seen} latent steps of 96 hours; a slow component of {steps} steps needs \
         {needed}: train on more years or choose a shorter one"
    )]
    SlowTooShort { steps: f64, needed: usize, seen: usize },
    #[error(
        "the longest stretch of training years without a hole has {seen} latent steps of 96 hours; slow \
         components need {needed}"
    )]
    BrokenRecord { needed: usize, seen: usize },
    #[error(transparent)]
    Parts(#[from] PartsError),
}

impl PathPrior {
    /// Fits the prior to training years.
    ///
    /// # Errors
    /// Settings out of range, latents that are too few, not finite or constant.
    pub fn fit(latents: &Latents, config: &PathPriorConfig) -> Result<PathPrior, FitError> {
        config.check()?;
        check(latents, config)?;
        let season = Season::fit(latents)?;
        let path = Path { values: &season.rest, channels: latents.channels, run: latents.run };
        let all: Vec<Matrix> = (0..=config.order).map(|lag| path.padded_autocovariance(lag)).collect();
        let slow = shrink(slow_covariances(&path, &config.slow_steps), &all, &config.slow_steps);
        let (coefficients, innovation) = yule_walker(&remaining(&all, &slow, &config.slow_steps, 1.0))
            .ok_or(FitError::Parts(PartsError { part: "innovation", problem: "is singular".into() }))?;
        let parts = slow.iter().zip(&config.slow_steps);
        let parts = parts.map(|(w, &steps)| SlowPart { steps, loading: loading(w) });
        let parts = Parts {
            channels: latents.channels,
            mean: season.mean.values,
            variance: season.variance.values,
            variance_floor: season.floor,
            coefficients: coefficients.values,
            innovation: innovation.values,
            slow: parts.filter(|part| !part.loading.is_empty()).collect(),
        };
        Ok(PathPrior::try_from(parts)?)
    }
}

fn check(latents: &Latents, config: &PathPriorConfig) -> Result<(), FitError> {
    let (channels, seen, runs) = (latents.channels, latents.phase.len(), latents.run.len());
    if channels == 0 || runs != seen || latents.values.len() != seen * channels {
        return Err(FitError::Shape { values: latents.values.len(), channels, phases: seen, runs });
    }
    if let Some(at) = latents.values.iter().position(|value| !value.is_finite()) {
        let (step, channel) = (at / channels, at % channels);
        return Err(FitError::NotFinite { step, channel, seen: latents.values[at] });
    }
    let needed = YEAR_STEPS.max(2 * (config.order + 1) * channels);
    if seen < needed {
        return Err(FitError::TooShort { needed, seen });
    }
    for &steps in &config.slow_steps {
        let needed = (STEPS_PER_TIME_CONSTANT * steps).ceil() as usize;
        if seen < needed {
            return Err(FitError::SlowTooShort { steps, needed, seen });
        }
    }
    let longest = latents.run.chunk_by(|a, b| a == b).map(<[u32]>::len).max().unwrap_or(0);
    match config.slow_steps.is_empty() || longest >= SLOW_RUN {
        true => Ok(()),
        false => Err(FitError::BrokenRecord { needed: SLOW_RUN, seen: longest }),
    }
}

/// The seasonal mean and variance, and u: what is left without them.
struct Season {
    mean: Matrix,
    variance: Matrix,
    floor: Vec<f64>,
    rest: Vec<f64>,
}

impl Season {
    fn fit(latents: &Latents) -> Result<Season, FitError> {
        let channels = latents.channels;
        let mean = regress(latents.values, latents, MEAN_HARMONICS)?;
        let mut rest = latents.values.to_vec();
        for (values, &phase) in rest.chunks_exact_mut(channels).zip(latents.phase) {
            let mean = combine(&features(phase, MEAN_HARMONICS), &mean.values);
            values.iter_mut().zip(mean).for_each(|(value, mean)| *value -= mean);
        }
        let squares: Vec<f64> = rest.iter().map(|value| value * value).collect();
        let power = |values: &[f64], c: usize| -> f64 {
            values.iter().skip(c).step_by(channels).sum::<f64>() / latents.phase.len() as f64
        };
        let raw: Vec<f64> = latents.values.iter().map(|value| value * value).collect();
        if let Some(channel) = (0..channels).find(|&c| power(&squares, c) <= 1e-24 * power(&raw, c)) {
            return Err(FitError::Constant { channel });
        }
        let floor: Vec<f64> = (0..channels).map(|c| 0.1 * power(&squares, c)).collect();
        let variance = regress(&squares, latents, VARIANCE_HARMONICS)?;
        for (values, &phase) in rest.chunks_exact_mut(channels).zip(latents.phase) {
            let variance = combine(&features(phase, VARIANCE_HARMONICS), &variance.values);
            for ((value, variance), floor) in values.iter_mut().zip(variance).zip(&floor) {
                *value /= variance.max(*floor).sqrt();
            }
        }
        Ok(Season { mean, variance, floor, rest })
    }
}

/// Least squares of `[step][channel]` on the features of the year: `[feature][channel]`.
fn regress(values: &[f64], latents: &Latents, harmonics: usize) -> Result<Matrix, FitError> {
    let rows = latents.phase.len();
    let design: Vec<f64> = latents.phase.iter().flat_map(|&phase| features(phase, harmonics)).collect();
    let design = Matrix::from_rows(rows, design);
    let across = design.transposed();
    let mut products = across.times(&design);
    products.values.iter_mut().for_each(|value| *value /= rows as f64);
    let mut right = across.times(&Matrix::from_rows(rows, values.to_vec()));
    right.values.iter_mut().for_each(|value| *value /= rows as f64);
    // Squares of features average 1/2 over a year; much less in some direction is a part of a year.
    let smallest = products.symmetric_eigen().0.into_iter().fold(f64::INFINITY, f64::min);
    let factor = products.cholesky().filter(|_| smallest > 1e-3).ok_or(FitError::Seasons)?;
    Ok(factor.solve_cholesky(&right))
}

/// u of all steps, `[step][channel]`.
struct Path<'a> {
    values: &'a [f64],
    channels: usize,
    run: &'a [u32],
}

impl Path<'_> {
    /// Sum of `u_(k+lag) u_k'` over pairs inside a run, and their number.
    fn products(&self, lag: usize) -> (Matrix, usize) {
        let d = self.channels;
        let (mut sums, mut pairs, mut start) = (Matrix::zeros(d, d), 0, 0);
        for run in self.run.chunk_by(|a, b| a == b) {
            let values = &self.values[start * d..(start + run.len()) * d];
            let later = values.chunks_exact(d).skip(lag);
            for (later, earlier) in later.zip(values.chunks_exact(d)) {
                for (sums, a) in sums.values.chunks_exact_mut(d).zip(later) {
                    sums.iter_mut().zip(earlier).for_each(|(sum, b)| *sum += a * b);
                }
            }
            pairs += run.len().saturating_sub(lag);
            start += run.len();
        }
        (sums, pairs)
    }

    /// `E[u_(k+lag) u_k']` with the number of all steps as the divisor, and the ridge at lag 0.
    fn padded_autocovariance(&self, lag: usize) -> Matrix {
        let (mut sums, _) = self.products(lag);
        sums.values.iter_mut().for_each(|sum| *sum /= self.run.len() as f64);
        match lag {
            0 => sums.plus(RIDGE, &Matrix::identity(self.channels)),
            _ => sums,
        }
    }
}

/// Covariance W of each slow component: least squares of the symmetric autocovariances at long
/// lags on `sum of exp(-lag/tau) W`, each W without its small and negative eigenvalues, in turns.
fn slow_covariances(path: &Path, slow_steps: &[f64]) -> Vec<Matrix> {
    let zero = Matrix::zeros(path.channels, path.channels);
    // Sum over lags of exp(-lag/tau) times the autocovariance, and of products of exponentials.
    let mut projected = vec![zero.clone(); slow_steps.len()];
    let mut cross = Matrix::zeros(slow_steps.len(), slow_steps.len());
    for lag in SLOW_LAGS.take_while(|_| !slow_steps.is_empty()) {
        let (sums, pairs) = path.products(lag);
        // A long lag with few pairs is noise.
        if pairs * 10 < path.run.len() {
            break;
        }
        let sums = sums.symmetrised();
        let decay: Vec<f64> = slow_steps.iter().map(|steps| (-(lag as f64) / steps).exp()).collect();
        for (a, weight) in decay.iter().enumerate() {
            projected[a] = projected[a].plus(weight / pairs as f64, &sums);
            decay.iter().enumerate().for_each(|(b, other)| cross[(a, b)] += weight * other);
        }
    }
    let mut covariances = vec![zero; slow_steps.len()];
    for _ in 0..200 {
        for a in (0..slow_steps.len()).filter(|&a| cross[(a, a)] > 0.0) {
            let others = covariances.iter().enumerate().filter(|(b, _)| *b != a);
            let rest = others.fold(projected[a].clone(), |rest, (b, w)| rest.plus(-cross[(a, b)], w));
            let fitted = Matrix::zeros(path.channels, path.channels).plus(1.0 / cross[(a, a)], &rest);
            covariances[a] = without_small_eigenvalues(&fitted);
        }
    }
    covariances
}

fn without_small_eigenvalues(matrix: &Matrix) -> Matrix {
    let (values, vectors) = matrix.symmetric_eigen();
    let mut kept = Matrix::zeros(matrix.rows, matrix.rows);
    for (i, value) in values.into_iter().enumerate().filter(|(_, value)| *value > SLOW_EIGENVALUE) {
        kept[(i, i)] = value;
    }
    vectors.conjugate(&kept)
}

/// The slow covariances, shrunk until the autocovariances without them are those of a series.
fn shrink(slow: Vec<Matrix>, all: &[Matrix], slow_steps: &[f64]) -> Vec<Matrix> {
    let scaled =
        |share: f64| slow.iter().map(move |w| Matrix::zeros(w.rows, w.rows).plus(share, w)).collect();
    if slow.iter().all(|w| w.largest() == 0.0) {
        return slow;
    }
    let smallest = toeplitz(all).symmetric_eigen().0.into_iter().fold(f64::INFINITY, f64::min);
    let wanted = 0.3 * smallest.max(0.02);
    let mut share = 1.0;
    while share >= 0.05 {
        let rest = toeplitz(&remaining(all, &slow, slow_steps, share));
        if rest.plus(-wanted, &Matrix::identity(rest.rows)).cholesky().is_some() {
            return scaled(share);
        }
        share *= 0.9;
    }
    scaled(0.0)
}

/// Autocovariances without a share of the slow components.
fn remaining(all: &[Matrix], slow: &[Matrix], slow_steps: &[f64], share: f64) -> Vec<Matrix> {
    let rest = all.iter().enumerate().map(|(lag, total)| {
        let parts = slow.iter().zip(slow_steps);
        parts.fold(total.clone(), |rest, (w, steps)| rest.plus(-share * (-(lag as f64) / steps).exp(), w))
    });
    rest.collect()
}

/// The covariance of `[u_(k-1), u_(k-2), ...]` from the autocovariances: block (i, j) is that of
/// lag j - i.
fn toeplitz(autocovariances: &[Matrix]) -> Matrix {
    let (count, d) = (autocovariances.len(), autocovariances[0].rows);
    let mut matrix = Matrix::zeros(count * d, count * d);
    for i in 0..count {
        for j in i..count {
            matrix.set_block(i * d, j * d, &autocovariances[j - i]);
            matrix.set_block(j * d, i * d, &autocovariances[j - i].transposed());
        }
    }
    matrix
}

/// Coefficients `[channel][lag][channel]` and the innovation's covariance from the
/// autocovariances at lags 0 to p; nothing if these are of no series.
pub(super) fn yule_walker(autocovariances: &[Matrix]) -> Option<(Matrix, Matrix)> {
    let (last, d) = (autocovariances.len() - 1, autocovariances[0].rows);
    let mut right = Matrix::zeros(last * d, d);
    for lag in 1..=last {
        right.set_block((lag - 1) * d, 0, &autocovariances[lag].transposed());
    }
    let solved = toeplitz(&autocovariances[..last]).cholesky()?.solve_cholesky(&right);
    let coefficients = solved.transposed();
    let innovation = autocovariances[0].plus(-1.0, &coefficients.times(&right)).symmetrised();
    innovation.cholesky().is_some().then_some((coefficients, innovation))
}

/// L with `L L' = W`: eigenvectors times the roots of their eigenvalues, without those that are 0.
fn loading(covariance: &Matrix) -> Vec<f64> {
    let (values, vectors) = covariance.symmetric_eigen();
    let kept: Vec<usize> = (0..values.len()).filter(|&i| values[i] > 1e-9).collect();
    let rows = (0..covariance.rows).flat_map(|row| kept.iter().map(move |&i| (row, i)));
    rows.map(|(row, i)| vectors[(row, i)] * values[i].sqrt()).collect()
}
