//! The next hour as a linear function of the hours before it and of the decoder's channels, near one history.

use super::{DIFFERENCE_SCALE, Given, History, Kind, MEAN_SCALE, Mixture, NoiseSampler, layer};
use crate::fast::vector::{dot, exp, vectorised};

/// `x ~ N(mean + sum of slopes times departures of the hours before and of the channels, variance)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinearHour {
    pub mean: f64,
    pub variance: f64,
    /// Of the last hour first.
    pub slopes: Vec<f64>,
    /// Of the decoder's channels.
    pub by_context: Vec<f64>,
}

impl NoiseSampler {
    /// Number of hours before the next one that it depends on.
    pub fn lags(&self) -> usize {
        match &self.kind {
            Kind::White { .. } | Kind::Heteroscedastic(_) => 0,
            Kind::Ar { order, .. } => *order,
            Kind::Mixture(mixture) => mixture.lags,
        }
    }

    /// Mean and variance of the next standardised hour.
    pub fn moments(&self, history: &mut History, given: Given<'_>) -> (f64, f64) {
        let density = self.density(history, given);
        let parts = density.weights.iter().zip(&density.means).zip(&density.sigmas);
        let (mut mean, mut square) = (0.0, 0.0);
        for ((&weight, &centre), &sigma) in parts {
            let (weight, centre, sigma) = (f64::from(weight), f64::from(centre), f64::from(sigma));
            mean += weight * centre;
            square += weight * (centre * centre + sigma * sigma);
        }
        (mean, square - mean * mean)
    }

    /// Mean and variance at that history, and how the mean goes with what it depends on.
    pub fn linearise(&self, history: &mut History, given: Given<'_>) -> LinearHour {
        let (mean, variance) = self.moments(history, given);
        let only_mean = || {
            let mut slopes = vec![0.0; given.decoded.len()];
            slopes[0] = 1.0;
            slopes
        };
        let (slopes, by_context) = match &self.kind {
            Kind::White { .. } | Kind::Heteroscedastic(_) => (Vec::new(), only_mean()),
            Kind::Ar { coefficients, order, .. } => {
                let row = &coefficients[given.hour_of_day * order..(given.hour_of_day + 1) * order];
                (row.iter().map(|&slope| f64::from(slope)).collect(), only_mean())
            }
            Kind::Mixture(mixture) => {
                let mut by_input = vec![0.0; mixture.inputs];
                fill_slopes(mixture, history, given, &mut by_input);
                let by_context = &by_input[mixture.lags..mixture.lags + given.decoded.len()];
                (mixture.by_hours(&by_input), by_context.iter().map(|&slope| f64::from(slope)).collect())
            }
        };
        LinearHour { mean, variance, slopes, by_context }
    }
}

impl Mixture {
    /// The slopes by the hours before, from those by the inputs that are made of them.
    fn by_hours(&self, by_input: &[f32]) -> Vec<f64> {
        // Input k is `(x_k - x_(k + 1)) * scale` where k is not 0, and x_1 else.
        let difference =
            |k: usize| if (1..self.lags).contains(&k) { by_input[k] * DIFFERENCE_SCALE } else { 0.0 };
        let slope = |lag: usize| f64::from(difference(lag + 1) - difference(lag));
        let mut slopes: Vec<f64> = (0..self.lags).map(slope).collect();
        slopes[0] += 1.0 + f64::from(by_input[0]);
        slopes
    }

