//! Priors of the latents that the model is trained against, one file each.

mod seasonal;
mod seasonal_var;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::config::{ModelConfig, PriorKind};
use crate::gaussian::DiagonalGaussian;

pub use seasonal::SeasonalPrior;
pub use seasonal_var::SeasonalVarPrior;

#[derive(Module, Debug)]
pub enum Prior {
    Seasonal(SeasonalPrior),
    SeasonalVar(SeasonalVarPrior),
}

impl Prior {
    pub(crate) fn init(config: &ModelConfig, random: &mut ChaCha8Rng, device: &Device) -> Prior {
        match config.prior {
            PriorKind::Seasonal => Prior::Seasonal(SeasonalPrior::init(config, random, device)),
            PriorKind::SeasonalVar => Prior::SeasonalVar(SeasonalVarPrior::init(config, device)),
        }
    }

    /// KL(posterior || prior) in nats, split by step and channel.
    ///
    /// # Shapes
    /// `seasonal` `[batch, step, feature]`; the result is `[batch, step, latent]`.
    pub fn kl(&self, posterior: &DiagonalGaussian, seasonal: Tensor<3>) -> Tensor<3> {
        match self {
            Prior::Seasonal(prior) => posterior.kl(&prior.forward(seasonal)),
            Prior::SeasonalVar(prior) => prior.kl(posterior, seasonal),
        }
    }
}
