//! The usual step of a gridded series: where most of its times are more than an hour apart, nothing says what stands
//! for the hours between, and no straight line is drawn through them.

use anyhow::bail;
use contract::calendar::{self, HOUR_US};
use contract::variable::Variable;

use crate::dataset::Hour;
use crate::merge::Source;

/// So many steps at least decide; fewer may be what gaps have left.
const FEWEST_STEPS: usize = 3;
/// The same in a month, where gaps are more of the whole.
const FEWEST_STEPS_IN_MONTH: usize = 24;

/// Refuses hours, in order of time, of which most are more than an hour apart: all of them, or those of a month, so
/// that a coarse part of an hourly series is found too. Gaps of an hourly series are none of its business.
///
/// # Errors
/// The step, the first file that has it, and what to do.
pub(crate) fn check(variable: &Variable, hours: &[Hour], sources: &[Source<'_>]) -> anyhow::Result<()> {
    let month = |hour: &Hour| {
        let civil = calendar::civil(hour.time_us);
        (civil.year, civil.month)
    };
    let months = hours.chunk_by(|a, b| month(a) == month(b));
    let coarse = |part: &[Hour], fewest| usual_step(part, fewest).filter(|step_us| *step_us > HOUR_US);
    let of_month = months.filter_map(|part| Some((part, coarse(part, FEWEST_STEPS_IN_MONTH)?))).next();
    let of_all = || coarse(hours, FEWEST_STEPS).map(|step_us| (hours, step_us));
    let Some((part, step_us)) = of_month.or_else(of_all) else { return Ok(()) };
    let first_us = part[0].time_us;
    let has_first = |source: &&Source<'_>| source.hours.iter().any(|hour| hour.time_us == first_us);
    let file = sources.iter().find(has_first).map_or("the files", |source| source.file);
    bail!(
        "{file} has {} every {} hours from {}; wanted every hour, since nothing says what stands for the hours \
         between: download all hours of the day, or take the file out of [ingest] files",
        variable.name,
        step_us / HOUR_US,
        calendar::format_hour(first_us)
    )
}

/// The most common difference of consecutive times, of several as common the shortest; `None` with too few.
fn usual_step(hours: &[Hour], fewest: usize) -> Option<i64> {
    let mut steps: Vec<i64> = hours.windows(2).map(|pair| pair[1].time_us - pair[0].time_us).collect();
    if steps.len() < fewest {
        return None;
    }
    steps.sort_unstable();
    let runs = steps.chunk_by(|a, b| a == b);
    // The last of equal keys is taken, and the shortest is to be it.
    runs.rev().max_by_key(|run| run.len()).map(|run| run[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_hours(hours: impl IntoIterator<Item = i64>) -> Result<(), String> {
        let hour = |hour: i64| Hour { time_us: hour * HOUR_US, value: 280.0, flags: 0 };
        let hours: Vec<Hour> = hours.into_iter().map(hour).collect();
        let sources = [Source { file: "x.nc", hours: &hours }];
        check(Variable::named("t2m").unwrap(), &hours, &sources).map_err(|error| error.to_string())
    }

    fn message(step: i64, from: &str) -> Result<(), String> {
        Err(format!(
            "x.nc has t2m every {step} hours from {from}; wanted every hour, since nothing says what stands for the \
             hours between: download all hours of the day, or take the file out of [ingest] files"
        ))
    }

    #[test]
    fn a_series_every_some_hours_is_refused() {
        for step in [2, 3, 6, 12, 24] {
            let seen = check_hours((0..100).map(|index| index * step));
            assert_eq!(seen, message(step, "1970-01-01T00:00"), "{step}");
        }
    }

    #[test]
    fn a_coarse_month_of_an_hourly_series_is_refused() {
        let january = 0..744;
        let february = (0..224).map(|index| 744 + index * 3);
        let march = 1416..2160;
        assert_eq!(check_hours(january.chain(february).chain(march)), message(3, "1970-02-01T00:00"));
    }

    #[test]
    fn gaps_of_an_hourly_series_are_none_of_its_business() {
        assert_eq!(check_hours((0..2000).filter(|hour| hour % 24 != 0 && hour % 7 != 3)), Ok(()));
        assert_eq!(check_hours((0..2000).filter(|hour| !(100..1500).contains(hour))), Ok(()));
        assert_eq!(check_hours([0, 1, 6]), Ok(()));
        assert_eq!(check_hours([0, 6]), Ok(()));
    }
}
