//! Drawing hours one after the other, in plain 32-bit floats: what the noise's density is in
//! tensors, as a function of one hour's history. A noise without memory is drawn the same way.

mod lanes;
mod linear;

use std::collections::BTreeMap;

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use super::HOURS;
use super::mixture::{DIFFERENCE_SCALE, LOG_SIGMA, MEAN_SCALE, seasonal_inputs};
use crate::config::{ModelConfig, NoiseKind};
use crate::fast::vector::{dot, exp, vectorised};
use crate::parameters::{Parameter, ParameterError};

pub use crate::fast::lanes::{LANES, Row};
pub use lanes::{Chance, Factor, Lanes, SharedHour, plus_products};
pub use linear::LinearHour;

/// Largest size of a standardised hour: a bound that no real hour comes near.
pub const LARGEST_VALUE: f32 = 6.5;

/// What an hour is drawn given, besides the hours before it.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// 0 to 23.
    pub hour_of_day: usize,
    /// Seasonal features of the hour's latent step.
    pub seasonal: &'a [f32],
    /// The decoder's channels.
    pub decoded: &'a [f32],
}

/// A noise's weights in the order that drawing needs.
#[derive(Clone, Debug)]
pub struct NoiseSampler {
    kind: Kind,
}

/// The hours before the next one, the last first, and room to work in.
#[derive(Clone, Debug)]
pub struct History {
    hours: Vec<f32>,
    density: Density,
    inputs: Vec<f32>,
    hidden: [Vec<f32>; 2],
    output: Vec<f32>,
}

#[derive(Clone, Debug)]
enum Kind {
    White { sigma: f32 },
    Heteroscedastic(Scale),
    Ar { coefficients: Vec<f32>, order: usize, scale: Scale },
    Mixture(Box<Mixture>),
}

/// Log variances, `[1 + features, 24]`.
#[derive(Clone, Debug)]
struct Scale(Vec<f32>);

#[derive(Clone, Debug)]
struct Mixture {
    lags: usize,
    inputs: usize,
    hidden: usize,
    components: usize,
    seasonal: Vec<usize>,
    /// `[24, inputs]`.
    linear: Vec<f32>,
    hour_bias: Vec<f32>,
    /// `[season, inputs]`.
    season_linear: Vec<f32>,
    /// `[24, 1 + season]`.
    log_scale: Vec<f32>,
    input_kernel: Vec<f32>,
    input_bias: Vec<f32>,
    hidden_kernel: Vec<f32>,
    hidden_bias: Vec<f32>,
    output_kernel: Vec<f32>,
    output_bias: Vec<f32>,
}

/// One hour's distribution: a Gaussian, or several with weights that add up to 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Density {
    pub weights: Vec<f32>,
    pub means: Vec<f32>,
    pub sigmas: Vec<f32>,
}

impl NoiseSampler {
    /// The sampler of a model's noise, from its parameters by name.
    ///
    /// # Errors
    /// When a parameter is missing.
    pub fn new(
        config: &ModelConfig,
        parameters: &BTreeMap<String, Parameter>,
    ) -> Result<NoiseSampler, ParameterError> {
        let values = |name: &str| {
            let parameter = parameters.get(name).ok_or_else(|| ParameterError::Missing(name.to_string()))?;
            Ok::<_, ParameterError>(parameter.values.clone())
        };
        let scale = || Ok::<_, ParameterError>(Scale(values("noise.log_var")?));
        let kind = match config.noise {
            NoiseKind::White => {
                let log_var = values("noise_log_var")?.first().copied().unwrap_or_default();
                Kind::White { sigma: (0.5 * log_var).exp() }
            }
            NoiseKind::Heteroscedastic => Kind::Heteroscedastic(scale()?),
            NoiseKind::Ar { order } => {
                Kind::Ar { coefficients: values("noise.coefficients")?, order, scale: scale()? }
            }
            NoiseKind::Mixture(shape) => {
                let shared = values("noise.linear")?;
                let linear = values("noise.hour_linear")?;
                let linear = linear.chunks_exact(shared.len());
                let linear =
                    linear.flat_map(|row| row.iter().zip(&shared).map(|(hour, shared)| hour + shared));
                Kind::Mixture(Box::new(Mixture {
                    lags: shape.lags,
                    inputs: shared.len(),
                    hidden: shape.hidden,
                    components: shape.components,
                    seasonal: seasonal_inputs(config.seasonal_features()),
                    linear: linear.collect(),
                    hour_bias: values("noise.hour_bias")?,
                    season_linear: values("noise.season_linear")?,
                    log_scale: values("noise.log_scale")?,
                    input_kernel: values("noise.input_kernel")?,
                    input_bias: values("noise.input_bias")?,
                    hidden_kernel: values("noise.hidden_kernel")?,
                    hidden_bias: values("noise.hidden_bias")?,
                    output_kernel: values("noise.output_kernel")?,
                    output_bias: values("noise.output_bias")?,
                }))
            }
        };
        Ok(NoiseSampler { kind })
    }

