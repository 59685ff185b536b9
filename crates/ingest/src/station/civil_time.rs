//! From what a station's clock showed to UTC. Where the clock is put forward, a time that it never
//! showed is taken as if it had not been moved. Where it is put back, an hour comes twice, and the
//! order of the rows tells the first from the second:
//!
//! - Rows in which the clock jumps back are the two passes. Without such a jump, a time that comes
//!   twice in a row begins the second pass, as in hourly data.
//! - Where there is neither, as in sparse data or where only one pass was recorded, the second pass
//!   begins where the steps from row to row then differ least from the file's usual step; if several
//!   places do alike, as late as possible.
//!
//! Where the hour 25 occurs, no clock is meant: the hours of every day are counted from its midnight,
//! so that the days on which the clock is moved have 23 and 25.
//!
//! Rows may come in descending order. The rules of time zones are those of the bundled database, so
//! that they are the same on every machine.

use contract::calendar::HOUR_US;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::timestamp::Stamp;

/// Doubled times further apart are of different nights.
const SAME_NIGHT_HOURS: i64 = 12;

/// Rows that the clock's being moved made ambiguous.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClockReport {
    /// Times that the clock never showed.
    pub skipped: Rows,
    /// Times that it showed twice, told apart by their order.
    pub doubled: Rows,
    /// Times that it showed twice, of which nothing tells which one is meant.
    pub unclear: Rows,
    /// The hours are counted from midnight.
    pub is_counted: bool,
}

/// Some rows of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub count: usize,
    /// The first in the file.
    pub first: Option<DateTime>,
}

impl Rows {
    fn add(&mut self, time: DateTime) {
        self.count += 1;
        self.first = self.first.or(Some(time));
    }

    /// `3 rows (2020-03-29 02:00 the first)`, or `None` if there are none.
    pub(crate) fn describe(&self) -> Option<String> {
        let first = self.first?.strftime("%Y-%m-%d %H:%M");
        let rows = if self.count == 1 { "row" } else { "rows" };
        Some(format!("{} {rows} ({first} the first)", self.count))
    }
}

impl ClockReport {
    /// What people should look at, one sentence each.
    pub(crate) fn doubts(&self) -> Vec<String> {
        let skipped = self.skipped.describe().map(|rows| {
            format!(
                "{rows} in an hour that the clock skipped, taken as if it had not been put forward; if the \
                 station's clock is never moved, time_zone is its fixed offset"
            )
        });
        let unclear = self.unclear.describe().map(|rows| {
            format!(
                "{rows} in an hour that the clock showed twice, and the rows do not tell which is meant; taken as \
                 the first until the clock jumps back"
            )
        });
        skipped.into_iter().chain(unclear).collect()
    }

    /// What went as it should, or `None`.
    pub(crate) fn note(&self) -> Option<String> {
        if self.is_counted {
            return Some(
                "the hour 25 occurs, so the hours of each day are counted from its midnight, through the days on which \
                 the clock is moved"
                    .to_string(),
            );
        }
        let rows = self.doubled.describe()?;
        Some(format!("{rows} in an hour that the clock showed twice, told apart by their order and steps"))
    }
}

/// A row whose time the zone makes one instant or two.
#[derive(Clone, Copy)]
enum Reading {
    One(i64),
    Two { civil: DateTime, first_us: i64, second_us: i64 },
}

impl Reading {
    fn earliest_us(self) -> i64 {
        match self {
            Reading::One(us) | Reading::Two { first_us: us, .. } => us,
        }
    }
}

