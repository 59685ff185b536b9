//! The memorisation audit: whether generated windows lie nearer to the training years than unseen real
//! ones do. A generator that replays its training years, or pieces of some days, fails.
//!
//! A window is 48 hours from midnight on. Its distance is the smallest root mean square difference from
//! any training window that starts at most 15 days away in the calendar, of the hourly values or of
//! their anomalies, whichever is smaller: a copy is found whether it was moved in the calendar with its
//! climatology or without. The audit compares the medians over generated and over held-out windows.
//!
//! Both days of a window have at least 20 hours, and differences are of the hours that both windows have.
//! Hours that held-out windows lack are taken out of as many generated windows, since fewer hours are nearer.

use anyhow::ensure;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::climatology::Climatology;
use crate::metrics::round;
use crate::series::{HOURS, Series, is_complete, is_usable};

/// Days of a window: shorter than the blocks of 4 days that resampling copies, so that most of their
/// windows lie within one, and long enough for years to differ.
const DAYS: usize = 2;
/// Hours a day that two windows must both have.
const LEAST_COMMON: usize = 16;
/// How far a training window may lie in the calendar.
const NEAR_DAYS: i16 = 15;
/// Windows that are asked about, spread evenly over a series.
const MOST_WINDOWS: usize = 2000;
/// Fewer windows have no median to speak of.
const LEAST_WINDOWS: usize = 300;
/// A ratio of medians that passes.
pub(crate) const PASSES: std::ops::RangeInclusive<f64> = 0.9..=1.1;
/// The share of held-out windows that count as near.
const NEAR_SHARE: f64 = 0.01;

/// Distances in the variable's canonical unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Audit {
    /// `generated_median / test_median`: 1 for unseen years, 0 for copied ones, above 1 for weather that
    /// is further from the training years than real weather is.
    pub(crate) ratio: f64,
    pub(crate) generated_median: f64,
    pub(crate) test_median: f64,
    /// The share of generated windows that are nearer than the nearest hundredth of the held-out ones:
    /// about 0.01 for unseen years. Shown, not counted: it finds copies of a few days.
    pub(crate) near_share: f64,
    /// Generated and held-out windows that were asked about.
    pub(crate) windows: [usize; 2],
    /// True for a ratio between 0.9 and 1.1.
    pub(crate) passes: bool,
}

/// Audits a candidate. `climatology` is that of the training years.
///
/// # Errors
/// When one of the series has less than 300 windows.
pub(crate) fn audit(
    climatology: &Climatology,
    training: &Series,
    held_out: &Series,
    candidate: &Series,
) -> anyhow::Result<Audit> {
    let sides = [(training, "training"), (held_out, "held-out"), (candidate, "generated")];
    let [training, held_out, candidate] = sides.map(|(series, _)| Windows::of(climatology, series));
    for (side, (_, name)) in [&training, &held_out, &candidate].into_iter().zip(sides) {
        let found = side.starts.len();
        ensure!(
            found >= LEAST_WINDOWS,
            "the memorisation audit needs {LEAST_WINDOWS} windows of 48 hours in the {name} years, and has {found}"
        );
    }
    let calendar = training.by_day_of_year();
    let asked = held_out.asked();
    let missing = |index: usize, count: usize| asked[index * asked.len() / count];
    let test = held_out.distances(&training, &calendar, &|_, _| None);
    let generated = candidate.distances(&training, &calendar, &|index, count| {
        Some(hours(&held_out.series.values, missing(index, count)))
    });
    let (test_median, generated_median) = (quantile(&test, 0.5), quantile(&generated, 0.5));
    let limit = quantile(&test, NEAR_SHARE);
    let near = generated.partition_point(|&distance| distance < limit);
    let ratio = generated_median / test_median;
    Ok(Audit {
        ratio: round(ratio),
        generated_median: round(generated_median),
        test_median: round(test_median),
        near_share: round(near as f64 / generated.len() as f64),
        windows: [generated.len(), test.len()],
        passes: PASSES.contains(&ratio),
    })
}

/// A series as the audit sees it.
struct Windows<'a> {
    series: &'a Series,
    anomalies: Vec<f64>,
    /// The first days of all windows.
    starts: Vec<usize>,
}