    /// The gradient of the mean by the inputs of the hour whose density has been made last, but for what the
    /// last hour adds to it directly.
    #[inline(always)]
    fn slopes(&self, history: &mut History, given: Given<'_>, by_input: &mut [f32]) {
        let History { density, inputs, hidden: [first, second], output, .. } = history;
        let mean: f32 = dot(&density.weights, &density.means);
        let parts = density.weights.iter().zip(&density.means);
        output.clear();
        output.extend(parts.map(|(weight, centre)| weight * (centre - mean)));
        output.extend(density.weights.iter().map(|weight| weight * MEAN_SCALE));
        // Of each unit of the second layer, then of the first.
        let rows = self.output_kernel.chunks_exact(3 * self.components);
        let of_second: Vec<f32> = rows.map(|row| dot(&row[..output.len()], output)).collect();
        layer(second, first, &self.hidden_kernel, &self.hidden_bias);
        second.iter_mut().zip(&of_second).for_each(|(sum, of_unit)| *sum = silu_slope(*sum) * of_unit);
        let rows = self.hidden_kernel.chunks_exact(self.hidden);
        let of_first: Vec<f32> = rows.map(|row| dot(row, second)).collect();
        let bias = &self.input_bias[given.hour_of_day * self.hidden..][..self.hidden];
        layer(first, inputs, &self.input_kernel, bias);
        first.iter_mut().zip(&of_first).for_each(|(sum, of_unit)| *sum = silu_slope(*sum) * of_unit);
        let rows = self.input_kernel.chunks_exact(self.hidden);
        let linear = &self.linear[given.hour_of_day * self.inputs..][..self.inputs];
        for ((out, row), linear) in by_input.iter_mut().zip(rows).zip(linear) {
            *out = dot(row, first) + linear;
        }
        for (&i, row) in self.seasonal.iter().zip(self.season_linear.chunks_exact(self.inputs)) {
            by_input.iter_mut().zip(row).for_each(|(out, slope)| *out += given.seasonal[i] * slope);
        }
    }
}

vectorised! {
    fn fill_slopes(mixture: &Mixture, history: &mut History, given: Given<'_>, by_input: &mut [f32]) {
        mixture.slopes(history, given, by_input);
    }
}

/// The derivative of `x / (1 + exp(-x))`.
#[inline(always)]
fn silu_slope(x: f32) -> f32 {
    let sigmoid = 1.0 / (1.0 + exp(-x));
    sigmoid * (1.0 + x * (1.0 - sigmoid))
}

#[cfg(test)]
pub(super) mod tests {
    use burn::tensor::Device;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::config::{MixtureConfig, ModelConfig, NoiseKind};
    use crate::vae::Vae;

    /// A sampler none of whose weights is at its start.
    pub(in crate::noise::sampler) fn sampler(noise: NoiseKind) -> NoiseSampler {
        let config = ModelConfig { filters: 4, latent_channels: 2, noise, ..ModelConfig::article() };
        let mut parameters = Vae::init(&config, 3, &Device::flex()).unwrap().parameters().unwrap();
        let random = &mut ChaCha8Rng::seed_from_u64(5);
        for parameter in parameters.values_mut() {
            parameter.values.iter_mut().for_each(|value| *value += random.random_range(-0.3..0.3));
        }
        NoiseSampler::new(&config, &parameters).unwrap()
    }

    #[test]
    fn slopes_are_differences_of_the_mean() {
        let mixture = MixtureConfig { lags: 4, context: 3, hidden: 5, components: 2 };
        for noise in [NoiseKind::White, NoiseKind::Ar { order: 3 }, NoiseKind::Mixture(mixture)] {
            let sampler = sampler(noise);
            let seasonal = [0.3, -0.2, 0.1, 0.4, 0.2, -0.5];
            let decoded = [0.2, -0.7, 0.4];
            let decoded = &decoded[..noise.context()];
            let given = Given { hour_of_day: 7, seasonal: &seasonal, decoded };
            let mut history = sampler.history();
            history.hours.iter_mut().zip([0.5, 0.1, -0.4, 0.9]).for_each(|(hour, value)| *hour = value);
            let linear = sampler.linearise(&mut history, given);
            // Half the distance of central differences in 32 bits: errors of 1e-3 squared and of 1e-7 / 1e-3.
            let step = 3e-3_f32;
            let close = |slope: f64, ends: [f64; 2]| {
                let wanted = (ends[1] - ends[0]) / f64::from(2.0 * step);
                assert!((slope - wanted).abs() < 2e-3, "{noise:?}: {slope} is not {wanted}");
            };
            for lag in 0..history.hours.len() {
                let kept = history.hours[lag];
                let ends = [-step, step].map(|move_by| {
                    history.hours[lag] = kept + move_by;
                    sampler.moments(&mut history, given).0
                });
                history.hours[lag] = kept;
                close(linear.slopes[lag], ends);
            }
            for channel in 0..decoded.len() {
                let ends = [-step, step].map(|move_by| {
                    let mut decoded = decoded.to_vec();
                    decoded[channel] += move_by;
                    sampler.moments(&mut history, Given { decoded: &decoded, ..given }).0
                });
                close(linear.by_context[channel], ends);
            }
        }
    }
}
