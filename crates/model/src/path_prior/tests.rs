//! The prior of paths against closed forms, brute force and made-up series.

use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::fit::yule_walker;
use super::*;
use crate::linear::Matrix;

/// A stationary prior of two channels, order 2, one slow component; seasons if asked for.
fn example(seasonal: f64, slow: f64) -> PathPrior {
    let mut mean = vec![0.0; 14];
    (mean[0], mean[2], mean[5]) = (0.3 * seasonal, 1.0 * seasonal, -0.5 * seasonal);
    PathPrior::try_from(Parts {
        channels: 2,
        mean,
        variance: vec![1.0, 1.0, 0.4 * seasonal, 0.0, 0.0, -0.3 * seasonal],
        variance_floor: vec![0.1, 0.1],
        coefficients: vec![0.5, 0.1, 0.2, 0.0, -0.2, 0.4, 0.1, -0.3],
        innovation: vec![0.5, 0.1, 0.1, 0.6],
        slow: vec![SlowPart { steps: 40.0, loading: vec![slow, 0.5 * slow] }],
    })
    .unwrap()
}

fn phase(step: i64) -> f64 {
    (step as f64 / 91.3125).rem_euclid(1.0)
}

/// `steps` steps of a member as f64, with their phases and run numbers.
fn draw(prior: &PathPrior, member: u32, steps: usize) -> (Vec<f64>, Vec<f64>, Vec<u32>) {
    let values = prior.sampler(7, member, 0, phase).take(steps).flatten().map(f64::from).collect();
    (values, (0..steps as i64).map(phase).collect(), vec![0; steps])
}

fn fit(values: &[f64], channels: usize, order: usize, slow: &[f64]) -> Result<PathPrior, FitError> {
    let steps = values.len() / channels;
    let phases: Vec<f64> = (0..steps as i64).map(phase).collect();
    let latents = Latents { values, channels, phase: &phases, run: &vec![0; steps] };
    PathPrior::fit(&latents, &PathPriorConfig { order, slow_steps: slow.to_vec() })
}

/// E[v_(k+lag) v_k'] from the companion matrix, and the slow components on top.
fn autocovariance(prior: &PathPrior, lag: usize) -> Matrix {
    let d = prior.parts.channels;
    let power = (0..lag).fold(prior.stationary.clone(), |power, _| companion(&prior.parts).times(&power));
    let mut sum = Matrix::zeros(d, d);
    (0..d).for_each(|i| (0..d).for_each(|j| sum[(i, j)] = power[(i, j)]));
    for slow in &prior.parts.slow {
        let loading = Matrix::from_rows(d, slow.loading.clone());
        sum = sum.plus((-(lag as f64) / slow.steps).exp(), &loading.times(&loading.transposed()));
    }
    sum
}

#[test]
fn the_stationary_covariance_solves_its_equation() {
    let prior = example(0.0, 0.0);
    let mut noise = Matrix::zeros(4, 4);
    noise.set_block(0, 0, &Matrix::from_rows(2, prior.parts.innovation.clone()));
    let after = companion(&prior.parts).conjugate(&prior.stationary).plus(1.0, &noise);
    assert!(after.plus(-1.0, &prior.stationary).largest() < 1e-14);
}

#[test]
fn yule_walker_returns_the_coefficients_of_exact_autocovariances() {
    let prior = example(0.0, 0.0);
    let exact: Vec<Matrix> = (0..=2).map(|lag| autocovariance(&prior, lag)).collect();
    let (coefficients, innovation) = yule_walker(&exact).unwrap();
    let worst = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst(&coefficients.values, &prior.parts.coefficients) < 1e-13);
    assert!(worst(&innovation.values, &prior.parts.innovation) < 1e-13);
}

