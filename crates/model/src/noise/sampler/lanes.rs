//! The next hour of sixteen members at once: the same densities as one by one, with the members side by
//! side in the vectors' lanes. No lane knows of another, so that a member's numbers do not depend on who is
//! beside it.

mod draw;
mod recent;

use super::{DIFFERENCE_SCALE, Kind, LOG_SIGMA, MEAN_SCALE, Mixture, NoiseSampler};
use crate::fast::lanes::{LANES, Row, layer};
use crate::fast::vector::{exp, vectorised};
pub use draw::{Chance, Factor};
use recent::Recent;

/// What an hour of day in a season makes of the weights, for all members.
#[derive(Clone, Debug, Default)]
pub struct SharedHour {
    /// Of each unit of the first layer, or of the hours before in an autoregression.
    first: Vec<f32>,
    /// Of each input in the linear part.
    linear: Vec<f32>,
    linear_bias: f32,
    log_scale: f32,
}

/// The hours before the next one of each lane, its density, and room to work in.
#[derive(Clone, Debug)]
pub struct Lanes {
    hours: Recent,
    /// What the density is made of: differences of successive hours, or departures from the decoder's mean.
    inputs: Recent,
    hidden: [Vec<Row>; 2],
    output: Vec<Row>,
    /// What the components' means lie around.
    centre: Row,
    /// Logits, means from the centre, log standard deviations of each component.
    components: Vec<[Row; 3]>,
}

impl NoiseSampler {
    /// Lanes whose hours are at the climate's centre.
    pub fn lanes(&self) -> Lanes {
        let lags = self.lags();
        let (inputs, hidden, components) = match &self.kind {
            Kind::White { .. } | Kind::Heteroscedastic(_) => (0, 0, 1),
            Kind::Ar { order, .. } => (*order, 0, 1),
            Kind::Mixture(mixture) => (lags - 1, mixture.hidden, mixture.components),
        };
        Lanes {
            hours: Recent::new(lags),
            inputs: Recent::new(inputs),
            hidden: [vec![Row::default(); hidden], vec![Row::default(); hidden]],
            output: vec![Row::default(); 3 * components],
            centre: Row::default(),
            components: vec![[Row::default(); 3]; components],
        }
    }

    /// What all lanes share of an hour of day, with the seasonal features of its latent step.
    pub fn share(&self, hour_of_day: usize, seasonal: &[f32], shared: &mut SharedHour) {
        match &self.kind {
            Kind::White { sigma } => shared.log_scale = sigma.ln(),
            Kind::Heteroscedastic(scale) => shared.log_scale = scale.log_sigma(hour_of_day, seasonal),
            Kind::Ar { coefficients, order, scale } => {
                shared.first.clear();
                shared.first.extend_from_slice(&coefficients[hour_of_day * order..(hour_of_day + 1) * order]);
                shared.log_scale = scale.log_sigma(hour_of_day, seasonal);
            }
            Kind::Mixture(mixture) => share_mixture(mixture, hour_of_day, seasonal, shared),
        }
    }

    /// Makes the densities of the next hour. `context`: the decoder's channels.
    pub fn look_ahead(&self, lanes: &mut Lanes, shared: &SharedHour, context: &[Row]) {
        match &self.kind {
            Kind::Mixture(mixture) => fill_lanes(mixture, lanes, shared, context),
            _ => {
                lanes.centre = context[0];
                let coefficients = shared.first.iter().zip(lanes.inputs.rows());
                for (coefficient, departures) in coefficients {
                    let pairs = lanes.centre.iter_mut().zip(departures);
                    pairs.for_each(|(centre, departure)| *centre += coefficient * departure);
                }
                lanes.components[0] = [Row::default(), Row::default(), [shared.log_scale; LANES]];
            }
        }
    }

