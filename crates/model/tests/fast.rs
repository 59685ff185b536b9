//! The fast path against the same model in burn's operations, whose gradients are autodiff's.

use std::collections::BTreeMap;

use burn::module::Param;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use model::config::{DecoderKernel, MixtureConfig, ModelConfig, NoiseKind, PriorKind, STEP_HOURS};
use model::fast::decoder::Decoder;
use model::fast::engine::{self, Engine};
use model::loss::{self, KlCost};
use model::parameters::{Mapping, Parameter};
use model::vae::Vae;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A model and a batch of made-up hours.
struct Case {
    config: ModelConfig,
    vae: Vae,
    sequences: usize,
    hours: Vec<Vec<f32>>,
    seasonal: Vec<f32>,
    epsilon: Vec<f32>,
}

impl Case {
    fn new(config: ModelConfig, sequences: usize, steps: usize, seed: u64) -> Case {
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let mut normal =
            |count: usize| StandardNormal.sample_iter(&mut *random).take(count).collect::<Vec<f32>>();
        let vae = Vae::init(&config, seed, &Device::flex().autodiff()).unwrap();
        // Away from the start, where many weights are zero.
        let mut weights = vae.parameters().unwrap();
        for weight in weights.values_mut() {
            let noise = normal(weight.values.len());
            weight.values.iter_mut().zip(noise).for_each(|(weight, noise)| *weight += 0.1 * noise);
        }
        let vae = vae.with_parameters(weights).unwrap();
        Case {
            vae,
            sequences,
            hours: (0..sequences).map(|_| smooth(normal(steps * STEP_HOURS))).collect(),
            seasonal: normal(sequences * steps * config.seasonal_features()),
            epsilon: normal(sequences * steps * config.latent_channels),
            config,
        }
    }

    fn steps(&self) -> usize {
        self.hours[0].len() / STEP_HOURS
    }

    fn batch(&self) -> engine::Batch<'_> {
        engine::Batch {
            hours: self.hours.iter().map(Vec::as_slice).collect(),
            seasonal: self.seasonal.clone(),
            epsilon: self.epsilon.clone(),
        }
    }

    fn tensors(&self) -> loss::Batch {
        let device = Device::flex().autodiff();
        let by_step = |values: &[f32]| {
            let last = values.len() / self.sequences / self.steps();
            let shape = [self.sequences, self.steps(), last];
            Tensor::<3>::from_data(TensorData::new(values.to_vec(), shape), &device)
        };
        let hours = TensorData::new(self.hours.concat(), [self.sequences, self.hours[0].len()]);
        loss::Batch {
            values: Tensor::from_data(hours, &device),
            seasonal: by_step(&self.seasonal),
            epsilon: by_step(&self.epsilon),
        }
    }

    /// The smallest size of a sum that is rectified. One within rounding of zero may be rectified by one
    /// path and not by the other, and gradients then differ by what its row contributes.
    fn nearest_kink(&self) -> f32 {
        let batch = self.tensors();
        let mut nearest = f32::INFINITY;
        let mut rectify = |sums: Tensor<3>| {
            nearest = nearest.min(sums.clone().abs().min().into_scalar::<f32>());
            relu(sums)
        };
        let mut hidden = batch.values.clone().unsqueeze_dim::<3>(2);
        for layer in &self.vae.encoder[..self.vae.encoder.len() - 1] {
            hidden = rectify(layer.forward(hidden));
        }
        let mut hidden = self.vae.encode(batch.values).sample(batch.epsilon);
        for layer in &self.vae.decoder[..self.vae.decoder.len() - 1] {
            hidden = rectify(layer.forward(hidden));
        }
        nearest
    }

    fn fast(&self, cost: KlCost) -> (engine::Loss, BTreeMap<String, Parameter>) {
        let mut engine = Engine::new(&self.vae, &self.config).unwrap();
        let weights = engine.layout().read(&self.vae).unwrap();
        let layout = engine.layout().clone();
        let (loss, gradient) = engine.gradient(&weights, &self.batch(), cost);
        (loss, layout.name(gradient))
    }

    fn agrees(&self, cost: KlCost) -> Result<(), TestCaseError> {
        let loss = self.vae.loss(&self.tensors());
        let scalar = |tensor: &Tensor<1>| f64::from(tensor.clone().into_scalar::<f32>());
        let (reconstruction, kl) = (scalar(&loss.reconstruction), scalar(&loss.kl));
        let gradients = loss.objective(cost.weight_of(kl)).backward();
        let wanted = self.vae.map_parameters(&OfGradients(gradients)).unwrap();

        let (fast, gradient) = self.fast(cost);
        close("reconstruction", fast.reconstruction, reconstruction, 1e-5)?;
        close("kl", fast.kl, kl, 1e-5)?;
        let by_latent = loss.kl_by_latent().into_data();
        for (fast, wanted) in fast.kl_by_latent.iter().zip(by_latent.iter::<f32>()) {
            close("kl of a latent", *fast, f64::from(wanted), 1e-4)?;
        }
        for (name, wanted) in wanted {
            let largest = wanted.values.iter().map(|x| x.abs()).fold(0.0, f32::max);
            for (fast, wanted) in gradient[&name].values.iter().zip(&wanted.values) {
                // A sum within rounding of zero may be rectified by one path and not by the other, which
                // moves gradients by one row's share.
                let allowed = 1e-4 * largest + 1e-5;
                prop_assert!(
                    (fast - wanted).abs() < allowed,
                    "{name}: {fast} is not {wanted}, of at most {largest}"
                );
            }
        }
        Ok(())
    }
}

