//! Times as the CF conventions write them, `hours since 1900-01-01 00:00:00.0`, in microseconds
//! since 1970. Of the calendars only those of the real world are known.

use contract::calendar::{self, DAY_US, HOUR_US};

const SECOND_US: i64 = 1_000_000;
const SECOND_NS: i64 = 1_000_000_000;

/// What CDO writes for absolute times: 20150101.25 is 06:00 of that day.
const DATE_AND_FRACTION: &str = "day as %Y%m%d.%f";

/// The start of the Gregorian calendar; before it, the calendar `standard` is the Julian one.
const GREGORIAN_START: (i64, i64, i64) = (1582, 10, 15);

/// Float times are whole hours but for their rounding: days in 64 bits are right to a microsecond,
/// so that half a second tells rounding from a file that is not hourly.
const ROUNDING_US: i64 = SECOND_US / 2;

/// How a time coordinate is to be understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TimeUnits {
    /// Units since a date.
    Since { unit_ns: i64, zero_us: i64 },
    /// [`DATE_AND_FRACTION`].
    DateAndFraction,
}

impl TimeUnits {
    /// The units of that name in that calendar (`standard` if none is given).
    ///
    /// # Errors
    /// What was seen and what is wanted, as the end of a sentence about the time coordinate.
    pub(crate) fn parse(units: &str, calendar: Option<&str>) -> Result<TimeUnits, String> {
        let wanted =
            || format!("has the units {units:?}; wanted seconds, minutes, hours or days since a date in UTC");
        let calendar = calendar.unwrap_or("standard").to_ascii_lowercase();
        let is_mixed = match calendar.as_str() {
            "standard" | "gregorian" => true,
            "proleptic_gregorian" => false,
            _ => {
                return Err(format!(
                    "has the calendar {calendar:?}; wanted standard, gregorian or proleptic_gregorian"
                ));
            }
        };
        if units.trim() == DATE_AND_FRACTION {
            return Ok(TimeUnits::DateAndFraction);
        }
        let (unit, zero) = units.split_once(" since ").ok_or_else(wanted)?;
        let unit_ns = unit_ns(unit).ok_or_else(wanted)?;
        let zero_us = parse_instant(zero.trim(), is_mixed).ok_or_else(wanted)?;
        Ok(TimeUnits::Since { unit_ns, zero_us })
    }

    /// The value in microseconds since 1970, with the rounding of float times undone; `None` if it
    /// is no time of the years 1 to 9999.
    pub(crate) fn to_us(self, value: f64) -> Option<i64> {
        let time = match self {
            TimeUnits::Since { unit_ns, zero_us } => zero_us.checked_add(duration_us(value, unit_ns)?)?,
            TimeUnits::DateAndFraction => date_and_fraction(value)?,
        };
        let known = calendar::year_start_us(1)..calendar::year_start_us(calendar::LAST_YEAR + 1);
        known.contains(&time).then(|| undo_rounding(time))
    }
}

fn date_and_fraction(value: f64) -> Option<i64> {
    let date = value.trunc();
    if !(1e4..1e8).contains(&date) {
        return None;
    }
    let (date, fraction) = (date as i64, value - date);
    let midnight = gregorian_us((date / 10_000, date / 100 % 100, date % 100))?;
    Some(midnight + (fraction * DAY_US as f64).round() as i64)
}

/// The unit of that name in nanoseconds, or `None`.
pub(crate) fn unit_ns(name: &str) -> Option<i64> {
    Some(match name.trim().to_ascii_lowercase().as_str() {
        "nanoseconds" | "nanosecond" | "ns" => 1,
        "microseconds" | "microsecond" | "us" => 1_000,
        "milliseconds" | "millisecond" | "msecs" | "msec" | "ms" => 1_000_000,
        "seconds" | "second" | "secs" | "sec" | "s" => SECOND_NS,
        "minutes" | "minute" | "mins" | "min" => 60 * SECOND_NS,
        "hours" | "hour" | "hrs" | "hr" | "h" => HOUR_US * 1000,
        "days" | "day" | "d" => DAY_US * 1000,
        _ => return None,
    })
}