#[test]
fn a_simulated_autoregression_is_recovered() {
    // Simulated here, not by the sampler. Standard errors are about 1/sqrt(40000) = 0.005.
    let (known, mut random) = ([0.5, 0.1, 0.2, 0.0, -0.2, 0.4, 0.1, -0.3], ChaCha8Rng::seed_from_u64(1));
    let mut values = vec![0.0; 4];
    for step in 2..40_000 {
        for c in 0..2 {
            let noise: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
            let past = |lag: usize, from: usize| values[(step - lag) * 2 + from];
            let row = &known[4 * c..4 * c + 4];
            let next = row[0] * past(1, 0) + row[1] * past(1, 1) + row[2] * past(2, 0) + row[3] * past(2, 1);
            values.push(next + noise);
        }
    }
    let prior = fit(&values, 2, 2, &[]).unwrap();
    // Coefficients are of the standardised channels.
    let sd = [0, 1].map(|c| prior.parts.variance[c].sqrt());
    for (at, &known) in known.iter().enumerate() {
        let fitted = prior.parts.coefficients[at] * sd[at / 4] / sd[at % 2];
        assert!((fitted - known).abs() < 0.025, "{at}: {fitted} for {known}");
    }
}

#[test]
fn the_sampler_has_the_autocovariances_of_the_prior() {
    let prior = example(0.0, 0.5);
    let steps = 60_000;
    let (values, _, _) = draw(&prior, 0, steps);
    for lag in 0..=2 {
        let exact = autocovariance(&prior, lag);
        for i in 0..2 {
            for j in 0..2 {
                let pairs = (0..steps - lag).map(|k| values[(k + lag) * 2 + i] * values[k * 2 + j]);
                let seen = pairs.sum::<f64>() / (steps - lag) as f64;
                // The slow component leaves about 60000/40 independent values: 0.25 sqrt(2/1500) = 0.01.
                assert!((seen - exact[(i, j)]).abs() < 0.04, "{lag} {i} {j}: {seen} for {}", exact[(i, j)]);
            }
        }
    }
}

#[test]
fn the_marginal_is_what_many_members_show() {
    let prior = example(1.0, 0.5);
    let (mean, variance) = prior.marginal(phase(3));
    let draws: Vec<Vec<f32>> =
        (0..4000).map(|member| prior.sampler(1, member, 3, phase).next().unwrap()).collect();
    for c in 0..2 {
        let average = draws.iter().map(|z| f64::from(z[c])).sum::<f64>() / 4000.0;
        let spread = draws.iter().map(|z| (f64::from(z[c]) - mean[c]).powi(2)).sum::<f64>() / 4000.0;
        // Four standard errors.
        assert!((average - mean[c]).abs() < 4.0 * (variance[c] / 4000.0).sqrt());
        assert!((spread / variance[c] - 1.0).abs() < 4.0 * (2.0_f64 / 4000.0).sqrt());
    }
}

#[test]
fn a_path_is_the_same_wherever_reading_starts() {
    let prior = example(1.0, 0.5);
    let whole: Vec<Vec<f32>> = prior.sampler(3, 5, FIRST_STEP, phase).take(200).collect();
    for first in [-63, -1, 0, 1, 17, 100] {
        let part: Vec<Vec<f32>> = prior.sampler(3, 5, first, phase).take(30).collect();
        let start = (first - FIRST_STEP) as usize;
        assert_eq!(part, whole[start..start + 30]);
    }
    let other: Vec<Vec<f32>> = prior.sampler(3, 6, FIRST_STEP, phase).take(200).collect();
    assert!(whole.iter().zip(&other).all(|(a, b)| a != b));
}

