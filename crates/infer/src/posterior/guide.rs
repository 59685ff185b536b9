//! What the hours that follow say about a missing one: the backward information filter of the noise,
//! linearised along a reference series.
//!
//! With `s_t = (x_t, ..., x_(t-p+1))` and the linear hour `x_(t+1) = c + a's_t + e`, `e ~ N(0, v)`, the
//! likelihood of the observed hours after t is `exp(-s'Os/2 + k's)` with, from one hour to the one before,
//! where `x_(t+1)` was observed: its row and column of O become part of k, then `O += aa'/v` and
//! `k += a(x - c)/v`; where it is missing it is integrated out, which takes `gg'/l` from O and adds `g g0/l`
//! to k, with `l = O_11 + 1/v`, `g = a/v - O_1.`, `g0 = c/v + k_1` (Fraser and Potter 1969; as the guide
//! of a particle filter: Whiteley and Lee 2014).

use model::noise::sampler::LinearHour;

/// The factor `exp(-a x^2 / 2 + (k - b'u) x)` of a missing hour x, where u are the hours before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Guide {
    pub precision: f64,
    pub shift: f64,
    /// Of the last hour first; one less than the noise's lags.
    pub coupling: Vec<f32>,
}

impl Guide {
    /// Precision and shift given the hours before, `series` up to the missing one.
    pub(super) fn at(&self, before: &[f32]) -> (f64, f64) {
        let coupled = self.coupling.iter().zip(before.iter().rev());
        let sum: f64 = coupled.map(|(b, x)| f64::from(*b) * f64::from(*x)).sum();
        (self.precision, self.shift - sum)
    }
}

/// The information that later hours hold about the last `lags` ones.
pub(super) struct Backward {
    lags: usize,
    /// `[lag][lag]`.
    precision: Vec<f64>,
    shift: Vec<f64>,
}

impl Backward {
    /// None.
    pub(super) fn new(lags: usize) -> Backward {
        Backward { lags, precision: vec![0.0; lags * lags], shift: vec![0.0; lags] }
    }

    pub(super) fn forget(&mut self) {
        self.precision.fill(0.0);
        self.shift.fill(0.0);
    }

    /// The guide of the hour that is the first of the state now.
    pub(super) fn guide(&self) -> Guide {
        let Some(&shift) = self.shift.first() else { return Guide::default() };
        let coupling = self.precision[1..self.lags].iter().map(|&value| value as f32).collect();
        Guide { precision: self.precision[0].max(0.0), shift, coupling }
    }

    /// Goes from the state whose first hour is the linear one to the state before it. `constant` is the
    /// linear hour's value where all hours before it are 0.
    pub(super) fn step(&mut self, hour: &LinearHour, constant: f64, observed: Option<f32>) {
        let lags = self.lags;
        if lags == 0 {
            return;
        }
        let row: Vec<f64> = self.precision[..lags].to_vec();
        let first_shift = self.shift[0];
        // The first row and column go out, and the others move up.
        self.precision.copy_within(lags + 1.., 0);
        self.precision[lags * lags - lags - 1..].fill(0.0);
        self.precision.chunks_exact_mut(lags).for_each(|row| row[lags - 1] = 0.0);
        self.shift.copy_within(1.., 0);
        self.shift[lags - 1] = 0.0;
        let coupled = |i: usize| if i + 1 < lags { row[i + 1] } else { 0.0 };
        let by_variance = 1.0 / hour.variance;
        match observed {
            Some(value) => {
                let value = f64::from(value);
                for i in 0..lags {
                    self.shift[i] += hour.slopes[i] * (value - constant) * by_variance - coupled(i) * value;
                }
                self.add(&hour.slopes, by_variance);
            }
            None => {
                let total = row[0].max(0.0) + by_variance;
                let g: Vec<f64> = (0..lags).map(|i| hour.slopes[i] * by_variance - coupled(i)).collect();
                let g0 = constant * by_variance + first_shift;
                for i in 0..lags {
                    self.shift[i] += g[i] * g0 / total - hour.slopes[i] * constant * by_variance;
                }
                self.add(&hour.slopes, by_variance);
                self.add(&g, -1.0 / total);
            }
        }
    }

    /// `O += factor x x'`.
    fn add(&mut self, x: &[f64], factor: f64) {
        for (row, &left) in self.precision.chunks_exact_mut(self.lags).zip(x) {
            let left = factor * left;
            row.iter_mut().zip(x).for_each(|(sum, right)| *sum += left * right);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x_t = 0.3 + 0.8 x_(t-1) - 0.2 x_(t-2) + e`, `e ~ N(0, 0.5)`.
    fn hour() -> LinearHour {
        LinearHour { mean: 0.0, variance: 0.5, slopes: vec![0.8, -0.2], by_context: Vec::new() }
    }

    const CONSTANT: f64 = 0.3;

    /// What a missing hour's factor says beyond the hours before it, by brute force: the log density of the
    /// observed hours after it, with the missing ones among them integrated on a grid.
    fn log_likelihood(before: [f64; 2], after: [f64; 2]) -> f64 {
        let density = |x: f64, one: f64, two: f64| {
            let error = x - CONSTANT - 0.8 * one + 0.2 * two;
            (-error * error).exp()
        };
        let step = 0.01;
        let grid = (-1000..1000).map(|i| f64::from(i) * step);
        // x_t and x_(t-1) are `before`; x_(t+1) is missing, x_(t+2) and x_(t+3) are seen.
        let [x, previous] = before;
        grid.map(|y| density(y, x, previous) * density(after[0], y, x) * density(after[1], after[0], y))
            .sum::<f64>()
            .ln()
    }

    #[test]
    fn a_guide_is_the_likelihood_of_the_hours_after() {
        let after = [1.5, -0.4];
        let mut backward = Backward::new(2);
        backward.step(&hour(), CONSTANT, Some(after[1] as f32));
        backward.step(&hour(), CONSTANT, Some(after[0] as f32));
        backward.step(&hour(), CONSTANT, None);
        let guide = backward.guide();
        for previous in [-1.0, 0.7] {
            let (precision, shift) = guide.at(&[previous as f32]);
            let factor = |x: f64| (shift - 0.5 * precision * x) * x;
            for x in [-0.8, 0.4, 2.0] {
                let wanted = log_likelihood([x, previous], after) - log_likelihood([0.0, previous], after);
                assert!(
                    (factor(x) - wanted).abs() < 1e-5,
                    "{x} after {previous}: {} is not {wanted}",
                    factor(x)
                );
            }
        }
    }
}
