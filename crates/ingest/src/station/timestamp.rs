//! The text of a time, read: by ISO 8601, by a pattern of strftime, or as seconds of the Unix clock.
//! What a civil time means in UTC is not known here.

use contract::config::Fault;
use jiff::civil::DateTime;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

/// A time as a file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// Microseconds since 1970, UTC.
    Instant(i64),
    /// What a clock on the wall of the station's time zone shows.
    Civil(DateTime),
}

/// How times are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    Iso,
    Pattern(String),
    UnixSeconds,
    UnixMilliseconds,
}

/// An afternoon hour of a day above 12, so that patterns that mix up their parts are seen.
const EXAMPLE: DateTime = jiff::civil::date(2001, 12, 31).at(23, 0, 0, 0);

/// ISO 8601 up to 2004 had an hour 24.
const HOURS_TO_24: [&str; 4] = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"];

impl TimeFormat {
    /// The format by the value of `time_format`.
    ///
    /// # Errors
    /// When it is a pattern that does not give back the date and the hour that it has written.
    pub(crate) fn check(key: &str, text: Option<&str>) -> Result<TimeFormat, Fault> {
        match text {
            None => return Ok(TimeFormat::Iso),
            Some("unix") => return Ok(TimeFormat::UnixSeconds),
            Some("unix-ms") => return Ok(TimeFormat::UnixMilliseconds),
            Some(_) => {}
        }
        let pattern = text.unwrap_or_default();
        let wanted = "\"unix\", \"unix-ms\", or a pattern with the date and the hour, such as \
                      \"%Y-%m-%d %H:%M\"";
        let fault = || Fault::value(key, format!("{pattern:?}"), wanted);
        let format = TimeFormat::Pattern(pattern.to_string());
        let written = write_example(pattern).ok_or_else(fault)?;
        let read = match format.parse(&written) {
            Some(Stamp::Civil(civil)) => civil,
            Some(Stamp::Instant(us)) => Offset::UTC.to_datetime(from_us(us).ok_or_else(fault)?),
            None => return Err(fault()),
        };
        if (read.date(), read.hour()) != (EXAMPLE.date(), EXAMPLE.hour()) {
            return Err(fault());
        }
        Ok(format)
    }

    /// The time that this text means, or `None` if it is not of this format.
    pub(crate) fn parse(&self, text: &str) -> Option<Stamp> {
        match self {
            TimeFormat::Iso => parse_iso(text),
            TimeFormat::Pattern(pattern) => parse_pattern(pattern, text),
            TimeFormat::UnixSeconds => parse_unix(text, 1_000_000),
            TimeFormat::UnixMilliseconds => parse_unix(text, 1000),
        }
    }

    /// For messages: what a time should look like.
    pub(crate) fn wanted(&self) -> String {
        match self {
            TimeFormat::Iso => "an ISO 8601 time such as \"2001-12-31 23:00\"".to_string(),
            TimeFormat::Pattern(pattern) => {
                let example = write_example(pattern).unwrap_or_default();
                format!("a time as {pattern:?} describes it, such as {example:?}")
            }
            TimeFormat::UnixSeconds => "seconds since 1970, such as \"1009839600\"".to_string(),
            TimeFormat::UnixMilliseconds => "milliseconds since 1970, such as \"1009839600000\"".to_string(),
        }
    }
}

fn write_example(pattern: &str) -> Option<String> {
    let example = Offset::UTC.to_timestamp(EXAMPLE).ok()?;
    strtime::format(pattern, &example.to_zoned(jiff::tz::TimeZone::UTC)).ok()
}

fn from_us(time_us: i64) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_microsecond(time_us).ok()
}

/// Date and time with `T` or a blank between them, seconds optional; with `Z` or an offset it is an
/// instant. A date alone is its midnight. The name of a zone in brackets counts for nothing beside an
/// offset.
fn parse_iso(text: &str) -> Option<Stamp> {
    let Ok(pieces) = Pieces::parse(text) else {
        return HOURS_TO_24.iter().find_map(|pattern| parse_hour_24(pattern, text));
    };
    // The name of a zone without an offset would have to be looked up.
    if pieces.time_zone_annotation().is_some() && pieces.offset().is_none() {
        return None;
    }
    let civil = pieces.date().to_datetime(pieces.time().unwrap_or_default());
    match pieces.to_numeric_offset() {
        Some(offset) => Some(Stamp::Instant(offset.to_timestamp(civil).ok()?.as_microsecond())),
        None => Some(Stamp::Civil(civil)),
    }
}

fn parse_pattern(pattern: &str, text: &str) -> Option<Stamp> {
    let Ok(parts) = BrokenDownTime::parse(pattern, text) else { return parse_hour_24(pattern, text) };
    if parts.iana_time_zone().is_some() {
        return None;
    }
    if parts.offset().is_some() || parts.timestamp().is_some() {
        return Some(Stamp::Instant(parts.to_timestamp().ok()?.as_microsecond()));
    }
    parts.to_datetime().ok().map(Stamp::Civil)
}

/// Hour 24 of a day, which some stations count from 1, is hour 0 of the next.
fn parse_hour_24(pattern: &str, text: &str) -> Option<Stamp> {
    let parts = BrokenDownTime::parse(pattern.replace("%H", "24"), text).ok()?;
    let is_full_hour = parts.minute().unwrap_or(0) == 0 && parts.second().unwrap_or(0) == 0;
    let date = parts.to_date().ok().filter(|_| is_full_hour && pattern.contains("%H"))?;
    Some(Stamp::Civil(date.tomorrow().ok()?.at(0, 0, 0, 0)))
}

