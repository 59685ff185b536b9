//! A prior with memory: `z[t] = m(season) + Phi (z[t-1] - m) + s(season) e[t]`, a vector
//! autoregression of order 1 with a full transition matrix, stationary by construction.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

use crate::config::ModelConfig;
use crate::gaussian::DiagonalGaussian;

/// Largest norm of the transition.
const LARGEST_NORM: f32 = 0.99;
/// The transition's diagonal at the start.
const FIRST_TRANSITION: f32 = 0.3;

#[derive(Module, Debug)]
pub struct SeasonalVarPrior {
    /// `[1 + features, 2 * latent]`: means, then log variances of the innovations; the constant first.
    pub kernel: Param<Tensor<2>>,
    /// `[latent, latent]`: the transition before its norm is bounded.
    pub transition: Param<Tensor<2>>,
}

impl SeasonalVarPrior {
    pub(super) fn init(config: &ModelConfig, device: &Device) -> SeasonalVarPrior {
        let latents = config.latent_channels;
        let kernel = Tensor::zeros([1 + config.seasonal_features(), 2 * latents], device);
        let cell = |i: usize| if i % (latents + 1) == 0 { FIRST_TRANSITION } else { 0.0 };
        let transition: Vec<f32> = (0..latents * latents).map(cell).collect();
        SeasonalVarPrior {
            kernel: Param::from_tensor(kernel),
            transition: Param::from_data(TensorData::new(transition, [latents, latents]), device),
        }
    }

    /// The mean of each step, and the log variance of its innovation.
    ///
    /// # Shapes
    /// `[batch, step, features]` to `[batch, step, latent]`.
    pub fn forward(&self, seasonal: Tensor<3>) -> DiagonalGaussian {
        let [batch, steps, features] = seasonal.dims();
        let kernel = self.kernel.val();
        let constant = kernel.clone().narrow(0, 0, 1);
        let pair =
            seasonal.reshape([batch * steps, features]).matmul(kernel.narrow(0, 1, features)) + constant;
        let channels = pair.dims()[1];
        DiagonalGaussian::from_pair(pair.reshape([batch, steps, channels]))
    }

    /// The transition `[latent, latent]`, row `i` for what `z[t-1]` does to channel `i`. The raw
    /// matrix is divided by `sqrt(largest row sum * largest column sum)` of its absolute values
    /// where that is above 0.99; it bounds the spectral radius (Golub and Van Loan 2013, 2.3.3).
    pub fn transition(&self) -> Tensor<2> {
        let raw = self.transition.val();
        let sizes = raw.clone().detach().abs();
        let rows = sizes.clone().sum_dim(1).max().sqrt();
        let columns = sizes.sum_dim(0).max().sqrt();
        let factor = (rows * columns).recip().mul_scalar(LARGEST_NORM).clamp_max(1.0);
        raw * factor.unsqueeze::<2>()
    }

    /// What the raw transition is multiplied with, from its numbers.
    pub(crate) fn bounding_factor(raw: &[f32], latents: usize) -> f32 {
        let rows = raw.chunks_exact(latents).map(|row| row.iter().map(|x| x.abs()).sum::<f32>());
        let column = |j: usize| raw.iter().skip(j).step_by(latents).map(|x| x.abs()).sum::<f32>();
        let largest_row = rows.fold(0.0, f32::max);
        let largest_column = (0..latents).map(column).fold(0.0, f32::max);
        (LARGEST_NORM / (largest_row.sqrt() * largest_column.sqrt())).min(1.0)
    }

    /// The closed form for a posterior with independent components, with `r = mean - m`:
    /// `(ln s² - ln v_t + (v_t + Phi² v_{t-1} + (r_t - Phi r_{t-1})²) / s² - 1) / 2`. The first step
    /// of a sequence, which has none before it, counts as drawn from `N(m, s²)`.
    pub(super) fn kl(&self, posterior: &DiagonalGaussian, seasonal: Tensor<3>) -> Tensor<3> {
        let prior = self.forward(seasonal);
        let [batch, steps, latents] = posterior.mean.dims();
        let departure = posterior.mean.clone() - prior.mean;
        let variance = posterior.log_var.clone().exp();
        let transition = self.transition();
        let carried = |x: Tensor<3>, matrix: Tensor<2>| {
            let rows = x.narrow(1, 0, steps - 1).reshape([batch * (steps - 1), latents]);
            let moved: Tensor<3> = rows.matmul(matrix.transpose()).reshape([batch, steps - 1, latents]);
            Tensor::cat(vec![Tensor::zeros([batch, 1, latents], &moved.device()), moved], 1)
        };
        let (spread, innovation) = match steps {
            1 => (variance, departure),
            _ => (
                variance.clone() + carried(variance, transition.clone().square()),
                departure.clone() - carried(departure, transition),
            ),
        };
        let scaled = (spread + innovation.square()) * (-prior.log_var.clone()).exp();
        (prior.log_var - posterior.log_var.clone() + scaled - 1.0) * 0.5
    }
}
