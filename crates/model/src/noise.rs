//! The distribution of the hours given the decoder's output, one file a kind. The decoder's first
//! channel is the mean around which the noise lies; further channels are context that only
//! [`mixture`] reads.

mod autoregressive;
mod heteroscedastic;
mod lags;
pub(crate) mod mixture;
pub mod sampler;
mod white;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::config::{ModelConfig, NoiseKind};

pub use autoregressive::Autoregressive;
pub use heteroscedastic::Heteroscedastic;
pub use mixture::Mixture;
pub use white::White;

/// Hours of a day; windows start at a day's first hour.
pub(crate) const HOURS: usize = 24;
/// Hours at a window's start that a noise with memory only looks back to.
pub const HISTORY_HOURS: usize = 48;

#[derive(Module, Debug)]
pub enum Noise {
    White(White),
    Heteroscedastic(Heteroscedastic),
    Ar(Autoregressive),
    Mixture(Mixture),
}

impl Noise {
    pub(crate) fn init(config: &ModelConfig, random: &mut ChaCha8Rng, device: &Device) -> Noise {
        match config.noise {
            NoiseKind::White => Noise::White(White::init(device)),
            NoiseKind::Heteroscedastic => Noise::Heteroscedastic(Heteroscedastic::init(config, device)),
            NoiseKind::Ar { order } => Noise::Ar(Autoregressive::init(order, config, device)),
            NoiseKind::Mixture(shape) => Noise::Mixture(Mixture::init(&shape, config, random, device)),
        }
    }

    /// Hours at a window's start that are looked back to only.
    pub(crate) fn history_hours(&self) -> usize {
        match self {
            Noise::White(_) | Noise::Heteroscedastic(_) => 0,
            Noise::Ar(_) | Noise::Mixture(_) => HISTORY_HOURS,
        }
    }

    /// The mean negative log density of the hours that are scored, in nats per hour, `[1]`. A noise
    /// with memory scores a window from its hour [`HISTORY_HOURS`] on.
    ///
    /// # Shapes
    /// `values` `[batch, hour]`, `decoded` `[batch, hour, channel]`, `seasonal`
    /// `[batch, step, feature]`.
    pub fn negative_log_likelihood(
        &self,
        values: Tensor<2>,
        decoded: Tensor<3>,
        seasonal: Tensor<3>,
    ) -> Tensor<1> {
        match self {
            Noise::White(noise) => noise.negative_log_likelihood(values, decoded),
            Noise::Heteroscedastic(noise) => noise.negative_log_likelihood(values, decoded, seasonal),
            Noise::Ar(noise) => noise.negative_log_likelihood(values, decoded, seasonal),
            Noise::Mixture(noise) => noise.negative_log_likelihood(values, decoded, seasonal),
        }
    }
}

/// The decoder's mean, `[batch, hour, channel]` to `[batch, hour]`.
pub(crate) fn mean_of(decoded: Tensor<3>) -> Tensor<2> {
    decoded.narrow(2, 0, 1).squeeze_dim::<2>(2)
}