/// So many units in microseconds; `None` where that is beyond all calendars.
pub(crate) fn duration_us(value: f64, unit_ns: i64) -> Option<i64> {
    let whole = value.trunc();
    if !value.is_finite() || whole.abs() > i64::MAX as f64 / 2.0 {
        return None;
    }
    let fraction_ns = ((value - whole) * unit_ns as f64).round() as i128;
    let duration_ns = whole as i128 * i128::from(unit_ns) + fraction_ns;
    i64::try_from(duration_ns.div_euclid(1000)).ok()
}

/// The full hour that a time is but for its rounding, else the time.
pub(crate) fn undo_rounding(time_us: i64) -> i64 {
    let hour = nearest_hour(time_us);
    if (time_us - hour).abs() < ROUNDING_US { hour } else { time_us }
}

/// The full hour nearest to a time.
pub(crate) fn nearest_hour(time_us: i64) -> i64 {
    (time_us + HOUR_US / 2).div_euclid(HOUR_US) * HOUR_US
}

/// `1900-01-01`, `1900-1-1 00:00:00.0`, `1970-01-01T00:00:00Z`.
fn parse_instant(text: &str, is_mixed: bool) -> Option<i64> {
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let date = (parts.next()??, parts.next()??, parts.next()??);
    let midnight = if is_mixed && date < GREGORIAN_START { julian_us(date)? } else { gregorian_us(date)? };
    Some(midnight + parse_time_of_day(time.trim())?)
}

fn gregorian_us((year, month, day): (i64, i64, i64)) -> Option<i64> {
    calendar::parse_date(&format!("{year:04}-{month:02}-{day:02}"))
}

/// Midnight of a date of the Julian calendar, by the usual formula for the Julian day number.
fn julian_us((year, month, day): (i64, i64, i64)) -> Option<i64> {
    const DAY_NUMBER_1970: i64 = 2_440_588;
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let day_number = 367 * year - 7 * (year + 5001 + (month - 9) / 7) / 4 + 275 * month / 9 + day + 1_729_777;
    Some((day_number - DAY_NUMBER_1970) * DAY_US)
}

