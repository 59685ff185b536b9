//! Local days in order, and the runs of days that follow each other. A missing hour is NaN in its place:
//! hourly figures take every hour that is there, daily ones need 20 of a day's 24. Nothing is ever paired
//! across a missing hour, or across two members.

use std::ops::Range;

use contract::calendar::{self, DAY_US, HOUR_US};

use crate::gaps::MonthHours;

pub(crate) use contract::calendar::DAY_HOURS as HOURS;

/// Hours that a day needs for its mean, its range, its largest and its smallest hour.
pub(crate) const LEAST_HOURS: usize = 20;
/// The same share of a month's or of a window's days makes its mean.
pub(crate) const LEAST_SHARE: f64 = LEAST_HOURS as f64 / HOURS as f64;
/// Share of its days that a generated year needs; nothing but an end of the series makes one shorter.
const GENERATED_SHARE: f64 = 0.99;
/// Share of its days that a real year needs: `preprocess` has chosen them, by at least this share of hours.
pub(crate) const REAL_SHARE: f64 = 0.5;
/// Largest number of days that a month may lack in a pair of months.
const MONTH_DAYS_MISSING: usize = 1;

/// One hour of one series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hour {
    pub(crate) member: i32,
    /// Local standard time, microseconds.
    pub(crate) local_us: i64,
    /// NaN where missing.
    pub(crate) value: f64,
}

/// A local day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Day {
    pub(crate) member: i32,
    /// Days since 1970-01-01.
    pub(crate) number: i64,
    pub(crate) year: i16,
    /// 1 to 12.
    pub(crate) month: i8,
    /// 1 to 366.
    pub(crate) day_of_year: i16,
}

/// The mean of a month.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Month {
    pub(crate) member: i32,
    /// Counts months.
    pub(crate) number: i32,
    pub(crate) mean: f64,
}

/// Days by member and time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    pub(crate) days: Vec<Day>,
    /// 24 a day; NaN where missing.
    pub(crate) values: Vec<f64>,
    /// Indices of days that follow each other.
    pub(crate) runs: Vec<Range<usize>>,
}

impl Series {
    /// The days that have one of `hours`, which are sorted by member and time.
    pub(crate) fn of(hours: impl Iterator<Item = Hour>) -> Series {
        let mut series = Series::default();
        let mut open: Option<OpenDay> = None;
        for hour in hours.filter(|hour| !hour.value.is_nan()) {
            let number = hour.local_us.div_euclid(DAY_US);
            if !open.as_ref().is_some_and(|day| day.member == hour.member && day.number == number) {
                open.take().into_iter().for_each(|day| series.push(&day));
                open = Some(OpenDay::new(hour.member, number));
            }
            if let Some(day) = &mut open {
                let index = hour.local_us.rem_euclid(DAY_US) / HOUR_US;
                day.values[index as usize] = hour.value;
            }
        }
        open.into_iter().for_each(|day| series.push(&day));
        series
    }

    fn push(&mut self, day: &OpenDay) {
        self.push_day(Day::of(day.member, day.number), &day.values);
    }

    fn push_day(&mut self, day: Day, values: &[f64]) {
        let index = self.days.len();
        let follows =
            self.days.last().is_some_and(|last| last.member == day.member && last.number + 1 == day.number);
        match self.runs.last_mut() {
            Some(run) if follows => run.end = index + 1,
            _ => self.runs.push(index..index + 1),
        }
        self.days.push(day);
        self.values.extend_from_slice(values);
    }

    /// Other values on the same days, 24 a day.
    pub(crate) fn on_days(days: &[Day], values: &[f64]) -> Series {
        let mut series = Series::default();
        for (day, values) in days.iter().zip(values.chunks_exact(HOURS)) {
            series.push_day(*day, values);
        }
        series
    }

    /// Adds some days of another series.
    pub(crate) fn append(&mut self, other: &Series, days: Range<usize>) {
        for index in days {
            self.push_day(other.days[index], &other.values[index * HOURS..(index + 1) * HOURS]);
        }
    }

    /// The indices of each year's days, by member and year.
    pub(crate) fn year_days(&self) -> Vec<Range<usize>> {
        let mut start = 0;
        let groups = self.days.chunk_by(|a, b| (a.member, a.year) == (b.member, b.year));
        groups
            .map(|group| {
                start += group.len();
                start - group.len()..start
            })
            .collect()
    }

    /// The generated years that have at least 99 % of their days, from 1 January to 31 December.
    pub(crate) fn whole_years(&self) -> Series {
        self.years_with(GENERATED_SHARE)
    }

    /// The real years that have at least half of their days, from 1 January to 31 December.
    pub(crate) fn real_years(&self) -> Series {
        self.years_with(REAL_SHARE)
    }

