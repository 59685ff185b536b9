//! Which columns have the time, and how it is written: of what reads all rows, that by which most of the times differ,
//! most steps are the same and fewest go backwards.

use std::collections::BTreeSet;

use jiff::tz::Offset;

use super::rows::Sample;
use crate::station::{Stamp, TimeFormat};

/// The time of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// Positions of the columns that are joined by a blank.
    pub columns: Vec<usize>,
    /// `None` for ISO 8601.
    pub format: Option<&'static str>,
    /// The times say themselves how far from UTC they are.
    pub is_absolute: bool,
    /// The hour 25 occurs.
    pub is_counted: bool,
}

/// Of one column. Days come before months where both are read alike.
const ONE: [Option<&str>; 19] = [
    None,
    Some("%Y%m%d%H:%M"),
    Some("%Y%m%d:%H%M"),
    Some("%Y%m%d%H%M"),
    Some("%Y%m%d%H"),
    Some("%Y%m%d %H:%M"),
    Some("%Y%m%d %H%M"),
    Some("%d.%m.%Y %H:%M"),
    Some("%d.%m.%Y %H:%M:%S"),
    Some("%d/%m/%Y %H:%M"),
    Some("%d/%m/%Y %H:%M:%S"),
    Some("%d-%m-%Y %H:%M"),
    Some("%m/%d/%Y %H:%M"),
    Some("%m/%d/%Y %H:%M:%S"),
    Some("%m/%d/%Y %I:%M %p"),
    Some("%m/%d/%Y %H:%M %Z"),
    Some("%d/%m/%Y %H:%M %Z"),
    Some("%Y/%m/%d %H:%M"),
    Some("%Y/%m/%d %H:%M:%S"),
];

/// Numbers, which every column of whole values would be: only of columns that are called so.
const NUMBERS: [Option<&str>; 3] = [Some("excel"), Some("unix"), Some("unix-ms")];

/// 1973: numbers before it count something else.
const EARLIEST_UNIX_US: i64 = 100_000_000_000_000;

/// Of a date and an hour.
const TWO: [Option<&str>; 9] = [
    None,
    Some("%Y%m%d %H"),
    Some("%Y-%m-%d %H"),
    Some("%Y%m%d %H%M"),
    Some("%Y-%m-%d %H%M"),
    Some("%d.%m.%Y %H:%M"),
    Some("%d/%m/%Y %H:%M"),
    Some("%m/%d/%Y %H:%M"),
    Some("%Y/%m/%d %H:%M"),
];

const FOUR: [Option<&str>; 1] = [Some("%Y %m %d %H")];
const FIVE: [Option<&str>; 1] = [Some("%Y %m %d %H %M")];

/// Columns further to the right than this have no times.
const MOST_COLUMNS: usize = 30;

impl Clock {
    /// `None` where nothing reads all rows.
    pub(super) fn of(sample: &Sample) -> Option<Clock> {
        let number = sample.names.len().min(MOST_COLUMNS);
        let is_time = |at: usize| {
            let title = sample.titles[at].to_lowercase();
            ["time", "date", "datum", "unix", "valid", "stamp"].iter().any(|word| title.contains(word))
        };
        let mut candidates: Vec<(Vec<usize>, &[Option<&'static str>])> = Vec::new();
        for at in 0..number {
            candidates.push((vec![at], &ONE));
            if is_time(at) {
                candidates.push((vec![at], &NUMBERS));
            }
            for (width, formats) in [(2, &TWO[..]), (4, &FOUR[..]), (5, &FIVE[..])] {
                if at + width <= number {
                    candidates.push(((at..at + width).collect(), formats));
                }
            }
        }
        // A column that is called so is likelier than others, and standard time than civil time.
        let likelihood = |columns: &[usize]| {
            let says = |word: &str| columns.iter().any(|at| sample.titles[*at].to_lowercase().contains(word));
            (columns.iter().any(|at| is_time(*at)), says("standard"))
        };
        let rows = thinned(&sample.rows);
        let rows = &rows;
        let tried = candidates.into_iter().flat_map(|(columns, formats)| {
            formats.iter().filter_map(move |format| try_on(rows, &columns, *format))
        });
        let scored =
            tried.map(|(score, clock)| ((score, likelihood(&clock.columns)), clock)).collect::<Vec<_>>();
        // Of several as good the first, so from behind.
        let (_, mut clock) = scored.into_iter().rev().max_by_key(|(score, _)| *score)?;
        let reader = TimeFormat::check("", clock.format).ok()?;
        let is_hour_25 = |row: &Vec<String>| {
            matches!(reader.parse(&text(row, &clock.columns)), Some(Stamp::Counted { hour: 25, .. }))
        };
        clock.is_counted = sample.rows.iter().any(is_hour_25);
        Some(clock)
    }
}

/// Runs of rows from all over, since it is the steps between neighbours that tell how times are written.
fn thinned(rows: &[Vec<String>]) -> Vec<&Vec<String>> {
    const RUNS: usize = 8;
    const LENGTH: usize = 50;
    let every = (rows.len() / RUNS).max(1);
    rows.iter()
        .enumerate()
        .filter(|(at, _)| rows.len() <= RUNS * LENGTH || at % every < LENGTH)
        .map(|(_, row)| row)
        .collect()
}

fn text(row: &[String], columns: &[usize]) -> String {
    let fields: Vec<&str> = columns.iter().map(|at| row[*at].as_str()).collect();
    fields.join(" ")
}

/// How many times differ and how many steps are the usual one, less those that go backwards; `None` if a row has no time, or most have the same.
fn try_on(rows: &[&Vec<String>], columns: &[usize], format: Option<&'static str>) -> Option<(i64, Clock)> {
    let reader = TimeFormat::check("", format).ok()?;
    let stamps: Vec<Stamp> =
        rows.iter().map(|row| reader.parse(&text(row, columns))).collect::<Option<_>>()?;
    let times: Vec<i64> = stamps.iter().filter_map(|stamp| stamp.at(Offset::UTC)).collect();
    // Hours counted from a start are none of the clock of Unix.
    if matches!(format, Some("unix" | "unix-ms")) && times.iter().any(|time_us| *time_us < EARLIEST_UNIX_US) {
        return None;
    }
    let different = times.iter().collect::<BTreeSet<_>>().len();
    let backwards = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let backwards = backwards.min(times.len().saturating_sub(1) - backwards);
    if different == 0 || (times.len() > 2 && 2 * different < times.len()) {
        return None;
    }
    let mut steps: Vec<i64> = times.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    steps.sort_unstable();
    let regular = steps.chunk_by(|a, b| a == b).map(<[i64]>::len).max().unwrap_or(0);
    Some((
        (different + regular) as i64 - 2 * backwards as i64,
        Clock {
            columns: columns.to_vec(),
            format,
            is_absolute: stamps.iter().all(|stamp| matches!(stamp, Stamp::Instant(_))),
            is_counted: false,
        },
    ))
}
