//! Adam as Keras computes it (Kingma and Ba 2015, section 2's last formula): epsilon is added to
//! the root of the second moment before its bias is corrected.

use burn::optim::{AdamState, AdaptiveMomentumState, LearningRate, ModuleOptimizer, Optimizer};
use burn::tensor::{Device, Tensor};

pub(crate) const BETA_1: f64 = 0.9;
pub(crate) const EPSILON: f64 = 1e-7;

/// Keras's Adam, and decoupled weight decay (Loshchilov and Hutter 2019) on top.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    /// Share of the second moment that is kept from step to step; Keras's default is
    /// [`Adam::KERAS_BETA_2`].
    pub beta_2: f64,
    /// Share of the weights that is taken away in each step, before the learning rate.
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Adam {
        Adam { beta_2: Adam::KERAS_BETA_2, weight_decay: 0.0 }
    }
}

impl Adam {
    /// Keras's default.
    pub const KERAS_BETA_2: f64 = 0.999;

    /// The optimiser of a whole module.
    pub fn for_module(self) -> ModuleOptimizer {
        self.into()
    }
}

impl Optimizer for Adam {
    type State<const D: usize> = AdamState<D>;

    /// `w - rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + epsilon)`.
    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, Option<AdamState<D>>) {
        let first = gradient.clone() * (1.0 - BETA_1);
        let second = gradient.square() * (1.0 - self.beta_2);
        let state = match state.map(|state| state.momentum) {
            None => AdaptiveMomentumState::new(1, first, second),
            Some(old) => AdaptiveMomentumState::new(
                old.time + 1,
                old.moment_1 * BETA_1 + first,
                old.moment_2 * self.beta_2 + second,
            ),
        };
        let time = i32::try_from(state.time).unwrap_or(i32::MAX);
        let factor = rate * (1.0 - self.beta_2.powi(time)).sqrt() / (1.0 - BETA_1.powi(time));
        let step = state.moment_1.clone() * factor / (state.moment_2.clone().sqrt() + EPSILON);
        (weights * (1.0 - rate * self.weight_decay) - step, Some(AdamState::new(state)))
    }

    fn to_device<const D: usize>(mut state: AdamState<D>, device: &Device) -> AdamState<D> {
        state.momentum = state.momentum.to_device(device);
        state
    }
}