    /// Puts the lanes' hours into their histories.
    pub fn remember_lanes(&self, lanes: &mut Lanes, context: &[Row], values: &Row) {
        let mut kept = *values;
        match &self.kind {
            Kind::White { .. } | Kind::Heteroscedastic(_) => return,
            Kind::Ar { .. } => kept.iter_mut().zip(&context[0]).for_each(|(kept, mean)| *kept -= mean),
            Kind::Mixture(_) => {
                let last = lanes.hours.rows()[0];
                kept.iter_mut().zip(last).for_each(|(kept, last)| *kept = (*kept - last) * DIFFERENCE_SCALE);
            }
        }
        lanes.inputs.push(&kept);
        lanes.hours.push(values);
    }
}

impl Lanes {
    /// Forgets all hours.
    pub fn clear(&mut self) {
        self.hours.clear();
        self.inputs.clear();
    }

    /// Takes the hours of others for its own.
    pub fn copy_hours(&mut self, of: &Lanes) {
        self.hours.copy_from(&of.hours);
        self.inputs.copy_from(&of.inputs);
    }

    /// `shift - sum of coupling times hours before`, the last first.
    pub fn coupled(&self, shift: Row, coupling: &[f32]) -> Row {
        let mut sum = shift;
        add_scaled_rows(&mut sum, self.hours.rows(), coupling, -1.0);
        sum
    }
}

/// `sum + factors' rows`.
pub fn plus_products(sum: Row, rows: &[Row], factors: &[f32]) -> Row {
    let mut sum = sum;
    add_scaled_rows(&mut sum, rows, factors, 1.0);
    sum
}

vectorised! {
    fn add_scaled_rows(sum: &mut Row, rows: &[Row], factors: &[f32], scale: f32) {
        let mut all = *sum;
        for (row, factor) in rows.iter().zip(factors) {
            let factor = scale * factor;
            for lane in 0..LANES {
                all[lane] += factor * row[lane];
            }
        }
        *sum = all;
    }
}

vectorised! {
    /// Folds the season into the biases and the linear part.
    fn share_mixture(mixture: &Mixture, hour: usize, seasonal: &[f32], shared: &mut SharedHour) {
        let Mixture { inputs, hidden, .. } = *mixture;
        let SharedHour { first, linear, linear_bias, log_scale } = shared;
        first.clear();
        first.extend_from_slice(&mixture.input_bias[hour * hidden..][..hidden]);
        linear.clear();
        linear.extend_from_slice(&mixture.linear[hour * inputs..][..inputs]);
        *linear_bias = mixture.hour_bias[hour];
        let scales = &mixture.log_scale[hour * (1 + mixture.seasonal.len())..][..1 + mixture.seasonal.len()];
        *log_scale = scales[0];
        let rows = mixture.season_linear.chunks_exact(inputs);
        for ((&i, row), scale) in mixture.seasonal.iter().zip(rows).zip(&scales[1..]) {
            linear.iter_mut().zip(row).for_each(|(linear, slope)| *linear += seasonal[i] * slope);
            *log_scale += seasonal[i] * scale;
        }
        let own = inputs - mixture.seasonal.len();
        let rows = mixture.input_kernel[own * hidden..].chunks_exact(hidden);
        for ((&i, row), linear) in mixture.seasonal.iter().zip(rows).zip(&linear[own..]) {
            first.iter_mut().zip(row).for_each(|(sum, weight)| *sum += seasonal[i] * weight);
            *linear_bias += seasonal[i] * linear;
        }
        linear.truncate(own);
    }
}

vectorised! {
    fn fill_lanes(mixture: &Mixture, lanes: &mut Lanes, shared: &SharedHour, context: &[Row]) {
        mixture.fill(lanes, shared, context);
    }
}

