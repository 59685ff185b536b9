//! The tasks on made-up hours, with a model of random weights: what there is to do depends on which hours are
//! missing and not on what they are.

use anyhow::Context;
use contract::benchmark::Case;
use contract::calendar::{HOUR_US, year_start_us};
use infer::detect::{DetectSettings, Detector, Seen};
use infer::forecast::ForecastSettings;
use infer::impute::ImputeSettings;
use infer::model_folder::TrainedModel;
use infer::observed::ObservedHours;
use infer::pooling::Pooling;
use infer::posterior::Posterior;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::cases::{configuration, number};
use crate::made_up::normal;
use crate::sampling::{Sampled, sample};
use crate::untrained::{FIRST_YEAR, untrained};

/// Share of hours that are missing where hours are to be filled in.
const MISSING: f64 = 0.1;
/// Years that precede a forecast, and that a detector learns from.
const YEARS: usize = 2;

/// Times the filling in of missing hours.
///
/// # Errors
/// When the case lacks a number, or the model fails.
pub(crate) fn impute(case: &Case) -> anyhow::Result<Sampled> {
    let members = number(case, "members", case.members)?;
    let model = untrained(configuration(case)?.model)?;
    let mut observed = made_up(number(case, "years", case.years)?, 5)?;
    let random = &mut ChaCha8Rng::seed_from_u64(6);
    let missing = observed.values.iter_mut().filter(|_| random.random_bool(MISSING));
    missing.for_each(|hour| *hour = f32::NAN);
    let settings = ImputeSettings { members, seed: 0 };
    let pooling = pooling(&model)?;
    sample(|| {
        infer::impute::impute(&Posterior::new(&model, Some(pooling.clone()))?, &observed, settings).map(drop)
    })
}

/// Times a forecast.
///
/// # Errors
/// As above.
pub(crate) fn forecast(case: &Case) -> anyhow::Result<Sampled> {
    let members = number(case, "members", case.members)?;
    let hours = number(case, "length_hours", case.length_hours)?;
    let model = untrained(configuration(case)?.model)?;
    let observed = made_up(YEARS, 5)?;
    let settings = ForecastSettings { hours, members, seed: 0 };
    let pooling = pooling(&model)?;
    sample(|| {
        infer::forecast::forecast(&Posterior::new(&model, Some(pooling.clone()))?, &observed, settings)
            .map(drop)
    })
}

/// Times the search for faults, by a detector that has learned from other hours.
///
/// # Errors
/// As above.
pub(crate) fn detect(case: &Case) -> anyhow::Result<Sampled> {
    let model = untrained(configuration(case)?.model)?;
    let observed = made_up(number(case, "years", case.years)?, 5)?;
    let detector = Detector::learn(&model, &[made_up(YEARS, 7)?], Seen::Never)?;
    let settings = DetectSettings { false_alarms_per_year: 12.0 };
    sample(|| infer::detect::detect(&model, &detector, &observed, settings).map(drop))
}

/// What draws are pooled with, from other hours.
fn pooling(model: &TrainedModel) -> anyhow::Result<Pooling> {
    Ok(Pooling::learn(model, &[made_up(YEARS, 7)?]))
}

/// Years of hours around 285 K, each near the one before it.
fn made_up(years: usize, seed: u64) -> anyhow::Result<ObservedHours> {
    let end = i16::try_from(years).ok().and_then(|years| FIRST_YEAR.checked_add(years));
    let end = end.with_context(|| format!("{years} years are more than the calendar has"))?;
    let first_us = year_start_us(FIRST_YEAR);
    let hours = usize::try_from((year_start_us(end) - first_us) / HOUR_US)?;
    let mut departure = 0.0;
    let values = normal(hours, seed).into_iter().map(|normal| {
        departure = 0.95 * departure + 0.3 * normal;
        285.0 + 8.0 * departure
    });
    Ok(ObservedHours { first_us, values: values.collect() })
}
