//! Amounts that are accumulated since midnight UTC, as ERA5-Land's are, made amounts of each hour. In
//! ERA5 itself they are those of each hour already; no attribute tells the two apart, so the values
//! have to.

use std::ops::RangeInclusive;

use contract::artifact::flag;
use contract::calendar::{DAY_US, HOUR_US};

use crate::dataset::Hour;

/// At least so many days with rain or sun decide.
const FEWEST_DAYS: usize = 5;
/// Of them at least this share must never fall: a sum never does, and hourly amounts do nearly every
/// day.
const LEAST_SHARE: f64 = 0.9;

/// A day with so many of its hours tells sums from amounts: with fewer, an hour's radiation may grow as long as there
/// are hours.
const FEWEST_HOURS: usize = 20;
/// A day with fewer tells nothing at all.
const FEWEST_HOURS_UNCLEAR: usize = 6;

/// What the values are amounts of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accumulation {
    /// The hour before.
    Hour,
    /// The time since midnight UTC.
    Day,
    /// They grow through each day, of which too few hours are there.
    Unclear,
}

/// Since midnight if the values grow through each day, from 01:00 to 24:00 UTC, and start again after it. Hours may
/// be lacking.
pub(crate) fn of(hours: &[Hour]) -> Accumulation {
    if grows_daily(hours, FEWEST_HOURS..=24) {
        return Accumulation::Day;
    }
    let has_fuller = hours.chunk_by(|a, b| day(a) == day(b)).any(|day| day.len() >= FEWEST_HOURS);
    if !has_fuller && grows_daily(hours, FEWEST_HOURS_UNCLEAR..=FEWEST_HOURS) {
        return Accumulation::Unclear;
    }
    Accumulation::Hour
}

/// True if nearly all days with so many hours grow.
fn grows_daily(hours: &[Hour], present: RangeInclusive<usize>) -> bool {
    let days = hours.chunk_by(|a, b| day(a) == day(b)).filter(|day| present.contains(&day.len()));
    let wet: Vec<&[Hour]> = days.filter(|day| day.iter().any(|hour| hour.value > 0.0)).collect();
    // Packing moves equal sums by its step, far less than a thousandth of a day's amount.
    let grows = |day: &&&[Hour]| {
        let most = day.iter().fold(0.0_f32, |most, hour| most.max(hour.value));
        day.windows(2).all(|pair| pair[1].value >= pair[0].value - 1e-3 * most)
    };
    wet.len() >= FEWEST_DAYS && wet.iter().filter(grows).count() as f64 >= LEAST_SHARE * wet.len() as f64
}

/// The amount of each hour, and how many hours share one. Where hours of a day are missing, no more than
/// `longest_shared`, they and the next one share what fell meanwhile equally, flagged as filled, so that no amount is
/// lost; beyond, and at the end of a day, they stay missing.
pub(crate) fn of_each_hour(hours: &[Hour], longest_shared: usize) -> (Vec<Hour>, usize) {
    let mut before: Option<&Hour> = None;
    let mut amounts = Vec::with_capacity(hours.len());
    let mut shared = 0;
    for hour in hours {
        let midnight_us = day(hour) * DAY_US;
        let (since_us, since) = match before.filter(|before| before.time_us > midnight_us) {
            Some(before) => (before.time_us, f64::from(before.value)),
            None => (midnight_us, 0.0),
        };
        before = Some(hour);
        let number = (hour.time_us - since_us) / HOUR_US;
        if number > 1 + longest_shared as i64 {
            continue;
        }
        // A sum that falls by the step of its packing stands for nothing.
        let amount = (f64::from(hour.value) - since).max(0.0) / number as f64;
        let flags = if number > 1 { hour.flags | flag::FILLED } else { hour.flags };
        shared += if number > 1 { number as usize } else { 0 };
        amounts.extend((1..=number).map(|at| Hour {
            time_us: since_us + at * HOUR_US,
            value: amount as f32,
            flags,
        }));
    }
    (amounts, shared)
}