/// Whole units exactly, fractions to the microsecond.
fn parse_unix(text: &str, unit_us: i64) -> Option<Stamp> {
    let us = match text.parse::<i64>() {
        Ok(units) => units.checked_mul(unit_us)?,
        Err(_) => {
            let us = (text.parse::<f64>().ok()? * unit_us as f64).round();
            // All times of the calendar are far below this.
            if us.is_nan() || us.abs() > 1e18 {
                return None;
            }
            us as i64
        }
    };
    from_us(us).map(|_| Stamp::Instant(us))
}

#[cfg(test)]
mod tests {
    use contract::calendar::{HOUR_US, parse_date};
    use jiff::civil::date;

    use super::*;

    fn instant(day: &str, hours: i64) -> Option<Stamp> {
        Some(Stamp::Instant(parse_date(day).unwrap() + hours * HOUR_US))
    }

    #[test]
    fn iso_times_with_and_without_an_offset() {
        let civil = Some(Stamp::Civil(date(2001, 3, 4).at(5, 0, 0, 0)));
        for (text, stamp) in [
            ("2001-03-04 05:00", civil),
            ("2001-03-04T05:00:00", civil),
            ("2001-03-04T05:00:00.000", civil),
            ("20010304T0500", civil),
            ("2001-03-04", Some(Stamp::Civil(date(2001, 3, 4).at(0, 0, 0, 0)))),
            ("2001-03-04T05:00Z", instant("2001-03-04", 5)),
            ("2001-03-04 05:00:00+00:00", instant("2001-03-04", 5)),
            ("2001-03-04T05:00-07:00", instant("2001-03-04", 12)),
            ("04.03.2001 05:00", None),
            ("2001-02-29 05:00", None),
            ("2001-12-31 24:00", Some(Stamp::Civil(date(2002, 1, 1).at(0, 0, 0, 0)))),
            ("2001-12-31T24:00:00", Some(Stamp::Civil(date(2002, 1, 1).at(0, 0, 0, 0)))),
            ("2001-03-04 24:30", None),
            ("2001-03-04 25:00", None),
            ("2001-03-04T05:00[Europe/Paris]", None),
            ("", None),
        ] {
            assert_eq!(TimeFormat::Iso.parse(text), stamp, "{text}");
        }
    }

    #[test]
    fn patterns_of_strftime() {
        let civil = Some(Stamp::Civil(date(2001, 3, 4).at(17, 30, 0, 0)));
        for (pattern, text, stamp) in [
            ("%d.%m.%Y %H:%M", "04.03.2001 17:30", civil),
            ("%d.%m.%Y %H:%M", "4.3.2001 17:30", civil),
            ("%m/%d/%y %I:%M %p", "03/04/01 05:30 PM", civil),
            ("%Y%m%d%H%M", "200103041730", civil),
            ("%Y %j %H:%M", "2001 63 17:30", civil),
            ("%d/%m/%Y %H:%M %z", "04/03/2001 17:00 +0200", instant("2001-03-04", 15)),
            ("%d.%m.%Y %H:%M", "2001-03-04 17:30", None),
        ] {
            let format = TimeFormat::check("ingest.station.time_format", Some(pattern)).unwrap();
            assert_eq!(format.parse(text), stamp, "{pattern} {text}");
        }
    }

    #[test]
    fn hour_24_is_the_next_midnight() {
        let midnight = Some(Stamp::Civil(date(2001, 3, 1).at(0, 0, 0, 0)));
        for (pattern, text, stamp) in [
            ("%Y%m%d %H", "20010228 24", midnight),
            ("%d.%m.%Y %H:%M", "28.02.2001 24:00", midnight),
            ("%d.%m.%Y %H:%M", "28.02.2001 24:10", None),
            ("%d.%m.%Y %I:%M %p", "28.02.2001 24:00 AM", None),
        ] {
            assert_eq!(TimeFormat::Pattern(pattern.to_string()).parse(text), stamp, "{pattern} {text}");
        }
    }

    #[test]
    fn the_clock_of_unix() {
        let (seconds, milliseconds) = (TimeFormat::UnixSeconds, TimeFormat::UnixMilliseconds);
        assert_eq!(seconds.parse("1009839600"), instant("2001-12-31", 23));
        assert_eq!(seconds.parse("1009839600.0"), instant("2001-12-31", 23));
        assert_eq!(milliseconds.parse("1009839600000"), instant("2001-12-31", 23));
        for text in ["", "soon", "nan", "inf", "1e300", "9223372036854775807"] {
            assert_eq!(seconds.parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_pattern_without_date_or_hour_is_refused() {
        for pattern in [
            "%H:%M",
            "%Y-%m-%d",
            "%Y-%m-%d %I:%M",
            "%d.%m. %H:%M",
            "YYYY-MM-DD",
            "%Y-%m-%d %q",
            "%F %T %Q",
            "",
        ] {
            let fault = TimeFormat::check("ingest.station.time_format", Some(pattern)).unwrap_err();
            assert_eq!(
                fault.describe("x.toml"),
                format!(
                    "x.toml: [ingest] station.time_format is {pattern:?}; wanted \"unix\", \"unix-ms\", or a pattern \
                     with the date and the hour, such as \"%Y-%m-%d %H:%M\""
                )
            );
        }
    }
}
