//! The noises and the prior with memory, against plain loops over their definitions.

use burn::tensor::{Device, Tensor, TensorData};
use model::config::{DecoderKernel, MixtureConfig, ModelConfig, NoiseKind, PriorKind, STEP_HOURS};
use model::fast::decoder::Decoder;
use model::gaussian::DiagonalGaussian;
use model::latents::{LatentSource, Season};
use model::noise::HISTORY_HOURS;
use model::noise::sampler::{Density, Given, NoiseSampler};
use model::parameters::Parameter;
use model::persistence::Persistence;
use model::prior::Prior;
use model::simulate::{CHUNK_HOURS, Simulator};
use model::vae::Vae;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const KINDS: [NoiseKind; 4] = [
    NoiseKind::White,
    NoiseKind::Heteroscedastic,
    NoiseKind::Ar { order: 3 },
    NoiseKind::Mixture(MixtureConfig { lags: 4, context: 3, hidden: 5, components: 2 }),
];

fn config(noise: NoiseKind) -> ModelConfig {
    ModelConfig {
        filters: 4,
        latent_channels: 2,
        prior: PriorKind::SeasonalVar,
        noise,
        ..ModelConfig::article()
    }
}

/// A model none of whose parameters is at its start.
fn model(config: &ModelConfig, seed: u64) -> Vae {
    let random = &mut ChaCha8Rng::seed_from_u64(seed);
    let fresh = Vae::init(config, seed, &Device::flex()).unwrap();
    let mut weights = fresh.parameters().unwrap();
    for Parameter { values, .. } in weights.values_mut() {
        values.iter_mut().for_each(|value| *value += random.random_range(-0.3..0.3));
    }
    fresh.with_parameters(weights).unwrap()
}

fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let random = &mut ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