    /// Days that the series does not have are added without an hour, so that places in the series are
    /// distances in time within a year.
    fn years_with(&self, share: f64) -> Series {
        let mut series = Series::default();
        for days in self.year_days() {
            if self.day_share(&days) >= share {
                series.append_year(self, days);
            }
        }
        series
    }

    /// The share of its year's days that have enough hours.
    pub(crate) fn day_share(&self, year: &Range<usize>) -> f64 {
        let whole = year.clone().filter(|&day| is_usable(self.day(day))).count();
        whole as f64 / days_in_year(self.days[year.start].year)
    }

    fn append_year(&mut self, other: &Series, days: Range<usize>) {
        let Day { member, year, .. } = other.days[days.start];
        let first = calendar::year_start_us(year).div_euclid(DAY_US);
        let mut next = days.start;
        for number in first..first + days_in_year(year) as i64 {
            if next < days.end && other.days[next].number == number {
                self.push_day(other.days[next], other.day(next));
                next += 1;
            } else {
                self.push_day(Day::of(member, number), &[f64::NAN; HOURS]);
            }
        }
    }

    /// The 24 values of a day.
    pub(crate) fn day(&self, index: usize) -> &[f64] {
        &self.values[index * HOURS..(index + 1) * HOURS]
    }

    /// The days with enough hours for a daily figure.
    pub(crate) fn with_usable_days(&self) -> Series {
        let mut series = Series::default();
        for (day, values) in self.iter().filter(|(_, values)| is_usable(values)) {
            series.push_day(*day, values);
        }
        series
    }

    /// The number of days with enough hours for a daily figure.
    pub(crate) fn usable_days(&self) -> usize {
        self.values.chunks_exact(HOURS).filter(|values| is_usable(values)).count()
    }

    /// The days with their 24 values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Day, &[f64])> {
        self.days.iter().zip(self.values.chunks_exact(HOURS))
    }

    /// The mean of each day; NaN where it has too few hours. Hours that are missing are as far from what is
    /// usual in their month and at their hour as the others are in the mean.
    pub(crate) fn daily_means(&self) -> Vec<f64> {
        if is_complete(&self.values) {
            return self.values.chunks_exact(HOURS).map(mean).collect();
        }
        let usual = MonthHours::of(self);
        self.iter().map(|(day, values)| usual.mean_of_day(day, values)).collect()
    }

    /// Monthly means of a value a day; months with more than one day missing are left out.
    pub(crate) fn months(&self, daily: &[f64]) -> Vec<Month> {
        let mut months = Vec::new();
        let mut start = 0;
        let key = |day: &Day| (day.member, day.year, day.month);
        for group in self.days.chunk_by(|a, b| key(a) == key(b)) {
            let end = start + group.len();
            let (member, year, month) = key(&group[0]);
            let there = daily[start..end].iter().filter(|mean| !mean.is_nan()).count();
            if there + MONTH_DAYS_MISSING >= days_in_month(year, month) {
                let number = i32::from(year) * 12 + i32::from(month) - 1;
                months.push(Month { member, number, mean: mean_of_present(&daily[start..end]) });
            }
            start = end;
        }
        months
    }
}

impl Day {
    fn of(member: i32, number: i64) -> Day {
        let civil = calendar::civil(number * DAY_US);
        let (year, month, day_of_year) = (civil.year, civil.month, civil.day_of_year);
        Day { member, number, year, month, day_of_year }
    }
}

struct OpenDay {
    member: i32,
    number: i64,
    values: [f64; HOURS],
}

impl OpenDay {
    fn new(member: i32, number: i64) -> OpenDay {
        OpenDay { member, number, values: [f64::NAN; HOURS] }
    }
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The values that are not NaN.
pub(crate) fn present(values: &[f64]) -> impl Iterator<Item = f64> + Clone {
    values.iter().copied().filter(|value| !value.is_nan())
}

/// The mean of the values that are not NaN; NaN of none.
pub(crate) fn mean_of_present(values: &[f64]) -> f64 {
    let (sum, count) = present(values).fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

/// The largest value that is not NaN; [`f64::MIN`] of none. Eight at a time, since one after another waits.
pub(crate) fn largest(values: &[f64]) -> f64 {
    largest_by(values, |value| value)
}

/// The smallest value that is not NaN; [`f64::MAX`] of none.
pub(crate) fn smallest(values: &[f64]) -> f64 {
    -largest_by(values, |value| -value)
}

fn largest_by(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let mut largest = [f64::MIN; 8];
    let (chunks, rest) = values.as_chunks::<8>();
    for chunk in chunks {
        for (largest, &value) in largest.iter_mut().zip(chunk) {
            *largest = if of(value) > *largest { of(value) } else { *largest };
        }
    }
    let all = largest.into_iter().chain(rest.iter().map(|&value| of(value)));
    all.fold(f64::MIN, |largest, value| if value > largest { value } else { largest })
}

pub(crate) fn is_complete(values: &[f64]) -> bool {
    !values.iter().any(|value| value.is_nan())
}

/// True for a day's values that a daily figure can be taken from.
pub(crate) fn is_usable(day: &[f64]) -> bool {
    day.iter().filter(|value| !value.is_nan()).count() >= LEAST_HOURS
}

/// The standard deviation with the divisor n - `lost_degrees`.
pub(crate) fn standard_deviation(values: &[f64], lost_degrees: usize) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() - lost_degrees) as f64).sqrt()
}

