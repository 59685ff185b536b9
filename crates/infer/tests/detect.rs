//! Detection with a small model of random weights, calibrated on made-up years.

use burn::tensor::Device;
use contract::calendar::parse_date;
use infer::detect::{DetectSettings, Detector, FaultKind, detect};
use infer::model_folder::TrainedModel;
use infer::observed::ObservedHours;
use model::config::ModelConfig;
use model::vae::Vae;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde_json::json;

const SETTINGS: DetectSettings = DetectSettings { false_alarms_per_year: 2.0 };

fn model() -> TrainedModel {
    let config = ModelConfig { filters: 6, latent_channels: 3, ..ModelConfig::article() };
    let transform = json!({
        "format": 2, "variable": "t2m", "latitude_deg": 18.5, "longitude_deg": 73.75, "utc_offset": "+00:00",
        "trend": {"method": "ols", "shape": "continuous", "slope_per_year": 0.0, "by": "year",
            "interval_per_decade": [0.0, 0.0], "reference_year": 2010},
        "marginals": {"scaler": {"mean": 298.0, "standard_deviation": 5.0}},
        "window_hours": 1536, "seasonal_degree": 3, "in_sample": false,
    });
    TrainedModel {
        vae: Vae::init(&config, 11, &Device::flex()).unwrap(),
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

/// Independent hours.
fn noise(seed: u64, hours: usize) -> ObservedHours {
    let random = ChaCha8Rng::seed_from_u64(seed);
    let normal = StandardNormal.sample_iter(random).take(hours);
    let values = normal.map(|normal: f64| (298.0 + 5.0 * normal) as f32).collect();
    ObservedHours { first_us: parse_date("2001-01-01").unwrap(), values }
}

fn calibrated(model: &TrainedModel) -> Detector {
    Detector::learn(model, &[noise(1, 8 * 8760)]).unwrap()
}

#[test]
fn too_few_hours_are_refused() {
    let model = model();
    let detector = calibrated(&model);
    let mut hours = noise(2, 500);
    let message = |hours: &ObservedHours| detect(&model, &detector, hours, SETTINGS).unwrap_err().to_string();
    hours.values[100..].fill(f32::NAN);
    assert_eq!(
        message(&hours),
        "the series has 100 hours with values; wanted at least 192 to look for faults in"
    );
    hours.values.fill(f32::NAN);
    assert_eq!(message(&hours), "all 500 hours are missing; wanted at least 192 hours with values");
}

#[test]
fn a_spike_and_a_stuck_sensor_are_found_where_they_are() {
    let model = model();
    let detector = calibrated(&model);
    let mut hours = noise(2, 3000);
    hours.values[1000] += 60.0;
    let held = hours.values[1999];
    hours.values[2000..2024].fill(held);
    let found = detect(&model, &detector, &hours, SETTINGS).unwrap();
    let kinds: Vec<_> = found.events.iter().map(|event| (event.kind, event.start, event.end)).collect();
    assert!(kinds.contains(&(FaultKind::Spike, 1000, 1001)), "{kinds:?}");
    assert!(kinds.contains(&(FaultKind::Stuck, 2000, 2024)), "{kinds:?}");
}

#[test]
fn a_missing_hour_has_no_p_value_and_threads_change_nothing() {
    let model = model();
    let detector = calibrated(&model);
    let mut hours = noise(3, 9000);
    hours.values[700..705].fill(f32::NAN);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = one.install(|| detect(&model, &detector, &hours, SETTINGS).unwrap());
    let found = detect(&model, &detector, &hours, SETTINGS).unwrap();
    for (hour, p_value) in found.p_values.iter().enumerate() {
        assert_eq!(p_value.is_nan(), (700..705).contains(&hour), "{hour}");
    }
    let bits = |p_values: &[f32]| p_values.iter().map(|p| p.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&found.p_values), bits(&alone.p_values));
    assert_eq!(found.events, alone.events);
}

#[test]
fn p_values_of_years_like_the_training_years_are_uniform_or_cautious() {
    let model = model();
    let years = 24;
    let detector = Detector::learn(&model, &[noise(1, years * 8760)]).unwrap();
    let p_values = detect(&model, &detector, &noise(4, years * 8760), SETTINGS).unwrap().p_values;
    // The margin for years that the model was not trained on raises p-values up to so many times.
    let margin = 1.0 + 11.4 / years as f32;
    for level in [0.1, 0.3] {
        let below = p_values.iter().filter(|p| **p <= level).count() as f32 / p_values.len() as f32;
        // Odd hours come in clusters of up to 30 days: about thirty independent ones at the smaller level.
        assert!(below > 0.4 * level / margin && below < 1.6 * level, "{level}: {below}");
    }
}
