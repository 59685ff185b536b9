//! Detection with a small model of random weights, calibrated on made-up years.

use std::f64::consts::TAU;
use std::ops::Range;

use burn::tensor::Device;
use contract::calendar::parse_date;
use contract::monotone_cubic::{FIRST_SCORE, KNOTS, SCORE_STEP};
use contract::normal_scores::{MEAN_TERMS, NormalScores, QUANTILE_TERMS};
use contract::transform::Marginals;
use infer::detect::{DetectSettings, Detector, Event, FaultKind, Seen, detect};
use infer::generator::Generator;
use infer::model_folder::TrainedModel;
use infer::observed::ObservedHours;
use infer::span::Span;
use model::config::{ModelConfig, NoiseKind};
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

/// The same with a daily course, without which no clock is a wrong one.
fn daily_model() -> TrainedModel {
    let mut model = model();
    let mut scores = NormalScores {
        mean: [[0.0; MEAN_TERMS]; 24],
        quantiles: [[[0.0; KNOTS]; QUANTILE_TERMS]; 24],
        minimum_step: 0.01,
        tails: [1.0; 2],
    };
    for hour in 0..24 {
        scores.mean[hour][0] = 298.0 + 8.0 * (TAU * hour as f64 / 24.0).sin();
        scores.quantiles[hour][0] =
            std::array::from_fn(|knot| 5.0 * (FIRST_SCORE + SCORE_STEP * knot as f64));
    }
    model.transform.marginals = Marginals::NormalScores(Box::new(scores));
    model
}

/// The same with hours that stay near the ones before them, with a standard deviation of about 1 standardised.
fn persistent_model() -> TrainedModel {
    let mut model = daily_model();
    model.config.noise = NoiseKind::Ar { order: 1 };
    let vae = Vae::init(&model.config, 11, &model.device).unwrap();
    let mut parameters = vae.parameters().unwrap();
    parameters.get_mut("noise.coefficients").unwrap().values.fill(0.95);
    // The first row is the mean over the year of each hour of day, the others are harmonics.
    let log_var = &mut parameters.get_mut("noise.log_var").unwrap().values;
    log_var[..24].fill((1.0_f32 - 0.95 * 0.95).ln());
    model.vae = vae.with_parameters(parameters).unwrap();
    model
}

/// Independent hours.
fn noise(seed: u64, hours: usize) -> ObservedHours {
    let random = ChaCha8Rng::seed_from_u64(seed);
    let normal = StandardNormal.sample_iter(random).take(hours);
    let values = normal.map(|normal: f64| (298.0 + 5.0 * normal) as f32).collect();
    ObservedHours { first_us: parse_date("2001-01-01").unwrap(), values }
}