    /// A history of hours at the climate's centre.
    pub fn history(&self) -> History {
        History {
            hours: vec![0.0; self.lags()],
            density: Density::default(),
            inputs: Vec::new(),
            hidden: [Vec::new(), Vec::new()],
            output: Vec::new(),
        }
    }

    /// True if an hour depends on the ones before it.
    pub fn has_memory(&self) -> bool {
        self.lags() > 0
    }

    /// Draws the next standardised hour.
    pub fn draw(&self, history: &mut History, given: Given<'_>, random: &mut impl Rng) -> f32 {
        let density = self.density(history, given);
        let mut left: f32 = random.random();
        let mut chosen = density.weights.len() - 1;
        for (i, weight) in density.weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                chosen = i;
                break;
            }
        }
        let normal: f32 = StandardNormal.sample(random);
        let value = density.means[chosen] + density.sigmas[chosen] * normal;
        let value = value.clamp(-LARGEST_VALUE, LARGEST_VALUE);
        self.remember(history, given, value);
        value
    }

    /// Puts an hour into the history.
    pub fn remember(&self, history: &mut History, given: Given<'_>, value: f32) {
        let kept = match self.kind {
            Kind::Ar { .. } => value - given.decoded[0],
            _ => value,
        };
        if let Some(oldest) = history.hours.len().checked_sub(1) {
            history.hours.copy_within(..oldest, 1);
            history.hours[0] = kept;
        }
    }

    /// The distribution of the next standardised hour.
    pub fn density<'a>(&self, history: &'a mut History, given: Given<'_>) -> &'a Density {
        let mean = given.decoded[0];
        let (mean, sigma) = match &self.kind {
            Kind::White { sigma } => (mean, *sigma),
            Kind::Heteroscedastic(scale) => (mean, scale.log_sigma(given.hour_of_day, given.seasonal).exp()),
            Kind::Ar { coefficients, order, scale } => {
                let row = &coefficients[given.hour_of_day * order..(given.hour_of_day + 1) * order];
                (mean + dot(row, &history.hours), scale.log_sigma(given.hour_of_day, given.seasonal).exp())
            }
            Kind::Mixture(mixture) => {
                fill_density(mixture, history, given);
                return &history.density;
            }
        };
        let Density { weights, means, sigmas } = &mut history.density;
        for (values, value) in [(weights, 1.0), (means, mean), (sigmas, sigma)] {
            values.clear();
            values.push(value);
        }
        &history.density
    }
}

impl Scale {
    fn log_sigma(&self, hour_of_day: usize, seasonal: &[f32]) -> f32 {
        let at = |row: usize| self.0[row * HOURS + hour_of_day];
        let seasonal: f32 = seasonal.iter().enumerate().map(|(i, x)| x * at(1 + i)).sum();
        0.5 * (at(0) + seasonal)
    }
}

