//! Where the hours of a station lie. Those of most are the whole hours of UTC; where all times are so long after them,
//! as in the zones of half hours, they are kept there, so that the hours are those of the clock. A time next to its
//! place, such as hh:59, is taken for it.

use contract::calendar::{HOUR_US, MINUTE_US};

use super::hourly::{self, ABOUT_HOURLY_US, Sample};

/// Times this close to an hour, or to another place of a finer grid, are meant to be there.
const TOLERANCE_US: i64 = 2 * MINUTE_US;

/// So many of the times at least have to lie at one place between the hours, if that is where they are kept.
const LEAST_SHARE: f64 = 0.95;

/// How long after the whole hours of UTC the hours of a station lie, in whole minutes: what its times have in
/// common if they are about hourly, or 0.
pub(crate) fn past_hour_us(of_columns: &[Vec<Sample>]) -> i64 {
    let mut times: Vec<i64> = of_columns.iter().flatten().map(|sample| sample.time_us).collect();
    times.sort_unstable();
    times.dedup();
    if hourly::median(times.windows(2).map(|pair| pair[1] - pair[0]))
        .is_none_or(|step_us| step_us < ABOUT_HOURLY_US)
    {
        return 0;
    }
    let mut minutes = [0_usize; 60];
    for time_us in &times {
        let minute = (time_us.rem_euclid(HOUR_US) + MINUTE_US / 2) / MINUTE_US;
        minutes[(minute % 60) as usize] += 1;
    }
    let tolerance = (TOLERANCE_US / MINUTE_US) as usize;
    let around = |minute: usize| -> usize {
        (0..=2 * tolerance).map(|at| minutes[(minute + 60 + at - tolerance) % 60]).sum()
    };
    // Of several as frequent the first.
    let Some(most) = (0..60).rev().max_by_key(|minute| minutes[*minute]) else { return 0 };
    let is_next_to_hour = most <= tolerance || most >= 60 - tolerance;
    if is_next_to_hour || (around(most) as f64) < LEAST_SHARE * times.len() as f64 {
        return 0;
    }
    most as i64 * MINUTE_US
}

/// Times that were taken for others next to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moved {
    pub count: usize,
    pub furthest_us: i64,
}

/// Puts samples next to a place of their grid there: an hour, or where the usual step divides it a multiple of that.
/// Of a step of less than 16 minutes an eighth is next to.
pub(crate) fn snap(samples: &mut [Sample]) -> Moved {
    samples.sort_by_key(|sample| sample.time_us);
    let steps = hourly::usual_steps(samples);
    let mut moved = Moved::default();
    for (sample, step_us) in samples.iter_mut().zip(steps) {
        let grid_us = if step_us > 0 && HOUR_US % step_us == 0 { step_us } else { HOUR_US };
        let after_us = sample.time_us.rem_euclid(grid_us);
        let apart_us = if after_us > grid_us / 2 { after_us - grid_us } else { after_us };
        if apart_us != 0 && apart_us.abs() <= TOLERANCE_US.min(step_us / 8) {
            sample.time_us -= apart_us;
            moved.count += 1;
            moved.furthest_us = moved.furthest_us.max(apart_us.abs());
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples at these minutes after 1970.
    fn samples(minutes: impl IntoIterator<Item = i64>) -> Vec<Sample> {
        let sample = |minute| Sample { time_us: minute * MINUTE_US, value: 0.0, flags: 0 };
        minutes.into_iter().map(sample).collect()
    }

    fn check_past(minutes: impl IntoIterator<Item = i64>, past_minutes: i64) {
        assert_eq!(past_hour_us(&[samples(minutes)]), past_minutes * MINUTE_US);
    }

    #[test]
    fn a_constant_offset_is_kept() {
        for past in [15, 30, 45, 51, 5] {
            check_past((0..100).map(|hour| hour * 60 + past), past);
            check_past((0..100).map(|hour| hour * 180 + past + hour % 3 % 2), past);
        }
    }

    #[test]
    fn times_at_the_hour_or_everywhere_or_finer_have_none() {
        for past in [0, 1, 2, 58, 59] {
            check_past((0..100).map(|hour| hour * 60 + past), 0);
        }
        check_past((0..100).map(|hour| hour * 60 + hour % 2 * 30), 0);
        check_past((0..100).map(|hour| hour * 61 + 7), 0);
        check_past((0..100).map(|step| step * 10 + 5), 0);
        check_past([], 0);
        check_past([30], 0);
    }

    fn check_snap(minutes: &[i64], expected: &[i64], count: usize) {
        let mut found = samples(minutes.iter().copied());
        assert_eq!(snap(&mut found).count, count);
        assert_eq!(found, samples(expected.iter().copied()));
    }

    #[test]
    fn times_next_to_their_place_are_taken_for_it() {
        check_snap(&[59, 119, 180, 242, 303], &[60, 120, 180, 240, 303], 3);
        check_snap(&[9, 20, 30, 41, 50, 60], &[10, 20, 30, 40, 50, 60], 2);
        // Every minute, and every 7 minutes, are as they are.
        check_snap(&[57, 58, 59, 60, 61], &[57, 58, 59, 60, 61], 0);
        check_snap(&[50, 57, 64, 71], &[50, 57, 64, 71], 0);
    }
}
