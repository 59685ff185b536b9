//! The posterior of a small model against brute force: latents drawn from the prior, hidden hours from the
//! noise, weighted by the density of the hours seen.

use burn::tensor::Device;
use contract::calendar::{HOUR_US, parse_date, year_phase};
use contract::season;
use infer::forecast::{ForecastSettings, forecast};
use infer::impute::{ImputeSettings, impute};
use infer::model_folder::TrainedModel;
use infer::observed::ObservedHours;
use infer::posterior::{Draws, Posterior};
use model::config::{MixtureConfig, ModelConfig, NoiseKind, STEP_HOURS};
use model::fast::decoder::Decoder;
use model::noise::sampler::{Density, Given, NoiseSampler};
use model::vae::Vae;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde_json::json;

/// One latent channel, two lags; the next hour is half the last one plus the context.
fn model() -> TrainedModel {
    let noise = NoiseKind::Mixture(MixtureConfig { lags: 2, context: 2, hidden: 4, components: 2 });
    let config = ModelConfig { filters: 6, latent_channels: 1, noise, ..ModelConfig::article() };
    let mut vae = Vae::init(&config, 5, &Device::flex()).unwrap();
    let mut parameters = vae.parameters().unwrap();
    let linear = parameters.get_mut("noise.linear").unwrap();
    linear.values[0] = -0.5;
    linear.values[2] = 0.8;
    // A decoder whose channels differ from latent to latent by about as much as hours do.
    for (name, parameter) in &mut parameters {
        if name.starts_with("decoder") && name.ends_with("kernel") {
            parameter.values.iter_mut().for_each(|value| *value *= 1.3);
        }
    }
    vae = vae.with_parameters(parameters).unwrap();
    let transform = json!({
        "format": 2, "variable": "t2m", "latitude_deg": 18.5, "longitude_deg": 73.75, "utc_offset": "+00:00",
        "trend": {"method": "ols", "shape": "continuous", "slope_per_year": 0.0, "by": "year",
            "interval_per_decade": [0.0, 0.0], "reference_year": 2010},
        "marginals": {"scaler": {"mean": 0.0, "standard_deviation": 1.0}},
        "window_hours": 1536, "seasonal_degree": 3, "in_sample": false,
    });
    TrainedModel {
        vae,
        config,
        transform: serde_json::from_value(transform).unwrap(),
        path_prior: None,
        latent_cost: None,
        persistence: None,
        calibration: None,
        variable: contract::variable::Variable::named("t2m").unwrap(),
        device: Device::flex(),
    }
}

/// Steps around the series that reach into it, as the posterior has them.
fn margins(model: &TrainedModel) -> (usize, usize) {
    let reach = model.config.decoder_reach();
    (reach.before, reach.after)
}

/// Latents and hours of so many steps drawn from the model, hours before the first one 0.
struct World {
    decoder: Decoder,
    noise: NoiseSampler,
    steps: usize,
    before: usize,
    after: usize,
    features: Vec<Vec<f32>>,
}

impl World {
    fn of(model: &TrainedModel, steps: usize, first_us: i64) -> World {
        let (before, after) = margins(model);
        let phase = |step: usize| {
            let local = first_us + (step * STEP_HOURS) as i64 * HOUR_US;
            season::features(year_phase(local), model.config.seasonal_degree).collect()
        };
        World {
            decoder: Decoder::new(&model.vae, &model.config).unwrap(),
            noise: NoiseSampler::new(&model.config, &model.vae.parameters().unwrap()).unwrap(),
            steps,
            before,
            after,
            features: (0..steps).map(phase).collect(),
        }
    }

    /// Latents from the prior (standard normal before training), the hours that are NaN from the noise; with
    /// them the log density of the others.
    fn draw(&self, observed: &[f32], random: &mut ChaCha8Rng) -> (Vec<f32>, f64) {
        let count = self.before + self.steps + self.after;
        let latents: Vec<f32> = StandardNormal.sample_iter(&mut *random).take(count).collect();
        let decoded = self.decoder.decode(&latents, self.before..self.before + self.steps);
        let channels = self.decoder.channels();
        let (mut hours, mut history, mut log_weight) = (observed.to_vec(), self.noise.history(), 0.0);
        for (hour, value) in hours.iter_mut().enumerate() {
            let given = Given {
                hour_of_day: hour % 24,
                seasonal: &self.features[hour / STEP_HOURS],
                decoded: &decoded[hour * channels..(hour + 1) * channels],
            };
            if value.is_nan() {
                *value = self.noise.draw(&mut history, given, random);
            } else {
                log_weight += log_density(self.noise.density(&mut history, given), *value);
                self.noise.remember(&mut history, given, *value);
            }
        }
        (hours, log_weight)
    }
}

fn log_density(density: &Density, value: f32) -> f64 {
    let parts = density.weights.iter().zip(&density.means).zip(&density.sigmas);
    let terms = parts.map(|((weight, mean), sigma)| {
        let scaled = f64::from((value - mean) / sigma);
        f64::from(*weight) / f64::from(*sigma) * (-0.5 * scaled * scaled).exp()
    });
    terms.sum::<f64>().ln()
}

