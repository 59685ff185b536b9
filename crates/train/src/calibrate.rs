//! The last step of a fit: what the trained model generates has nearly the marginals of the training
//! years, and this map from one to the other makes them the same for each season and hour.

use contract::calendar::{HOUR_US, YearClock, year_start_us};
use contract::normal_scores::NormalScores;
use contract::season;
use model::config::{ModelConfig, STEP_HOURS};
use model::latents::{LatentSource, Season};
use model::noise::sampler::NoiseSampler;
use model::simulate::{CHUNK_HOURS, Simulator};
use model::vae::Vae;

/// Years that are generated for the fit.
const YEARS: usize = 200;
/// The first of them.
const FIRST_YEAR: i16 = 2001;
/// Added to the seed, so that these are not the years that a user generates.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// The map from generated standardised hours to normal scores, fitted to 200 generated years.
///
/// # Errors
/// When the device fails.
pub(crate) fn fit(
    vae: &Vae,
    config: &ModelConfig,
    latents: &LatentSource,
    noise: &NoiseSampler,
    seed: u64,
) -> anyhow::Result<NormalScores> {
    let simulator = Simulator { vae, config, latents, noise: Some(noise), seed: seed.wrapping_add(SEED) };
    let start = year_start_us(FIRST_YEAR);
    let phase = |step| season::phase_of_step(start, step, STEP_HOURS);
    let features = |phase| season::features(phase, config.seasonal_degree).collect();
    let season = Season { phase: &phase, features: &features };
    // Two members, one for each core.
    let hours = YEARS / 2 * 8766;
    let member = |number: u32| -> anyhow::Result<Vec<f32>> {
        let mut member = simulator.member(number, season)?;
        let mut values = Vec::with_capacity(hours + CHUNK_HOURS);
        while values.len() < hours {
            values.extend(member.chunk()?);
        }
        values.truncate(hours);
        Ok(values)
    };
    let (first, second) = rayon::join(|| member(0), || member(1));
    let (first, second) = (first?, second?);
    let mut clock = YearClock::default();
    let moments: Vec<_> = (0..hours as i64).map(|hour| clock.moment(start + hour * HOUR_US)).collect();
    let years: Vec<i16> = (FIRST_YEAR..=FIRST_YEAR + (YEARS / 2) as i16).collect();
    let moments = [moments.clone(), moments].concat();
    let values: Vec<f64> = first.into_iter().chain(second).map(f64::from).collect();
    marginals::normal_scores::fit(&moments, &values, &years, 1.0)
}
