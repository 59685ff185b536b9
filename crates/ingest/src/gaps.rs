//! Hours that no file has: short runs get a straight line, longer ones the daily course of the days
//! around them, and what is longer still is an error or stays missing. What is filled is flagged.

use anyhow::anyhow;
use contract::artifact::flag;
use contract::calendar::{self, DAY_HOURS, HOUR_US};
use contract::variable::{Sampling, Variable};

use crate::config::{GapPolicy, LongGaps};
use crate::dataset::Hour;

/// So many gaps are listed in an error.
const LISTED: usize = 10;

/// A run of hours that were missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first missing hour.
    pub from_us: i64,
    pub hours: usize,
    pub fill: Fill,
}

/// What became of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// The straight line between its neighbours.
    Linear,
    /// The daily course of the days around it.
    Diurnal,
    /// Nothing: the hours are missing.
    Missing,
}

impl Fill {
    pub fn name(self) -> &'static str {
        match self {
            Fill::Linear => "linear",
            Fill::Diurnal => "diurnal",
            Fill::Missing => "missing",
        }
    }
}

impl Gap {
    /// The last missing hour.
    pub fn to_us(&self) -> i64 {
        self.from_us + (self.hours as i64 - 1) * HOUR_US
    }
}

/// A series of every hour.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filled {
    /// NaN where nothing was filled in.
    pub values: Vec<f32>,
    /// Those of the hours, and [`flag::FILLED`].
    pub flags: Vec<u8>,
    pub gaps: Vec<Gap>,
}

/// The gaps of `hours`, which are in order, from the hour `first_us` to the hour `last_us`, each with
/// the number of missing hours.
pub(crate) fn find(hours: &[Hour], first_us: i64, last_us: i64) -> Vec<(i64, usize)> {
    let mut gaps = Vec::new();
    let mut expected = first_us;
    let ends = hours.iter().map(|hour| hour.time_us).chain([last_us + HOUR_US]);
    for time in ends {
        if time > expected {
            gaps.push((expected, ((time - expected) / HOUR_US) as usize));
        }
        expected = time + HOUR_US;
    }
    gaps
}

/// Fills the gaps by their length. A gap at an end of the series has only one neighbour, and cannot
/// be filled.
///
/// # Errors
/// Lists the gaps that cannot be filled, if the policy refuses them.
pub(crate) fn fill(
    variable: &Variable,
    hours: &[Hour],
    (first_us, last_us): (i64, i64),
    policy: GapPolicy,
) -> anyhow::Result<Filled> {
    let count = ((last_us - first_us) / HOUR_US + 1) as usize;
    let (mut observed, mut flags) = (vec![f32::NAN; count], vec![0; count]);
    for hour in hours {
        let row = ((hour.time_us - first_us) / HOUR_US) as usize;
        (observed[row], flags[row]) = (hour.value, hour.flags);
    }
    let mut values = observed.clone();
    let mut gaps = Vec::new();
    for (from_us, hours) in find(hours, first_us, last_us) {
        let from = ((from_us - first_us) / HOUR_US) as usize;
        let filled = fill_gap(&observed, from, hours, policy);
        let fill = filled.as_ref().map_or(Fill::Missing, |(fill, _)| *fill);
        for (row, value) in (from..).zip(filled.into_iter().flat_map(|(_, values)| values)) {
            // No rain or radiation is less than none.
            let least = if variable.sampling == Sampling::HourBefore { 0.0 } else { f64::MIN };
            (values[row], flags[row]) = (value.max(least) as f32, flag::FILLED);
        }
        gaps.push(Gap { from_us, hours, fill });
    }
    let bad: Vec<&Gap> = gaps.iter().filter(|gap| gap.fill == Fill::Missing).collect();
    if !bad.is_empty() && policy.longer == LongGaps::Refuse {
        let is_at_end = |gap: &&Gap| gap.from_us == first_us || gap.to_us() == last_us;
        return Err(too_long(variable, &bad, policy, bad.iter().any(is_at_end)));
    }
    Ok(Filled { values, flags, gaps })
}

/// The values of a gap, or `None` if it stays one.
fn fill_gap(observed: &[f32], from: usize, hours: usize, policy: GapPolicy) -> Option<(Fill, Vec<f64>)> {
    let at = |row: usize| observed.get(row).map(|value| f64::from(*value)).filter(|value| !value.is_nan());
    let (before, after) = (at(from.checked_sub(1)?)?, at(from + hours)?);
    let share = |step: usize| step as f64 / (hours + 1) as f64;
    if hours <= policy.linear_hours {
        let line = |step: usize| before + (after - before) * share(step);
        return Some((Fill::Linear, (1..=hours).map(line).collect()));
    }
    if hours > policy.diurnal_hours {
        return None;
    }
    // The same hours of day before and after the gap, with both of its neighbours.
    let days = (hours + 1).div_ceil(DAY_HOURS) * DAY_HOURS;
    let rows = || from - 1..=from + hours;
    let earlier: Option<Vec<f64>> = rows().map(|row| at(row.checked_sub(days)?)).collect();
    let later: Option<Vec<f64>> = rows().map(|row| at(row + days)).collect();
    let (earlier, later) = match (earlier, later) {
        (Some(earlier), Some(later)) => (earlier, later),
        (Some(one), None) | (None, Some(one)) => (one.clone(), one),
        (None, None) => return None,
    };
    let (at_start, at_end) = (before - earlier[0], after - later[hours + 1]);
    let course = |step: usize| {
        let share = share(step);
        (1.0 - share) * (earlier[step] + at_start) + share * (later[step] + at_end)
    };
    Some((Fill::Diurnal, (1..=hours).map(course).collect()))
}

