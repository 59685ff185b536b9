//! Adam over all weights in one pass: the same step as that of [`crate::adam`].

use std::collections::BTreeMap;

use super::layout::Layout;
use super::vector::{dot, vectorised};
use crate::adam::{Adam, BETA_1, EPSILON};
use crate::parameters::{Parameter, ParameterError};

/// Adam's memory of a model's gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
    steps: u32,
}

/// One step's settings.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub adam: Adam,
    pub rate: f64,
    /// Largest norm of a parameter's gradient.
    pub clip_norm: Option<f32>,
}

impl Moments {
    pub fn new(layout: &Layout) -> Moments {
        let zeros = vec![0.0; layout.weights()];
        Moments { first: zeros.clone(), second: zeros, steps: 0 }
    }

    /// Moves the weights against the gradient.
    pub fn step(&mut self, step: Step, layout: &Layout, weights: &mut [f32], gradient: &[f32]) {
        self.steps += 1;
        let rates = Rates::of(step, self.steps);
        for range in layout.ranges() {
            let (first, second) = (&mut self.first[range.clone()], &mut self.second[range.clone()]);
            move_weights(rates, first, second, &mut weights[range.clone()], &gradient[range]);
        }
    }

    /// Both moments by the names of the weights.
    pub fn name(&self, layout: &Layout) -> [BTreeMap<String, Parameter>; 2] {
        [layout.name(&self.first), layout.name(&self.second)]
    }

    /// Moments that [`Moments::name`] gave, after that many steps.
    ///
    /// # Errors
    /// When they are not those of this layout.
    pub fn from_named(
        [first, second]: [BTreeMap<String, Parameter>; 2],
        steps: u32,
        layout: &Layout,
    ) -> Result<Moments, ParameterError> {
        Ok(Moments { first: layout.flatten(first)?, second: layout.flatten(second)?, steps })
    }
}

/// The numbers of one step.
#[derive(Clone, Copy)]
struct Rates {
    /// Of the moments' ratio.
    factor: f32,
    /// What decay leaves of a weight.
    kept: f32,
    beta_1: f32,
    new_1: f32,
    beta_2: f32,
    new_2: f32,
    clip_norm: Option<f32>,
}

impl Rates {
    fn of(step: Step, number: u32) -> Rates {
        let Step { adam, rate, clip_norm } = step;
        let time = i32::try_from(number).unwrap_or(i32::MAX);
        let corrected = (1.0 - adam.beta_2.powi(time)).sqrt() / (1.0 - BETA_1.powi(time));
        Rates {
            factor: (rate * corrected) as f32,
            kept: (1.0 - rate * adam.weight_decay) as f32,
            beta_1: BETA_1 as f32,
            new_1: (1.0 - BETA_1) as f32,
            beta_2: adam.beta_2 as f32,
            new_2: (1.0 - adam.beta_2) as f32,
            clip_norm,
        }
    }
}

vectorised! {
    fn move_weights(
        rates: Rates,
        first: &mut [f32],
        second: &mut [f32],
        weights: &mut [f32],
        gradient: &[f32],
    ) {
        let norm = || dot(gradient, gradient).sqrt() + f32::MIN_POSITIVE;
        let share = rates.clip_norm.map_or(1.0, |largest| (largest / norm()).min(1.0));
        let moments = first.iter_mut().zip(second);
        for (((first, second), weight), gradient) in moments.zip(weights).zip(gradient) {
            let gradient = gradient * share;
            *first = *first * rates.beta_1 + gradient * rates.new_1;
            *second = *second * rates.beta_2 + gradient * gradient * rates.new_2;
            *weight = *weight * rates.kept - *first * rates.factor / (second.sqrt() + EPSILON as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::grad_clipping::GradientClipping;
    use burn::optim::GradientsParams;
    use burn::tensor::{Device, Tensor};

    use super::*;
    use crate::config::ModelConfig;
    use crate::vae::Vae;

    #[test]
    fn steps_are_those_of_burns_optimiser() {
        let device = Device::flex().autodiff();
        let mut vae = Vae::init(&ModelConfig::article(), 3, &device).unwrap();
        let layout = Layout::of(&vae).unwrap();
        let mut weights = layout.read(&vae).unwrap();
        let adam = Adam { beta_2: 0.995, weight_decay: 0.05 };
        let mut optimiser = adam.for_module().with_grad_clipping(GradientClipping::Norm(2.0));
        let mut moments = Moments::new(&layout);
        for number in 0..5 {
            let rate = 0.01 / f64::from(1 + number);
            // The gradient of the sum of all weights squared, times the step's number.
            let kernel = |weight: Tensor<3>| (weight.square() * (1 + number)).sum();
            let sum = vae.encoder.iter().map(|layer| kernel(layer.kernel.val())).reduce(|a, b| a + b);
            let gradients = GradientsParams::from_grads(sum.unwrap().backward(), &vae);
            let gradient: Vec<f32> = layout
                .name(&weights)
                .into_iter()
                .flat_map(|(name, weight)| {
                    let of_kernel = name.starts_with("encoder") && name.ends_with("kernel");
                    let factor = if of_kernel { 2.0 * (1 + number) as f32 } else { 0.0 };
                    weight.values.into_iter().map(move |x| x * factor)
                })
                .collect();
            vae = optimiser.step(rate, vae, gradients);
            moments.step(Step { adam, rate, clip_norm: Some(2.0) }, &layout, &mut weights, &gradient);
        }
        let wanted = vae.parameters().unwrap();
        for (name, weight) in layout.name(&weights) {
            if !(name.starts_with("encoder") && name.ends_with("kernel")) {
                continue; // burn leaves weights without gradients as they are.
            }
            for (seen, wanted) in weight.values.iter().zip(&wanted[&name].values) {
                assert!((seen - wanted).abs() < 1e-6, "{name}: {seen} is not {wanted}");
            }
        }
    }

    #[test]
    fn moments_come_back_from_their_names() {
        let vae = Vae::init(&ModelConfig::article(), 3, &Device::flex()).unwrap();
        let layout = Layout::of(&vae).unwrap();
        let mut weights = layout.read(&vae).unwrap();
        let mut moments = Moments::new(&layout);
        let gradient = weights.clone();
        let step = Step { adam: Adam::default(), rate: 0.1, clip_norm: None };
        moments.step(step, &layout, &mut weights, &gradient);
        assert_eq!(Moments::from_named(moments.name(&layout), 1, &layout).unwrap(), moments);
        let [mut first, second] = moments.name(&layout);
        first.remove("noise_log_var");
        let error = Moments::from_named([first, second], 1, &layout).unwrap_err();
        assert_eq!(error.to_string(), "the weights lack noise_log_var");
    }
}