/// The day whose sum an hour belongs to: 00:00 is the last hour of the day before.
fn day(hour: &Hour) -> i64 {
    (hour.time_us - HOUR_US).div_euclid(DAY_US)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn series(amounts: &[f32]) -> Vec<Hour> {
        let hour = |(hour, value): (usize, &f32)| Hour {
            time_us: (hour as i64 + 1) * HOUR_US,
            value: *value,
            flags: 0,
        };
        amounts.iter().enumerate().map(hour).collect()
    }

    fn sums(amounts: &[f32]) -> Vec<Hour> {
        let of_day = |day: &[f32]| -> Vec<f32> {
            let mut sum = 0.0;
            day.iter()
                .map(|amount| {
                    sum += amount;
                    sum
                })
                .collect()
        };
        series(&amounts.chunks(24).flat_map(of_day).collect::<Vec<_>>())
    }

    proptest! {
        /// Whole numbers, whose sums are exact.
        #[test]
        fn sums_since_midnight_come_back_as_the_amounts(
            amounts in prop::collection::vec((0_u8..40).prop_map(|x| f32::from(x.saturating_sub(25))), 24 * 12),
        ) {
            prop_assert_eq!(of(&sums(&amounts)), Accumulation::Day);
            prop_assert_eq!(of_each_hour(&sums(&amounts), 3), (series(&amounts), 0));
            prop_assert_eq!(of(&series(&amounts)), Accumulation::Hour);
        }
    }

    #[test]
    fn the_sun_of_each_hour_is_no_sum() {
        let sun = |hour: usize| (-(std::f64::consts::TAU * hour as f64 / 24.0).cos()).max(0.0) as f32 * 800.0;
        let amounts: Vec<f32> = (1..=24 * 30).map(sun).collect();
        assert_eq!(of(&series(&amounts)), Accumulation::Hour);
        assert_eq!(of(&sums(&amounts)), Accumulation::Day);
        assert_eq!(of(&series(&[0.0; 24 * 30])), Accumulation::Hour);
        assert_eq!(of(&sums(&amounts[..24 * 3])), Accumulation::Hour);
    }

    #[test]
    fn hours_around_a_short_hole_share_what_fell_meanwhile() {
        let mut hours = sums(&(1..=48).map(|hour| hour as f32).collect::<Vec<_>>());
        hours.remove(30);
        hours.remove(23);
        let (amounts, shared) = of_each_hour(&hours, 1);
        let seen: Vec<_> = amounts.iter().map(|h| (h.time_us / HOUR_US, h.value, h.flags)).collect();
        let expected: Vec<_> =
            (1..=48_i64)
                .filter(|hour| *hour != 24)
                .map(|hour| {
                    if [31, 32].contains(&hour) { (hour, 31.5, flag::FILLED) } else { (hour, hour as f32, 0) }
                })
                .collect();
        assert_eq!((seen, shared), (expected, 2));
        let times = |hours: Vec<Hour>| hours.iter().map(|h| h.time_us / HOUR_US).collect::<Vec<_>>();
        let without: Vec<i64> = (1..=48).filter(|hour| ![24, 31, 32].contains(hour)).collect();
        assert_eq!(times(of_each_hour(&hours, 0).0), without);
    }

    #[test]
    fn sums_are_recognised_where_no_day_is_whole() {
        let amounts: Vec<f32> = (0..24 * 30).map(|hour| (hour % 5) as f32).collect();
        let keep = |hours: Vec<Hour>, lacking: &[i64]| -> Vec<Hour> {
            let lacks = |hour: &Hour| lacking.contains(&(hour.time_us / HOUR_US % 24));
            hours.into_iter().filter(|hour| !lacks(hour)).collect()
        };
        for lacking in [vec![23], vec![0], vec![1], vec![6, 12, 18]] {
            assert_eq!(of(&keep(sums(&amounts), &lacking)), Accumulation::Day, "{lacking:?}");
            assert_eq!(of(&keep(series(&amounts), &lacking)), Accumulation::Hour, "{lacking:?}");
        }
        let night: Vec<i64> = (12..24).collect();
        assert_eq!(of(&keep(sums(&amounts), &night)), Accumulation::Unclear);
        assert_eq!(of(&keep(series(&amounts), &night)), Accumulation::Hour);
    }
}