/// The instants of all rows of a file, in microseconds since 1970.
///
/// # Errors
/// When one lies outside the calendar, or is an hour that its day does not have.
pub(crate) fn resolve(stamps: &[Stamp], zone: &TimeZone) -> Result<(Vec<i64>, ClockReport), String> {
    let mut report = ClockReport::default();
    if stamps.iter().any(|stamp| matches!(stamp, Stamp::Counted { hour: 25, .. })) {
        report.is_counted = true;
        let times = stamps.iter().map(|stamp| counted(*stamp, zone)).collect::<Result<_, _>>()?;
        return Ok((times, report));
    }
    let readings: Vec<Reading> =
        stamps.iter().map(|stamp| read(*stamp, zone, &mut report)).collect::<Result<_, _>>()?;
    let mut times: Vec<i64> = readings.iter().map(|reading| reading.earliest_us()).collect();
    let order = in_order(&times);
    let doubled: Vec<usize> =
        (0..order.len()).filter(|at| matches!(readings[order[*at]], Reading::Two { .. })).collect();
    if doubled.is_empty() {
        return Ok((times, report));
    }
    let step_us = usual_step(&order.iter().map(|row| times[*row]).collect::<Vec<_>>());
    let is_same_night = |a: &usize, b: &usize| {
        let apart_us = times[order[*b]] - times[order[*a]];
        apart_us.abs() <= SAME_NIGHT_HOURS * HOUR_US
    };
    let nights: Vec<Vec<usize>> = doubled.chunk_by(is_same_night).map(<[usize]>::to_vec).collect();
    for night in nights {
        let rows: Vec<Reading> = night.iter().map(|at| readings[order[*at]]).collect();
        let around = Around {
            before_us: night[0].checked_sub(1).map(|at| times[order[at]]),
            after_us: order.get(night[night.len() - 1] + 1).map(|row| times[*row]),
            step_us,
        };
        let second_from = second_pass(&rows, &around, &mut report);
        for (position, at) in night.iter().enumerate() {
            if let Reading::Two { second_us, .. } = readings[order[*at]]
                && position >= second_from
            {
                times[order[*at]] = second_us;
            }
        }
    }
    Ok((times, report))
}

fn read(stamp: Stamp, zone: &TimeZone, report: &mut ClockReport) -> Result<Reading, String> {
    let civil = match stamp {
        Stamp::Instant(us) => return Ok(Reading::One(us)),
        Stamp::Civil(civil) => civil,
        Stamp::Counted { date, .. } => next_midnight(date)?,
    };
    let at = |offset: Offset| match offset.to_timestamp(civil) {
        Ok(timestamp) => Ok(timestamp.as_microsecond()),
        Err(_) => Err(format!("the time {civil} lies outside the years -9999 to 9999")),
    };
    match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => Ok(Reading::One(at(offset)?)),
        AmbiguousOffset::Gap { before, .. } => {
            report.skipped.add(civil);
            Ok(Reading::One(at(before)?))
        }
        AmbiguousOffset::Fold { before, after } => {
            Ok(Reading::Two { civil, first_us: at(before)?, second_us: at(after)? })
        }
    }
}

fn next_midnight(date: Date) -> Result<DateTime, String> {
    let next = date.tomorrow().map_err(|_| format!("the day after {date} lies outside the calendar"))?;
    Ok(next.at(0, 0, 0, 0))
}

/// The instant so many hours after the midnight of a day.
fn counted(stamp: Stamp, zone: &TimeZone) -> Result<i64, String> {
    let (date, after_us) = match stamp {
        Stamp::Instant(us) => return Ok(us),
        Stamp::Counted { date, hour } => (date, i64::from(hour) * HOUR_US),
        Stamp::Civil(civil) => {
            let midnight = civil.date().at(0, 0, 0, 0);
            (civil.date(), civil.duration_since(midnight).as_micros() as i64)
        }
    };
    let at = |civil: DateTime| match zone.to_ambiguous_timestamp(civil).compatible() {
        Ok(timestamp) => Ok(timestamp.as_microsecond()),
        Err(_) => Err(format!("the time {civil} lies outside the years -9999 to 9999")),
    };
    let (start_us, end_us) = (at(date.at(0, 0, 0, 0))?, at(next_midnight(date)?)?);
    if start_us + after_us > end_us {
        let (hour, hours) = (after_us / HOUR_US, (end_us - start_us) / HOUR_US);
        return Err(format!(
            "{date} has the hour {hour}, and {hours} hours in its time zone; wanted hours counted from midnight, as \
             the hour 25 is one: correct the row, or [ingest.station] time_zone to the civil zone, such as \
             \"Europe/London\""
        ));
    }
    Ok(start_us + after_us)
}

