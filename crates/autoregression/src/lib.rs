//! Autoregressions whose coefficients change from hour to hour: their fit by least squares, and what they say of
//! missing hours given all others. Numbers in and out: nothing here knows a calendar, a file or the model.
//!
//! `x[t] = Σ_l φ_l(t) x[t-l] + e[t]`, l = 1 to [`ORDER`], with `e[t]` of the variance `v(t)`.

mod banded;
pub mod cholesky;
pub mod conditional;
pub mod least_squares;

/// Hours that an hour depends on: a day and the two before.
pub const ORDER: usize = 26;

/// The coefficients of a series of hours.
pub trait Process {
    /// Of an hour, [`ORDER`] of them, the oldest hour's first.
    fn coefficients(&self, hour: usize) -> &[f64];

    /// Of the hour's innovation.
    fn variance(&self, hour: usize) -> f64;
}

/// `Σ φ_l x[t-l]`, where `before` ends with `x[t-1]`.
pub fn dot(coefficients: &[f64], before: &[f64]) -> f64 {
    coefficients.iter().zip(before).map(|(a, b)| a * b).sum()
}
