//! The time axis: microseconds since 1970-01-01, the proleptic Gregorian calendar, local standard
//! time as a fixed offset from UTC, and the phase of year. One definition for training and
//! generation. Civil time zones with daylight saving are not known here.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};

pub const MINUTE_US: i64 = 60_000_000;
pub const HOUR_US: i64 = 60 * MINUTE_US;
pub const DAY_US: i64 = 24 * HOUR_US;
/// Hours of a day.
pub const DAY_HOURS: usize = 24;

/// The last year of any series.
pub const LAST_YEAR: i16 = 9999;

/// A point of the calendar, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
    /// 0 to 23.
    pub hour: i8,
    /// 1 to 366.
    pub day_of_year: i16,
}

/// The calendar's reading of `time_us`, in the zone that `time_us` is counted in.
///
/// # Panics
/// For times outside the years -9999 to 9999.
pub fn civil(time_us: i64) -> Civil {
    let datetime = datetime(time_us);
    Civil {
        year: datetime.year(),
        month: datetime.month(),
        day: datetime.day(),
        hour: datetime.hour(),
        day_of_year: datetime.date().day_of_year(),
    }
}

/// Midnight at the start of that date.
pub fn date_us(date: Date) -> i64 {
    let days = date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
    days * DAY_US
}

/// Midnight at the start of that year; the year 10000 is the end of the calendar.
pub fn year_start_us(year: i16) -> i64 {
    if year > LAST_YEAR {
        return date_us(Date::constant(LAST_YEAR, 12, 31)) + DAY_US;
    }
    date_us(Date::constant(year, 1, 1))
}

/// The year that `time_us` lies in.
pub fn year(time_us: i64) -> i16 {
    datetime(time_us).year()
}

/// The number of hours in that year: 8760, or 8784 in a leap year.
pub fn hours_in_year(year: i16) -> i64 {
    (year_start_us(year + 1) - year_start_us(year)) / HOUR_US
}

/// The share of its year that has passed at `time_us`, in [0, 1): from the true date and the
/// year's true length, leap years included.
pub fn year_phase(time_us: i64) -> f64 {
    let year = year(time_us);
    let start = year_start_us(year);
    (time_us - start) as f64 / (year_start_us(year + 1) - start) as f64
}

/// An hour's place in its year and its day, as the fitted curves want it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    pub year: i16,
    /// As [`year_phase`], in [0, 1).
    pub year_phase: f64,
    /// The hour that the clock shows, 0 to 23: that of 05:30 is 5.
    pub hour: usize,
    /// The share of its day that has passed, in [0, 1).
    pub day_phase: f64,
}

impl Moment {
    /// The moment of that local time; [`YearClock`] gives those of many hours faster.
    pub fn of(local_us: i64) -> Moment {
        YearClock::default().moment(local_us)
    }
}

/// Gives the moments of many times, and asks the calendar only when the year changes.
#[derive(Clone, Debug, Default)]
pub struct YearClock {
    year: i16,
    start_us: i64,
    /// Equal to `start_us` before the first time.
    end_us: i64,
}

impl YearClock {
    /// The moment of that local time.
    pub fn moment(&mut self, local_us: i64) -> Moment {
        if !(self.start_us..self.end_us).contains(&local_us) {
            self.year = year(local_us);
            (self.start_us, self.end_us) = (year_start_us(self.year), year_start_us(self.year + 1));
        }
        let of_day_us = local_us.rem_euclid(DAY_US);
        Moment {
            year: self.year,
            year_phase: (local_us - self.start_us) as f64 / (self.end_us - self.start_us) as f64,
            hour: (of_day_us / HOUR_US) as usize,
            day_phase: of_day_us as f64 / DAY_US as f64,
        }
    }
}

/// The year with its phase: 2000.5 at noon of 2 July 2000.
pub fn decimal_year(time_us: i64) -> f64 {
    f64::from(year(time_us)) + year_phase(time_us)
}

/// The date in ISO 8601: `2001-12-31`.
pub fn format_date(time_us: i64) -> String {
    datetime(time_us).date().to_string()
}

/// Date and hour in ISO 8601: `2001-12-31T23:00`.
pub fn format_hour(time_us: i64) -> String {
    let datetime = datetime(time_us);
    format!("{}T{:02}:{:02}", datetime.date(), datetime.hour(), datetime.minute())
}