/// The rows from the earliest to the latest, in the order of the file or against it.
fn in_order(times: &[i64]) -> Vec<usize> {
    let rising = times.windows(2).filter(|pair| pair[1] > pair[0]).count();
    let falling = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
    if falling > rising { (0..times.len()).rev().collect() } else { (0..times.len()).collect() }
}

/// The median of the steps forward, the lower of two in the middle; 0 without any.
fn usual_step(times: &[i64]) -> i64 {
    let mut steps: Vec<i64> =
        times.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0).collect();
    steps.sort_unstable();
    steps.get(steps.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

/// What surrounds the doubled times of a night.
struct Around {
    before_us: Option<i64>,
    after_us: Option<i64>,
    step_us: i64,
}

/// The position in `rows`, all doubled times of one night in order, from which on they are of the
/// second pass.
fn second_pass(rows: &[Reading], around: &Around, report: &mut ClockReport) -> usize {
    let jump = |position: &usize| rows[*position].earliest_us() < rows[position - 1].earliest_us();
    let repeat = |position: &usize| rows[*position].earliest_us() == rows[position - 1].earliest_us();
    let jumps = (1..rows.len()).filter(jump).count();
    let (second, is_clear) = match (1..rows.len()).find(jump).or_else(|| (1..rows.len()).find(repeat)) {
        // Of a night whose clock jumps back several times, the order says little.
        Some(second) => (second, jumps <= 1),
        None => best_split(rows, around),
    };
    let target = if is_clear { &mut report.doubled } else { &mut report.unclear };
    for row in rows {
        if let Reading::Two { civil, .. } = row {
            target.add(*civil);
        }
    }
    second
}

/// The position from which on rows without a jump back are of the second pass, so that the steps from
/// row to row, and from and to the neighbours, differ least from the usual one; and whether no other
/// position does as well, of which the last is taken.
fn best_split(rows: &[Reading], around: &Around) -> (usize, bool) {
    let [Reading::Two { first_us, second_us, .. }, ..] = rows else { return (rows.len(), false) };
    let shift_us = second_us - first_us;
    let misfit = |step_us: Option<i64>, longer_us: i64| {
        step_us.map_or(0, |step_us| (step_us + longer_us - around.step_us).abs())
    };
    let last = rows.last().map(|row| row.earliest_us());
    let to_after = around.after_us.zip(last).map(|(after_us, last_us)| after_us - last_us);
    // What the split adds to the misfit of all rows in the first pass.
    let added = |position: usize| {
        let previous_us = match position {
            0 => around.before_us,
            position => Some(rows[position - 1].earliest_us()),
        };
        let step_us = previous_us.map(|us| rows[position].earliest_us() - us);
        misfit(step_us, shift_us) - misfit(step_us, 0) + misfit(to_after, -shift_us) - misfit(to_after, 0)
    };
    let all: Vec<i64> = (0..rows.len()).map(added).chain([0]).collect();
    let least = all.iter().copied().min().unwrap_or(0);
    let best = all.iter().rposition(|added| *added == least).unwrap_or(rows.len());
    (best, all.iter().filter(|added| **added == least).count() == 1)
}

#[cfg(test)]
mod tests {
    use contract::calendar::{HOUR_US, parse_date};
    use jiff::civil::date;
    use jiff::tz::TimeZoneDatabase;
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZoneDatabase::bundled().get(name).unwrap()
    }

    /// What the clock of that zone shows at each of those instants.
    fn shown(times: &[i64], zone: &TimeZone) -> Vec<Stamp> {
        let civil =
            |us: &i64| jiff::Timestamp::from_microsecond(*us).unwrap().to_zoned(zone.clone()).datetime();
        times.iter().map(|us| Stamp::Civil(civil(us))).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// The clock's reading, the inverse, is computed by jiff from the instant alone.
        #[test]
        fn what_a_clock_shows_leads_back_to_the_instants(
            name in prop::sample::select(vec![
                "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Phoenix",
                "America/St_Johns", "Atlantic/Azores", "UTC",
            ]),
            minutes in prop::sample::select(vec![1_i64, 5, 10, 15, 30, 60, 180]),
            start_day in 0_i64..18_000, start_step in 0_i64..500, rows in 200_usize..2000, descending: bool,
        ) {
            let zone = zone(name);
            let step = minutes * 60_000_000;
            let start = start_day * 24 * HOUR_US + start_step * step;
            let mut times: Vec<i64> = (0..rows as i64).map(|row| start + row * step).collect();
            if descending {
                times.reverse();
            }
            let (resolved, report) = resolve(&shown(&times, &zone), &zone).unwrap();
            prop_assert_eq!(resolved, times, "{:?}", report);
            prop_assert_eq!(report.skipped.count + report.unclear.count, 0);
        }
    }

    fn hours(texts: &[&str], name: &str) -> (Vec<String>, ClockReport) {
        let stamps: Vec<Stamp> = texts.iter().map(|text| Stamp::Civil(text.parse().unwrap())).collect();
        let (times, report) = resolve(&stamps, &zone(name)).unwrap();
        (times.into_iter().map(contract::calendar::format_hour).collect(), report)
    }

    #[test]
    fn a_time_that_the_clock_skipped_is_taken_as_if_it_had_not_been_moved() {
        let rows = ["2020-03-29T01:30", "2020-03-29T02:00", "2020-03-29T02:30", "2020-03-29T03:30"];
        let (times, report) = hours(&rows, "Europe/Paris");
        assert_eq!(times, ["2020-03-29T00:30", "2020-03-29T01:00", "2020-03-29T01:30", "2020-03-29T01:30"]);
        assert_eq!(
            report.doubts(),
            [
                "2 rows (2020-03-29 02:00 the first) in an hour that the clock skipped, taken as if it had not been put \
              forward; if the station's clock is never moved, time_zone is its fixed offset"
            ]
        );
    }

    #[test]
    fn the_second_time_of_a_doubled_hour_is_winter_time() {
        let rows = ["2020-10-25T01:00", "2020-10-25T02:00", "2020-10-25T02:00", "2020-10-25T03:00"];
        let (times, report) = hours(&rows, "Europe/Paris");
        assert_eq!(times, ["2020-10-24T23:00", "2020-10-25T00:00", "2020-10-25T01:00", "2020-10-25T02:00"]);
        assert_eq!(report.doubts(), Vec::<String>::new());
        assert_eq!(
            report.note().unwrap(),
            "2 rows (2020-10-25 02:00 the first) in an hour that the clock showed twice, told apart by their order and \
             steps"
        );
    }

    #[test]
    fn a_row_repeated_inside_a_pass_stays_in_it() {
        let rows = [
            "2020-10-25T02:00",
            "2020-10-25T02:20",
            "2020-10-25T02:20",
            "2020-10-25T02:40",
            "2020-10-25T02:00",
            "2020-10-25T02:20",
        ];
        let (times, _) = hours(&rows, "Europe/Paris");
        let expected = ["00:00", "00:20", "00:20", "00:40", "01:00", "01:20"];
        assert_eq!(times, expected.map(|time| format!("2020-10-25T{time}")));
    }

    #[test]
    fn a_doubled_hour_recorded_once_goes_where_its_neighbours_want_it() {
        // An hour before and two after, or the reverse: nothing tells.
        let (times, report) =
            hours(&["2020-10-25T01:00", "2020-10-25T02:00", "2020-10-25T03:00"], "Europe/Paris");
        assert_eq!(times[1], "2020-10-25T00:00");
        assert_eq!(
            report.doubts(),
            [
                "1 row (2020-10-25 02:00 the first) in an hour that the clock showed twice, and the rows do not tell which \
              is meant; taken as the first until the clock jumps back"
            ]
        );
        // The file begins in the second pass.
        let (times, report) =
            hours(&["2020-10-25T02:00", "2020-10-25T03:00", "2020-10-25T04:00"], "Europe/Paris");
        assert_eq!(times[0], "2020-10-25T01:00");
        assert_eq!((report.doubled.count, report.unclear.count), (1, 0));
        // Half an hour back: the full hours are in neither pass, or in the second.
        let rows = ["2021-04-04T00:00", "2021-04-04T01:00", "2021-04-04T01:30", "2021-04-04T02:30"];
        let (times, _) = hours(&rows, "Australia/Lord_Howe");
        assert_eq!(times, ["2021-04-03T13:00", "2021-04-03T14:00", "2021-04-03T15:00", "2021-04-03T16:00"]);
    }

    /// In 1988 the clocks of Newfoundland were put back by two hours.
    #[test]
    fn three_hourly_data_may_be_in_both_passes_without_a_jump() {
        let rows = ["1988-10-29T19:10", "1988-10-29T22:10", "1988-10-29T23:10", "1988-10-30T02:10"];
        let (times, report) = hours(&rows, "America/St_Johns");
        assert_eq!(times, ["1988-10-29T20:40", "1988-10-29T23:40", "1988-10-30T02:40", "1988-10-30T05:40"]);
        assert_eq!((report.doubled.count, report.unclear.count), (2, 0));
    }

    #[test]
    fn a_shuffled_night_is_reported() {
        let rows =
            ["02:00", "02:40", "02:20", "02:00", "02:40", "02:20"].map(|time| format!("2020-10-25T{time}"));
        let (_, report) = hours(&rows.each_ref().map(String::as_str), "Europe/Paris");
        assert_eq!(report.unclear.count, 6);
    }

    #[test]
    fn where_the_hour_25_occurs_hours_are_counted_from_midnight() {
        let counted = |day, hour| Stamp::Counted { date: date(2018, 10, day), hour };
        let stamps = [
            Stamp::Civil(date(2018, 3, 25).at(23, 0, 0, 0)),
            counted(27, 24),
            counted(28, 24),
            counted(28, 25),
        ];
        let (times, report) = resolve(&stamps, &zone("Europe/London")).unwrap();
        let times: Vec<String> = times.into_iter().map(contract::calendar::format_hour).collect();
        // A day of 23 hours ends with its 23rd, in summer time; one of 25 with the 25th, in winter time.
        assert_eq!(times, ["2018-03-25T23:00", "2018-10-27T23:00", "2018-10-28T23:00", "2018-10-29T00:00"]);
        assert!(report.is_counted);
        assert_eq!(
            resolve(&[counted(29, 25)], &zone("Europe/London")).unwrap_err(),
            "2018-10-29 has the hour 25, and 24 hours in its time zone; wanted hours counted from midnight, as the hour \
             25 is one: correct the row, or [ingest.station] time_zone to the civil zone, such as \"Europe/London\""
        );
    }

    #[test]
    fn without_it_the_hour_24_is_the_next_midnight() {
        let stamp = Stamp::Counted { date: date(2018, 12, 31), hour: 24 };
        let (times, report) = resolve(&[stamp], &zone("Etc/GMT-1")).unwrap();
        assert_eq!(contract::calendar::format_hour(times[0]), "2018-12-31T23:00");
        assert_eq!(report, ClockReport::default());
    }

    #[test]
    fn instants_are_left_alone() {
        let stamps = [Stamp::Instant(parse_date("2020-10-25").unwrap() + HOUR_US)];
        let (times, report) = resolve(&stamps, &zone("Europe/Paris")).unwrap();
        assert_eq!((Stamp::Instant(times[0]), report), (stamps[0], ClockReport::default()));
    }

    #[test]
    fn the_end_of_the_calendar_is_an_error() {
        let stamps = [Stamp::Civil(date(9999, 12, 31).at(23, 0, 0, 0))];
        let offset = TimeZone::fixed(Offset::constant(-5));
        assert_eq!(
            resolve(&stamps, &offset).unwrap_err(),
            "the time 9999-12-31T23:00:00 lies outside the years -9999 to 9999"
        );
    }
}
