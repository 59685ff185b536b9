//! Latent steps given the steps around them, exactly: a window of a path is jointly Gaussian under each
//! prior, `z ~ N(m, C)`, so that the missing steps M given the known ones K are
//! `N(m_M + C_MK C_KK^-1 (z_K - m_K), C_MM - C_MK C_KK^-1 C_KM)`.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::latents::{LatentSource, Season};
use crate::linear::Matrix;

/// Added to the variance of each known value, as a share of the largest: what rounding may take.
const JITTER: f64 = 1e-10;
/// Steps before a window from which an autoregression that is not stationary is followed.
const BURN_IN_STEPS: i64 = 64;

/// Mean and covariance of a window of consecutive steps, `[step, latent]`.
#[derive(Clone, Debug)]
pub struct Joint {
    mean: Vec<f64>,
    covariance: Matrix,
    latents: usize,
}

/// The missing steps of a window given the known ones.
#[derive(Clone, Debug)]
pub struct Conditional {
    mean: Vec<f64>,
    known: Vec<usize>,
    missing: Vec<usize>,
    /// `C_MK C_KK^-1`.
    gain: Matrix,
    /// Lower Cholesky factor of the missing values' covariance.
    factor: Matrix,
}

impl LatentSource {
    /// The joint distribution of the steps from `first_step` on. `latents` is their number of channels.
    pub fn joint(&self, season: Season<'_>, first_step: i64, steps: usize) -> Joint {
        let numbers = first_step..first_step + steps as i64;
        match self {
            LatentSource::Path(prior) => {
                let (means, scales): (Vec<_>, Vec<_>) =
                    numbers.map(|step| prior.season((season.phase)(step))).unzip();
                let latents = prior.parts().channels;
                let by_lag = prior.autocovariances(steps);
                let cell = |i: usize, j: usize| {
                    let ((a, c), (b, d)) = ((i / latents, i % latents), (j / latents, j % latents));
                    let shared = if a >= b { by_lag[a - b][(c, d)] } else { by_lag[b - a][(d, c)] };
                    shared * scales[a][c] * scales[b][d]
                };
                Joint::of(means.concat(), latents, cell)
            }
            LatentSource::Seasonal(kernel) => {
                let (means, sigmas): (Vec<_>, Vec<_>) =
                    numbers.map(|step| kernel.at(&season.features_of(step))).unzip();
                let (means, sigmas): (Vec<f32>, Vec<f32>) = (means.concat(), sigmas.concat());
                let cell = |i: usize, j: usize| if i == j { f64::from(sigmas[i]).powi(2) } else { 0.0 };
                Joint::of(means.into_iter().map(f64::from).collect(), kernel.latents(), cell)
            }
            LatentSource::Var { kernel, transition } => {
                let latents = kernel.latents();
                let transition = transition.iter().map(|&value| f64::from(value)).collect();
                let transition = Matrix::from_rows(latents, transition);
                let (mut covariance, mut means) = (Matrix::zeros(latents, latents), Vec::new());
                // Of each step with the steps before it, the nearest first.
                let mut shared: Vec<Vec<Matrix>> = Vec::new();
                for step in first_step - BURN_IN_STEPS..numbers.end {
                    let (mean, sigma) = kernel.at(&season.features_of(step));
                    covariance = transition.conjugate(&covariance);
                    (0..latents).for_each(|c| covariance[(c, c)] += f64::from(sigma[c]).powi(2));
                    if step < first_step {
                        continue;
                    }
                    let before = shared.last().map_or(&[][..], Vec::as_slice);
                    let carried = before.iter().map(|cross| transition.times(cross));
                    let row = std::iter::once(covariance.clone()).chain(carried).collect();
                    shared.push(row);
                    means.extend(mean.into_iter().map(f64::from));
                }
                let cell = |i: usize, j: usize| {
                    let ((a, c), (b, d)) = ((i / latents, i % latents), (j / latents, j % latents));
                    if a >= b { shared[a][a - b][(c, d)] } else { shared[b][b - a][(d, c)] }
                };
                Joint::of(means, latents, cell)
            }
        }
    }
}

impl Joint {
    fn of(mean: Vec<f64>, latents: usize, cell: impl Fn(usize, usize) -> f64) -> Joint {
        let size = mean.len();
        let mut covariance = Matrix::zeros(size, size);
        (0..size).for_each(|i| (0..size).for_each(|j| covariance[(i, j)] = cell(i, j)));
        Joint { mean, covariance, latents }
    }

