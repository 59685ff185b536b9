//! The negative evidence lower bound, in nats per hour.

use burn::tensor::Tensor;

use crate::gaussian::DiagonalGaussian;
use crate::vae::Vae;

/// ln(2π).
const LN_TWO_PI: f32 = 1.837_877_1;

/// What a step of training sees.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Standardised hours, `[batch, hour]`.
    pub values: Tensor<2>,
    /// Seasonal features at the start of each latent step, `[batch, step, feature]`.
    pub seasonal: Tensor<3>,
    /// Standard normal numbers, `[batch, step, latent]`.
    pub epsilon: Tensor<3>,
}

/// The terms of the loss, `[1]` each, and what they were made of.
#[derive(Clone, Debug)]
pub struct Loss {
    pub total: Tensor<1>,
    pub reconstruction: Tensor<1>,
    pub kl: Tensor<1>,
    pub posterior: DiagonalGaussian,
    pub prior: DiagonalGaussian,
    /// The decoder's output, `[batch, hour]`.
    pub mean: Tensor<2>,
}

impl Vae {
    /// The loss of a batch, a mean over sequences and hours:
    /// `(ln 2π + ln s² + (x - y)² / s²) / 2` plus the latents' KL divided by the hours.
    pub fn loss(&self, batch: &Batch) -> Loss {
        let [_, hours] = batch.values.dims();
        let posterior = self.encode(batch.values.clone());
        let mean = self.decode(posterior.sample(batch.epsilon.clone()));
        let prior = self.prior.forward(batch.seasonal.clone());

        let log_var = self.noise_log_var.val();
        let squared_error = (batch.values.clone() - mean.clone()).square().mean();
        let reconstruction = (log_var.clone() + squared_error * (-log_var).exp() + LN_TWO_PI) * 0.5;
        let [_, steps, latents] = posterior.mean.dims();
        let kl = posterior.kl(&prior).mean() * ((steps * latents) as f32 / hours as f32);
        Loss { total: reconstruction.clone() + kl.clone(), reconstruction, kl, posterior, prior, mean }
    }
}

impl Loss {
    /// KL of each latent channel in nats per latent step, `[latent]`.
    pub fn kl_by_latent(&self) -> Tensor<1> {
        let kl = self.posterior.kl(&self.prior);
        let [batch, steps, latents] = kl.dims();
        kl.reshape([batch * steps, latents]).mean_dim(0).squeeze_dim::<1>(0)
    }
}
