//! The judge: a classifier that is trained to tell generated from real windows of 8 days, and is asked
//! about years that it has not seen. An area of 0.5 means that it cannot; the same judge between two
//! random halves of the real years is the yardstick. Definitions and sources are in `docs/judge.md`.
//!
//! Windows are compared in pairs of the same days of the year. An hour that one of them lacks is taken out of
//! the other as well, and a straight line goes over it in both: missing hours tell the judge nothing.

mod auc;
mod bins;
mod boosting;
mod features;
mod tree;
mod windows;

use std::sync::{Arc, OnceLock};

use anyhow::ensure;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::climatology::Climatology;
use crate::gaps::bridged;
use crate::metrics::round;
use crate::series::{Series, is_complete, mean, standard_deviation};
use auc::Scores;
use boosting::Settings;
use windows::{Window, years};

/// Fifty trees for each of three dealings tell apart what 150 do, in a third of the time (`docs/lab-notes.md`).
const SETTINGS: Settings = Settings { trees: 50, depth: 4, learning_rate: 0.1, least_rows: 20 };

/// Parts of the years; each is judged by trees that were fitted to the others.
const FOLDS: usize = 5;

/// Dealings of the years to the folds; the area is the mean over them.
const DEALINGS: u64 = 3;

/// Fewer windows of a side say nothing.
const LEAST_WINDOWS: usize = 100;

/// Random halvings of the real years; the seeds are 0 to 4.
const HALVINGS: u64 = 5;

/// What the judge can tell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Judged {
    /// The probability that a random candidate window looks more like one than a random real window:
    /// 0.5 where they cannot be told apart, 1 where they always can.
    pub(crate) auc: f64,
    /// The 95 % interval after DeLong et al., with the windows of a year taken together. It leaves out that
    /// other years would have trained another judge.
    pub(crate) interval: [f64; 2],
    /// Windows of each side.
    pub(crate) windows: usize,
}

/// What the judge tells of two random halves of the real years.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JudgeYardstick {
    pub(crate) mean: f64,
    /// Standard deviation over the halvings, with the divisor n - 1.
    pub(crate) sd: f64,
    /// The area of each halving.
    pub(crate) halvings: Vec<f64>,
    /// Windows of each half, at most.
    pub(crate) windows: usize,
}

/// Judges a candidate against held-out years. `climatology` is that of the training years.
///
/// # Errors
/// When one of the two has windows of less than 5 years, or both have less than 100 of the same days.
pub(crate) fn judge(
    climatology: &Climatology,
    held_out: &Series,
    candidate: &Series,
) -> anyhow::Result<Judged> {
    let (real, candidate) = (Side::of(climatology, held_out), Side::of(climatology, candidate));
    for (side, name) in [(&real, "held-out"), (&candidate, "generated")] {
        let found = years(&side.windows);
        ensure!(found >= FOLDS, "the judge needs {FOLDS} {name} years with 8-day windows, and has {found}");
    }
    compare(&real, &candidate)
}

/// The same judge between random halves of the real years, of as many years as are held out (or half
/// of all, if that is less), in 5 halvings.
///
/// # Errors
/// When a half has windows of less than 5 years, or both have less than 100 of the same days.
pub(crate) fn yardstick(
    climatology: &Climatology,
    all_real: &Series,
    held_out: &Series,
) -> anyhow::Result<JudgeYardstick> {
    let all = Side::of(climatology, all_real);
    let total = years(&all.windows);
    let half = (total / 2).min(years(&windows::windows(held_out)));
    ensure!(
        half >= FOLDS,
        "the judge's yardstick needs two halves of {FOLDS} real years with 8-day windows, and has {half} of {total}"
    );
    let judged: Vec<Judged> = (0..HALVINGS)
        .into_par_iter()
        .map(|seed| {
            let mut order: Vec<usize> = (0..total).collect();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
            let (first, second) = (order[..half].to_vec(), order[total - half..].to_vec());
            compare(&all.of_years(first), &all.of_years(second))
        })
        .collect::<anyhow::Result<_>>()?;
    let halvings: Vec<f64> = judged.iter().map(|judged| judged.auc).collect();
    Ok(JudgeYardstick {
        mean: round(mean(&halvings)),
        sd: round(standard_deviation(&halvings, 1)),
        windows: judged.iter().map(|judged| judged.windows).max().unwrap_or(0),
        halvings,
    })
}

/// The windows of one series with what the judge sees of them.
struct Side {
    /// Each with its place in `seen`.
    windows: Vec<Window>,
    places: Vec<usize>,
    seen: Arc<Seen>,
}

/// What halves of the same years share.
struct Seen {
    anomalies: Vec<f64>,
    /// Of each window, when it is first asked for.
    features: Vec<OnceLock<Vec<f64>>>,
}

