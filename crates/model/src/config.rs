//! The model's shape.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::noise::HISTORY_HOURS;

/// Hours that one latent step stands for: four days.
pub const STEP_HOURS: usize = 96;

/// Sizes of the encoder, the decoder and the prior. The decoder mirrors the encoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Channels of each hidden layer.
    pub filters: usize,
    /// Channels of a latent step.
    pub latent_channels: usize,
    /// Stride of each layer from hours to latent steps; a layer of stride s has a kernel of
    /// 2s - 1 steps. Their product is [`STEP_HOURS`]; strides of 1 add layers.
    pub strides: Vec<usize>,
    /// Harmonics of the year that the prior sees.
    pub seasonal_degree: usize,
    pub decoder: DecoderKernel,
    pub prior: PriorKind,
    pub noise: NoiseKind,
}

/// How far each decoder layer sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecoderKernel {
    /// Kernels of 2s - 1 steps, which mirror the encoder's: the article's. An hour depends on at most
    /// two latent steps.
    #[default]
    Mirrored,
    /// Kernels of 3s steps: each frame sees the whole frames before and after it, and an hour the
    /// latent steps of three weeks.
    Wide,
}

impl DecoderKernel {
    /// Steps of a frame that a kernel of stride s reaches before it starts, and after it ends.
    pub fn reach(self, stride: usize) -> (usize, usize) {
        match self {
            DecoderKernel::Mirrored => {
                let padding = (stride - 1) / 2;
                (padding, stride - 1 - padding)
            }
            DecoderKernel::Wide => (stride, stride),
        }
    }
}

/// What the latents are trained against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PriorKind {
    /// Independent steps given the season: the article's.
    #[default]
    Seasonal,
    /// A vector autoregression of order 1 around the season.
    SeasonalVar,
}

/// The distribution of the hours around the decoder's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseKind {
    /// One variance: the article's.
    #[default]
    White,
    /// A variance for each season and hour.
    Heteroscedastic,
    /// The same, with an autoregression of that order on top, periodic in the hour.
    Ar { order: usize },
    /// A mixture of Gaussians given the last hours and the decoder's context.
    Mixture(MixtureConfig),
}

/// Sizes of the mixture noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MixtureConfig {
    /// Hours that it looks back.
    pub lags: usize,
    /// Channels that the decoder gives it.
    pub context: usize,
    /// Units of each of the two hidden layers.
    pub hidden: usize,
    pub components: usize,
}

impl NoiseKind {
    /// Channels of the decoder's output.
    pub fn context(self) -> usize {
        match self {
            NoiseKind::Mixture(shape) => shape.context,
            _ => 1,
        }
    }

    fn check(self) -> Result<(), ConfigError> {
        match self {
            NoiseKind::White | NoiseKind::Heteroscedastic => Ok(()),
            NoiseKind::Ar { order } => range("noise.order", order, 1..=HISTORY_HOURS, "1 to 48 hours"),
            NoiseKind::Mixture(shape) => {
                range("noise.lags", shape.lags, 2..=HISTORY_HOURS, "2 to 48 hours")?;
                range("noise.context", shape.context, 1..=64, "1 to 64")?;
                range("noise.hidden", shape.hidden, 1..=1024, "1 to 1024")?;
                range("noise.components", shape.components, 1..=32, "1 to 32")
            }
        }
    }
}

fn range(
    key: &'static str,
    value: usize,
    range: std::ops::RangeInclusive<usize>,
    wanted: &'static str,
) -> Result<(), ConfigError> {
    match range.contains(&value) {
        true => Ok(()),
        false => Err(ConfigError { key, seen: value.to_string(), wanted }),
    }
}

/// A configuration that no model can have: which key, what it is, what it should be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} is {seen}; wanted {wanted}")]
pub struct ConfigError {
    pub key: &'static str,
    pub seen: String,
    pub wanted: &'static str,
}

