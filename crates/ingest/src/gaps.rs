//! Hours that no file has: short runs are interpolated, long ones are an error.

use anyhow::anyhow;
use contract::artifact::flag;
use contract::calendar::{self, HOUR_US};
use contract::variable::Variable;

use crate::dataset::Hour;

/// So many gaps are listed in an error.
const LISTED: usize = 10;

/// A run of hours that were missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first missing hour.
    pub from_us: i64,
    pub hours: usize,
}

impl Gap {
    /// The last missing hour.
    pub fn to_us(&self) -> i64 {
        self.from_us + (self.hours as i64 - 1) * HOUR_US
    }
}

/// A series without holes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filled {
    pub values: Vec<f32>,
    /// Those of the hours, and [`flag::FILLED`].
    pub flags: Vec<u8>,
    pub gaps: Vec<Gap>,
}

/// The gaps of `hours`, which are in order, from the hour `first_us` to the hour `last_us`.
pub(crate) fn find(hours: &[Hour], first_us: i64, last_us: i64) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut expected = first_us;
    let ends = hours.iter().map(|hour| hour.time_us).chain([last_us + HOUR_US]);
    for time in ends {
        if time > expected {
            gaps.push(Gap { from_us: expected, hours: ((time - expected) / HOUR_US) as usize });
        }
        expected = time + HOUR_US;
    }
    gaps
}

/// Fills gaps of at most `max_gap_hours` on the straight line between their neighbours. A gap at an
/// end of the series has only one, and cannot be filled.
///
/// # Errors
/// Lists the gaps that are too long, or at an end.
pub(crate) fn fill(
    variable: &Variable,
    hours: &[Hour],
    (first_us, last_us): (i64, i64),
    max_gap_hours: usize,
) -> anyhow::Result<Filled> {
    let gaps = find(hours, first_us, last_us);
    let is_at_end = |gap: &Gap| gap.from_us == first_us || gap.to_us() == last_us;
    let bad: Vec<&Gap> = gaps.iter().filter(|gap| gap.hours > max_gap_hours || is_at_end(gap)).collect();
    if !bad.is_empty() {
        return Err(too_long(variable, &bad, max_gap_hours, bad.iter().any(|gap| is_at_end(gap))));
    }
    let mut values = Vec::with_capacity(((last_us - first_us) / HOUR_US + 1) as usize);
    let mut flags = Vec::with_capacity(values.capacity());
    for hour in hours {
        let at = ((hour.time_us - first_us) / HOUR_US) as usize;
        interpolate(&mut values, at, hour.value);
        flags.resize(at, flag::FILLED);
        values.push(hour.value);
        flags.push(hour.flags);
    }
    Ok(Filled { values, flags, gaps })
}

/// Extends `values` to the length `to`, towards the value that comes there.
fn interpolate(values: &mut Vec<f32>, to: usize, next: f32) {
    let Some(&last) = values.last() else { return };
    let (last, next) = (f64::from(last), f64::from(next));
    let missing = to - values.len();
    for step in 1..=missing {
        let share = step as f64 / (missing + 1) as f64;
        values.push((last + (next - last) * share) as f32);
    }
}

fn too_long(variable: &Variable, gaps: &[&Gap], max_gap_hours: usize, at_end: bool) -> anyhow::Error {
    let name = variable.name;
    let describe = |gap: &&Gap| {
        let (from, to) = (calendar::format_hour(gap.from_us), calendar::format_hour(gap.to_us()));
        format!("{from} to {to} ({})", count_hours(gap.hours))
    };
    let listed: Vec<String> = gaps.iter().take(LISTED).map(describe).collect();
    let more = match gaps.len() - listed.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let number = match gaps.len() {
        1 => "a gap that is".to_string(),
        number => format!("{number} gaps that are"),
    };
    let end = if at_end { ", or at an end of the series, where nothing can be interpolated" } else { "" };
    anyhow!(
        "{name} has {number} longer than the {} that [ingest] max_gap_hours allows{end}: {}{more}; add files that \
         have these hours, leave out the files beyond, or raise max_gap_hours",
        count_hours(max_gap_hours),
        listed.join(", ")
    )
}

