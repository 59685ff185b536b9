//! Whole local days in order, and the runs of days without a hole. Nothing is ever paired across a
//! hole, or across two members.

use std::ops::Range;

use contract::calendar::{self, DAY_US, HOUR_US};

pub(crate) use contract::calendar::DAY_HOURS as HOURS;

/// Smallest share of a year's days that its mean is taken from, as for the choice of years.
const YEAR_SHARE: f64 = 0.99;
/// Largest number of days that a month may lack: a file in UTC lacks the first or the last hours of
/// the local years.
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

/// A local day all of whose hours are there.
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

/// Whole days, by member and time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    pub(crate) days: Vec<Day>,
    /// 24 a day.
    pub(crate) values: Vec<f64>,
    /// Indices of days that follow each other without a hole.
    pub(crate) runs: Vec<Range<usize>>,
}

impl Series {
    /// The whole days among `hours`, which are sorted by member and time.
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
        if day.values.iter().any(|value| value.is_nan()) {
            return;
        }
        let civil = calendar::civil(day.number * DAY_US);
        let (year, month, day_of_year) = (civil.year, civil.month, civil.day_of_year);
        self.push_day(Day { member: day.member, number: day.number, year, month, day_of_year }, &day.values);
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

    /// The days of years that have at least 99 % of their days.
    pub(crate) fn whole_years(&self) -> Series {
        let mut series = Series::default();
        for days in self.year_days() {
            if days.len() as f64 >= YEAR_SHARE * days_in_year(self.days[days.start].year) {
                series.append(self, days);
            }
        }
        series
    }

    /// The days with their 24 values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Day, &[f64])> {
        self.days.iter().zip(self.values.chunks_exact(HOURS))
    }

    /// The mean of each day.
    pub(crate) fn daily_means(&self) -> Vec<f64> {
        self.values.chunks_exact(HOURS).map(mean).collect()
    }

    /// Monthly means of a value a day; months with more than one day missing are left out.
    pub(crate) fn months(&self, daily: &[f64]) -> Vec<Month> {
        let mut months = Vec::new();
        let mut start = 0;
        let key = |day: &Day| (day.member, day.year, day.month);
        for group in self.days.chunk_by(|a, b| key(a) == key(b)) {
            let end = start + group.len();
            let (member, year, month) = key(&group[0]);
            if group.len() + MONTH_DAYS_MISSING >= days_in_month(year, month) {
                let number = i32::from(year) * 12 + i32::from(month) - 1;
                months.push(Month { member, number, mean: mean(&daily[start..end]) });
            }
            start = end;
        }
        months
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
    fn a_day_with_a_missing_hour_splits_the_run() {
        let mut all: Vec<_> = hours(0, 100, 5).collect();
        all[2 * 24 + 7].value = f64::NAN;
        let series = Series::of(all.into_iter());
        assert_eq!(series.runs, [0..2, 2..4]);
        assert_eq!(series.days.iter().map(|day| day.number).collect::<Vec<_>>(), [100, 101, 103, 104]);
        assert_eq!(series.values.len(), 4 * 24);
        assert_eq!(series.values[2 * 24], 3.0 * 24.0);
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
