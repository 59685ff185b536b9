//! The last step of a fit: what the trained model generates has nearly the persistence and the marginals
//! of the training years. Gains of bands of time scales make each band vary as it does there, then a map
//! makes the marginals of each season and hour the same.

use contract::calendar::{HOUR_US, Moment, YearClock, year_start_us};
use contract::normal_scores::NormalScores;
use contract::season;
use model::config::STEP_HOURS;
use model::fast::decoder::Decoder;
use model::latents::{LatentSource, Season};
use model::noise::sampler::NoiseSampler;
use model::persistence::{BANDS, Bands, Persistence, SETTLING_HOURS, TIME_CONSTANTS_DAYS};
use model::simulate::{CHUNK_HOURS, Simulator};

use crate::dataset::Dataset;

/// Years that are generated for the fit.
const YEARS: usize = 200;
/// The first of them.
const FIRST_YEAR: i16 = 2001;
/// Added to the seed, so that these are not the years that a user generates.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
/// Standard deviation of a trained model's error in a band's standard deviation, over seeds: how far the
/// training years are believed against the model.
const MODEL_ERROR: f64 = 0.1;

/// What corrects generated hours.
pub(crate) struct Calibration {
    pub persistence: Persistence,
    /// From generated standardised hours to normal scores.
    pub marginals: NormalScores,
}

/// Fits both to 200 generated years.
///
/// # Errors
/// When the map cannot be fitted.
pub(crate) fn fit(
    decoder: &Decoder,
    latents: &LatentSource,
    noise: &NoiseSampler,
    dataset: &Dataset,
    seed: u64,
) -> anyhow::Result<Calibration> {
    let simulator =
        Simulator { decoder, latents, noise: Some(noise), persistence: None, seed: seed.wrapping_add(SEED) };
    let start = year_start_us(FIRST_YEAR);
    let phase = |step| season::phase_of_step(start, step, STEP_HOURS);
    let features = |phase| season::features(phase, dataset.transform.seasonal_degree).collect();
    let season = Season { phase: &phase, features: &features };
    // Two members, one for each core.
    let hours = YEARS / 2 * 8766;
    let member = |number: u32| -> Vec<f32> {
        let mut member = simulator.member(number, season);
        let mut values = Vec::with_capacity(hours + CHUNK_HOURS);
        while values.len() < hours {
            values.extend(member.chunk(hours - values.len()));
        }
        values.truncate(hours);
        values
    };
    let (first, second) = rayon::join(|| member(0), || member(1));
    let mut members = [first, second];
    let mut clock = YearClock::default();
    let moments: Vec<Moment> = (0..hours as i64).map(|hour| clock.moment(start + hour * HOUR_US)).collect();
    let training: Vec<&[f32]> =
        dataset.training_runs.iter().map(|rows| dataset.hours(rows.clone())).collect();
    // Bands are compared where the marginals are those of the training years.
    let first_map = marginals(&moments, &members)?;
    let scores = members.each_ref().map(|member| scores(&first_map, &moments, member));
    let persistence = persistence(&training, &scores.each_ref().map(Vec::as_slice));
    for member in &mut members {
        let mut bands = Bands::default();
        member.iter_mut().for_each(|hour| *hour = persistence.apply(&mut bands, f64::from(*hour)) as f32);
    }
    Ok(Calibration { persistence, marginals: marginals(&moments, &members)? })
}

/// The map from the members' hours to normal scores.
fn marginals(moments: &[Moment], members: &[Vec<f32>; 2]) -> anyhow::Result<NormalScores> {
    let years: Vec<i16> = (FIRST_YEAR..=FIRST_YEAR + (YEARS / 2) as i16).collect();
    let values: Vec<f64> = members.iter().flatten().map(|&hour| f64::from(hour)).collect();
    marginals::normal_scores::fit(&moments.repeat(members.len()), &values, &years, 1.0)
}

fn scores(map: &NormalScores, moments: &[Moment], hours: &[f32]) -> Vec<f32> {
    let of = |(moment, &hour): (&Moment, &f32)| {
        map.curve(moment.year_phase, moment.hour).score(f64::from(hour)) as f32
    };
    moments.iter().zip(hours).map(of).collect()
}