impl Mixture {
    #[inline(always)]
    fn fill(&self, lanes: &mut Lanes, shared: &SharedHour, context: &[Row]) {
        let Lanes { hours, inputs, hidden: [first, second], output, centre, components } = lanes;
        let last = &hours.rows()[..1];
        let (changes, of_changes) = (inputs.rows(), 1 + inputs.rows().len());
        let linear = &shared.linear;
        let parts =
            [(last, &linear[..1]), (changes, &linear[1..of_changes]), (context, &linear[of_changes..])];
        let mut sum = [[0.0; LANES]];
        layer(&mut sum, parts, &[shared.linear_bias]);
        for lane in 0..LANES {
            centre[lane] = last[0][lane] + sum[0][lane];
        }
        let kernel = &self.input_kernel;
        let parts = [
            (last, &kernel[..self.hidden]),
            (changes, &kernel[self.hidden..of_changes * self.hidden]),
            (context, &kernel[of_changes * self.hidden..]),
        ];
        layer(first, parts, &shared.first);
        silu(first);
        layer(second, [(&*first, &self.hidden_kernel[..])], &self.hidden_bias);
        silu(second);
        layer(output, [(&*second, &self.output_kernel[..])], &self.output_bias);
        for (i, [logits, means, log_sigmas]) in components.iter_mut().enumerate() {
            *logits = output[i];
            let (mean, log_sigma) = (&output[self.components + i], &output[2 * self.components + i]);
            for lane in 0..LANES {
                means[lane] = mean[lane] * MEAN_SCALE;
                log_sigmas[lane] = (log_sigma[lane] + shared.log_scale).max(LOG_SIGMA.0).min(LOG_SIGMA.1);
            }
        }
    }
}