pub(crate) fn days_in_year(year: i16) -> f64 {
    calendar::hours_in_year(year) as f64 / 24.0
}

fn days_in_month(year: i16, month: i8) -> usize {
    match month {
        2 if calendar::hours_in_year(year) == 8784 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(member: i32, first_day: i64, days: i64) -> impl Iterator<Item = Hour> {
        (0..days * 24).map(move |i| Hour {
            member,
            local_us: first_day * DAY_US + i * HOUR_US,
            value: i as f64,
        })
    }

    #[test]
    fn a_missing_hour_is_nan_in_its_place_and_a_missing_day_splits_the_run() {
        let mut all: Vec<_> = hours(0, 100, 5).collect();
        all[24 + 7].value = f64::NAN;
        all[3 * 24..4 * 24].iter_mut().for_each(|hour| hour.value = f64::NAN);
        let series = Series::of(all.into_iter());
        assert_eq!(series.runs, [0..3, 3..4]);
        assert_eq!(series.days.iter().map(|day| day.number).collect::<Vec<_>>(), [100, 101, 102, 104]);
        assert_eq!(series.values.len(), 4 * 24);
        let missing: Vec<usize> = (0..series.values.len()).filter(|&at| series.values[at].is_nan()).collect();
        assert_eq!(missing, [24 + 7]);
        assert_eq!(series.values[3 * 24], 4.0 * 24.0);
    }

    #[test]
    fn a_real_year_needs_half_of_its_days_with_twenty_hours_and_has_a_place_for_all() {
        let first = calendar::year_start_us(2001) / DAY_US;
        let check = |days_of_20: i64, days_of_19: i64, years: usize| {
            let has = |hour: &Hour| {
                let (day, of_day) = (hour.local_us / DAY_US - first - 50, hour.local_us % DAY_US / HOUR_US);
                of_day < if day < days_of_20 { 20 } else { 19 }
            };
            let hours = hours(0, first + 50, days_of_20 + days_of_19).filter(has);
            let years_of = Series::of(hours).real_years();
            assert_eq!(years_of.year_days().len(), years, "{days_of_20} {days_of_19}");
            if years > 0 {
                assert_eq!((years_of.days.len(), years_of.runs.len()), (365, 1));
                assert_eq!(
                    (years_of.usable_days() as i64, years_of.days[364].number),
                    (days_of_20, first + 364)
                );
                assert!(years_of.values[..50 * 24].iter().all(|value| value.is_nan()));
                assert_eq!(years_of.values[50 * 24], 0.0);
            }
        };
        check(183, 100, 1);
        check(182, 100, 0);
    }

    #[test]
    fn members_are_separate_runs() {
        let series = Series::of(hours(0, 100, 2).chain(hours(1, 102, 3)));
        assert_eq!(series.runs, [0..2, 2..5]);
    }

    #[test]
    fn half_hour_zones_have_whole_days() {
        let half = |hour: Hour| Hour { local_us: hour.local_us + HOUR_US / 2, ..hour };
        assert_eq!(Series::of(hours(0, 3, 2).map(half)).days.len(), 2);
    }

    #[test]
    fn months_and_years_with_holes_are_left_out() {
        let first = calendar::year_start_us(2001) / DAY_US;
        let check = |from: i64, days: i64, months: usize, years: usize| {
            let series = Series::of(hours(0, first + from, days));
            let daily = series.daily_means();
            assert_eq!(series.months(&daily).len(), months, "from {from}, {days} days");
            assert_eq!(series.whole_years().year_days().len(), years, "from {from}, {days} days");
        };
        check(0, 365, 12, 1);
        check(1, 364, 12, 1);
        check(2, 363, 11, 1);
        check(4, 361, 11, 0);
        check(0, 730, 24, 2);
        check(0, 20, 0, 0);
    }
}
