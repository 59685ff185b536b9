//! A year of days and two weeks of hours of each side, as they are.

use contract::calendar::{self, DAY_US};
use serde::{Deserialize, Serialize};

use super::days::mean_and_range;
use super::rounding::hundredth;
use crate::series::{HOURS, Series, is_complete, is_usable};

const EXCERPT_DAYS: usize = 14;
const FIRST_DAY_OF_MONTH: i8 = 10;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sides<T> {
    pub(crate) real: T,
    pub(crate) generated: T,
}

/// The days of a year.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Year {
    /// The local date of each day counted from here; empty without days.
    pub(crate) first: String,
    /// Days after the first; a day that has less than 20 hours is missing.
    pub(crate) day: Vec<u16>,
    pub(crate) mean: Vec<f64>,
    pub(crate) smallest: Vec<f64>,
    pub(crate) largest: Vec<f64>,
}

impl Year {
    /// Of the days from the first index to before the second.
    pub(super) fn of(series: &Series, days: Option<(usize, usize)>) -> Year {
        let Some((first, end)) = days else { return Year::default() };
        let start = series.days[first].number;
        let mut year = Year { first: calendar::format_date(start * DAY_US), ..Year::default() };
        for (day, values) in series.iter().take(end).skip(first).filter(|(_, values)| is_usable(values)) {
            let (mean, smallest, largest) = mean_and_range(values);
            year.day.push((day.number - start) as u16);
            year.mean.push(hundredth(mean));
            year.smallest.push(hundredth(smallest));
            year.largest.push(hundredth(largest));
        }
        year
    }
}

/// Hour by hour.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hours {
    /// The local date of the first hour; empty without values.
    pub(crate) first: String,
    pub(crate) values: Vec<f64>,
}

impl Hours {
    /// Two weeks from the tenth of a month of that year, without a hole.
    pub(super) fn of(series: &Series, days: Option<(usize, usize)>, month: i8) -> Hours {
        let Some((first, end)) = days else { return Hours::default() };
        let starts = |day: usize| {
            let civil = calendar::civil(series.days[day].number * DAY_US);
            (civil.month, civil.day) == (month, FIRST_DAY_OF_MONTH)
        };
        let Some(start) = (first..end).find(|&day| starts(day)) else { return Hours::default() };
        let last = start + EXCERPT_DAYS;
        if !series.runs.iter().any(|run| run.contains(&start) && last <= run.end) {
            return Hours::default();
        }
        let values = &series.values[start * HOURS..last * HOURS];
        if !is_complete(values) {
            return Hours::default();
        }
        Hours {
            first: calendar::format_date(series.days[start].number * DAY_US),
            values: values.iter().copied().map(hundredth).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;
    use contract::calendar::civil;

    #[test]
    fn a_year_of_days_has_their_means_and_ranges() {
        let series = sample(2001, 366 * 24, |time| f64::from(civil(time).hour)).series;
        let year = Year::of(&series, Some((0, 365)));
        assert_eq!((year.first.as_str(), year.day.len()), ("2001-01-01", 365));
        assert_eq!((year.mean[7], year.smallest[7], year.largest[7]), (11.5, 0.0, 23.0));
        assert_eq!(year.day[364], 364);
    }

    #[test]
    fn two_weeks_begin_on_the_tenth_and_have_no_hole() {
        let whole = sample(2001, 365 * 24, |time| f64::from(civil(time).day)).series;
        let july = Hours::of(&whole, Some((0, 365)), 7);
        assert_eq!((july.first.as_str(), july.values.len()), ("2001-07-10", 14 * 24));
        assert_eq!((july.values[0], july.values[14 * 24 - 1]), (10.0, 23.0));
        let broken = sample(2001, 365 * 24, |time| {
            let civil = civil(time);
            if (civil.month, civil.day) == (7, 12) { f64::NAN } else { 1.0 }
        });
        assert!(Hours::of(&broken.series, Some((0, 364)), 7).values.is_empty());
    }
}