/// `""`, `00:00`, `12:30:00.0`, each also with the zone UTC.
fn parse_time_of_day(text: &str) -> Option<i64> {
    let zones = ["UTC", "GMT", "Z", "+00:00", "+0:00", "+00"];
    let text = zones.iter().find_map(|zone| text.strip_suffix(zone)).unwrap_or(text).trim();
    if text.is_empty() {
        return Some(0);
    }
    let mut parts = text.splitn(3, ':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next().unwrap_or("0").parse().ok()?;
    let seconds: f64 = parts.next().unwrap_or("0").parse().ok()?;
    if !(0..24).contains(&hours) || !(0..60).contains(&minutes) || !(0.0..60.0).contains(&seconds) {
        return None;
    }
    Some(hours * HOUR_US + minutes * 60 * SECOND_US + (seconds * SECOND_US as f64).round() as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn to_us(units: &str, value: f64) -> Option<i64> {
        TimeUnits::parse(units, Some("gregorian")).unwrap().to_us(value)
    }

    /// Days from 1970-01-01 to a Gregorian date, by walking day by day.
    fn count_days(wanted: (i64, i64, i64)) -> i64 {
        let (mut date, mut days) = ((1970, 1, 1), 0);
        while date < wanted {
            date = day_after(date);
            days += 1;
        }
        let mut back = wanted;
        while back < (1970, 1, 1) {
            back = day_after(back);
            days -= 1;
        }
        days
    }

    fn day_after((year, month, day): (i64, i64, i64)) -> (i64, i64, i64) {
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let length = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        match (month, day) {
            (12, 31) => (year + 1, 1, 1),
            (month, day) if day == length => (year, month + 1, 1),
            (month, day) => (year, month, day + 1),
        }
    }

    proptest! {
        #[test]
        fn whole_values_agree_with_counting_days(
            year in 1600_i64..2300, month in 1_i64..=12, day in 1_i64..=28,
            hour in 0_i64..24, value in -1_000_000_i64..1_000_000, unit in 0_usize..4,
        ) {
            let (name, seconds) =
                [("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86_400)][unit];
            let units = format!("{name} since {year}-{month}-{day} {hour}:00:00.0");
            let zero = count_days((year, month, day)) * DAY_US + hour * HOUR_US;
            let time = zero + value * seconds * 1_000_000;
            let range = count_days((1600, 1, 1)) * DAY_US..count_days((2300, 1, 1)) * DAY_US;
            prop_assume!(range.contains(&time));
            prop_assert_eq!(to_us(&units, value as f64), Some(undo_rounding(time)));
        }

        #[test]
        fn days_as_floats_give_the_hours_that_they_mean(hours in 0_i64..3_000_000) {
            let time = to_us("days since 1900-01-01", hours as f64 / 24.0);
            prop_assert_eq!(time, Some(count_days((1900, 1, 1)) * DAY_US + hours * HOUR_US));
        }
    }

    #[test]
    fn the_usual_spellings_of_the_date_agree() {
        let zero = TimeUnits::parse("hours since 1900-01-01", None).unwrap();
        for date in [
            "1900-1-1",
            "1900-01-01 00:00",
            "1900-01-01 00:00:00.0",
            "1900-01-01T00:00:00Z",
            "1900-01-01 0:0:0 UTC",
            "1900-01-01 00:00:00 +00:00",
        ] {
            assert_eq!(
                TimeUnits::parse(&format!("Hours since {date}"), Some("Gregorian")),
                Ok(zero),
                "{date}"
            );
        }
        assert_eq!(to_us("seconds since 1970-01-01", 915_148_800.0), calendar::parse_date("1999-01-01"));
    }

    /// Against Python's cftime 1.6.
    #[test]
    fn the_standard_calendar_is_julian_before_october_1582() {
        for (units, calendar, value) in [
            ("days since 0001-01-01", "standard", 719_164.0),
            ("days since 0001-01-01", "proleptic_gregorian", 719_162.0),
            ("hours since 1582-10-04", "standard", 3_394_272.0),
            ("hours since 1582-10-15", "standard", 3_394_248.0),
        ] {
            assert_eq!(TimeUnits::parse(units, Some(calendar)).unwrap().to_us(value), Some(0), "{units}");
        }
    }

    #[test]
    fn small_units_and_dates_with_a_fraction_are_understood() {
        let start = calendar::parse_date("2015-01-01").unwrap();
        for (units, value) in [
            ("nanoseconds since 2014-12-31", 1.08e14),
            ("microseconds since 2014-12-31", 1.08e11),
            ("milliseconds since 2014-12-31", 1.08e8),
            ("nanoseconds since 1970-01-01", 1_420_092_000.0 * 1e9),
            ("day as %Y%m%d.%f", 20_150_101.25),
            ("day as %Y%m%d.%f", 20_150_101.249_999_9),
        ] {
            assert_eq!(to_us(units, value), Some(start + 6 * HOUR_US), "{value} {units}");
        }
        for value in [20_150_230.0, 20_151_301.0, -1.0, f64::NAN, 1e300] {
            assert_eq!(to_us("day as %Y%m%d.%f", value), None, "{value}");
        }
    }

    #[test]
    fn half_a_minute_is_not_rounded_away() {
        assert_eq!(to_us("seconds since 1970-01-01", 3630.0), Some(HOUR_US + 30 * SECOND_US));
        assert_eq!(to_us("seconds since 1970-01-01", 3601.0), Some(HOUR_US + SECOND_US));
    }

    #[test]
    fn values_outside_the_calendar_are_refused() {
        for value in [f64::NAN, f64::INFINITY, 1e12, -1e12, 9.2e18] {
            assert_eq!(to_us("days since 1970-01-01", value), None, "{value}");
        }
    }

    #[test]
    fn units_and_calendars_that_are_none_are_refused() {
        let wanted = "wanted seconds, minutes, hours or days since a date in UTC";
        for units in [
            "",
            "hours",
            "months since 1900-01-01",
            "hours since",
            "hours since 1900-13-01",
            "hours since 1900-01-01 25:00",
            "hours since 1900-01-01 00:00 +02:00",
        ] {
            let expected = format!("has the units {units:?}; {wanted}");
            assert_eq!(TimeUnits::parse(units, None), Err(expected));
        }
        assert_eq!(
            TimeUnits::parse("days since 1970-01-01", Some("noleap")),
            Err("has the calendar \"noleap\"; wanted standard, gregorian or proleptic_gregorian".to_string())
        );
    }
}
