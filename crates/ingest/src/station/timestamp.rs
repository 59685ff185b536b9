//! The text of a time, read: by ISO 8601, by a pattern of strftime, as seconds of the Unix clock, or
//! as the days that spreadsheets count. What a civil time means in UTC is not known here.

use contract::config::Fault;
use jiff::civil::{Date, DateTime, date};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use jiff::{SignedDuration, ToSpan};

use super::zone_letters;

/// A time as a file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// Microseconds since 1970, UTC.
    Instant(i64),
    /// What a clock on the wall of the station's time zone shows.
    Civil(DateTime),
    /// The hour 24 or 25 of a day. The last hour of a day that the end of summer time made longer is 25.
    Counted { date: Date, hour: i8 },
}

/// How times are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    Iso,
    Pattern(String),
    UnixSeconds,
    UnixMilliseconds,
    /// Days since the end of 1899, as spreadsheets count them, of the station's clock.
    Excel,
}

impl Stamp {
    /// Microseconds since 1970 if the clock is `offset` ahead of UTC; `None` for the hour 25, which such a clock
    /// never shows.
    pub(crate) fn at(self, offset: Offset) -> Option<i64> {
        let civil = match self {
            Stamp::Instant(us) => return Some(us),
            Stamp::Civil(civil) => civil,
            Stamp::Counted { date, hour: 24 } => date.tomorrow().ok()?.at(0, 0, 0, 0),
            Stamp::Counted { .. } => return None,
        };
        Some(offset.to_timestamp(civil).ok()?.as_microsecond())
    }
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
            Some("excel") => return Ok(TimeFormat::Excel),
            Some(_) => {}
        }
        let pattern = text.unwrap_or_default();
        let wanted = "\"unix\", \"unix-ms\", \"excel\", or a pattern with the date and the hour, such as \
                      \"%Y-%m-%d %H:%M\"";
        let fault = || Fault::value(key, format!("{pattern:?}"), wanted);
        let format = TimeFormat::Pattern(pattern.to_string());
        let written = write_example(pattern).ok_or_else(fault)?;
        let read = match format.parse(&written) {
            Some(Stamp::Civil(civil)) => civil,
            Some(Stamp::Instant(us)) => Offset::UTC.to_datetime(from_us(us).ok_or_else(fault)?),
            Some(Stamp::Counted { .. }) | None => return Err(fault()),
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
            TimeFormat::Excel => parse_excel(text),
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
            TimeFormat::Excel => "days as a spreadsheet counts them, such as \"37256.958333\"".to_string(),
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

/// Date and time with `T` or a blank between them, seconds optional; with `Z`, an offset or the letters
/// of a zone it is an instant. A date alone is its midnight. The name of a zone in brackets counts for
/// nothing beside an offset.
fn parse_iso(text: &str) -> Option<Stamp> {
    let Ok(pieces) = Pieces::parse(text) else {
        if let Some((clock, offset)) = zone_letters::split(text) {
            return parse_iso(clock)?.at(offset).map(Stamp::Instant);
        }
        return HOURS_TO_24.iter().find_map(|pattern| parse_late_hour(pattern, text));
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

/// The letters of a zone at the end (`%Z`), hours of one digit before the minutes and `a` and `p` for the
/// halves of a day are what strftime does not read.
fn parse_pattern(pattern: &str, text: &str) -> Option<Stamp> {
    if let Some(clock_pattern) = pattern.strip_suffix("%Z") {
        let (clock, offset) = zone_letters::split(text)?;
        return parse_pattern(clock_pattern.trim_end(), clock)?.at(offset).map(Stamp::Instant);
    }
    if let Some(padded) = padded(pattern, text) {
        return parse_pattern(pattern, &padded);
    }
    let parts = match BrokenDownTime::parse(pattern, text) {
        Ok(parts) => parts,
        Err(_) => match with_half_of_day(pattern, text) {
            Some(text) => BrokenDownTime::parse(pattern, text).ok()?,
            None => return parse_late_hour(pattern, text),
        },
    };
    if parts.iana_time_zone().is_some() {
        return None;
    }
    if parts.offset().is_some() || parts.timestamp().is_some() {
        return Some(Stamp::Instant(parts.to_timestamp().ok()?.as_microsecond()));
    }
    parts.to_datetime().ok().map(Stamp::Civil)
}

/// The text with `30`, `130` made `0030`, `0130`, where the pattern ends with hours and minutes without
/// anything between them; `None` if there is nothing to do.
fn padded(pattern: &str, text: &str) -> Option<String> {
    let before = pattern.strip_suffix("%H%M")?;
    let is_apart = |last: char| !last.is_alphanumeric();
    if !before.chars().next_back().is_some_and(is_apart) {
        return None;
    }
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (start, end) = text.split_at(text.len() - digits);
    (1..4).contains(&digits).then(|| format!("{start}{end:0>4}"))
}

/// `1:30 a` as `1:30 am`, where the pattern asks for it.
fn with_half_of_day(pattern: &str, text: &str) -> Option<String> {
    let asks = pattern.ends_with("%p") || pattern.ends_with("%P");
    (asks && text.ends_with(['a', 'p', 'A', 'P'])).then(|| format!("{text}m"))
}

/// The hour 24 of a day, which some stations count from 1, and the hour 25.
fn parse_late_hour(pattern: &str, text: &str) -> Option<Stamp> {
    if !pattern.contains("%H") {
        return None;
    }
    [24, 25].into_iter().find_map(|hour: i8| {
        let parts = BrokenDownTime::parse(pattern.replace("%H", &hour.to_string()), text).ok()?;
        let is_full_hour = parts.minute().unwrap_or(0) == 0 && parts.second().unwrap_or(0) == 0;
        let date = parts.to_date().ok().filter(|_| is_full_hour)?;
        Some(Stamp::Counted { date, hour })
    })
}

/// Spreadsheets have a day 60, the 29th of February of 1900, which was none; days before it are refused. Of
/// the ten-thousandths of a day a few seconds are noise: a time within five of a full minute is on it.
fn parse_excel(text: &str) -> Option<Stamp> {
    const FIRST_DAY: f64 = 61.0;
    const LAST_DAY: f64 = 2_958_465.0;
    let days: f64 = text.replace(',', ".").parse().ok()?;
    if !(FIRST_DAY..=LAST_DAY).contains(&days) {
        return None;
    }
    let seconds = (days * 86_400.0).round() as i64;
    let minute = (seconds + 30).div_euclid(60) * 60;
    let seconds = if (seconds - minute).abs() <= 5 { minute } else { seconds };
    let midnight = date(1899, 12, 30).checked_add((seconds.div_euclid(86_400)).days()).ok()?;
    let civil = midnight.at(0, 0, 0, 0).checked_add(SignedDuration::from_secs(seconds.rem_euclid(86_400)));
    civil.ok().map(Stamp::Civil)
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
            ("2001-12-31 24:00", Some(Stamp::Counted { date: date(2001, 12, 31), hour: 24 })),
            ("2001-12-31T24:00:00", Some(Stamp::Counted { date: date(2001, 12, 31), hour: 24 })),
            ("2001-12-31 25:00", Some(Stamp::Counted { date: date(2001, 12, 31), hour: 25 })),
            ("2001-03-04 05:00 EST", instant("2001-03-04", 10)),
            ("2001-03-04 05:00 CEST", instant("2001-03-04", 3)),
            ("2001-03-04 05:00 UTC", instant("2001-03-04", 5)),
            ("2001-03-04 24:00 EST", instant("2001-03-04", 29)),
            ("2001-03-04 05:00 XYZ", None),
            ("2001-03-04 24:30", None),
            ("2001-03-04 26:00", None),
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
    fn hours_24_and_25_are_counted() {
        let counted = |hour| Some(Stamp::Counted { date: date(2001, 2, 28), hour });
        for (pattern, text, stamp) in [
            ("%Y%m%d %H", "20010228 24", counted(24)),
            ("%Y%m%d %H", "20010228 25", counted(25)),
            ("%Y%m%d %H", "20010228 26", None),
            ("%Y-%m-%d %H%M", "2001-02-28 2400", counted(24)),
            ("%d.%m.%Y %H:%M", "28.02.2001 24:00", counted(24)),
            ("%d.%m.%Y %H:%M", "28.02.2001 24:10", None),
            ("%d.%m.%Y %I:%M %p", "28.02.2001 24:00 AM", None),
        ] {
            assert_eq!(TimeFormat::Pattern(pattern.to_string()).parse(text), stamp, "{pattern} {text}");
        }
    }

    #[test]
    fn what_strftime_does_not_read() {
        let civil = |hour, minute| Some(Stamp::Civil(date(2001, 3, 4).at(hour, minute, 0, 0)));
        for (pattern, text, stamp) in [
            ("%m/%d/%Y %H:%M %Z", "03/04/2001 20:00 EDT", instant("2001-03-04", 24)),
            ("%m/%d/%Y %H:%M %Z", "03/04/2001 20:00 EST", instant("2001-03-04", 25)),
            ("%Y-%m-%d %H:%M%Z", "2001-03-04 05:00Z", instant("2001-03-04", 5)),
            ("%Y-%m-%d %H:%M %Z", "2001-03-04 05:00 CET", instant("2001-03-04", 4)),
            ("%Y-%m-%d %H:%M %Z", "2001-03-04 05:00 IST", None),
            ("%Y-%m-%d %H:%M %Z", "2001-03-04 05:00", None),
            ("%Y-%m-%d %H%M", "2001-03-04 30", civil(0, 30)),
            ("%Y-%m-%d %H%M", "2001-03-04 5", civil(0, 5)),
            ("%Y-%m-%d %H%M", "2001-03-04 100", civil(1, 0)),
            ("%Y-%m-%d %H%M", "2001-03-04 1230", civil(12, 30)),
            ("%Y %j %H%M", "2001 63 930", civil(9, 30)),
            ("%m/%d/%Y %I:%M %p", "03/04/2001 5:30 p", civil(17, 30)),
            ("%m/%d/%Y %I:%M%p", "03/04/2001 12:30a", civil(0, 30)),
            ("%m/%d/%Y %I:%M %p", "03/04/2001 5:30 x", None),
        ] {
            let format = TimeFormat::check("ingest.station.time_format", Some(pattern)).unwrap();
            assert_eq!(format.parse(text), stamp, "{pattern} {text}");
        }
    }

    /// The days are those of the documentation of Excel: 39448 is the first of January of 2008.
    #[test]
    fn the_days_of_spreadsheets() {
        let at = |hour, minute, second| Some(Stamp::Civil(date(2008, 1, 1).at(hour, minute, second, 0)));
        for (text, stamp) in [
            ("39448", at(0, 0, 0)),
            ("39448.041666666664", at(1, 0, 0)),
            ("39448.04167", at(1, 0, 0)),
            ("39448,04167", at(1, 0, 0)),
            ("39448.0417", at(1, 0, 0)),
            ("39447.9999884259", at(0, 0, 0)),
            ("39448.500231", at(12, 0, 20)),
            ("61", Some(Stamp::Civil(date(1900, 3, 1).at(0, 0, 0, 0)))),
            ("60", None),
            ("nan", None),
            ("2008-01-01", None),
        ] {
            assert_eq!(TimeFormat::Excel.parse(text), stamp, "{text}");
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
                    "x.toml: [ingest] station.time_format is {pattern:?}; wanted \"unix\", \"unix-ms\", \"excel\", or a \
                     pattern with the date and the hour, such as \"%Y-%m-%d %H:%M\""
                )
            );
        }
    }
}