fn close(what: &str, seen: f64, wanted: f64, share: f64) -> Result<(), TestCaseError> {
    let difference = (seen - wanted).abs() / wanted.abs().max(1.0);
    prop_assert!(difference < share, "{what} is {seen}, wanted {wanted}");
    Ok(())
}

/// Hours that follow each other as weather does.
fn smooth(normal: Vec<f32>) -> Vec<f32> {
    let mut last = 0.0;
    let next = |x: f32| {
        last = 0.95 * last + 0.3 * x;
        last
    };
    normal.into_iter().map(next).collect()
}

struct OfGradients(Gradients);

impl Mapping for OfGradients {
    fn data<const D: usize>(&self, parameter: &Param<Tensor<D>>) -> Option<TensorData> {
        let value = parameter.val();
        let gradient = value.grad(&self.0);
        Some(gradient.map_or_else(|| value.zeros_like().into_data(), |gradient| gradient.into_data()))
    }
}

fn configs() -> impl Strategy<Value = ModelConfig> {
    let strides = prop_oneof![
        Just(vec![3, 2, 2, 2, 2, 2]),
        Just(vec![4, 3, 2, 2, 2]),
        Just(vec![2, 3, 1, 4, 4]),
        Just(vec![6, 16]),
        Just(vec![12, 8]),
    ];
    let mixture = (2..30_usize, 1..5_usize, 1..20_usize, 1..5_usize);
    let mixture = mixture.prop_map(|(lags, context, hidden, components)| {
        NoiseKind::Mixture(MixtureConfig { lags, context, hidden, components })
    });
    let noise = prop_oneof![
        Just(NoiseKind::White),
        Just(NoiseKind::Heteroscedastic),
        (1..48_usize).prop_map(|order| NoiseKind::Ar { order }),
        mixture.clone(),
        mixture,
    ];
    let decoder = prop_oneof![Just(DecoderKernel::Mirrored), Just(DecoderKernel::Wide)];
    let prior = prop_oneof![Just(PriorKind::Seasonal), Just(PriorKind::SeasonalVar)];
    let sizes = (1..45_usize, 1..13_usize, 1..4_usize);
    (sizes, strides, noise, decoder, prior).prop_map(
        |((filters, latent_channels, seasonal_degree), strides, noise, decoder, prior)| ModelConfig {
            filters,
            latent_channels,
            strides,
            seasonal_degree,
            decoder,
            prior,
            noise,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn losses_and_gradients_are_those_of_autodiff(
        config in configs(),
        sequences in 1..12_usize,
        steps in 1..5_usize,
        seed in 0..u64::MAX,
        free: bool,
        beta in prop_oneof![Just(1.0), Just(0.0), 0.1..5.0_f64],
    ) {
        let case = Case::new(config, sequences, steps, seed);
        prop_assume!(case.nearest_kink() > 5e-6);
        case.agrees(KlCost { beta, free_nats_per_hour: if free { f64::INFINITY } else { 0.0 } })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn decoded_hours_are_those_of_burns_operations(
        config in configs(),
        steps in 1..200_usize,
        seed in 0..u64::MAX,
    ) {
        let case = Case::new(config, 1, steps, seed);
        let latents = case.epsilon.clone();
        let shape = [1, steps, case.config.latent_channels];
        let wanted = case.vae.decode(Tensor::from_data(TensorData::new(latents.clone(), shape), &case.vae.device()));
        let wanted = wanted.into_data().try_to_vec::<f32>().unwrap();
        let decoder = Decoder::new(&case.vae, &case.config).unwrap();
        let inside = steps / 3..steps;
        let seen = decoder.decode(&latents, inside.clone());
        let first = inside.start * STEP_HOURS * decoder.channels();
        for (seen, wanted) in seen.iter().zip(&wanted[first..]) {
            prop_assert!((seen - wanted).abs() < 1e-5 * wanted.abs().max(1.0), "{seen} is not {wanted}");
        }
        prop_assert_eq!(seen.len(), wanted.len() - first);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn fused_operations_differentiate_as_burns_do(
        config in configs(),
        sequences in 1..12_usize,
        steps in 1..4_usize,
        seed in 0..u64::MAX,
    ) {
        let case = Case::new(config, sequences, steps, seed);
        prop_assume!(case.nearest_kink() > 5e-6);
        let vae = &case.vae;
        // A sum of squares of what comes out, by the hours and by all weights on the way.
        let through = |fused: bool| {
            let batch = case.tensors();
            let hours = batch.values.require_grad();
            let posterior = match fused {
                true => vae.encode_fused(hours.clone()),
                false => vae.encode(hours.clone()),
            };
            let latent = posterior.sample(batch.epsilon);
            let decoded = if fused { vae.decode_fused(latent) } else { vae.decode(latent) };
            let gradients = decoded.clone().square().mean().backward();
            let of_hours = hours.grad(&gradients).unwrap().into_data().try_to_vec::<f32>().unwrap();
            let of_weights = vae.map_parameters(&OfGradients(gradients)).unwrap();
            (decoded.into_data().try_to_vec::<f32>().unwrap(), of_hours, of_weights)
        };
        let ((seen, seen_hours, seen_weights), (wanted, wanted_hours, wanted_weights)) =
            (through(true), through(false));
        for (seen, wanted) in seen.iter().zip(&wanted) {
            prop_assert!((seen - wanted).abs() < 1e-5 * wanted.abs().max(1.0), "{seen} is not {wanted}");
        }
        let all = wanted_weights.iter().map(|(name, wanted)| (name.as_str(), &seen_weights[name].values, &wanted.values));
        for (name, seen, wanted) in all.chain([("hours", &seen_hours, &wanted_hours)]) {
            let largest = wanted.iter().map(|x| x.abs()).fold(1e-4, f32::max);
            for (seen, wanted) in seen.iter().zip(wanted) {
                prop_assert!((seen - wanted).abs() < 1e-4 * largest, "{name}: {seen} is not {wanted}");
            }
        }
    }
}

#[test]
fn the_articles_model_agrees_at_its_own_size() {
    Case::new(ModelConfig::article(), 32, 16, 7).agrees(KlCost::BOUND).unwrap();
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for free_nats in [0.0, 0.01] {
        let case = Case::new(ModelConfig::article(), 19, 3, 5);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| case.fast(KlCost { beta: 1.0, free_nats_per_hour: free_nats }))
        };
        let (loss, gradient) = run(1);
        for threads in [2, 3, 5, 16] {
            let (again, again_gradient) = run(threads);
            assert_eq!(again, loss);
            let bits = |gradient: &BTreeMap<String, Parameter>| -> Vec<u32> {
                gradient.values().flat_map(|weight| weight.values.iter().map(|x| x.to_bits())).collect()
            };
            assert_eq!(bits(&again_gradient), bits(&gradient));
        }
    }
}

#[test]
fn the_kl_weighs_the_same_in_windows_of_any_length() {
    let config = || ModelConfig { noise: NoiseKind::Ar { order: 3 }, ..ModelConfig::article() };
    for steps in [1, 2, 16] {
        let case = Case::new(config(), 4, steps, 7);
        let loss = case.vae.loss(&case.tensors());
        let scalar = |tensor: Tensor<1>| f64::from(tensor.into_scalar::<f32>());
        let scored = (4 * (steps * STEP_HOURS - 48)) as f64;
        let kl = scalar(loss.kl_terms.clone().sum());
        let wanted = scalar(loss.reconstruction.clone()) + 2.0 * kl / scored;
        assert!((scalar(loss.objective(2.0)) - wanted).abs() < 1e-4 * wanted.abs(), "{steps} steps");
    }
}
