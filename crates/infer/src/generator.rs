//! Drawing hours from the model, chunk by chunk. Each chunk of each member has random numbers of its
//! own and one fixed shape, so that an hour does not depend on how many hours, members or threads
//! are generated with it.

use burn::tensor::{Tensor, TensorData};
use contract::calendar::{HOUR_US, year_phase, year_start_us};
use contract::season;
use model::config::{Reach, STEP_HOURS};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::model_folder::TrainedModel;
use crate::span::Span;

/// Latent steps decoded at once: 5.6 years.
pub const CHUNK_STEPS: usize = 512;
/// Hours of a chunk.
pub const CHUNK_HOURS: usize = CHUNK_STEPS * STEP_HOURS;

/// Draws the hours of a span.
pub struct Generator<'a> {
    pub model: &'a TrainedModel,
    pub span: Span,
    pub noise: bool,
    pub seed: u64,
    /// The year whose climate the hours have.
    pub target_year: i16,
}

#[derive(Clone, Copy)]
enum Purpose {
    Latents = 0,
    Noise = 1,
}

impl Generator<'_> {
    /// Number of chunks of each member.
    pub fn chunks(&self) -> usize {
        self.span.hours.div_ceil(CHUNK_HOURS)
    }

    /// The hours of one chunk in the variable's canonical unit; the last chunk ends with the span.
    ///
    /// # Errors
    /// When the device does not give the values back.
    pub fn chunk(&self, member: i32, chunk: usize) -> anyhow::Result<Vec<f32>> {
        let mut hours = self.decode(member, chunk)?;
        if self.noise {
            self.add_noise(member, chunk, &mut hours);
        }
        hours.truncate(self.span.hours - chunk * CHUNK_HOURS);
        let mut transform = self.model.transform.cursor();
        for (hour, number) in hours.iter_mut().zip(chunk * CHUNK_HOURS..) {
            let local_us = self.span.local_us(number);
            let restored = transform.at(local_us).restore(f64::from(*hour));
            *hour = (restored + transform.shift_to(self.target_year, local_us)) as f32;
        }
        Ok(hours)
    }

    /// The decoder's mean, standardised. The steps around the chunk that the decoder sees are those
    /// of the neighbouring chunks; before the first hour too, as if the series had begun earlier.
    fn decode(&self, member: i32, chunk: usize) -> anyhow::Result<Vec<f32>> {
        let Reach { before, after } = self.model.config.decoder_reach();
        let (before, after) = (before as i64, after as i64);
        let first_step = (chunk * CHUNK_STEPS) as i64;
        let steps = first_step - before..first_step + CHUNK_STEPS as i64 + after;
        let shape = [1, CHUNK_STEPS + (before + after) as usize];
        let latents = self.model.config.latent_channels;

        let degree = self.model.config.seasonal_degree;
        let seasonal: Vec<f32> = steps.flat_map(|step| season::features(self.phase(step), degree)).collect();
        let epsilon = self.epsilon(member, chunk as i64, before as usize, after as usize);
        let tensor = |values: Vec<f32>, channels: usize| {
            Tensor::<3>::from_data(
                TensorData::new(values, [shape[0], shape[1], channels]),
                &self.model.device,
            )
        };
        let prior = self.model.vae.prior.forward(tensor(seasonal, 2 * degree));
        let hours = self.model.vae.decode(prior.sample(tensor(epsilon, latents)));
        let inside = hours.narrow(1, before as usize * STEP_HOURS, CHUNK_HOURS);
        inside
            .into_data()
            .try_to_vec::<f32>()
            .map_err(|error| anyhow::anyhow!("the device failed: {error:?}"))
    }

    /// Phase of year at the start of a latent step. The calendar repeats after 400 years, which is
    /// where steps beyond its end take their phase from.
    fn phase(&self, step: i64) -> f64 {
        const CYCLE_US: i64 = 146_097 * 24 * HOUR_US;
        let local = self.span.first_local_us + step * STEP_HOURS as i64 * HOUR_US;
        year_phase(if local < year_start_us(9990) { local } else { local - CYCLE_US })
    }

    /// Standard normal numbers of the chunk's steps and of those around it.
    fn epsilon(&self, member: i32, chunk: i64, before: usize, after: usize) -> Vec<f32> {
        let latents = self.model.config.latent_channels;
        let draw = |chunk: i64, steps: usize| {
            let numbers = StandardNormal.sample_iter(self.random(member, chunk, Purpose::Latents));
            numbers.take(steps * latents).collect::<Vec<f32>>()
        };
        let previous = draw(chunk - 1, CHUNK_STEPS);
        let mut epsilon = previous[(CHUNK_STEPS - before) * latents..].to_vec();
        epsilon.extend(draw(chunk, CHUNK_STEPS));
        epsilon.extend(draw(chunk + 1, after));
        epsilon
    }

    fn add_noise(&self, member: i32, chunk: usize, hours: &mut [f32]) {
        let log_var = self.model.vae.noise_log_var.val().into_scalar::<f32>();
        let sigma = (0.5 * log_var).exp();
        let noise = StandardNormal.sample_iter(self.random(member, chunk as i64, Purpose::Noise));
        for (hour, noise) in hours.iter_mut().zip(noise) {
            let noise: f32 = noise;
            *hour += sigma * noise;
        }
    }

    /// The generator of one chunk of one member; chunks start at -1.
    fn random(&self, member: i32, chunk: i64, purpose: Purpose) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream((member as u64) << 32 | ((chunk + 1) as u64) << 1 | purpose as u64);
        random
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use contract::artifact::FORMAT;
    use contract::calendar::year_start_us;
    use contract::transform::{Marginals, Scaler, Transform, Trend, TrendBy, TrendMethod, TrendShape};
    use contract::variable::VARIABLES;
    use model::config::ModelConfig;
    use model::vae::Vae;

    use super::*;

    fn model() -> TrainedModel {
        let config = ModelConfig { filters: 6, latent_channels: 3, ..ModelConfig::article() };
        let device = Device::flex();
        TrainedModel {
            vae: Vae::init(&config, 5, &device).unwrap(),
            config,
            transform: Transform {
                format: FORMAT,
                variable: "t2m".to_string(),
                latitude_deg: 0.0,
                longitude_deg: 0.0,
                utc_offset: "+00:00".parse().unwrap(),
                trend: Trend {
                    method: TrendMethod::None,
                    shape: TrendShape::Continuous,
                    slope_per_year: 0.0,
                    by: TrendBy::Year,
                    interval_per_decade: [0.0, 0.0],
                    reference_year: 2000,
                },
                marginals: Marginals::Scaler(Scaler { mean: 0.0, standard_deviation: 1.0 }),
                window_hours: 1536,
                seasonal_degree: 3,
                in_sample: false,
            },
            variable: &VARIABLES[0],
            device,
        }
    }

    /// The chunks against one pass of the decoder over the steps of all of them.
    #[test]
    fn chunks_join_as_if_decoded_at_once() {
        let model = model();
        let offset = "+00:00".parse().unwrap();
        let span = Span { first_local_us: year_start_us(2001), hours: 3 * CHUNK_HOURS, offset };
        let generator = Generator { model: &model, span, noise: false, seed: 9, target_year: 2000 };
        let steps = 3 * CHUNK_STEPS;
        let epsilon: Vec<f32> = (0..3).flat_map(|chunk| generator.epsilon(0, chunk, 0, 0)).collect();
        let phases = (0..steps as i64).map(|step| generator.phase(step));
        let seasonal: Vec<f32> = phases.flat_map(|phase| season::features(phase, 3)).collect();
        let tensor = |values: Vec<f32>, channels: usize| {
            Tensor::<3>::from_data(TensorData::new(values, [1, steps, channels]), &model.device)
        };
        let latent = model.vae.prior.forward(tensor(seasonal, 6)).sample(tensor(epsilon, 3));
        let whole = model.vae.decode(latent).into_data().try_to_vec::<f32>().unwrap();
        let chunks: Vec<f32> = (0..3).flat_map(|chunk| generator.chunk(0, chunk).unwrap()).collect();
        assert_eq!(chunks.len(), whole.len());
        // Before the first step and after the last one the whole sees zeros, the chunks see latents.
        for hour in 2 * STEP_HOURS..whole.len() - 2 * STEP_HOURS {
            let (chunk, whole) = (chunks[hour], whole[hour]);
            assert!((chunk - whole).abs() < 1e-5, "hour {hour}: {chunk} is not {whole}");
        }
    }
}
