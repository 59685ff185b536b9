//! The latents' KL from the prior with its gradients: the same as that of [`crate::prior`], written out in
//! plain numbers.

use std::ops::Range;

use super::layout::Layout;
use super::vector::add_scaled;
use crate::config::{ModelConfig, PriorKind};
use crate::prior::SeasonalVarPrior;

/// Both priors' weights among all weights. Without a transition the steps are independent.
#[derive(Clone, Debug)]
pub(super) struct Divergence {
    latents: usize,
    features: usize,
    /// `[features, 2 * latent]`, after a row for the constant where `has_constant`.
    kernel: Range<usize>,
    has_constant: bool,
    /// `[latent, latent]`.
    transition: Option<Range<usize>>,
}

/// What does not change between the sequences of a batch: the transition, and what it is times the raw one.
#[derive(Clone, Debug, Default)]
pub(super) struct Transition {
    matrix: Vec<f32>,
    factor: f32,
}

/// One sequence: `[step, mean and log variance of each latent]` and `[step, feature]`.
#[derive(Clone, Copy)]
pub(super) struct Latents<'a> {
    pub(super) posterior: &'a [f32],
    pub(super) seasonal: &'a [f32],
}

/// Each term counts `scale`; both are added to.
pub(super) struct Gradient<'a> {
    pub(super) scale: f32,
    pub(super) posterior: &'a mut [f32],
    pub(super) weights: &'a mut [f32],
}

impl Divergence {
    pub(super) fn new(config: &ModelConfig, layout: &Layout) -> Divergence {
        let with_memory = config.prior == PriorKind::SeasonalVar;
        Divergence {
            latents: config.latent_channels,
            features: config.seasonal_features(),
            kernel: layout.range("prior.kernel"),
            has_constant: with_memory,
            transition: with_memory.then(|| layout.range("prior.transition")),
        }
    }

    pub(super) fn transition(&self, weights: &[f32]) -> Transition {
        let Some(range) = &self.transition else { return Transition::default() };
        let raw = &weights[range.clone()];
        let factor = SeasonalVarPrior::bounding_factor(raw, self.latents);
        Transition { matrix: raw.iter().map(|x| x * factor).collect(), factor }
    }

    /// Adds the KL of each latent, summed over the sequence's steps, to `sums`.
    pub(super) fn add_kl(
        &self,
        weights: &[f32],
        transition: &Transition,
        latents: Latents<'_>,
        sums: &mut [f64],
    ) {
        let mut before = None;
        for at in self.steps(weights, latents) {
            for (i, sum) in sums.iter_mut().enumerate() {
                let term = self.term(&transition.matrix, &at, before.as_ref(), i);
                *sum += f64::from(
                    0.5 * (at.prior_log_var[i] - at.log_var[i]
                        + term.spread * term.precision
                        + term.innovation * term.innovation * term.precision
                        - 1.0),
                );
            }
            before = Some(at);
        }
    }

    /// Adds the gradients of the sum of all KL terms.
    pub(super) fn add_gradient(
        &self,
        weights: &[f32],
        transition: &Transition,
        latents: Latents<'_>,
        gradient: &mut Gradient<'_>,
    ) {
        let count = self.latents;
        let matrix = &transition.matrix;
        let mut before: Option<Step> = None;
        for (number, at) in self.steps(weights, latents).enumerate() {
            let (mut of_prior, mut of_prior_before) = (vec![0.0; 2 * count], vec![0.0; 2 * count]);
            let here = number * 2 * count;
            for i in 0..count {
                let term = self.term(matrix, &at, before.as_ref(), i);
                let half = 0.5 * term.precision * gradient.scale;
                let of_innovation = 2.0 * half * term.innovation;
                gradient.posterior[here + i] += of_innovation;
                gradient.posterior[here + count + i] += half * at.variance[i] - 0.5 * gradient.scale;
                of_prior[i] -= of_innovation;
                let scaled = (term.spread + term.innovation * term.innovation) * term.precision;
                of_prior[count + i] += 0.5 * (1.0 - scaled) * gradient.scale;
                let (Some(before), Some(range)) = (&before, &self.transition) else { continue };
                let row = &matrix[i * count..(i + 1) * count];
                let of_row = &mut gradient.weights[range.clone()][i * count..(i + 1) * count];
                let there = here - 2 * count;
                for (j, cell) in row.iter().enumerate() {
                    gradient.posterior[there + j] -= cell * of_innovation;
                    gradient.posterior[there + count + j] += half * cell * cell * before.variance[j];
                    of_prior_before[j] += cell * of_innovation;
                    let of_cell =
                        2.0 * half * cell * before.variance[j] - of_innovation * before.departure[j];
                    of_row[j] += of_cell * transition.factor;
                }
            }
            self.add_prior_gradient(at.seasonal, &of_prior, gradient.weights);
            if let Some(before) = &before {
                self.add_prior_gradient(before.seasonal, &of_prior_before, gradient.weights);
            }
            before = Some(at);
        }
    }

    /// Adds what the gradient of a step's prior is to that of the kernel.
    fn add_prior_gradient(&self, seasonal: &[f32], of_prior: &[f32], weights: &mut [f32]) {
        let rows = weights[self.kernel.clone()].chunks_exact_mut(2 * self.latents);
        for (feature, row) in self.has_constant.then_some(&1.0).into_iter().chain(seasonal).zip(rows) {
            add_scaled(row, *feature, of_prior);
        }
    }

    fn steps<'a>(&'a self, weights: &'a [f32], latents: Latents<'a>) -> impl Iterator<Item = Step<'a>> {
        let kernel = &weights[self.kernel.clone()];
        let posterior = latents.posterior.chunks_exact(2 * self.latents);
        posterior.zip(latents.seasonal.chunks_exact(self.features)).map(move |(posterior, seasonal)| {
            let mut prior = vec![0.0; 2 * self.latents];
            let constant = self.has_constant.then_some(&1.0);
            let rows = kernel.chunks_exact(2 * self.latents);
            for (feature, row) in constant.into_iter().chain(seasonal).zip(rows) {
                add_scaled(&mut prior, *feature, row);
            }
            let (mean, log_var) = posterior.split_at(self.latents);
            Step {
                seasonal,
                departure: mean.iter().zip(&prior).map(|(mean, prior)| mean - prior).collect(),
                variance: log_var.iter().map(|log_var| log_var.exp()).collect(),
                log_var,
                prior_log_var: prior.split_off(self.latents),
            }
        })
    }

    fn term(&self, matrix: &[f32], at: &Step<'_>, before: Option<&Step<'_>>, i: usize) -> Term {
        let precision = (-at.prior_log_var[i]).exp();
        let mut term = Term { precision, spread: at.variance[i], innovation: at.departure[i] };
        let Some(before) = before.filter(|_| self.transition.is_some()) else { return term };
        for (j, cell) in matrix[i * self.latents..(i + 1) * self.latents].iter().enumerate() {
            term.spread += cell * cell * before.variance[j];
            term.innovation -= cell * before.departure[j];
        }
        term
    }
}

/// A latent step's posterior and prior.
struct Step<'a> {
    seasonal: &'a [f32],
    /// Of the posterior's mean from the prior's.
    departure: Vec<f32>,
    variance: Vec<f32>,
    log_var: &'a [f32],
    prior_log_var: Vec<f32>,
}

/// One latent's part of the KL.
struct Term {
    /// One over the variance of the prior's innovation.
    precision: f32,
    /// What the posterior's variances, here and before, add to that of the innovation.
    spread: f32,
    innovation: f32,
}