impl<'a> Windows<'a> {
    fn of(climatology: &Climatology, series: &'a Series) -> Windows<'a> {
        let starts = series.runs.iter().flat_map(|run| run.start..(run.end + 1).saturating_sub(DAYS));
        let starts = starts.filter(|&start| (start..start + DAYS).all(|day| is_usable(series.day(day))));
        Windows { series, anomalies: climatology.anomalies(series), starts: starts.collect() }
    }

    /// First days of windows spread evenly over the series.
    fn asked(&self) -> Vec<usize> {
        let count = self.starts.len().min(MOST_WINDOWS);
        (0..count).map(|i| self.starts[i * self.starts.len() / count]).collect()
    }

    /// The first days by their day of year, which is 1 to 366.
    fn by_day_of_year(&self) -> Vec<Vec<usize>> {
        let mut calendar = vec![Vec::new(); 367];
        for &start in &self.starts {
            calendar[self.series.days[start].day_of_year as usize].push(start);
        }
        calendar
    }

    /// The distances of windows spread evenly over this series from another, ascending; windows that
    /// have no neighbour in the calendar are left out. `pattern` is given a window's place and their number;
    /// what is NaN in its 48 hours counts as missing.
    fn distances<'b>(
        &self,
        training: &Windows,
        calendar: &[Vec<usize>],
        pattern: &(dyn Fn(usize, usize) -> Option<&'b [f64]> + Sync),
    ) -> Vec<f64> {
        let asked = self.asked();
        let mut distances: Vec<f64> = asked
            .par_iter()
            .enumerate()
            .map(|(place, &start)| self.distance(start, pattern(place, asked.len()), training, calendar))
            .filter(|distance| distance.is_finite())
            .collect();
        distances.sort_unstable_by(f64::total_cmp);
        distances
    }

    fn distance(
        &self,
        start: usize,
        pattern: Option<&[f64]>,
        training: &Windows,
        calendar: &[Vec<usize>],
    ) -> f64 {
        let day_of_year = self.series.days[start].day_of_year;
        let without = |hours: &[f64]| -> Vec<f64> {
            let Some(pattern) = pattern.filter(|pattern| !is_complete(pattern)) else {
                return hours.to_vec();
            };
            let masked = hours.iter().zip(pattern);
            masked.map(|(&value, other)| if other.is_nan() { f64::NAN } else { value }).collect()
        };
        let (values, anomalies) =
            (&without(hours(&self.series.values, start)), &without(hours(&self.anomalies, start)));
        let mut least = f64::INFINITY;
        for offset in -NEAR_DAYS..=NEAR_DAYS {
            // Days 1 to 366 in a circle.
            let near = (day_of_year - 1 + offset).rem_euclid(366) + 1;
            for &other in &calendar[near as usize] {
                least = squares(values, hours(&training.series.values, other), least);
                least = squares(anomalies, hours(&training.anomalies, other), least);
            }
        }
        (least / (DAYS * HOURS) as f64).sqrt()
    }
}

fn hours(values: &[f64], start: usize) -> &[f64] {
    &values[start * HOURS..(start + DAYS) * HOURS]
}

/// The sum of squared differences, or `least` if that is smaller; it stops once it is.
fn squares(a: &[f64], b: &[f64], least: f64) -> f64 {
    let mut sum = 0.0;
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        sum += a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        if sum >= least {
            return least;
        }
    }
    if sum.is_nan() { squares_of_present(a, b).min(least) } else { sum }
}

/// The same over the hours that both have, as of 48 hours; infinite if they are too few.
fn squares_of_present(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).filter(|square| !square.is_nan());
    let (sum, count) = squares.fold((0.0, 0), |(sum, count), square| (sum + square, count + 1));
    if count < DAYS * LEAST_COMMON { f64::INFINITY } else { sum * a.len() as f64 / count as f64 }
}