impl Side {
    fn of(climatology: &Climatology, series: &Series) -> Side {
        let anomalies = climatology.anomalies(series);
        let windows = windows::windows(series);
        let features = windows.iter().map(|_| OnceLock::new()).collect();
        let places = (0..windows.len()).collect();
        Side { windows, places, seen: Arc::new(Seen { anomalies, features }) }
    }

    /// The windows of some years, which are counted anew in their order.
    fn of_years(&self, mut years: Vec<usize>) -> Side {
        years.sort_unstable();
        let chosen = self.windows.iter().zip(&self.places).filter_map(|(window, place)| {
            let year = years.binary_search(&window.year).ok()?;
            Some((Window { year, ..*window }, *place))
        });
        let (windows, places) = chosen.unzip();
        Side { windows, places, seen: Arc::clone(&self.seen) }
    }

    fn hours(&self, window: usize) -> &[f64] {
        &self.seen.anomalies[self.windows[window].hours()]
    }

    /// Of a window without a missing hour.
    fn features(&self, window: usize) -> &Vec<f64> {
        let of_window = || features::features(self.hours(window), self.windows[window].slot);
        self.seen.features[self.places[window]].get_or_init(of_window)
    }
}

/// What the judge sees of one window of each side, of the same days of the year.
fn features_of_pair(sides: [&Side; 2], [a, b]: [usize; 2]) -> [Vec<f64>; 2] {
    let hours = [sides[0].hours(a), sides[1].hours(b)];
    if is_complete(hours[0]) && is_complete(hours[1]) {
        return [sides[0].features(a).clone(), sides[1].features(b).clone()];
    }
    let slot = sides[0].windows[a].slot;
    hours.map(|side| {
        let both = hours[0].iter().zip(hours[1]).zip(side);
        let masked: Vec<f64> =
            both.map(|((a, b), value)| if a.is_nan() || b.is_nan() { f64::NAN } else { *value }).collect();
        features::features(&bridged(&masked), slot)
    })
}

/// The mean over the dealings of the area of the pooled scores, each window scored by trees that saw no
/// window of its fold.
fn compare(real: &Side, candidate: &Side) -> anyhow::Result<Judged> {
    let [first, second] = windows::pair(&real.windows, &candidate.windows);
    let count = first.len();
    ensure!(
        count >= LEAST_WINDOWS,
        "the judge needs {LEAST_WINDOWS} windows of the same days of the year on both sides, and has {count}"
    );
    let pairs = first.par_iter().zip(&second);
    let (mut rows, others): (Vec<_>, Vec<_>) =
        pairs.map(|(&a, &b)| features_of_pair([real, candidate], [a, b]).into()).unzip();
    rows.extend(others);
    let sides = [(real, first), (candidate, second)];
    let of_year: Vec<usize> = (sides.iter())
        .flat_map(|(side, chosen)| chosen.iter().map(|&index| side.windows[index].year))
        .collect();
    let totals = [real, candidate].map(|side| years(&side.windows));
    let of_dealing = |dealing: u64| -> Vec<usize> {
        let dealt = totals.map(|years| deal(years, dealing));
        of_year.iter().enumerate().map(|(row, &year)| dealt[usize::from(row >= count)][year]).collect()
    };
    let folds: Vec<Vec<usize>> = (0..DEALINGS).map(of_dealing).collect();
    let scores = pooled_scores(&rows, count, &folds);
    let side = |range: std::ops::Range<usize>| Scores {
        scores: scores.iter().map(|scores| &scores[range.clone()]).collect(),
        years: &of_year[range.clone()],
    };
    let (auc, interval) = auc::auc(&side(0..count), &side(count..rows.len()));
    Ok(Judged { auc: round(auc), interval: interval.map(round), windows: count })
}

/// The fold of each year: the years are dealt in turn, in their own order the first time and in a random
/// one afterwards. Years that follow each other are therefore never kept together: a slow change that
/// folds of neighbouring years differ by would be learned from four of them and be wrong in the fifth.
fn deal(years: usize, dealing: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..years).collect();
    if dealing > 0 {
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(dealing));
    }
    let mut folds = vec![0; years];
    for (place, year) in order.into_iter().enumerate() {
        folds[year] = place % FOLDS;
    }
    folds
}

