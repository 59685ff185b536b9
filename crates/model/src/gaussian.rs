//! Gaussians with independent components, and the divergence between two of them.

use burn::tensor::Tensor;

/// ln(2π).
pub(crate) const LN_TWO_PI: f32 = 1.837_877_1;

/// Mean and log variance of each component, `[batch, step, latent]`.
#[derive(Clone, Debug)]
pub struct DiagonalGaussian {
    pub mean: Tensor<3>,
    pub log_var: Tensor<3>,
}

impl DiagonalGaussian {
    /// Splits `[batch, step, 2 * latent]` into means, then log variances.
    pub(crate) fn from_pair(pair: Tensor<3>) -> DiagonalGaussian {
        let latent = pair.dims()[2] / 2;
        DiagonalGaussian { mean: pair.clone().narrow(2, 0, latent), log_var: pair.narrow(2, latent, latent) }
    }

    /// `mean + exp(log_var / 2) * epsilon`, for standard normal `epsilon` of the same shape.
    pub fn sample(&self, epsilon: Tensor<3>) -> Tensor<3> {
        self.mean.clone() + epsilon * (self.log_var.clone() * 0.5).exp()
    }

    /// KL(self || prior) of each component in nats, `[batch, step, latent]`:
    /// `(log s_p² - log s² + (s² + (m - m_p)²) / s_p² - 1) / 2`.
    pub fn kl(&self, prior: &DiagonalGaussian) -> Tensor<3> {
        let difference = self.mean.clone() - prior.mean.clone();
        let spread = self.log_var.clone().exp() + difference.square();
        let scaled = spread * (-prior.log_var.clone()).exp();
        (prior.log_var.clone() - self.log_var.clone() + scaled - 1.0) * 0.5
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn gaussian(mean: f32, log_var: f32) -> DiagonalGaussian {
        let one = |x: f32| Tensor::<3>::from_data(TensorData::new(vec![x], [1, 1, 1]), &Device::flex());
        DiagonalGaussian { mean: one(mean), log_var: one(log_var) }
    }

    #[test]
    fn kl_is_zero_at_the_prior() {
        let kl = gaussian(0.7, -1.2).kl(&gaussian(0.7, -1.2)).into_scalar::<f32>();
        assert!(kl.abs() < 1e-6, "{kl}");
    }

    #[test]
    fn kl_from_the_standard_normal_is_the_closed_form() {
        // KL(N(1, e) || N(0, 1)) = (e + 1 - 1 - 1) / 2.
        let kl = gaussian(1.0, 1.0).kl(&gaussian(0.0, 0.0)).into_scalar::<f32>();
        let wanted = (std::f32::consts::E - 1.0) / 2.0;
        assert!((kl - wanted).abs() < 1e-6, "{kl} is not {wanted}");
    }
}
