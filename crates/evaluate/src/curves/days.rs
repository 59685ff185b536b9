//! Parts of a series: whole years, the hours of some days, and the year that stands for all.

use std::ops::Range;

use crate::gaps::MonthHours;
use crate::series::{HOURS, Series, days_in_year, is_complete, mean, mean_of_present};

/// Smallest share of a year's days, as for generated years; the real ones have a place for each day.
const YEAR_SHARE: f64 = 0.99;

/// The days of each whole year of each member, as indices.
pub(super) fn whole_years(series: &Series) -> Vec<Range<usize>> {
    let mut years = Vec::new();
    let mut start = 0;
    for group in series.days.chunk_by(|a, b| (a.member, a.year) == (b.member, b.year)) {
        if group.len() as f64 >= YEAR_SHARE * days_in_year(group[0].year) {
            years.push(start..start + group.len());
        }
        start += group.len();
    }
    years
}

/// The whole year whose mean is the median; of an even number the lower one, of equal means the first.
pub(super) fn median_year(series: &Series) -> Option<(usize, usize)> {
    let usual = (!is_complete(&series.values)).then(|| MonthHours::of(series));
    let mean_of = |days: &Range<usize>| match &usual {
        None => mean(hours(series, days)),
        Some(usual) => usual.mean_of(days.clone().map(|day| (&series.days[day], series.day(day)))),
    };
    let years = whole_years(series).into_iter();
    let mut means: Vec<(f64, Range<usize>)> = years.map(|days| (mean_of(&days), days)).collect();
    means.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let middle = means.len().checked_sub(1)? / 2;
    means.get(middle).map(|(_, days)| (days.start, days.end))
}

/// All hours of some days.
pub(super) fn hours<'a>(series: &'a Series, days: &Range<usize>) -> &'a [f64] {
    &series.values[days.start * HOURS..days.end * HOURS]
}

/// Of a day the mean of the hours that are there, the smallest and the largest one.
pub(super) fn mean_and_range(values: &[f64]) -> (f64, f64, f64) {
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (mean_of_present(values), smallest, largest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;
    use contract::calendar::civil;

    #[test]
    fn the_median_year_is_the_middle_one_and_a_broken_year_is_none() {
        // 2001 to 2003 have means 5, 9 and 7; 2004 has 100 days.
        let level = |year| [5.0, 9.0, 7.0, 7.5][year as usize - 2001];
        let sample = sample(2001, (3 * 365 + 100) * 24, |time| level(civil(time).year));
        assert_eq!(whole_years(&sample.series).len(), 3);
        assert_eq!(median_year(&sample.series), Some((2 * 365, 3 * 365)));
    }

    #[test]
    fn a_short_series_has_no_median_year() {
        assert_eq!(median_year(&sample(2001, 200 * 24, |_| 1.0).series), None);
    }
}