/// For each dealing the scores of all rows, of which the first `count` are real.
fn pooled_scores(rows: &[Vec<f64>], count: usize, folds: &[Vec<usize>]) -> Vec<Vec<f64>> {
    let classes: Vec<bool> = (0..rows.len()).map(|row| row >= count).collect();
    let fits: Vec<(usize, usize)> =
        (0..folds.len()).flat_map(|dealing| (0..FOLDS).map(move |fold| (dealing, fold))).collect();
    let by_fit: Vec<Vec<f64>> = fits
        .into_par_iter()
        .map(|(dealing, fold)| {
            let training: Vec<usize> = (0..rows.len()).filter(|&row| folds[dealing][row] != fold).collect();
            boosting::scores(rows, &classes, &training, &SETTINGS)
        })
        .collect();
    let of_dealing = |(folds, by_fold): (&Vec<usize>, &[Vec<f64>])| {
        folds.iter().enumerate().map(|(row, &fold)| by_fold[fold][row]).collect()
    };
    folds.iter().zip(by_fit.chunks_exact(FOLDS)).map(of_dealing).collect()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::sample::tests::{Noise, sample};

    /// A seasonal cycle, an hourly autoregression and white noise of that standard deviation.
    fn weather(first_year: i16, years: i64, seed: u64, noise_sd: f64) -> Series {
        let (mut noise, mut value) = (Noise(seed), 0.0);
        sample(first_year, years * 365 * 24, |time| {
            value = 0.97 * value + noise.normal();
            285.0
                + 9.0 * (TAU * contract::calendar::year_phase(time)).cos()
                + value
                + noise_sd * noise.normal()
        })
        .series
    }

    #[test]
    fn another_texture_is_told_apart() {
        let training = weather(1961, 4, 1, 0.5);
        let climatology = Climatology::fit(&training).unwrap();
        let judged = judge(&climatology, &weather(2001, 6, 2, 0.5), &weather(2001, 12, 3, 0.0)).unwrap();
        assert!(judged.auc > 0.95, "{judged:?}");
        assert_eq!(judged.windows, 6 * 45);
    }

    #[test]
    fn years_of_the_same_process_are_not_told_apart() {
        let training = weather(1961, 4, 1, 0.5);
        let climatology = Climatology::fit(&training).unwrap();
        let held_out = weather(2001, 6, 2, 0.5);
        let judged = judge(&climatology, &held_out, &weather(2001, 20, 3, 0.5)).unwrap();
        // 270 windows a side: a standard deviation of 0.025.
        assert!((judged.auc - 0.5).abs() < 0.075, "{judged:?}");
        assert!(judged.interval[0] < judged.auc && judged.auc < judged.interval[1]);

        let all = weather(1961, 12, 1, 0.5);
        let yardstick = yardstick(&climatology, &all, &held_out).unwrap();
        assert_eq!(yardstick.halvings.len(), 5);
        assert!((yardstick.mean - 0.5).abs() < 0.075, "{yardstick:?}");
        assert!((yardstick.windows as i64 - 270).abs() <= 3, "{yardstick:?}");
    }

    /// Years whose level changes slowly, as real ones do.
    fn drifting(first_year: i16, years: i64, seed: u64) -> Series {
        let (mut noise, mut value, mut slow) = (Noise(seed), 0.0, 0.0);
        sample(first_year, years * 365 * 24, |time| {
            value = 0.97 * value + noise.normal();
            // A memory of two years.
            slow = 0.99994 * slow + 0.011 * noise.normal();
            285.0 + 9.0 * (TAU * contract::calendar::year_phase(time)).cos() + value + 2.0 * slow
        })
        .series
    }

    #[test]
    fn real_halves_are_as_often_above_one_half_as_below() {
        let areas: Vec<f64> = (0..3)
            .flat_map(|seed| {
                let years = drifting(2001, 16, 200 + seed);
                let climatology = Climatology::fit(&years).unwrap();
                yardstick(&climatology, &years, &years).unwrap().halvings
            })
            .collect();
        let above = areas.iter().filter(|&&area| area > 0.5).count();
        // Fifteen halvings with a standard deviation of 0.05 to 0.08, of which five are of the same years.
        assert!((mean(&areas) - 0.5).abs() < 0.04 && (4..=11).contains(&above), "{} {areas:?}", mean(&areas));
    }

    #[test]
    fn years_are_dealt_in_turn_and_differently_each_time() {
        assert_eq!(deal(7, 0), [0, 1, 2, 3, 4, 0, 1]);
        for dealing in 0..DEALINGS {
            let folds = deal(23, dealing);
            for fold in 0..FOLDS {
                let size = folds.iter().filter(|&&other| other == fold).count();
                assert!((4..=5).contains(&size), "dealing {dealing}, fold {fold}: {size}");
            }
        }
        assert_ne!(deal(23, 1), deal(23, 2));
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let training = weather(1961, 5, 1, 0.5);
        let climatology = Climatology::fit(&training).unwrap();
        let candidate = weather(2001, 7, 3, 0.45);
        let with_threads = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| judge(&climatology, &training, &candidate).unwrap())
        };
        assert_eq!(with_threads(1), with_threads(3));
    }

    #[test]
    fn too_few_years_are_named() {
        let training = weather(1961, 4, 1, 0.5);
        let climatology = Climatology::fit(&training).unwrap();
        let error = judge(&climatology, &training, &training).unwrap_err().to_string();
        assert_eq!(error, "the judge needs 5 held-out years with 8-day windows, and has 4");
        let error = yardstick(&climatology, &training, &training).unwrap_err().to_string();
        assert_eq!(
            error,
            "the judge's yardstick needs two halves of 5 real years with 8-day windows, and has 2 of 4"
        );
    }
}