/// The start of the day written as `2001-12-31`, or `None` if it is not a date.
pub fn parse_date(text: &str) -> Option<i64> {
    text.parse::<Date>().ok().map(date_us)
}

/// Midnight of the same date so many years later (28 February for a leap day), or `None` after the
/// end of the year 9999.
pub fn date_after_years(date_us: i64, years: i16) -> Option<i64> {
    let end_of_calendar = year_start_us(LAST_YEAR + 1);
    let date = datetime(date_us).date();
    let target = date.year().checked_add(years)?;
    if target == LAST_YEAR + 1 && date.day_of_year() == 1 {
        return Some(end_of_calendar);
    }
    let day = if date.month() == 2 && date.day() == 29 { 28 } else { date.day() };
    let moved = Date::new(target, date.month(), date.day()).or_else(|_| Date::new(target, date.month(), day));
    moved.ok().map(self::date_us)
}

#[expect(clippy::panic, reason = "an invariant: readers refuse times outside the years 1 to 9999")]
fn datetime(time_us: i64) -> DateTime {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
        .checked_add(jiff::SignedDuration::from_micros(time_us))
        .unwrap_or_else(|_| panic!("{time_us} microseconds lie outside the calendar"))
}

/// Local standard time as an offset from UTC in whole minutes, east positive: `+05:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtcOffset {
    minutes: i32,
}

impl UtcOffset {
    /// The offset of so many minutes east, or `None` beyond 14 hours.
    pub fn from_minutes(minutes: i32) -> Option<UtcOffset> {
        (minutes.abs() <= 14 * 60).then_some(UtcOffset { minutes })
    }

    /// The full hours nearest to the solar time of a longitude, -180 to 360 degrees east.
    pub fn solar(longitude_deg: f64) -> Option<UtcOffset> {
        let east = if longitude_deg > 180.0 { longitude_deg - 360.0 } else { longitude_deg };
        UtcOffset::from_minutes(60 * ((east + 7.5) / 15.0).floor() as i32)
    }

    pub fn minutes(self) -> i32 {
        self.minutes
    }

    pub fn microseconds(self) -> i64 {
        i64::from(self.minutes) * 60_000_000
    }

    pub fn to_local(self, utc_us: i64) -> i64 {
        utc_us + self.microseconds()
    }

    pub fn to_utc(self, local_us: i64) -> i64 {
        local_us - self.microseconds()
    }

    /// The first hour of a series at or after that local time, in local time, where the hours lie
    /// `past_hour_us` after the whole ones of UTC. Of a series of whole UTC hours, as ERA5 is, a local
    /// day starts at 00:30 in half-hour zones; of a station there, whose hours are those of its clock,
    /// at 00:00.
    pub fn first_hour_from(self, local_us: i64, past_hour_us: i64) -> i64 {
        let utc = self.to_utc(local_us);
        self.to_local(utc + (past_hour_us - utc).rem_euclid(HOUR_US))
    }
}

impl fmt::Display for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minutes < 0 { '-' } else { '+' };
        let minutes = self.minutes.abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl FromStr for UtcOffset {
    type Err = String;

    fn from_str(text: &str) -> Result<UtcOffset, String> {
        let wanted = || format!("{text:?} is not an offset from UTC such as \"-07:00\" or \"+05:30\"");
        let (sign, digits) = match text.split_at_checked(1) {
            Some(("+", digits)) => (1, digits),
            Some(("-", digits)) => (-1, digits),
            _ => return Err(wanted()),
        };
        let (hours, minutes) = digits.split_once(':').ok_or_else(wanted)?;
        // Not left to the parser of numbers, which takes a sign.
        let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        if !two_digits(hours) || !two_digits(minutes) {
            return Err(wanted());
        }
        let hours: u8 = hours.parse().map_err(|_| wanted())?;
        let minutes: u8 = minutes.parse().map_err(|_| wanted())?;
        if minutes > 59 {
            return Err(wanted());
        }
        let minutes = sign * (i32::from(hours) * 60 + i32::from(minutes));
        UtcOffset::from_minutes(minutes).ok_or_else(wanted)
    }
}

impl TryFrom<String> for UtcOffset {
    type Error = String;

    fn try_from(text: String) -> Result<UtcOffset, String> {
        text.parse()
    }
}

impl From<UtcOffset> for String {
    fn from(offset: UtcOffset) -> String {
        offset.to_string()
    }
}

