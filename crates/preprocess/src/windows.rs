//! Fixed windows: where they start, and what each is for.

use contract::artifact::Split;
use contract::calendar::{DAY_HOURS, HOUR_US};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// A window of the standardised series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub first_row: usize,
    pub split: Split,
}

/// One row of the series, as far as windows are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hour {
    pub local_us: i64,
    pub split: Option<Split>,
    pub missing: bool,
}

/// Windows side by side in every run of hours of one split without a hole.
pub(crate) fn tile(hours: &[Hour], window_hours: usize) -> Vec<Window> {
    runs(hours)
        .into_iter()
        .flat_map(|run| {
            let split = hours[run.start].split;
            let starts =
                run.clone().step_by(window_hours).filter(move |start| start + window_hours <= run.end);
            starts.filter_map(move |first_row| Some(Window { first_row, split: split? }))
        })
        .collect()
}

/// The article's: windows side by side from the first hour on, shuffled, 80 % for training. A
/// window with a hole is left out.
pub(crate) fn shuffle(hours: &[Hour], window_hours: usize, seed: u64) -> Vec<Window> {
    let whole: Vec<Hour> = hours.iter().map(|hour| Hour { split: Some(Split::Train), ..*hour }).collect();
    let mut windows = tile(&whole, window_hours);
    windows.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let training = windows.len() * 4 / 5;
    for window in &mut windows[training..] {
        window.split = Split::Validation;
    }
    windows.sort_by_key(|window| window.first_row);
    windows
}

/// The most hours of a split that follow each other from a local midnight without a missing one.
pub(crate) fn longest_run(hours: &[Hour], split: Split) -> usize {
    let of_split = runs(hours).into_iter().filter(|run| hours[run.start].split == Some(split));
    of_split.map(|run| run.len()).max().unwrap_or(0)
}

/// Runs of consecutive hours with one split and no missing value. A run starts with a local day.
fn runs(hours: &[Hour]) -> Vec<std::ops::Range<usize>> {
    let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
    for (row, hour) in hours.iter().enumerate() {
        if hour.missing || hour.split.is_none() {
            continue;
        }
        let continues = runs.last().is_some_and(|run| {
            run.end == row
                && hours[row - 1].split == hour.split
                && hour.local_us - hours[row - 1].local_us == HOUR_US
        });
        match runs.last_mut() {
            Some(run) if continues => run.end = row + 1,
            _ => runs.push(row..row + 1),
        }
    }
    let to_midnight = |run: std::ops::Range<usize>| run.start.next_multiple_of(DAY_HOURS)..run.end;
    runs.into_iter().map(to_midnight).filter(|run| run.start < run.end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(count: usize) -> Vec<Hour> {
        (0..count)
            .map(|i| Hour { local_us: i as i64 * HOUR_US, split: Some(Split::Train), missing: false })
            .collect()
    }

    fn starts(windows: &[Window]) -> Vec<usize> {
        windows.iter().map(|window| window.first_row).collect()
    }

    #[test]
    fn windows_lie_side_by_side_and_the_rest_is_left() {
        assert_eq!(starts(&tile(&hours(96 * 3 + 95), 96)), [0, 96, 192]);
    }

    #[test]
    fn no_window_crosses_a_hole_a_jump_or_a_change_of_split() {
        let mut series = hours(24 * 20);
        series[0].missing = true;
        for hour in &mut series[24 * 7..] {
            hour.split = Some(Split::Test);
        }
        for hour in &mut series[24 * 13..] {
            hour.local_us += 365 * 24 * HOUR_US;
        }
        let windows = tile(&series, 96);
        assert_eq!(starts(&windows), [24, 24 * 7, 24 * 13]);
        assert_eq!(windows[0].split, Split::Train);
        assert_eq!(windows[1].split, Split::Test);
    }

    #[test]
    fn the_articles_shuffle_trains_on_four_fifths_and_depends_on_the_seed() {
        let series = hours(96 * 285 + 40);
        let windows = shuffle(&series, 96, 1);
        assert_eq!(windows.len(), 285);
        let training = windows.iter().filter(|window| window.split == Split::Train).count();
        assert_eq!(training, 228);
        assert_eq!(windows, shuffle(&series, 96, 1));
        assert_ne!(windows, shuffle(&series, 96, 2));
    }
}
