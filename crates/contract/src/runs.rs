//! Stretches of hours without a hole.

use std::ops::Range;

use crate::calendar::{DAY_HOURS, HOUR_US};

/// The rows of each stretch of kept hours that follow each other without a hole, from a day's first
/// row on and cut to whole steps of `step_hours`; a table holds whole days.
pub fn runs(keep: &[bool], local_times: &[i64], step_hours: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < keep.len() {
        if !keep[start] {
            start += DAY_HOURS;
            continue;
        }
        let joined = |row: &usize| keep[*row] && local_times[*row] - local_times[*row - 1] == HOUR_US;
        let end = (start + 1..keep.len()).find(|row| !joined(row)).unwrap_or(keep.len());
        let hours = (end - start) / step_hours * step_hours;
        if hours > 0 {
            found.push(start..start + hours);
        }
        start = end.div_ceil(DAY_HOURS) * DAY_HOURS;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keep: &[bool], jump_at: usize, expected: &[Range<usize>]) {
        let hour = |row: usize| (row + if row >= jump_at { 8760 } else { 0 }) as i64 * HOUR_US;
        let times: Vec<i64> = (0..keep.len()).map(hour).collect();
        assert_eq!(runs(keep, &times, 96), expected);
    }

    #[test]
    fn runs_are_whole_steps_between_holes_and_jumps() {
        let mut keep = vec![true; 24 * 13];
        check(&keep, 24 * 13, &[0..288]);
        check(&keep, 24 * 5, &[0..96, 120..312]);
        keep[24 * 4 + 3] = false;
        check(&keep, 24 * 13, &[0..96, 120..312]);
        keep[24 * 5] = false;
        check(&keep, 24 * 13, &[0..96, 144..240]);
        check(&[], 0, &[]);
    }
}