impl serde::Serialize for UtcOffset {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for UtcOffset {
    fn schema_name() -> Cow<'static, str> {
        "UtcOffset".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[+-](0[0-9]|1[0-3]):[0-5][0-9]$|^[+-]14:00$",
            "examples": ["-07:00", "+01:00", "+05:30"],
        })
    }
}

impl<'de> serde::Deserialize<'de> for UtcOffset {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<UtcOffset, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// Days since 1970-01-01 by counting years and months one by one.
    fn count_days(year: i16, month: i8, day: i8) -> i64 {
        let leap = |y: i64| (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
        let year = i64::from(year);
        let mut days: i64 = (1970..year).map(|y| 365 + i64::from(leap(y))).sum();
        days -= (year..1970).map(|y| 365 + i64::from(leap(y))).sum::<i64>();
        let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30];
        days + lengths[..month as usize - 1].iter().sum::<i64>() + i64::from(day) - 1
    }

    proptest! {
        #[test]
        fn civil_time_agrees_with_counting_days(hours in -17_000_000_i64..70_000_000) {
            let civil = civil(hours * HOUR_US);
            let days = count_days(civil.year, civil.month, civil.day);
            prop_assert_eq!(days * 24 + i64::from(civil.hour), hours);
            let january_first = count_days(civil.year, 1, 1);
            prop_assert_eq!(i64::from(civil.day_of_year), days - january_first + 1);
        }

        #[test]
        fn year_phase_is_the_share_of_the_year_in_hours(hours in -600_000_i64..70_000_000) {
            let time = hours * HOUR_US;
            let phase = year_phase(time);
            prop_assert!((0.0..1.0).contains(&phase));
            let passed = phase * hours_in_year(year(time)) as f64;
            let expected = (time - year_start_us(year(time))) / HOUR_US;
            prop_assert!((passed - expected as f64).abs() < 1e-6);
        }

        #[test]
        fn a_clock_agrees_with_the_calendar(first in -600_000_i64..70_000_000, ahead in -9000_i64..9000) {
            let mut clock = YearClock::default();
            for hours in [first, first + ahead, first] {
                let time = hours * HOUR_US + HOUR_US / 2;
                let moment = clock.moment(time);
                prop_assert_eq!((moment.year, moment.year_phase), (year(time), year_phase(time)));
                prop_assert_eq!(moment.hour as i8, civil(time).hour);
                prop_assert!((moment.day_phase * 24.0 - moment.hour as f64 - 0.5).abs() < 1e-9);
            }
        }

        #[test]
        fn an_offset_prints_as_it_parses(minutes in -840_i32..=840) {
            let offset = UtcOffset::from_minutes(minutes).unwrap();
            prop_assert_eq!(offset.to_string().parse::<UtcOffset>(), Ok(offset));
        }

        #[test]
        fn the_first_hour_is_one_of_the_series_within_the_hour(
            minutes in -840_i32..=840, local in -1_000_000_i64..1_000_000, past in 0_i64..60,
        ) {
            let offset = UtcOffset::from_minutes(minutes).unwrap();
            let local = local * 60_000_000;
            let first = offset.first_hour_from(local, past * 60_000_000);
            prop_assert_eq!(offset.to_utc(first).rem_euclid(HOUR_US), past * 60_000_000);
            prop_assert!((0..HOUR_US).contains(&(first - local)));
        }
    }

    #[test]
    fn leap_years_have_8784_hours() {
        for (year, hours) in [(1999, 8760), (2000, 8784), (1900, 8760), (2004, 8784), (9999, 8760)] {
            assert_eq!(hours_in_year(year), hours, "{year}");
        }
    }

    #[test]
    fn the_middle_of_a_year_has_phase_one_half() {
        assert_eq!(year_phase(date_us(date(2000, 7, 2))), 0.5);
        assert_eq!(year_phase(date_us(date(2001, 7, 2)) + 12 * HOUR_US), 0.5);
    }

    #[test]
    fn offsets_that_are_none_are_refused() {
        for text in [
            "", "7", "+7", "07:00", "+7:00", "+15:00", "+05:60", "UTC", "+0a:00", "é", "++1:00", "+05:+5",
            "-+1:00", "+-1:00", "+ 1:00",
        ] {
            assert!(text.parse::<UtcOffset>().is_err(), "{text}");
        }
    }
}
