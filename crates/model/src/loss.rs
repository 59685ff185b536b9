//! The negative evidence lower bound, in nats per hour.

use burn::tensor::Tensor;

use crate::gaussian::DiagonalGaussian;
use crate::vae::Vae;

/// What a step of training sees.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Standardised hours, `[batch, hour]`; each window starts with a day's first hour.
    pub values: Tensor<2>,
    /// Seasonal features at the start of each latent step, `[batch, step, feature]`.
    pub seasonal: Tensor<3>,
    /// Standard normal numbers, `[batch, step, latent]`.
    pub epsilon: Tensor<3>,
}

/// The terms of the loss, `[1]` each, and what they were made of.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The negative bound: the sum of the two.
    pub total: Tensor<1>,
    pub reconstruction: Tensor<1>,
    pub kl: Tensor<1>,
    /// The hours of a sequence by those of them that the noise scores.
    pub hours_by_scored: f64,
    pub posterior: DiagonalGaussian,
    /// KL by step and channel in nats, `[batch, step, latent]`.
    pub kl_terms: Tensor<3>,
    /// The decoder's output, `[batch, hour, channel]`; the first channel is the mean.
    pub decoded: Tensor<3>,
}

impl Vae {
    /// The loss of a batch: the noise's mean negative log density over sequences and hours, plus the
    /// latents' KL divided by the hours.
    pub fn loss(&self, batch: &Batch) -> Loss {
        self.loss_through(batch, Vae::encode, Vae::decode)
    }

    /// The same, with encoder and decoder as one operation each ([`Vae::encode_fused`]).
    pub fn loss_fused(&self, batch: &Batch) -> Loss {
        self.loss_through(batch, Vae::encode_fused, Vae::decode_fused)
    }

    fn loss_through(
        &self,
        batch: &Batch,
        encode: impl FnOnce(&Vae, Tensor<2>) -> DiagonalGaussian,
        decode: impl FnOnce(&Vae, Tensor<3>) -> Tensor<3>,
    ) -> Loss {
        let [_, hours] = batch.values.dims();
        let posterior = encode(self, batch.values.clone());
        let decoded = decode(self, posterior.sample(batch.epsilon.clone()));
        let reconstruction =
            self.noise.negative_log_likelihood(batch.values.clone(), decoded.clone(), batch.seasonal.clone());
        let kl_terms = self.prior.kl(&posterior, batch.seasonal.clone());
        let [_, steps, latents] = posterior.mean.dims();
        let kl = kl_terms.clone().mean() * ((steps * latents) as f32 / hours as f32);
        Loss {
            total: reconstruction.clone() + kl.clone(),
            reconstruction,
            kl,
            hours_by_scored: hours as f64 / (hours - self.noise.history_hours()) as f64,
            posterior,
            kl_terms,
            decoded,
        }
    }
}

/// What the latents' KL costs in training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KlCost {
    /// Of the KL beside the reconstruction: 1 is the evidence bound, more is a beta-VAE (Higgins et al. 2017).
    pub beta: f64,
    /// Nats per hour up to which that of a whole batch costs nothing (Kingma et al. 2016). A noise that predicts an
    /// hour from the ones before it would otherwise leave the latents unused (Bowman et al. 2016).
    pub free_nats_per_hour: f64,
}

impl KlCost {
    /// The evidence bound.
    pub const BOUND: KlCost = KlCost { beta: 1.0, free_nats_per_hour: 0.0 };

    /// The weight of a batch's KL of so many nats per hour: beta, or nothing while it is free.
    pub fn weight_of(self, kl: f64) -> f64 {
        if kl < self.free_nats_per_hour { 0.0 } else { self.beta }
    }

    /// The loss of a reconstruction and a KL in nats per hour.
    pub fn objective(self, reconstruction: f64, kl: f64) -> f64 {
        reconstruction + self.beta * kl.max(self.free_nats_per_hour)
    }
}

impl Loss {
    /// What training takes gradients of: the reconstruction, and the latents' KL as [`KlCost::weight_of`] weighs it, both
    /// summed over the batch and divided by the hours that are scored. So the weight of the KL beside an hour does not
    /// depend on the length of the windows, of which a noise with memory does not score the first hours.
    pub fn objective(&self, kl_weight: f64) -> Tensor<1> {
        match kl_weight * self.hours_by_scored {
            0.0 => self.reconstruction.clone(),
            1.0 => self.total.clone(),
            weight => self.reconstruction.clone() + self.kl.clone() * weight as f32,
        }
    }

    /// KL of each latent channel in nats per latent step, `[latent]`.
    pub fn kl_by_latent(&self) -> Tensor<1> {
        let [batch, steps, latents] = self.kl_terms.dims();
        self.kl_terms.clone().reshape([batch * steps, latents]).mean_dim(0).squeeze_dim::<1>(0)
    }
}