    /// Some steps given others of the window; what is in neither is left open. `None` if rounding has made a
    /// covariance not positive definite.
    pub fn given(&self, known: &[usize], missing: &[usize]) -> Option<Conditional> {
        let of = |steps: &[usize]| -> Vec<usize> {
            steps.iter().flat_map(|step| step * self.latents..(step + 1) * self.latents).collect()
        };
        let (known, missing) = (of(known), of(missing));
        let part = |rows: &[usize], columns: &[usize]| {
            let mut part = Matrix::zeros(rows.len(), columns.len());
            for (i, &row) in rows.iter().enumerate() {
                columns
                    .iter()
                    .enumerate()
                    .for_each(|(j, &column)| part[(i, j)] = self.covariance[(row, column)]);
            }
            part
        };
        let mut of_known = part(&known, &known);
        let jitter = JITTER * of_known.largest();
        (0..known.len()).for_each(|i| of_known[(i, i)] += jitter);
        let shared = part(&known, &missing);
        let of_known = of_known.cholesky()?;
        let white = of_known.solve_lower(&shared);
        let gain = of_known.solve_cholesky(&shared).transposed();
        let mut left = part(&missing, &missing).plus(-1.0, &white.transposed().times(&white)).symmetrised();
        (0..missing.len()).for_each(|i| left[(i, i)] += jitter);
        Some(Conditional { mean: self.mean.clone(), known, missing, gain, factor: left.cholesky()? })
    }
}

impl Conditional {
    /// The mean of the missing steps, `[step, latent]`.
    pub fn mean(&self, window: &[f64]) -> Vec<f64> {
        let departure: Vec<f64> = self.known.iter().map(|&at| window[at] - self.mean[at]).collect();
        let mut mean = self.gain.times_vector(&departure);
        mean.iter_mut().zip(&self.missing).for_each(|(mean, &at)| *mean += self.mean[at]);
        mean
    }

    /// The inverse of the missing steps' covariance.
    pub fn precision(&self) -> Matrix {
        self.factor.solve_cholesky(&Matrix::identity(self.missing.len())).symmetrised()
    }

    /// Draws the missing steps into a window `[step, latent]` whose known ones are there; without random
    /// numbers, their mean.
    pub fn fill(&self, window: &mut [f64], random: Option<&mut impl Rng>) {
        let mut drawn = self.mean(window);
        if let Some(random) = random {
            let normal: Vec<f64> = StandardNormal.sample_iter(random).take(drawn.len()).collect();
            drawn.iter_mut().zip(self.factor.times_vector(&normal)).for_each(|(sum, noise)| *sum += noise);
        }
        self.missing.iter().zip(drawn).for_each(|(&at, value)| window[at] = value);
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::path_prior::{Parts, PathPrior};

    const MEMORY: f64 = 0.7;

    /// `z_k = 0.7 z_(k-1) + e_k`, `e ~ N(0, 1)`.
    fn autoregression() -> LatentSource {
        let parts = Parts {
            channels: 1,
            mean: vec![0.0; 7],
            variance: vec![1.0, 0.0, 0.0],
            variance_floor: vec![0.1],
            coefficients: vec![MEMORY],
            innovation: vec![1.0],
            slow: Vec::new(),
        };
        LatentSource::Path(PathPrior::try_from(parts).unwrap())
    }

    fn given(known: &[usize], missing: &[usize]) -> Conditional {
        let season = Season { phase: &|_| 0.0, features: &|_| Vec::new() };
        autoregression().joint(season, 0, 3).given(known, missing).unwrap()
    }

    #[test]
    fn a_step_between_two_others_has_the_bridges_moments() {
        let between = given(&[0, 2], &[1]);
        // a (z_0 + z_2) / (1 + a^2), and the variance 1 / (1 + a^2).
        let wanted = MEMORY * (2.0 - 0.5) / (1.0 + MEMORY * MEMORY);
        assert!((between.mean(&[2.0, 9.0, -0.5])[0] - wanted).abs() < 1e-8);
        assert!((between.precision().values[0] - (1.0 + MEMORY * MEMORY)).abs() < 1e-7);
    }

    #[test]
    fn steps_after_the_last_known_one_forget_it() {
        let after = given(&[0], &[1, 2]);
        let mean = after.mean(&[1.0, 0.0, 0.0]);
        assert!((mean[0] - MEMORY).abs() < 1e-8 && (mean[1] - MEMORY * MEMORY).abs() < 1e-8, "{mean:?}");
    }

    #[test]
    fn draws_have_the_mean_and_variance_that_are_said() {
        let between = given(&[0, 2], &[1]);
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let draws: Vec<f64> = (0..20_000)
            .map(|_| {
                let mut window = [2.0, 0.0, -0.5];
                between.fill(&mut window, Some(&mut random));
                window[1]
            })
            .collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        // Four standard errors: 0.023 of the mean, 0.027 of the variance.
        assert!((mean - between.mean(&[2.0, 0.0, -0.5])[0]).abs() < 0.023, "{mean}");
        assert!((variance * between.precision().values[0] - 1.0).abs() < 0.04, "{variance}");
    }
}
