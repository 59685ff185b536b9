//! What each noise says of the hours given the decoder's channels, with its gradients: the same densities
//! as those of [`crate::noise`], one file a kind, written out in plain numbers.

mod autoregressive;
mod heteroscedastic;
mod mixture;
mod white;

use super::layout::Layout;
use crate::config::{ModelConfig, NoiseKind};
use autoregressive::Autoregressive;
use heteroscedastic::Heteroscedastic;
use mixture::Mixture;
use white::White;

/// One sequence, as a density sees it.
#[derive(Clone, Copy)]
pub(super) struct Sequence<'a> {
    /// Standardised hours.
    pub(super) hours: &'a [f32],
    /// The decoder's channels, `[hour, channel]`.
    pub(super) decoded: &'a [f32],
    /// Seasonal features, `[step, feature]`.
    pub(super) seasonal: &'a [f32],
}

/// Where gradients go. Each hour counts `scale`.
pub(super) struct Gradient<'a> {
    pub(super) scale: f32,
    /// Of the decoder's channels, `[hour, channel]`; set, not added to.
    pub(super) decoded: &'a mut [f32],
    /// Of all weights; added to.
    pub(super) weights: &'a mut [f32],
}

/// A noise's weights among all weights, and room to work in.
#[derive(Clone, Debug)]
pub(super) enum Density {
    White(White),
    Heteroscedastic(Heteroscedastic),
    Autoregressive(Autoregressive),
    Mixture(Box<Mixture>),
}

impl Density {
    pub(super) fn new(config: &ModelConfig, layout: &Layout) -> Density {
        match config.noise {
            NoiseKind::White => Density::White(White::new(layout)),
            NoiseKind::Heteroscedastic => Density::Heteroscedastic(Heteroscedastic::new(config, layout)),
            NoiseKind::Ar { order } => Density::Autoregressive(Autoregressive::new(order, config, layout)),
            NoiseKind::Mixture(shape) => Density::Mixture(Box::new(Mixture::new(&shape, config, layout))),
        }
    }

    /// The sum of the negative log densities of a sequence's scored hours, in nats, and its gradients.
    pub(super) fn negative_log(
        &mut self,
        weights: &[f32],
        sequence: Sequence<'_>,
        gradient: Option<Gradient<'_>>,
    ) -> f64 {
        match self {
            Density::White(noise) => noise.negative_log(weights, sequence, gradient),
            Density::Heteroscedastic(noise) => noise.negative_log(weights, sequence, gradient),
            Density::Autoregressive(noise) => noise.negative_log(weights, sequence, gradient),
            Density::Mixture(noise) => noise.negative_log(weights, sequence, gradient),
        }
    }

    /// Hours at a sequence's start that are looked back to only.
    pub(super) fn history_hours(&self) -> usize {
        match self {
            Density::White(_) | Density::Heteroscedastic(_) => 0,
            Density::Autoregressive(_) | Density::Mixture(_) => crate::noise::HISTORY_HOURS,
        }
    }
}
