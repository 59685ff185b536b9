//! The judge's windows: 8 days of one year in a row with at least 20 hours each, side by side from 1 January on, so that
//! windows of two years start on the same days of the year. The last 5 or 6 days of a year are in no
//! window.

use std::ops::Range;

use crate::series::{Series, is_usable};

pub(crate) const DAYS: usize = 8;
pub(crate) const HOURS: usize = 24 * DAYS;
/// Windows of a year.
pub(crate) const SLOTS: usize = 45;

/// The fraction of the golden ratio: its multiples are spread evenly over [0, 1).
const GOLDEN: f64 = 0.618_033_988_749_894_9;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Counts the years that have windows, over all members.
    pub(crate) year: usize,
    /// Which window of the year, from 0.
    pub(crate) slot: usize,
    /// Index of its first day in the series.
    pub(crate) first_day: usize,
}

impl Window {
    /// Its hours in the series' values.
    pub(crate) fn hours(&self) -> Range<usize> {
        24 * self.first_day..24 * (self.first_day + DAYS)
    }
}

/// All windows of a series, by member and time.
pub(crate) fn windows(series: &Series) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for first_day in series.runs.iter().flat_map(|run| run.start..(run.end + 1).saturating_sub(DAYS)) {
        let day = series.days[first_day];
        let since_january = day.day_of_year as usize - 1;
        if !since_january.is_multiple_of(DAYS) || since_january / DAYS >= SLOTS {
            continue;
        }
        if !(first_day..first_day + DAYS).all(|day| is_usable(series.day(day))) {
            continue;
        }
        let year = windows.last().map_or(0, |last| {
            let other = series.days[last.first_day];
            last.year + usize::from((other.member, other.year) != (day.member, day.year))
        });
        windows.push(Window { year, slot: since_january / DAYS, first_day });
    }
    windows
}

/// The number of years that windows are of.
pub(crate) fn years(windows: &[Window]) -> usize {
    windows.last().map_or(0, |last| last.year + 1)
}

/// As many windows of each slot from both sides, as indices: the side that has fewer gives all of
/// them, the other one some of years that are spread evenly. The slot decides where the spread starts,
/// so that every year gives some.
pub(crate) fn pair(first: &[Window], second: &[Window]) -> [Vec<usize>; 2] {
    let mut chosen = [Vec::new(), Vec::new()];
    for slot in 0..SLOTS {
        let of_slot = [first, second].map(|windows| -> Vec<usize> {
            (0..windows.len()).filter(|&index| windows[index].slot == slot).collect()
        });
        let count = of_slot[0].len().min(of_slot[1].len());
        let start = (slot as f64 * GOLDEN).fract();
        for (chosen, indices) in chosen.iter_mut().zip(&of_slot) {
            let step = indices.len() as f64 / count as f64;
            chosen.extend((0..count).map(|j| indices[((j as f64 + start) * step) as usize]));
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;

    #[test]
    fn a_year_has_45_windows_that_start_every_8_days() {
        let series = sample(2003, 3 * 365 * 24, |_| 1.0).series;
        let windows = windows(&series);
        assert_eq!((windows.len(), years(&windows)), (3 * 45, 3));
        assert!(windows.iter().all(|w| series.days[w.first_day].day_of_year as usize == 8 * w.slot + 1));
        // 2004 is a leap year, and only 364 days of 2005 are left.
        assert_eq!(windows[90].first_day, 365 + 366);
    }

    #[test]
    fn no_window_has_a_day_with_less_than_twenty_hours() {
        let start = contract::calendar::year_start_us(2001);
        let hole = start + 10 * contract::calendar::DAY_US;
        let missing = hole..hole + 5 * contract::calendar::HOUR_US;
        let other = start + 30 * contract::calendar::DAY_US;
        let is_missing = |time: &i64| missing.contains(time) || *time == other;
        let series = sample(2001, 365 * 24, |time| if is_missing(&time) { f64::NAN } else { 1.0 }).series;
        let slots: Vec<usize> = windows(&series).iter().map(|window| window.slot).collect();
        assert_eq!(slots[..3], [0, 2, 3]);
        assert_eq!(slots.len(), 44);
    }

    #[test]
    fn the_longer_side_gives_windows_of_all_years_and_the_same_seasons() {
        let real = windows(&sample(2001, 4 * 366 * 24, |_| 1.0).series);
        let generated = windows(&sample(2001, 21 * 366 * 24, |_| 1.0).series);
        let [first, second] = pair(&real, &generated);
        assert_eq!(first.len(), second.len());
        for (&i, &j) in first.iter().zip(&second) {
            assert_eq!(real[i].slot, generated[j].slot);
        }
        let mut indices = first.clone();
        indices.sort_unstable();
        assert_eq!(indices, (0..real.len()).collect::<Vec<_>>());
        let mut a_year = vec![0; years(&generated)];
        second.iter().for_each(|&j| a_year[generated[j].year] += 1);
        // 180 windows of 21 years.
        assert!(a_year.iter().take(21).all(|count| (5..=12).contains(count)), "{a_year:?}");
    }
}
