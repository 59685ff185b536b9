//! The hours of a member: from local midnight of the start date to the end.

use contract::calendar::{HOUR_US, LAST_YEAR, UtcOffset, date_after_years, year_start_us};
use contract::config::Fault;

use crate::config::{Config, Length};

/// Consecutive hours, the same for each member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Local standard time of the first hour.
    pub first_local_us: i64,
    pub hours: usize,
    pub offset: UtcOffset,
}

impl Config {
    /// Local time at which a member ends.
    ///
    /// # Errors
    /// When that is after the year 9999.
    pub(crate) fn end_us(&self) -> Result<i64, Fault> {
        let wanted = "an end in year 9999 at the latest: more members (`members`) instead of longer ones";
        match self.length {
            Length::Years(years) => date_after_years(self.start_us, years)
                .ok_or_else(|| Fault::value("generate.years", years, wanted)),
            Length::Hours(hours) => {
                let end = self.start_us + hours * HOUR_US;
                let fits = end <= year_start_us(LAST_YEAR + 1);
                fits.then_some(end).ok_or_else(|| Fault::value("generate.hours", hours, wanted))
            }
        }
    }

    /// The hours of a member in that zone, of a series whose hours lie so long after those of UTC.
    ///
    /// # Errors
    /// When they end after the year 9999.
    pub fn span(&self, offset: UtcOffset, past_hour_us: i64) -> Result<Span, Fault> {
        let first_local_us = offset.first_hour_from(self.start_us, past_hour_us);
        let hours = match self.length {
            Length::Hours(hours) => hours,
            Length::Years(_) => {
                (offset.first_hour_from(self.end_us()?, past_hour_us) - first_local_us) / HOUR_US
            }
        };
        Ok(Span { first_local_us, hours: usize::try_from(hours).unwrap_or_default(), offset })
    }
}

impl Span {
    /// Local standard time of that hour.
    pub fn local_us(&self, hour: usize) -> i64 {
        self.first_local_us + hour as i64 * HOUR_US
    }

    /// First and last hour for people: `2021-01-01 to 2070-12-31`.
    pub fn describe(&self) -> String {
        let date = contract::calendar::format_date;
        format!("{} to {}", date(self.first_local_us), date(self.local_us(self.hours.saturating_sub(1))))
    }
}

#[cfg(test)]
mod tests {
    use contract::calendar::{MINUTE_US, parse_date};

    use super::*;

    fn check(start: &str, length: Length, (offset, past_minutes): (&str, i64), first: &str, hours: usize) {
        let config = Config {
            start_us: parse_date(start).unwrap(),
            length,
            members: 1,
            noise: false,
            target_year: None,
            seed: 0,
            exports: Vec::new(),
            unit: None,
        };
        let span = config.span(offset.parse().unwrap(), past_minutes * MINUTE_US).unwrap();
        assert_eq!(contract::calendar::format_hour(span.first_local_us), first);
        assert_eq!(span.hours, hours, "{start} {length:?} {offset}");
    }

    #[test]
    fn members_have_the_hours_asked_for() {
        check("2021-01-01", Length::Years(1), ("+01:00", 0), "2021-01-01T00:00", 8760);
        check("2020-01-01", Length::Years(2), ("-07:00", 0), "2020-01-01T00:00", 8784 + 8760);
        check("2020-02-29", Length::Years(1), ("+00:00", 0), "2020-02-29T00:00", 8784 - 24);
        check("2021-01-01", Length::Years(1), ("+05:30", 0), "2021-01-01T00:30", 8760);
        check("2021-06-15", Length::Hours(1), ("+05:30", 0), "2021-06-15T00:30", 1);
        // A station's hours are those of its clock.
        check("2021-01-01", Length::Years(1), ("+05:30", 30), "2021-01-01T00:00", 8760);
        check("2021-01-01", Length::Years(1), ("+05:45", 15), "2021-01-01T00:00", 8760);
        check("9999-01-01", Length::Years(1), ("-03:30", 0), "9999-01-01T00:30", 8760);
    }
}