/// `1 hour`, `2 hours`.
pub(crate) fn count_hours(hours: usize) -> String {
    if hours == 1 { "1 hour".to_string() } else { format!("{hours} hours") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn t2m() -> &'static Variable {
        Variable::named("t2m").unwrap()
    }

    fn hours(present: impl IntoIterator<Item = i64>) -> Vec<Hour> {
        let hour = |h: i64| Hour {
            time_us: h * HOUR_US,
            value: h as f32 * 0.5,
            flags: if h % 2 == 0 { flag::PRELIMINARY } else { 0 },
        };
        present.into_iter().map(hour).collect()
    }

    fn fill_from_to(present: Vec<i64>, first: i64, last: i64, max: usize) -> Result<Filled, String> {
        let span = (first * HOUR_US, last * HOUR_US);
        fill(t2m(), &hours(present), span, max).map_err(|error| error.to_string())
    }

    proptest! {
        /// A straight line with holes comes back as the straight line: halves are exact in 32 bits
        /// but for the rounding of thirds, hence the tolerance of an ulp.
        #[test]
        fn holes_in_a_line_are_filled_with_the_line(
            missing in prop::collection::btree_set(1_i64..99, 0..40),
        ) {
            let present: Vec<i64> = (0..100).filter(|hour| !missing.contains(hour)).collect();
            let filled = fill_from_to(present, 0, 99, 168).unwrap();
            prop_assert_eq!(filled.values.len(), 100);
            for (hour, value) in filled.values.iter().enumerate() {
                prop_assert!((value - hour as f32 * 0.5).abs() < 1e-5);
                let present = if hour % 2 == 0 { flag::PRELIMINARY } else { 0 };
                let expected = if missing.contains(&(hour as i64)) { flag::FILLED } else { present };
                prop_assert_eq!(filled.flags[hour], expected);
            }
            let listed: BTreeSet<i64> = filled.gaps.iter()
                .flat_map(|gap| (0..gap.hours as i64).map(|h| gap.from_us / HOUR_US + h)).collect();
            prop_assert_eq!(listed, missing);
        }

        #[test]
        fn a_series_is_refused_exactly_if_a_run_is_too_long(
            missing in prop::collection::btree_set(1_i64..49, 0..30), max in 0_usize..5,
        ) {
            let present: Vec<i64> = (0..50).filter(|hour| !missing.contains(hour)).collect();
            let mut longest = 0;
            let mut run = 0;
            for hour in 0..50 {
                run = if missing.contains(&hour) { run + 1 } else { 0 };
                longest = longest.max(run);
            }
            prop_assert_eq!(fill_from_to(present, 0, 49, max).is_ok(), longest <= max);
        }
    }

    #[test]
    fn a_gap_too_long_is_listed() {
        assert_eq!(
            fill_from_to(vec![0, 1, 4, 5], 0, 5, 1).unwrap_err(),
            "t2m has a gap that is longer than the 1 hour that [ingest] max_gap_hours allows: 1970-01-01T02:00 to \
             1970-01-01T03:00 (2 hours); add files that have these hours, leave out the files beyond, or raise \
             max_gap_hours"
        );
    }

    #[test]
    fn of_many_gaps_ten_are_listed() {
        let message = fill_from_to((0..25).map(|h| h * 2).collect(), 0, 48, 0).unwrap_err();
        assert!(message.starts_with(
            "t2m has 24 gaps that are longer than the 0 hours that [ingest] max_gap_hours allows: \
             1970-01-01T01:00 to 1970-01-01T01:00 (1 hour), 1970-01-01T03:00"
        ));
        assert!(message.contains("1970-01-01T19:00 (1 hour) and 14 more; add"), "{message}");
    }

    #[test]
    fn a_gap_at_an_end_cannot_be_filled() {
        assert_eq!(
            fill_from_to(vec![0, 1, 2], 0, 3, 3).unwrap_err(),
            "t2m has a gap that is longer than the 3 hours that [ingest] max_gap_hours allows, or at an end of the \
             series, where nothing can be interpolated: 1970-01-01T03:00 to 1970-01-01T03:00 (1 hour); add files \
             that have these hours, leave out the files beyond, or raise max_gap_hours"
        );
    }

    #[test]
    fn one_hour_is_a_series() {
        assert_eq!(fill_from_to(vec![7], 7, 7, 0).unwrap().values, [3.5]);
    }
}