#[inline(always)]
fn silu(rows: &mut [Row]) {
    for row in rows {
        for x in row {
            *x /= 1.0 + exp(-*x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::linear::tests::sampler;
    use super::super::{Density, Given, History};
    use super::*;
    use crate::config::{MixtureConfig, NoiseKind};

    const KINDS: [NoiseKind; 4] = [
        NoiseKind::White,
        NoiseKind::Heteroscedastic,
        NoiseKind::Ar { order: 3 },
        NoiseKind::Mixture(MixtureConfig { lags: 4, context: 3, hidden: 13, components: 3 }),
    ];

    fn log_density(density: &Density, value: f64) -> f64 {
        let parts = density.weights.iter().zip(&density.means).zip(&density.sigmas);
        let terms = parts.map(|((&weight, &mean), &sigma)| {
            let (mean, sigma) = (f64::from(mean), f64::from(sigma));
            f64::from(weight) / sigma * (-0.5 * ((value - mean) / sigma).powi(2)).exp()
        });
        (terms.sum::<f64>() / std::f64::consts::TAU.sqrt()).ln()
    }

    /// Goes through 200 hours, each lane with its own numbers, and calls `check` before each with the lanes
    /// and the same histories one by one.
    fn walk(noise: NoiseKind, mut check: impl FnMut(&mut Lanes, &[Density])) {
        let sampler = sampler(noise);
        let mut lanes = sampler.lanes();
        let mut histories: Vec<History> = vec![sampler.history(); LANES];
        let mut shared = SharedHour::default();
        for hour in 0..200 {
            let number = |i: usize, lane: usize| ((hour * 31 + i * 7 + lane * 3) as f32 * 0.61).sin();
            let seasonal: Vec<f32> = (0..6).map(|i| number(i, 20)).collect();
            let context: Vec<Row> = (0..noise.context())
                .map(|channel| std::array::from_fn(|lane| number(channel, lane)))
                .collect();
            let decoded: Vec<Vec<f32>> =
                (0..LANES).map(|lane| context.iter().map(|row| row[lane]).collect()).collect();
            let given =
                |lane: usize| Given { hour_of_day: hour % 24, seasonal: &seasonal, decoded: &decoded[lane] };
            sampler.share(hour % 24, &seasonal, &mut shared);
            sampler.look_ahead(&mut lanes, &shared, &context);
            let densities: Vec<Density> = histories
                .iter_mut()
                .enumerate()
                .map(|(lane, history)| sampler.density(history, given(lane)).clone())
                .collect();
            check(&mut lanes, &densities);
            let values: Row = std::array::from_fn(|lane| number(9, lane));
            sampler.remember_lanes(&mut lanes, &context, &values);
            for (lane, history) in histories.iter_mut().enumerate() {
                sampler.remember(history, given(lane), values[lane]);
            }
        }
    }

    #[test]
    fn lanes_have_the_densities_of_one_by_one() {
        for noise in KINDS {
            walk(noise, |lanes, densities| {
                let mut log = [0.0; LANES];
                lanes.score(0.3, &mut log);
                for (seen, density) in log.iter().zip(densities) {
                    let wanted = log_density(density, f64::from(0.3_f32));
                    // Sums of some tens of terms of size 1 in 32 bits, squared errors of up to 100 sigmas.
                    assert!(
                        (seen - wanted).abs() < 2e-4 * (1.0 + wanted.abs()),
                        "{noise:?}: {seen}, {wanted}"
                    );
                }
            });
        }
    }

    #[test]
    fn a_draw_weighs_what_its_density_times_the_factor_does() {
        for noise in KINDS {
            walk(noise, |lanes, densities| {
                let (precision, shift) = (3.0_f64, -1.3_f64);
                let chance = Chance {
                    uniform: std::array::from_fn(|lane| (lane as f32 + 0.5) / LANES as f32),
                    normal: std::array::from_fn(|lane| (lane as f32 * 1.7).sin()),
                };
                let factor = Factor { precision: precision as f32, shift: [shift as f32; LANES] };
                let mut log = [0.0; LANES];
                let values = lanes.draw(factor, &chance, &mut log);
                for ((value, log), density) in values.iter().zip(log).zip(densities) {
                    let factor = |x: f64| (shift - 0.5 * precision * x) * x;
                    // The integral of the density times the factor, by the trapezoidal rule.
                    let step = 1e-3;
                    let grid = (-9000..9000).map(|i| f64::from(i) * step);
                    let total: f64 = grid.map(|x| (log_density(density, x) + factor(x)).exp() * step).sum();
                    let wanted = total.ln() - factor(f64::from(*value));
                    assert!((log - wanted).abs() < 2e-3 * (1.0 + wanted.abs()), "{noise:?}: {log}, {wanted}");
                }
            });
        }
    }

    #[test]
    fn draws_are_distributed_as_the_density_times_the_factor() {
        let noise = KINDS[3];
        let mut hour = 0;
        walk(noise, |lanes, densities| {
            hour += 1;
            if hour != 30 {
                return;
            }
            let (precision, shift) = (0.5_f64, 0.4_f64);
            let factor = Factor { precision: precision as f32, shift: [shift as f32; LANES] };
            let weight = |x: f64| (log_density(&densities[2], x) + (shift - 0.5 * precision * x) * x).exp();
            let grid: Vec<f64> = (-800..800).map(|i| f64::from(i) * 0.01).collect();
            let total: f64 = grid.iter().map(|&x| weight(x)).sum();
            let wanted: f64 = grid.iter().map(|&x| x * weight(x)).sum::<f64>() / total;
            // Stratified: a grid of the two numbers that a draw is made from.
            let (mut sum, mut count) = (0.0, 0.0);
            for uniform in 0..200 {
                for normal in [-1.0_f32, 1.0] {
                    let chance =
                        Chance { uniform: [(uniform as f32 + 0.5) / 200.0; LANES], normal: [normal; LANES] };
                    sum += f64::from(lanes.draw(factor, &chance, &mut [0.0; LANES])[2]);
                    count += 1.0;
                }
            }
            // Half a step of the uniform numbers times the distance of components.
            assert!((sum / count - wanted).abs() < 0.01, "{} is not {wanted}", sum / count);
        });
    }
}
