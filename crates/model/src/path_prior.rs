//! A prior of whole latent paths, fitted after training to the encoded training years:
//! `z_k = m(theta_k) + s(theta_k) u_k` for the latent step k with the phase of year theta_k, and
//! `u_k = v_k + sum over j of L_j x_k^(j)`. m and s^2 are trigonometric; v is a stationary vector
//! autoregression, `v_k = sum over i of A_i v_(k-i) + e_k` with `cov e = S`; each slow component x
//! has independent channels of variance 1 and memory `exp(-1/tau)` from step to step.
//!
//! Plain numbers: no tensors, no files.

mod fit;
mod likelihood;
mod sampler;
#[cfg(test)]
mod tests;

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::linear::{Matrix, dot};
pub use fit::{FitError, Latents, PathPriorConfig};
pub use sampler::{BURN, FIRST_STEP, Sampler};

/// Harmonics of the year in the mean.
pub const MEAN_HARMONICS: usize = 3;
/// Harmonics of the year in the variance.
pub const VARIANCE_HARMONICS: usize = 1;

/// The fitted prior; always complete and stationary. As JSON it is its [`Parts`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct PathPrior {
    parts: Parts,
    /// Lower Cholesky factor of S.
    factor: Matrix,
    /// Covariance of `[v_k, v_(k-1), ...]`.
    stationary: Matrix,
}

/// The numbers of a prior. Features of the year: 1, then sine and cosine of each harmonic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    pub channels: usize,
    /// m: `[feature][channel]`.
    pub mean: Vec<f64>,
    /// s^2 before the floor: `[feature][channel]`.
    pub variance: Vec<f64>,
    /// What s^2 never goes below: `[channel]`.
    pub variance_floor: Vec<f64>,
    /// A: `[channel][lag][channel]`.
    pub coefficients: Vec<f64>,
    /// S: `[channel][channel]`.
    pub innovation: Vec<f64>,
    pub slow: Vec<SlowPart>,
}

/// One slow component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlowPart {
    /// Time constant tau in latent steps.
    pub steps: f64,
    /// L: `[channel][component]`; its stationary covariance is `W = L L'`.
    pub loading: Vec<f64>,
}

impl SlowPart {
    /// What is left of the component after one step: `exp(-1/tau)`.
    fn memory(&self) -> f64 {
        (-1.0 / self.steps).exp()
    }
}

/// Numbers that make no prior: which part, and what is wrong with it.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("the prior's {part} {problem}; fit the prior again")]
pub struct PartsError {
    pub part: &'static str,
    pub problem: String,
}

impl Parts {
    /// Number of lags of the autoregression.
    pub fn order(&self) -> usize {
        self.coefficients.len() / (self.channels * self.channels)
    }

    fn check(&self) -> Result<(), PartsError> {
        let channels = self.channels;
        if !(1..=256).contains(&channels) {
            return Err(PartsError { part: "channels", problem: format!("are {channels}, not 1 to 256") });
        }
        let order = self.order().clamp(1, 8);
        let wanted = [
            ("mean", &self.mean, (2 * MEAN_HARMONICS + 1) * channels),
            ("variance", &self.variance, (2 * VARIANCE_HARMONICS + 1) * channels),
            ("variance_floor", &self.variance_floor, channels),
            ("coefficients", &self.coefficients, order * channels * channels),
            ("innovation", &self.innovation, channels * channels),
        ];
        for (part, values, count) in wanted {
            check_values(part, values, count)?;
        }
        for slow in &self.slow {
            check_values("slow loading", &slow.loading, slow.loading.len() / channels * channels)?;
            check_values("slow steps", &[slow.steps], 1)?;
        }
        let slow_steps = self.slow.iter().map(|slow| ("slow steps", slow.steps));
        let floors = self.variance_floor.iter().map(|&floor| ("variance_floor", floor));
        match slow_steps.chain(floors).find(|(_, value)| *value <= 0.0) {
            Some((part, value)) => Err(PartsError { part, problem: format!("has {value}, not above 0") }),
            None => Ok(()),
        }
    }
}

fn check_values(part: &'static str, values: &[f64], wanted: usize) -> Result<(), PartsError> {
    if values.len() != wanted {
        return Err(PartsError { part, problem: format!("has {} numbers, not {wanted}", values.len()) });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => Err(PartsError { part, problem: format!("has {} at position {at}", values[at]) }),
        None => Ok(()),
    }
}