impl ModelConfig {
    /// The article's model.
    pub fn article() -> ModelConfig {
        ModelConfig {
            filters: 40,
            latent_channels: 10,
            strides: vec![3, 2, 2, 2, 2, 2],
            seasonal_degree: 3,
            decoder: DecoderKernel::Mirrored,
            prior: PriorKind::Seasonal,
            noise: NoiseKind::White,
        }
    }

    /// Refuses sizes that no model can have.
    ///
    /// # Errors
    /// The first size that is out of range.
    pub fn check(&self) -> Result<(), ConfigError> {
        range("filters", self.filters, 1..=1024, "1 to 1024")?;
        range("latent_channels", self.latent_channels, 1..=256, "1 to 256")?;
        range("seasonal_degree", self.seasonal_degree, 1..=20, "1 to 20")?;
        self.noise.check()?;
        let product = self.strides.iter().try_fold(1_usize, |product, &stride| product.checked_mul(stride));
        if product != Some(STEP_HOURS) || self.strides.len() < 2 {
            let wanted = "at least two strides whose product is 96, such as [3, 2, 2, 2, 2, 2]";
            return Err(ConfigError { key: "strides", seen: format!("{:?}", self.strides), wanted });
        }
        Ok(())
    }

    /// Number of seasonal features: sines, then cosines.
    pub fn seasonal_features(&self) -> usize {
        2 * self.seasonal_degree
    }

    /// `(stride, channels in, channels out)` of each encoder layer; the last gives mean and log
    /// variance of the latents.
    pub fn encoder_layers(&self) -> Vec<(usize, usize, usize)> {
        let last = self.strides.len() - 1;
        let layers = self.strides.iter().enumerate();
        let channels = |i| match i {
            0 => (1, self.filters),
            i if i == last => (self.filters, 2 * self.latent_channels),
            _ => (self.filters, self.filters),
        };
        layers.map(|(i, &stride)| (stride, channels(i).0, channels(i).1)).collect()
    }

    /// `(stride, channels in, channels out)` of each decoder layer.
    pub fn decoder_layers(&self) -> Vec<(usize, usize, usize)> {
        let last = self.strides.len() - 1;
        let layers = self.strides.iter().rev().enumerate();
        let channels = |i| match i {
            0 => (self.latent_channels, self.filters),
            i if i == last => (self.filters, self.noise.context()),
            _ => (self.filters, self.filters),
        };
        layers.map(|(i, &stride)| (stride, channels(i).0, channels(i).1)).collect()
    }

    /// Latent steps before and after a step that can reach into its hours through the decoder.
    pub fn decoder_reach(&self) -> Reach {
        let mut reach = Reach { before: 0, after: 0 };
        for &stride in &self.strides {
            // Steps of this layer's input, from steps of its output.
            let (padding, spill) = self.decoder.reach(stride);
            reach.before = (reach.before + spill).div_ceil(stride);
            reach.after = (reach.after + padding).div_ceil(stride);
        }
        reach
    }
}

/// How far the decoder sees around a latent step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    pub before: usize,
    pub after: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_articles_model_is_valid_and_mirrored() {
        let config = ModelConfig::article();
        config.check().unwrap();
        assert_eq!(config.encoder_layers()[0], (3, 1, 40));
        assert_eq!(config.encoder_layers()[5], (2, 40, 20));
        assert_eq!(config.decoder_layers()[0], (2, 10, 40));
        assert_eq!(config.decoder_layers()[5], (3, 40, 1));
    }

    #[test]
    fn strides_that_do_not_make_96_hours_are_refused() {
        for strides in [vec![], vec![96], vec![2, 2], vec![0, 96], vec![usize::MAX, 3]] {
            let config = ModelConfig { strides: strides.clone(), ..ModelConfig::article() };
            let error = config.check().unwrap_err();
            let wanted = "wanted at least two strides whose product is 96, such as [3, 2, 2, 2, 2, 2]";
            assert_eq!(error.to_string(), format!("strides is {strides:?}; {wanted}"));
        }
    }
}