/// A made-up year's first `steps` steps, with some hours hidden.
fn hidden(model: &TrainedModel, steps: usize, hide: impl Fn(usize) -> bool) -> (World, ObservedHours) {
    let first_us = parse_date("2001-01-01").unwrap();
    let world = World::of(model, steps, first_us);
    let blank = vec![f32::NAN; steps * STEP_HOURS];
    let (mut values, _) = world.draw(&blank, &mut ChaCha8Rng::seed_from_u64(7));
    (0..values.len()).filter(|&hour| hide(hour)).for_each(|hour| values[hour] = f32::NAN);
    (world, ObservedHours { first_us, values })
}

/// Mean and standard deviation of each hour by brute force, and the effective number of draws.
fn brute_force(world: &World, observed: &[f32], draws: u64) -> (Vec<(f64, f64)>, f64) {
    let drawn: Vec<(Vec<f32>, f64)> = (0..draws)
        .into_par_iter()
        .map(|seed| world.draw(observed, &mut ChaCha8Rng::seed_from_u64(1000 + seed)))
        .collect();
    let largest = drawn.iter().map(|(_, log_weight)| *log_weight).fold(f64::MIN, f64::max);
    let weights: Vec<f64> = drawn.iter().map(|(_, log_weight)| (log_weight - largest).exp()).collect();
    let total: f64 = weights.iter().sum();
    let effective = total * total / weights.iter().map(|weight| weight * weight).sum::<f64>();
    let moments = (0..observed.len()).map(|hour| {
        let sum = |power: i32| -> f64 {
            let terms = drawn.iter().zip(&weights);
            terms.map(|((hours, _), weight)| weight * f64::from(hours[hour]).powi(power)).sum::<f64>() / total
        };
        let mean = sum(1);
        (mean, (sum(2) - mean * mean).max(0.0).sqrt())
    });
    (moments.collect(), effective)
}

#[test]
fn hidden_hours_and_latents_have_the_moments_of_brute_force() {
    let model = model();
    // Sixteen hours in the second of three steps. The last day that was seen begins a step, here the third.
    let (world, mut observed) = hidden(&model, 3, |hour| (140..156).contains(&hour) || hour >= 216);
    let (wanted, effective) = brute_force(&world, &observed.values, 60_000);
    assert!(effective > 1000.0, "brute force counts for {effective} draws only");
    observed.values.truncate(216);
    let members = 3000;
    let posterior = Posterior::new(&model, None).unwrap();
    let drawn = posterior.draw(&observed, Draws { members, seed: 1, following: 0 }).unwrap();
    assert_eq!(drawn.hours, (140..156).collect::<Vec<_>>());
    for (&hour, draws) in drawn.hours.iter().zip(drawn.values.chunks_exact(members)) {
        let mean = draws.iter().map(|&x| f64::from(x)).sum::<f64>() / members as f64;
        let square = draws.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / members as f64;
        let (wanted_mean, wanted_sd) = wanted[hour];
        // Four standard errors of the difference of the two means; those of deviations are smaller by
        // the square root of 2.
        let error = 4.0 * wanted_sd * (1.0 / effective + 1.0 / members as f64).sqrt();
        assert!(
            (mean - wanted_mean).abs() < error,
            "hour {hour}: {mean}, brute force {wanted_mean} ± {error}"
        );
        let sd = square.sqrt();
        assert!(
            (sd - wanted_sd).abs() < error,
            "hour {hour}: deviation {sd}, brute force {wanted_sd} ± {error}"
        );
    }
}

#[test]
fn a_draw_depends_on_seed_and_member_only() {
    let model = model();
    let (_, observed) = hidden(&model, 8, |hour| (300..330).contains(&hour) || hour % 17 == 0);
    let posterior = Posterior::new(&model, None).unwrap();
    let draw = |members, seed| impute(&posterior, &observed, ImputeSettings { members, seed }).unwrap();
    let many = draw(6, 3);
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one_thread.install(|| draw(6, 3)), many);
    assert_ne!(draw(6, 4).values, many.values);
    let few = draw(2, 3);
    for (few, many) in few.values.chunks_exact(2).zip(many.values.chunks_exact(6)) {
        assert_eq!(few, &many[..2]);
    }
}

#[test]
fn a_forecast_begins_after_the_last_hour_that_was_seen() {
    let model = model();
    let (_, mut observed) = hidden(&model, 20, |hour| (500..530).contains(&hour));
    observed.values[1900..].fill(f32::NAN);
    let settings = ForecastSettings { hours: 30, members: 5, seed: 0 };
    let drawn = forecast(&Posterior::new(&model, None).unwrap(), &observed, settings).unwrap();
    assert_eq!(drawn.hours, (1900..1930).collect::<Vec<_>>());
    assert_eq!(drawn.values.len(), 150);
    assert!(drawn.values.iter().all(|value| value.is_finite()));
}

#[test]
fn series_that_no_task_can_use_are_refused() {
    let model = model();
    let posterior = Posterior::new(&model, None).unwrap();
    let message = |observed: &ObservedHours| {
        impute(&posterior, observed, ImputeSettings { members: 1, seed: 0 }).unwrap_err().to_string()
    };
    let mut observed = ObservedHours { first_us: 0, values: vec![0.0; 671] };
    assert_eq!(
        message(&observed),
        "the series has 671 hours; the model looks at 672 or more (28 days): give it a longer one"
    );
    observed.values = vec![f32::NAN; 700];
    assert_eq!(message(&observed), "all 700 hours of the series are missing; there is nothing to go by");
}