fn tensor<const D: usize>(shape: [usize; D], values: &[f32]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

fn log_density(density: &Density, value: f32) -> f64 {
    let of = |((weight, mean), sigma): ((&f32, &f32), &f32)| {
        let z = f64::from((value - mean) / sigma);
        f64::from(*weight).ln() - 0.5 * z * z - (f64::from(*sigma) * std::f64::consts::TAU.sqrt()).ln()
    };
    let terms = density.weights.iter().zip(&density.means).zip(&density.sigmas).map(of);
    let terms: Vec<f64> = terms.collect();
    let largest = terms.iter().copied().fold(f64::MIN, f64::max);
    largest + terms.iter().map(|term| (term - largest).exp()).sum::<f64>().ln()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// The tensors' density against the sampler's, which goes hour by hour.
    #[test]
    fn the_loss_is_the_density_that_hours_are_drawn_from(kind in 0_usize..4, steps in 1_usize..4, seed: u16) {
        let config = config(KINDS[kind]);
        let model = model(&config, u64::from(seed));
        let (hours, channels) = (steps * STEP_HOURS, config.noise.context());
        let x = numbers(hours, 1);
        let decoded = numbers(hours * channels, 2);
        let seasonal = numbers(steps * config.seasonal_features(), 3);
        let loss = values(model.noise.negative_log_likelihood(
            tensor([1, hours], &x),
            tensor([1, hours, channels], &decoded),
            tensor([1, steps, config.seasonal_features()], &seasonal),
        ))[0];

        let sampler = NoiseSampler::new(&config, &model.parameters().unwrap()).unwrap();
        let mut history = sampler.history();
        let mut sum = 0.0;
        let first = if sampler.has_memory() { HISTORY_HOURS } else { 0 };
        for hour in 0..hours {
            let given = Given {
                hour_of_day: hour % 24,
                seasonal: &seasonal[hour / STEP_HOURS * config.seasonal_features()..][..config.seasonal_features()],
                decoded: &decoded[hour * channels..][..channels],
            };
            if hour >= first {
                sum -= log_density(sampler.density(&mut history, given), x[hour]);
            }
            sampler.remember(&mut history, given, x[hour]);
        }
        let expected = sum / (hours - first) as f64;
        // 32-bit sums of terms that may be large.
        prop_assert!((f64::from(loss) - expected).abs() < 1e-4 * expected.abs().max(1.0), "{loss} is not {expected}");
    }

    /// KL as the expectation of ln q - ln p over the posterior, by its definition for a chain.
    #[test]
    fn the_kl_of_the_chain_is_its_definition(steps in 1_usize..6, seed: u16) {
        let config = config(NoiseKind::White);
        let model = model(&config, u64::from(seed));
        let Prior::SeasonalVar(prior) = &model.prior else { panic!("a chain was asked for") };
        let (latents, features) = (config.latent_channels, config.seasonal_features());
        let (mean, log_var) = (numbers(steps * latents, 1), numbers(steps * latents, 2));
        let seasonal = tensor([1, steps, features], &numbers(steps * features, 3));
        let posterior = DiagonalGaussian {
            mean: tensor([1, steps, latents], &mean),
            log_var: tensor([1, steps, latents], &log_var),
        };
        let got: f32 = values(model.prior.kl(&posterior, seasonal.clone())).iter().sum();

        let of_prior = prior.forward(seasonal);
        let (m, s) = (values(of_prior.mean), values(of_prior.log_var));
        let phi = values(prior.transition());
        let mut expected = 0.0;
        for t in 0..steps {
            for i in 0..latents {
                let at = |x: &[f32], t: usize, i: usize| f64::from(x[t * latents + i]);
                let mut difference = at(&mean, t, i) - at(&m, t, i);
                let mut variance = at(&log_var, t, i).exp();
                for j in (0..latents).filter(|_| t > 0) {
                    let weight = f64::from(phi[i * latents + j]);
                    difference -= weight * (at(&mean, t - 1, j) - at(&m, t - 1, j));
                    variance += weight * weight * at(&log_var, t - 1, j).exp();
                }
                let spread = (variance + difference * difference) / at(&s, t, i).exp();
                expected += 0.5 * (at(&s, t, i) - at(&log_var, t, i) + spread - 1.0);
            }
        }
        prop_assert!((f64::from(got) - expected).abs() < 1e-4, "{got} is not {expected}");
    }

    #[test]
    fn the_transition_is_stationary_whatever_the_weights(size in 1_usize..6, scale in 0.01_f32..30.0, seed: u16) {
        let config = ModelConfig { latent_channels: size, ..config(NoiseKind::White) };
        let fresh = Vae::init(&config, 1, &Device::flex()).unwrap();
        let mut weights = fresh.parameters().unwrap();
        let transition = weights.get_mut("prior.transition").unwrap();
        transition.values = numbers(size * size, u64::from(seed)).iter().map(|x| x * scale).collect();
        let model = fresh.with_parameters(weights).unwrap();
        let Prior::SeasonalVar(prior) = &model.prior else { panic!("a chain was asked for") };
        let phi = values(prior.transition());
        let mut state = vec![1.0_f32; size];
        for _ in 0..2000 {
            state = phi.chunks(size).map(|row| row.iter().zip(&state).map(|(a, b)| a * b).sum()).collect();
        }
        prop_assert!(state.iter().all(|value| value.abs() < 1e-3), "{state:?}");
    }
}

fn season() -> (impl Fn(i64) -> f64 + Sync, impl Fn(f64) -> Vec<f32> + Sync) {
    let phase = |step: i64| (step as f64 / 91.3125).rem_euclid(1.0);
    let features = |phase: f64| {
        let angle = |j: usize| std::f64::consts::TAU * phase * j as f64;
        (1..=3).map(|j| angle(j).sin() as f32).chain((1..=3).map(|j| angle(j).cos() as f32)).collect()
    };
    (phase, features)
}

#[test]
fn a_path_does_not_depend_on_where_one_begins_to_read_it() {
    let (phase, features) = season();
    let season = Season { phase: &phase, features: &features };
    for prior in [PriorKind::Seasonal, PriorKind::SeasonalVar] {
        let model = model(&ModelConfig { prior, ..config(NoiseKind::White) }, 3);
        let source = LatentSource::learned(&model).unwrap();
        let whole: Vec<_> = source.path(7, 2, -30, season).take(60).collect();
        for first in [-29, 0, 17] {
            let part: Vec<_> = source.path(7, 2, first, season).take(5).collect();
            assert_eq!(part, whole[(first + 30) as usize..][..5]);
        }
        assert_ne!(source.path(7, 3, 0, season).next(), source.path(7, 2, 0, season).next());
    }
}

/// Two chunks against one pass of the decoder over the latents of both.
#[test]
fn chunks_join_as_if_decoded_at_once() {
    let (phase, features) = season();
    let season = Season { phase: &phase, features: &features };
    let config = config(NoiseKind::White);
    let vae = model(&config, 5);
    let latents = LatentSource::learned(&vae).unwrap();
    let decoder = Decoder::new(&vae, &config).unwrap();
    let simulator =
        Simulator { decoder: &decoder, latents: &latents, noise: None, persistence: None, seed: 9 };
    let mut member = simulator.member(0, season);
    let chunks = [member.chunk(CHUNK_HOURS), member.chunk(CHUNK_HOURS)].concat();
    let steps = 2 * CHUNK_HOURS / STEP_HOURS;
    let path: Vec<f32> = latents.path(9, 0, 0, season).take(steps).flatten().collect();
    let whole = values(vae.decode(tensor([1, steps, config.latent_channels], &path)));
    // Before the first step and after the last one the whole sees zeros, the chunks see latents.
    for hour in 2 * STEP_HOURS..whole.len() - 2 * STEP_HOURS {
        assert!((chunks[hour] - whole[hour]).abs() < 1e-5, "hour {hour}");
    }
}

/// The slowest band is the running mean of 24 days. One that began with the first hour would have less than a
/// millionth of it there.
#[test]
fn the_running_means_have_settled_before_the_first_hour_whatever_the_noise() {
    let (phase, features) = season();
    let season = Season { phase: &phase, features: &features };
    for noise in KINDS {
        let config = config(noise);
        let vae = model(&config, 5);
        let latents = LatentSource::learned(&vae).unwrap();
        let decoder = Decoder::new(&vae, &config).unwrap();
        let noise = NoiseSampler::new(&config, &vae.parameters().unwrap()).unwrap();
        let draw = |persistence: Option<&Persistence>| {
            let (latents, noise) = (&latents, Some(&noise));
            Simulator { decoder: &decoder, latents, noise, persistence, seed: 9 }.member(0, season).chunk(1)
        };
        let slowest = draw(Some(&Persistence { gains: [0.0, 0.0, 0.0, 1.0] }));
        let hours = draw(None);
        assert!(slowest[0].abs() > 1e-4 * hours[0].abs(), "{} of {}", slowest[0], hours[0]);
        let unchanged = draw(Some(&Persistence { gains: [1.0; 4] }));
        assert!(hours.iter().zip(&unchanged).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}

#[test]
fn hours_do_not_depend_on_how_many_are_wanted() {
    let (phase, features) = season();
    let season = Season { phase: &phase, features: &features };
    for (noise, decoder) in KINDS.into_iter().zip([DecoderKernel::Mirrored, DecoderKernel::Wide].repeat(2)) {
        let config = ModelConfig { decoder, ..config(noise) };
        let vae = model(&config, 5);
        let latents = LatentSource::learned(&vae).unwrap();
        let decoder = Decoder::new(&vae, &config).unwrap();
        let noise = NoiseSampler::new(&config, &vae.parameters().unwrap()).unwrap();
        let simulator = Simulator {
            decoder: &decoder,
            latents: &latents,
            noise: Some(&noise),
            persistence: None,
            seed: 9,
        };
        let whole = simulator.member(3, season).chunk(CHUNK_HOURS);
        assert_eq!(whole.len(), CHUNK_HOURS);
        for wanted in [1, 8760, 20_000] {
            let part = simulator.member(3, season).chunk(wanted);
            assert!(part.len() >= wanted && part.len() < CHUNK_HOURS, "{} hours", part.len());
            assert_eq!(part, whole[..part.len()]);
        }
    }
}