fn too_long(variable: &Variable, gaps: &[&Gap], policy: GapPolicy, at_end: bool) -> anyhow::Error {
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
    let (key, most) = if policy.diurnal_hours > policy.linear_hours {
        ("max_diurnal_gap_hours", policy.diurnal_hours)
    } else {
        ("max_gap_hours", policy.linear_hours)
    };
    anyhow!(
        "{name} has {number} longer than the {} that [ingest] {key} allows{end}: {}{more}; add files that have these \
         hours, leave out the files beyond, raise {key}, or set long_gaps = \"leave\"",
        count_hours(most),
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
        let policy = GapPolicy { linear_hours: max, diurnal_hours: 0, longer: LongGaps::Refuse };
        let span = (first * HOUR_US, last * HOUR_US);
        fill(t2m(), &hours(present), span, policy).map_err(|error| error.to_string())
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
             1970-01-01T03:00 (2 hours); add files that have these hours, leave out the files beyond, raise max_gap_hours, or set \
             long_gaps = \"leave\""
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
             that have these hours, leave out the files beyond, raise max_gap_hours, or set long_gaps = \"leave\""
        );
    }

    /// Days that repeat exactly but for a steady rise are continued exactly.
    #[test]
    fn the_daily_course_of_the_days_around_fills_a_longer_gap() {
        let value = |hour: i64| [280.0, 285.0, 291.0, 284.0][(hour % 24 / 6) as usize] + hour as f32 * 0.125;
        let all: Vec<Hour> =
            (0..240).map(|hour| Hour { time_us: hour * HOUR_US, value: value(hour), flags: 0 }).collect();
        for (gap, linear_hours) in [(100..130, 3), (30..54, 3), (200..230, 3), (100..103, 0)] {
            let policy = GapPolicy { linear_hours, diurnal_hours: 48, longer: LongGaps::Refuse };
            let present: Vec<Hour> =
                all.iter().filter(|hour| !gap.contains(&(hour.time_us / HOUR_US))).copied().collect();
            let filled = fill(t2m(), &present, (0, 239 * HOUR_US), policy).unwrap();
            assert_eq!(filled.gaps[0].fill, Fill::Diurnal);
            for (hour, got) in filled.values.iter().enumerate() {
                // Sums in 64 bits, rounded once.
                assert!((got - value(hour as i64)).abs() < 1e-3, "{gap:?}, hour {hour}: {got}");
            }
        }
    }

    #[test]
    fn a_gap_may_be_left() {
        let policy = GapPolicy { linear_hours: 1, diurnal_hours: 0, longer: LongGaps::Leave };
        let filled = fill(t2m(), &hours([0, 2, 5]), (0, 6 * HOUR_US), policy).unwrap();
        let fills: Vec<Fill> = filled.gaps.iter().map(|gap| gap.fill).collect();
        assert_eq!(fills, [Fill::Linear, Fill::Missing, Fill::Missing]);
        let is_nan: Vec<bool> = filled.values.iter().map(|value| value.is_nan()).collect();
        assert_eq!(is_nan, [false, false, false, true, true, false, true]);
        assert_eq!(filled.flags[1], flag::FILLED);
        assert_eq!(filled.flags[3], 0);
    }

    #[test]
    fn filled_rain_is_never_negative() {
        let variable = Variable::named("tp").unwrap();
        let value = |hour: i64| if hour % 24 == 12 { 0.0 } else { 1.0 };
        let mut hours: Vec<Hour> =
            (0..96).map(|hour| Hour { time_us: hour * HOUR_US, value: value(hour), flags: 0 }).collect();
        hours[29].value = 0.0;
        hours.drain(30..42);
        let policy = GapPolicy { linear_hours: 3, diurnal_hours: 24, longer: LongGaps::Refuse };
        let filled = fill(variable, &hours, (0, 95 * HOUR_US), policy).unwrap();
        assert!(filled.values.iter().all(|value| *value >= 0.0), "{:?}", filled.values);
    }

    #[test]
    fn one_hour_is_a_series() {
        assert_eq!(fill_from_to(vec![7], 7, 7, 0).unwrap().values, [3.5]);
    }
}