fn calibrated(model: &TrainedModel) -> Detector {
    Detector::learn(model, &[noise(1, 8 * 8760)], Seen::Never).unwrap()
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

/// Hours that the model itself draws.
fn drawn(model: &TrainedModel, member: i32, years: usize) -> ObservedHours {
    let offset = model.transform.utc_offset;
    let span = Span { first_local_us: parse_date("2001-01-01").unwrap(), hours: years * 8760, offset };
    let generator = Generator::new(model, span, true, 7, 2010).unwrap();
    let mut values = Vec::new();
    let take = |_, hours: Vec<f32>| {
        values.extend(hours);
        Ok(())
    };
    generator.member(member, take).unwrap();
    ObservedHours { first_us: offset.to_utc(span.first_local_us), values }
}

#[test]
fn p_values_of_years_that_the_model_draws_are_uniform() {
    let model = daily_model();
    let years = |member, count| drawn(&model, member, count);
    let detector = Detector::learn(&model, &[years(0, 24)], Seen::Never).unwrap();
    let p_values = detect(&model, &detector, &years(2, 24), SETTINGS).unwrap().p_values;
    // Odd hours come in clusters of up to 30 days: about thirty independent ones at the smallest level.
    for (level, tolerance) in [(0.1, 0.5), (0.3, 0.25), (0.5, 0.2), (0.8, 0.1)] {
        let below = p_values.iter().filter(|p| **p <= level).count() as f32 / p_values.len() as f32;
        assert!((below / level - 1.0).abs() < tolerance, "{level}: {below}");
    }
}

#[test]
fn false_alarms_of_years_that_the_model_draws_are_as_many_as_asked_for() {
    let model = daily_model();
    let years = |member, count| drawn(&model, member, count);
    let detector = Detector::learn(&model, &[years(0, 24)], Seen::Never).unwrap();
    let settings = DetectSettings { false_alarms_per_year: 12.0 };
    let found = detect(&model, &detector, &years(2, 24), settings).unwrap().events.len();
    // 288 are wanted; three standard deviations of both counts, and what the scale's expectation takes off.
    assert!((200..=360).contains(&found), "{found}");
}

/// What is found near the hours `faulty` of a series that ends before `last`.
fn found(faulty: Range<usize>, last: usize, mut fault: impl FnMut(usize, f32) -> f32) -> Vec<Event> {
    let model = persistent_model();
    let detector = Detector::learn(&model, &[drawn(&model, 0, 8)], Seen::Never).unwrap();
    let mut hours = drawn(&model, 2, 1);
    for hour in faulty.clone() {
        hours.values[hour] = fault(hour - faulty.start, hours.values[hour]);
    }
    hours.values.truncate(last);
    let mut events = detect(&model, &detector, &hours, SETTINGS).unwrap().events;
    events.retain(|event| event.end + 48 > faulty.start && event.start < faulty.end + 48);
    events
}

fn assert_one(events: &[Event], kind: FaultKind, hours: Range<usize>, tolerance: usize) {
    let [event] = events else { panic!("{} events: {events:?}", events.len()) };
    assert_eq!(event.kind, kind, "{event:?}");
    assert!(event.start.abs_diff(hours.start) <= tolerance, "{event:?}");
    assert!(event.end.abs_diff(hours.end) <= tolerance, "{event:?}");
}

#[test]
fn a_shifted_level_is_no_drift_and_a_drift_no_shifted_level() {
    for size in [12.0, 18.0, -15.0] {
        let shifted = found(2000..2240, 6000, |_, value| value + size);
        assert_one(&shifted, FaultKind::LevelShift, 2000..2240, 3);
        let drifting = found(2000..2360, 6000, |hour, value| value + size * hour as f32 / 180.0);
        let rarest = drifting.iter().min_by(|a, b| a.expected_per_year.total_cmp(&b.expected_per_year));
        let rarest = rarest.unwrap();
        assert_eq!(rarest.kind, FaultKind::Drift, "{drifting:?}");
        // Where a ramp begins cannot be seen.
        assert!(rarest.end.abs_diff(2360) <= 1 && rarest.start >= 1640, "{drifting:?}");
        assert!(drifting.iter().all(|event| event.kind != FaultKind::LevelShift), "{drifting:?}");
    }
}

#[test]
fn a_large_spike_is_nothing_but_a_spike() {
    for size in [40.0, -80.0] {
        assert_one(&found(2000..2001, 6000, |_, value| value + size), FaultKind::Spike, 2000..2001, 0);
    }
}

#[test]
fn a_spike_is_reported_after_one_hour_and_a_stuck_sensor_after_eight() {
    let spike = found(2000..2001, 2002, |_, value| value + 60.0);
    assert_one(&spike, FaultKind::Spike, 2000..2001, 0);
    let mut held = None;
    let stuck = found(2000..2009, 2009, |_, value| *held.get_or_insert(value));
    assert_one(&stuck, FaultKind::Stuck, 2001..2009, 0);
}

#[test]
fn years_that_the_model_has_seen_say_less_of_others() {
    let (model, years) = (model(), [noise(1, 8 * 8760)]);
    let found = |seen| {
        let detector = Detector::learn(&model, &years, seen).unwrap();
        let settings = DetectSettings { false_alarms_per_year: 12.0 };
        detect(&model, &detector, &noise(6, 8 * 8760), settings).unwrap().events.len()
    };
    assert!(found(Seen::InTraining) < found(Seen::Never));
}

#[test]
fn no_training_hours_are_refused() {
    let mut hours = noise(1, 500);
    hours.values.fill(f32::NAN);
    let error = Detector::learn(&model(), &[hours], Seen::InTraining).unwrap_err().to_string();
    assert_eq!(error, "there are no training hours to calibrate the detector with");
}