/// log density of one run by the covariance of all its steps.
fn brute_force(prior: &PathPrior, values: &[f64], phases: &[f64]) -> f64 {
    let (d, n) = (prior.parts.channels, phases.len());
    let mut covariance = Matrix::zeros(n * d, n * d);
    let mut error = Matrix::zeros(n * d, 1);
    let scale: Vec<f64> = phases.iter().flat_map(|&phase| prior.season(phase).1).collect();
    for k in 0..n {
        for j in 0..=k {
            let block = autocovariance(prior, k - j);
            covariance.set_block(k * d, j * d, &block);
            covariance.set_block(j * d, k * d, &block.transposed());
        }
        let mean = prior.season(phases[k]).0;
        (0..d).for_each(|c| error[(k * d + c, 0)] = values[k * d + c] - mean[c]);
    }
    for i in 0..n * d {
        (0..n * d).for_each(|j| covariance[(i, j)] *= scale[i] * scale[j]);
    }
    let factor = covariance.cholesky().unwrap();
    let white = factor.solve_lower(&error).values;
    let log_determinant: f64 = (0..n * d).map(|i| 2.0 * factor[(i, i)].ln()).sum();
    -0.5 * ((n * d) as f64 * TAU.ln() + log_determinant + dot(&white, &white))
}

#[test]
fn the_log_density_is_that_of_one_large_gaussian() {
    for prior in [example(0.0, 0.0), example(1.0, 0.5), example(1.0, 3.0)] {
        let (values, phases, run) = draw(&prior, 1, 40);
        let whole = Latents { values: &values, channels: 2, phase: &phases, run: &run };
        let exact = brute_force(&prior, &values, &phases);
        let seen = prior.log_density(&whole);
        assert!((seen - exact).abs() < 1e-8, "{seen} for {exact}");
        let broken: Vec<u32> = (0..40).map(|step| u32::from(step >= 15)).collect();
        let halves = Latents { run: &broken, ..whole };
        let exact = brute_force(&prior, &values[..30], &phases[..15])
            + brute_force(&prior, &values[30..], &phases[15..]);
        assert!((prior.log_density(&halves) - exact).abs() < 1e-8);
    }
}

#[test]
fn a_slow_component_is_found_with_its_variance() {
    // A channel with an autoregression of variance 1 and a slow part of variance 1, and one without.
    let known = PathPrior::try_from(Parts {
        coefficients: vec![0.4, 0.0, 0.0, 0.4],
        innovation: vec![0.84, 0.0, 0.0, 0.84],
        slow: vec![SlowPart { steps: 40.0, loading: vec![1.0, 0.0] }],
        ..example(0.0, 0.0).parts
    });
    let (values, _, _) = draw(&known.unwrap(), 2, 40_000);
    let fitted = fit(&values, 2, 1, &[40.0]).unwrap();
    let loading = Matrix::from_rows(2, fitted.parts.slow[0].loading.clone());
    let covariance = loading.times(&loading.transposed());
    // Half of the first channel's variance, none of the second's; 500 time constants: about 0.05.
    assert!((covariance[(0, 0)] - 0.5).abs() < 0.12, "{covariance:?}");
    assert!(covariance[(1, 1)] < 0.05, "{covariance:?}");
    assert!((fitted.parts.coefficients[0] - 0.4).abs() < 0.1, "{:?}", fitted.parts.coefficients);
    let memoryless = draw(&example(0.0, 0.0), 2, 4000).0;
    assert!(fit(&memoryless, 2, 1, &[40.0]).unwrap().parts.slow.is_empty());
}

#[test]
fn the_numbers_of_a_prior_make_it_again() {
    let prior = example(1.0, 0.5);
    assert_eq!(PathPrior::try_from(Parts::from(prior.clone())), Ok(prior));
}

#[test]
fn numbers_that_make_no_prior_are_refused() {
    let check = |change: fn(&mut Parts), wanted: &str| {
        let mut parts = example(1.0, 0.5).parts;
        change(&mut parts);
        let text = PathPrior::try_from(parts).unwrap_err().to_string();
        assert_eq!(text, format!("the prior's {wanted}; fit the prior again"));
    };
    check(|parts| parts.channels = 0, "channels are 0, not 1 to 256");
    check(|parts| parts.mean.truncate(3), "mean has 3 numbers, not 14");
    check(|parts| parts.variance[1] = f64::NAN, "variance has NaN at position 1");
    check(|parts| parts.slow[0].loading.truncate(1), "slow loading has 1 numbers, not 0");
    check(|parts| parts.slow[0].steps = -1.0, "slow steps has -1, not above 0");
    check(|parts| parts.innovation[0] = -1.0, "innovation is not a positive definite matrix");
    let mut parts = example(1.0, 0.5).parts;
    parts.coefficients = vec![1.5, 0.0, 0.0, 1.5];
    let text = PathPrior::try_from(parts).unwrap_err().to_string();
    assert!(text.starts_with("the prior's coefficients make paths without bounds"), "{text}");
}