/// The nearest one in order; NaN of none.
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let place = level * sorted.len().saturating_sub(1) as f64;
    sorted.get(place.round() as usize).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use contract::calendar::{DAY_US, HOUR_US, year_phase, year_start_us};

    use super::*;
    use crate::sample::tests::{Noise, sample};

    const YEARS: i64 = 8;

    /// A seasonal cycle and an autoregression with a memory of days.
    fn weather(first_year: i16, seed: u64) -> Series {
        let (mut noise, mut slow, mut fast) = (Noise(seed), 0.0, 0.0);
        sample(first_year, YEARS * 365 * 24, |time| {
            slow = 0.99 * slow + 0.3 * noise.normal();
            fast = 0.8 * fast + 0.3 * noise.normal();
            285.0 + 9.0 * (TAU * year_phase(time)).cos() + slow + fast
        })
        .series
    }

    /// Days from 2101 on, each a day of the training years: `source(day)` is its index there.
    fn resampled(training: &Series, source: impl Fn(usize) -> usize) -> Series {
        let start = year_start_us(2101);
        sample(2101, YEARS * 365 * 24, |time| {
            let day = ((time - start) / DAY_US) as usize;
            let hour = ((time - start) % DAY_US / HOUR_US) as usize;
            training.values[source(day) % training.days.len() * HOURS + hour]
        })
        .series
    }

    fn audited(training: &Series, candidate: &Series) -> Audit {
        let climatology = Climatology::fit(training).unwrap();
        audit(&climatology, training, &weather(2011, 2), candidate).unwrap()
    }

    #[test]
    fn unseen_years_pass() {
        let audit = audited(&weather(2001, 1), &weather(2101, 3));
        assert!(audit.passes && audit.near_share < 0.03, "{audit:?}");
        assert_eq!(audit.windows, [2000, 2000]);
    }

    #[test]
    fn copied_years_fail() {
        let training = weather(2001, 1);
        let audit = audited(&training, &resampled(&training, |day| day + 3 * 365));
        assert!(!audit.passes && audit.ratio == 0.0 && audit.near_share > 0.99, "{audit:?}");
    }

    #[test]
    fn blocks_of_four_days_fail() {
        let training = weather(2001, 1);
        // From another year each, up to 12 days away in the calendar.
        let source = |day: usize| day + 365 * (day / 4 * 7 % 8) + day / 4 * 5 % 13;
        let audit = audited(&training, &resampled(&training, source));
        assert!(!audit.passes && audit.ratio < 0.1, "{audit:?}");
    }

    #[test]
    fn copied_anomalies_fail_too() {
        let training = weather(2001, 1);
        let climatology = Climatology::fit(&training).unwrap();
        let anomalies = Series { values: climatology.anomalies(&training), ..weather(2001, 1) };
        let mut candidate = resampled(&anomalies, |day| day + 365 * (day / 4 * 7 % 8) + day / 4 * 5 % 13);
        let flat = Series {
            days: candidate.days.clone(),
            values: vec![0.0; candidate.values.len()],
            runs: candidate.runs.clone(),
        };
        let expected = climatology.anomalies(&flat);
        candidate.values.iter_mut().zip(&expected).for_each(|(value, minus)| *value -= minus);
        let audit = audited(&training, &candidate);
        assert!(!audit.passes && audit.ratio < 0.1, "{audit:?}");
    }

    #[test]
    fn distances_are_those_of_all_pairs() {
        let (training, other) = (weather(2001, 1), weather(2011, 2));
        let climatology = Climatology::fit(&training).unwrap();
        let [a, b] = [&training, &other].map(|series| Windows::of(&climatology, series));
        let calendar = a.by_day_of_year();
        for start in [0, 59, 364, 800, 1460] {
            let day = i64::from(other.days[start].day_of_year);
            let mut least = f64::INFINITY;
            for near in 0..training.days.len() - 1 {
                let apart = (i64::from(training.days[near].day_of_year) - day).abs();
                if apart.min(366 - apart) > 15 {
                    continue;
                }
                for (a, b) in [(&training.values, &other.values), (&a.anomalies, &b.anomalies)] {
                    let squares = (0..48).map(|hour| (a[near * 24 + hour] - b[start * 24 + hour]).powi(2));
                    least = least.min((squares.sum::<f64>() / 48.0).sqrt());
                }
            }
            let found = b.distance(start, None, &a, &calendar);
            assert!((found - least).abs() < 1e-9, "{start}: {found} {least}");
        }
    }

    #[test]
    fn missing_hours_move_the_ratio_of_unseen_years_little_and_hide_no_copy() {
        let (training, candidate) = (weather(2001, 1), weather(2101, 3));
        let whole = audited(&training, &candidate);
        let mut noise = Noise(6);
        let mut gappy = |series: &Series| {
            let mut series = series.clone();
            series.values.iter_mut().for_each(|value| {
                if noise.uniform() < 0.05 {
                    *value = f64::NAN
                }
            });
            series
        };
        let (training, held_out) = (gappy(&training), gappy(&weather(2011, 2)));
        let climatology = Climatology::fit(&training).unwrap();
        let found = audit(&climatology, &training, &held_out, &candidate).unwrap();
        assert!((found.ratio - whole.ratio).abs() < 0.01 && found.passes, "{found:?} {whole:?}");
        assert!((found.test_median / whole.test_median - 1.0).abs() < 0.03, "{found:?} {whole:?}");
        let copies = audit(&climatology, &training, &held_out, &training).unwrap();
        assert!(copies.ratio == 0.0, "{copies:?}");
    }

    #[test]
    fn too_few_windows_are_named() {
        let training = weather(2001, 1);
        let climatology = Climatology::fit(&training).unwrap();
        let short = sample(2001, 30 * 24, |_| 1.0).series;
        let error = audit(&climatology, &training, &training, &short).unwrap_err().to_string();
        assert_eq!(
            error,
            "the memorisation audit needs 300 windows of 48 hours in the generated years, and has 29"
        );
    }
}
