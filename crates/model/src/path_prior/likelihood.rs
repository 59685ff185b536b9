//! The density of a whole path under the prior of paths, exactly, by a Kalman filter over the
//! lags of the autoregression and the slow components (Durbin and Koopman 2012, section 4.3).

use std::f64::consts::TAU;

use super::{Latents, PathPrior, companion};
use crate::linear::{Matrix, dot};

/// `state_k = T state_(k-1) + noise`, `u_k = Z state_k`, from the state's long-run covariance.
struct StateSpace {
    transition: Matrix,
    noise: Matrix,
    observation: Matrix,
    stationary: Matrix,
}

impl PathPrior {
    /// log p(z) in nats of all steps; runs are independent of each other.
    pub fn log_density(&self, latents: &Latents) -> f64 {
        let channels = self.parts().channels;
        assert_eq!(latents.channels, channels, "channels of the path and of the prior");
        let space = StateSpace::of(self);
        let (mut total, mut start) = (0.0, 0);
        for run in latents.run.chunk_by(|a, b| a == b) {
            let mut path = Vec::with_capacity(run.len() * channels);
            for step in start..start + run.len() {
                let (mean, scale) = self.season(latents.phase[step]);
                let values = latents.step(step).iter().zip(&mean).zip(&scale);
                path.extend(values.map(|((z, mean), scale)| (z - mean) / scale));
                total -= scale.iter().map(|scale| scale.ln()).sum::<f64>();
            }
            total += space.log_density(&path);
            start += run.len();
        }
        total
    }
}

impl PathPrior {
    /// `cov(u_(k+lag), u_k)` of lags from 0 on: `Z T^lag P Z'`.
    pub(crate) fn autocovariances(&self, lags: usize) -> Vec<Matrix> {
        let space = StateSpace::of(self);
        let observed = space.observation.transposed();
        let mut carried = space.stationary.times(&observed);
        let mut found = Vec::with_capacity(lags);
        for _ in 0..lags {
            found.push(space.observation.times(&carried));
            carried = space.transition.times(&carried);
        }
        found
    }
}

impl StateSpace {
    fn of(prior: &PathPrior) -> StateSpace {
        let parts = prior.parts();
        let channels = parts.channels;
        let fast = prior.stationary.rows;
        let ranks = parts.slow.iter().map(|slow| slow.loading.len() / channels);
        let size = fast + ranks.clone().sum::<usize>();
        let (mut transition, mut noise) = (Matrix::zeros(size, size), Matrix::zeros(size, size));
        let (mut observation, mut stationary) = (Matrix::zeros(channels, size), Matrix::identity(size));
        transition.set_block(0, 0, &companion(parts));
        noise.set_block(0, 0, &Matrix::from_rows(channels, parts.innovation.clone()));
        observation.set_block(0, 0, &Matrix::identity(channels));
        stationary.set_block(0, 0, &prior.stationary);
        let mut at = fast;
        for (part, rank) in parts.slow.iter().zip(ranks).filter(|(_, rank)| *rank > 0) {
            for state in at..at + rank {
                transition[(state, state)] = part.memory();
                noise[(state, state)] = -(-2.0 / part.steps).exp_m1();
            }
            observation.set_block(0, at, &Matrix::from_rows(channels, part.loading.clone()));
            at += rank;
        }
        StateSpace { transition, noise, observation, stationary }
    }

    /// log p(u) of one run, `[step][channel]`. A covariance that is not positive definite, which
    /// only rounding could make, gives NaN.
    fn log_density(&self, path: &[f64]) -> f64 {
        let channels = self.observation.rows;
        let (mut state, mut covariance) = (vec![0.0; self.transition.rows], self.stationary.clone());
        let mut total = 0.0;
        for observed in path.chunks_exact(channels) {
            let predicted = self.observation.times_vector(&state);
            let error = observed.iter().zip(&predicted).map(|(seen, predicted)| seen - predicted).collect();
            let shared = self.observation.times(&covariance);
            let Some(factor) = shared.times(&self.observation.transposed()).symmetrised().cholesky() else {
                return f64::NAN;
            };
            let white = factor.solve_lower(&Matrix { rows: channels, columns: 1, values: error }).values;
            let log_determinant: f64 = (0..channels).map(|c| 2.0 * factor[(c, c)].ln()).sum();
            total -= 0.5 * (channels as f64 * TAU.ln() + log_determinant + dot(&white, &white));
            let gain = factor.solve_lower(&shared).transposed();
            let change = gain.times_vector(&white);
            state.iter_mut().zip(change).for_each(|(state, change)| *state += change);
            let known = covariance.plus(-1.0, &gain.times(&gain.transposed()));
            state = self.transition.times_vector(&state);
            covariance = self.transition.conjugate(&known).plus(1.0, &self.noise);
        }
        total
    }
}