impl Mixture {
    #[inline(always)]
    fn density(&self, history: &mut History, given: Given<'_>) {
        let History { hours, density, inputs, hidden: [first, second], output } = history;
        let hour = given.hour_of_day;
        inputs.clear();
        inputs.push(hours[0]);
        inputs.extend(hours.windows(2).map(|pair| (pair[0] - pair[1]) * DIFFERENCE_SCALE));
        inputs.extend_from_slice(given.decoded);
        inputs.extend(self.seasonal.iter().map(|&i| given.seasonal[i]));

        let mut linear =
            self.hour_bias[hour] + dot(&self.linear[hour * self.inputs..][..self.inputs], inputs);
        let scales = &self.log_scale[hour * (1 + self.seasonal.len())..][..1 + self.seasonal.len()];
        let mut log_scale = scales[0];
        for ((&i, row), scale) in
            self.seasonal.iter().zip(self.season_linear.chunks_exact(self.inputs)).zip(&scales[1..])
        {
            linear += given.seasonal[i] * dot(row, inputs);
            log_scale += given.seasonal[i] * scale;
        }
        let bias = &self.input_bias[hour * self.hidden..][..self.hidden];
        layer(first, inputs, &self.input_kernel, bias);
        first.iter_mut().for_each(silu);
        layer(second, first, &self.hidden_kernel, &self.hidden_bias);
        second.iter_mut().for_each(silu);
        layer(output, second, &self.output_kernel, &self.output_bias);

        let (logits, rest) = output.split_at(self.components);
        let (means, log_sigmas) = rest.split_at(self.components);
        let centre = hours[0] + linear;
        softmax(&mut density.weights, logits);
        density.means.clear();
        density.means.extend(means.iter().map(|mean| centre + mean * MEAN_SCALE));
        density.sigmas.clear();
        let sigma = |log: &f32| exp((log + log_scale).clamp(LOG_SIGMA.0, LOG_SIGMA.1));
        density.sigmas.extend(log_sigmas.iter().map(sigma));
    }
}

vectorised! {
    fn fill_density(mixture: &Mixture, history: &mut History, given: Given<'_>) {
        mixture.density(history, given);
    }
}

/// `out = bias + x kernel`, kernel `[x, out]`.
#[inline(always)]
fn layer(out: &mut Vec<f32>, x: &[f32], kernel: &[f32], bias: &[f32]) {
    let width = bias.len();
    out.clear();
    out.extend_from_slice(bias);
    let mut first = 0;
    while first < width {
        first += match width - first {
            32.. => add_columns::<32>(out, x, kernel, first),
            16.. => add_columns::<16>(out, x, kernel, first),
            8.. => add_columns::<8>(out, x, kernel, first),
            4.. => add_columns::<4>(out, x, kernel, first),
            _ => add_columns::<1>(out, x, kernel, first),
        };
    }
}

/// `out += x kernel` for so many columns from `first` on, whose sums stay in registers; returns how many.
#[inline(always)]
fn add_columns<const COLUMNS: usize>(out: &mut [f32], x: &[f32], kernel: &[f32], first: usize) -> usize {
    let width = out.len();
    let mut sums = [0.0; COLUMNS];
    sums.copy_from_slice(&out[first..first + COLUMNS]);
    for (x, row) in x.iter().zip(kernel.chunks_exact(width)) {
        for (sum, weight) in sums.iter_mut().zip(&row[first..first + COLUMNS]) {
            *sum += x * weight;
        }
    }
    out[first..first + COLUMNS].copy_from_slice(&sums);
    COLUMNS
}

#[inline(always)]
fn silu(x: &mut f32) {
    *x /= 1.0 + exp(-*x);
}

#[inline(always)]
fn softmax(out: &mut Vec<f32>, logits: &[f32]) {
    let largest = logits.iter().copied().fold(f32::MIN, f32::max);
    out.clear();
    out.extend(logits.iter().map(|logit| exp(logit - largest)));
    let sum: f32 = out.iter().sum();
    out.iter_mut().for_each(|power| *power /= sum);
}