#[test]
fn latents_that_cannot_be_fitted_are_refused_with_what_is_wanted() {
    let (values, _, _) = draw(&example(0.0, 0.0), 0, 200);
    let check = |values: &[f64], order: usize, slow: &[f64], wanted: &str| {
        assert_eq!(fit(values, 2, order, slow).unwrap_err().to_string(), wanted);
    };
    check(&values, 0, &[], "order is 0; wanted 1 to 8");
    let wanted = "slow_steps is [60.0, 30.0]; wanted at most four time constants of 8 to 10000 steps, the \
                  shortest first";
    check(&values, 1, &[60.0, 30.0], wanted);
    let wanted = "the training years have 50 latent steps of 96 hours; the prior needs 91: train on more years \
                  or choose a lower order";
    check(&values[..100], 1, &[], wanted);
    let wanted = "the training years have 200 latent steps of 96 hours; a slow component of 1000 steps needs \
                  2000: train on more years or choose a shorter one";
    check(&values, 1, &[60.0, 1000.0], wanted);
    let mut broken = values.clone();
    broken[7] = f64::INFINITY;
    check(&broken, 1, &[], "the latent of step 3, channel 1, is inf; wanted a finite number");
    broken.iter_mut().skip(1).step_by(2).for_each(|value| *value = 2.0);
    let wanted = "latent channel 1 is the same at every step of a season; it carries nothing to fit";
    check(&broken, 1, &[], wanted);
    let latents = Latents { values: &values, channels: 2, phase: &[0.2; 200], run: &[0; 200] };
    let config = PathPriorConfig { order: 1, slow_steps: vec![] };
    assert_eq!(PathPrior::fit(&latents, &config), Err(FitError::Seasons));
    let wanted = FitError::Shape { values: 400, channels: 2, phases: 200, runs: 3 };
    assert_eq!(PathPrior::fit(&Latents { run: &[0; 3], ..latents }, &config), Err(wanted));
    let phases: Vec<f64> = (0..200).map(phase).collect();
    let runs: Vec<u32> = (0..200).map(|step| step / 20).collect();
    let latents = Latents { phase: &phases, run: &runs, ..latents };
    let config = PathPriorConfig { order: 1, slow_steps: vec![20.0] };
    assert_eq!(PathPrior::fit(&latents, &config), Err(FitError::BrokenRecord { needed: 48, seen: 20 }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_fitted_prior_is_stationary(
        seed: u64, steps in 91_usize..260, channels in 1_usize..4, order in 1_usize..5,
        memory in 0.0_f64..1.1, run_length in 1_usize..300, twins: bool, slow: bool,
    ) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut values = vec![0.0; steps * channels];
        for at in 0..values.len() {
            let before = if at >= channels { values[at - channels] } else { 0.0 };
            values[at] = memory * before + random.random::<f64>() - 0.5;
            if twins && at % channels > 0 {
                values[at] = values[at - 1];
            }
        }
        let phases: Vec<f64> = (0..steps as i64).map(phase).collect();
        let run: Vec<u32> = (0..steps).map(|step| (step / run_length) as u32).collect();
        let latents = Latents { values: &values, channels, phase: &phases, run: &run };
        let slow_steps = if slow && run_length >= 48 { vec![10.0, 45.0] } else { vec![] };
        let prior = PathPrior::fit(&latents, &PathPriorConfig { order, slow_steps }).unwrap();
        prop_assert!(prior.spectral_radius() < 1.0);
        prop_assert!(prior.log_density(&latents).is_finite());
    }
}