impl TryFrom<Parts> for PathPrior {
    type Error = PartsError;

    fn try_from(parts: Parts) -> Result<PathPrior, PartsError> {
        parts.check()?;
        let innovation = Matrix::from_rows(parts.channels, parts.innovation.clone());
        let factor = innovation.cholesky().ok_or_else(|| {
            let problem = "is not a positive definite matrix".into();
            PartsError { part: "innovation", problem }
        })?;
        let companion = companion(&parts);
        let radius = companion.spectral_radius();
        if radius >= 1.0 {
            let problem = format!("make paths without bounds (spectral radius {radius}, wanted below 1)");
            return Err(PartsError { part: "coefficients", problem });
        }
        let stationary = stationary(companion, &innovation);
        Ok(PathPrior { parts, factor, stationary })
    }
}

impl From<PathPrior> for Parts {
    fn from(prior: PathPrior) -> Parts {
        prior.parts
    }
}

impl PathPrior {
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Largest absolute eigenvalue of the autoregression's companion matrix: below 1.
    pub fn spectral_radius(&self) -> f64 {
        companion(&self.parts).spectral_radius()
    }

    /// Mean and variance of each channel of z at a phase of year from 0 to 1.
    pub fn marginal(&self, phase: f64) -> (Vec<f64>, Vec<f64>) {
        let (mean, scale) = self.season(phase);
        let rank = |slow: &SlowPart| slow.loading.len() / self.parts.channels;
        let slow = |channel: usize| -> f64 {
            let row = |part: &SlowPart| channel * rank(part)..(channel + 1) * rank(part);
            self.parts.slow.iter().map(|part| dot(&part.loading[row(part)], &part.loading[row(part)])).sum()
        };
        let variance = scale.iter().enumerate();
        let variance =
            variance.map(|(c, scale)| scale * scale * (self.stationary[(c, c)] + slow(c))).collect();
        (mean, variance)
    }

    /// m and s of each channel at a phase of year.
    pub(crate) fn season(&self, phase: f64) -> (Vec<f64>, Vec<f64>) {
        let mean = combine(&features(phase, MEAN_HARMONICS), &self.parts.mean);
        let variance = combine(&features(phase, VARIANCE_HARMONICS), &self.parts.variance);
        let scale = variance.iter().zip(&self.parts.variance_floor).map(|(v, floor)| v.max(*floor).sqrt());
        (mean, scale.collect())
    }
}

/// 1, then sine and cosine of each harmonic of the year.
fn features(phase: f64, harmonics: usize) -> Vec<f64> {
    let waves = (1..=harmonics).flat_map(|k| <[f64; 2]>::from((TAU * k as f64 * phase).sin_cos()));
    std::iter::once(1.0).chain(waves).collect()
}

/// Sum over features of feature times its row of `[feature][channel]`.
fn combine(features: &[f64], kernel: &[f64]) -> Vec<f64> {
    let channels = kernel.len() / features.len();
    let mut sums = vec![0.0; channels];
    for (feature, row) in features.iter().zip(kernel.chunks_exact(channels)) {
        sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += feature * weight);
    }
    sums
}

/// The matrix that takes `[v_(k-1), v_(k-2), ...]` to `[v_k, v_(k-1), ...]` without the innovation.
fn companion(parts: &Parts) -> Matrix {
    let size = parts.order() * parts.channels;
    let mut companion = Matrix::zeros(size, size);
    companion.set_block(0, 0, &Matrix::from_rows(parts.channels, parts.coefficients.clone()));
    (parts.channels..size).for_each(|row| companion[(row, row - parts.channels)] = 1.0);
    companion
}

/// The covariance P with `P = F P F' + Q`, where Q is the innovation's covariance in the first
/// block: the sum of `F^k Q F^k'`, doubled in length until nothing is added.
fn stationary(mut power: Matrix, innovation: &Matrix) -> Matrix {
    let mut sum = Matrix::zeros(power.rows, power.rows);
    sum.set_block(0, 0, innovation);
    for _ in 0..60 {
        let added = power.conjugate(&sum);
        sum = sum.plus(1.0, &added);
        if added.largest() <= 1e-17 * sum.largest() {
            break;
        }
        power = power.times(&power);
    }
    sum
}