/// The gains that make the bands of `generated` vary more as those of `training`: the ratio of each band's
/// standard deviations, shrunk towards 1 by what the training years' length leaves open. Bands overlap, so that
/// gains that made each vary exactly as wanted would make up for one another's noise.
fn persistence(training: &[&[f32]], generated: &[&[f32]]) -> Persistence {
    let none = Persistence { gains: [1.0; BANDS] };
    let (Some(wanted), Some(seen)) = (spread(training), spread(generated)) else { return none };
    let hours: usize = training.iter().map(|run| run.len().saturating_sub(SETTLING_HOURS)).sum();
    let mut gains = [1.0; BANDS];
    for (band, gain) in gains.iter_mut().enumerate() {
        let time_constant = TIME_CONSTANTS_DAYS[band.min(BANDS - 2)];
        let independent = hours as f64 / (24.0 * 2.0 * time_constant);
        let (model, sampling) = (MODEL_ERROR * MODEL_ERROR, 0.5 / independent);
        *gain = 1.0 + (wanted[band] / seen[band] - 1.0) * model / (model + sampling);
    }
    Persistence { gains }
}

/// The standard deviation of each band of the runs, or `None` if all are too short.
fn spread(runs: &[&[f32]]) -> Option<[f64; BANDS]> {
    let (mut squares, mut count) = ([0.0; BANDS], 0_usize);
    for run in runs {
        let mut bands = Bands::default();
        for (number, &hour) in run.iter().enumerate() {
            let found = bands.next(f64::from(hour));
            if number >= SETTLING_HOURS {
                squares.iter_mut().zip(found).for_each(|(square, band)| *square += band * band);
                count += 1;
            }
        }
    }
    (count > 0).then(|| squares.map(|square| (square / count as f64).sqrt()))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    /// An autoregression of order 1 whose memory is `days` long, of variance 1.
    fn memory(days: f64, years: usize, seed: u64) -> Vec<f32> {
        let carried = (-1.0 / (24.0 * days)).exp();
        let scale = (1.0 - carried * carried).sqrt();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut value = 0.0;
        let steps = (0..years * 8766).map(|_| {
            let normal: f64 = StandardNormal.sample(&mut random);
            value = carried * value + scale * normal;
            value as f32
        });
        steps.collect()
    }

    #[test]
    fn gains_bring_the_bands_nearer_to_those_of_many_training_years() {
        let (training, generated) = (memory(3.0, 400, 1), memory(4.0, 200, 2));
        let found = persistence(&[&training], &[&generated]);
        let mut bands = Bands::default();
        let filtered: Vec<f32> =
            generated.iter().map(|&hour| found.apply(&mut bands, f64::from(hour)) as f32).collect();
        let [wanted, before, after] = [&training, &generated, &filtered].map(|run| spread(&[run]).unwrap());
        for band in 0..BANDS {
            let error = |spread: [f64; BANDS]| (spread[band] / wanted[band] - 1.0).abs();
            assert!(error(after) < error(before).max(0.02), "{wanted:?}: {before:?} became {after:?}");
        }
        assert!(found.gains[0] > 1.05 && found.gains[3] < 0.97, "{found:?}");
    }

    #[test]
    fn few_years_are_believed_less_the_slower_a_band() {
        let (training, generated) = (memory(3.0, 2, 1), memory(4.0, 200, 2));
        let few = persistence(&[&training], &[&generated]);
        let ratios = [&training, &generated].map(|run| spread(&[run]).unwrap());
        // Two years less their settling hold 14.2 independent values of 48 days: 0.5 / 14.2 is 3.52 times 0.1^2.
        let full = ratios[0][3] / ratios[1][3] - 1.0;
        assert!(((few.gains[3] - 1.0) / full - 1.0 / 4.52).abs() < 0.002, "{few:?}, {full}");
        assert_eq!(persistence(&[&training[..SETTLING_HOURS]], &[&generated]).gains, [1.0; BANDS]);
    }
}
