//! Quality control of the hours of a variable: suspicious ones get flags, and none is changed or
//! taken away. Whether a value is possible at all, and far outside the climatology, is asked of every
//! source; spikes and stuck values are looked for in stations' measurements only, since reanalysis has
//! neither.

mod outlier;
mod spike;
mod stuck;

use contract::artifact::flag;
use contract::config::{Fault, in_range};
use contract::variable::Variable;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::dataset::Hour;
use crate::plausible;

/// What is looked for among a station's hours. What is found gets a flag, and is never changed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct QualityTable {
    /// Whether hours that jump away and back are looked for; rain and radiation have none.
    spike: bool,
    /// How many times the interquartile range of the month's hourly changes a spike must jump.
    #[schemars(range(min = 1, max = 1000))]
    spike_iqr: f64,
    /// Whether values that do not move for too long are looked for.
    stuck: bool,
    /// The longest run of one value that is not suspicious, hours, for all variables; without it, by the variable and
    /// the resolution of its values, 24 to 120.
    #[schemars(range(min = 2, max = 8784))]
    stuck_hours: Option<i64>,
}

impl Default for QualityTable {
    fn default() -> QualityTable {
        QualityTable { spike: true, spike_iqr: 6.0, stuck: true, stuck_hours: None }
    }
}

/// What is looked for in a station's measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quality {
    /// The factor of [`spike`], or `None` to look for none.
    spike_iqr: Option<f64>,
    stuck: StuckLimit,
}

/// The longest run of one value that is not suspicious.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StuckLimit {
    Off,
    /// By the variable and the resolution of its values.
    Derived,
    Hours(usize),
}

impl QualityTable {
    /// # Errors
    /// The first key whose value cannot be used.
    pub(crate) fn check(self) -> Result<Quality, Fault> {
        let spike_iqr = in_range("ingest.station.quality.spike_iqr", self.spike_iqr, 1.0..=1000.0)?;
        let hours = |hours| in_range("ingest.station.quality.stuck_hours", hours, 2..=8784);
        let stuck = match (self.stuck, self.stuck_hours.map(hours).transpose()?) {
            (false, _) => StuckLimit::Off,
            (true, None) => StuckLimit::Derived,
            (true, Some(hours)) => StuckLimit::Hours(hours.unsigned_abs() as usize),
        };
        Ok(Quality { spike_iqr: self.spike.then_some(spike_iqr), stuck })
    }
}

/// How many hours of a variable have each flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    out_of_range: usize,
    spikes: usize,
    stuck: usize,
    duplicates: usize,
    outliers: usize,
}

/// Flags the suspicious of `hours`, which are in order of time; `station` says what to look for in
/// measurements.
pub(crate) fn flag_hours(variable: &Variable, hours: &mut [Hour], station: Option<&Quality>) -> Found {
    for hour in hours.iter_mut() {
        if !plausible::is_possible(variable, hour.value) {
            hour.flags |= flag::OUT_OF_RANGE;
        }
    }
    outlier::flag(variable, hours);
    if let Some(quality) = station {
        match quality.stuck {
            StuckLimit::Off => {}
            StuckLimit::Derived => stuck::flag(variable, hours, None),
            StuckLimit::Hours(limit) => stuck::flag(variable, hours, Some(limit)),
        }
        if let Some(iqr_factor) = quality.spike_iqr {
            spike::flag(variable, hours, iqr_factor);
        }
    }
    let count = |bit: u8| hours.iter().filter(|hour| hour.flags & bit != 0).count();
    Found {
        out_of_range: count(flag::OUT_OF_RANGE),
        spikes: count(flag::SPIKE),
        stuck: count(flag::STUCK),
        duplicates: count(flag::DUPLICATE),
        outliers: count(flag::OUTLIER),
    }
}

/// Flags all variables, and says what was found.
pub(crate) fn check(series: &mut [(&'static Variable, Vec<Hour>)], station: Option<&Quality>) {
    for (variable, hours) in series {
        let found = flag_hours(variable, hours, station);
        if let Some(sentence) = found.sentence(variable) {
            tracing::warn!("{sentence}");
        }
    }
}

impl Found {
    /// `t2m: 12 hours out of range, 3 spikes, 48 stuck; flagged in series.parquet`, or `None`.
    fn sentence(self, variable: &Variable) -> Option<String> {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let parts = [
            (self.out_of_range, format!("hour{} out of range", plural(self.out_of_range))),
            (self.spikes, format!("spike{}", plural(self.spikes))),
            (self.stuck, "stuck".to_string()),
            (self.duplicates, "with several values".to_string()),
            (self.outliers, format!("outlier{} of the climatology", plural(self.outliers))),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, what)| format!("{count} {what}")).collect();
        let series = contract::artifact::SERIES;
        (!parts.is_empty()).then(|| format!("{}: {}; flagged in {series}", variable.name, parts.join(", ")))
    }
}

/// The usual step of hours in order, in microseconds: the median difference.
fn usual_step(hours: &[Hour]) -> Option<i64> {
    let mut steps: Vec<i64> = hours.windows(2).map(|pair| pair[1].time_us - pair[0].time_us).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied()
}

/// The smallest usual change between values: the 5 % quantile of all that are not zero. It is the
/// resolution of values that were rounded, and next to nothing for others.
fn resolution(hours: &[Hour]) -> f64 {
    let change = |pair: &[Hour]| f64::from(pair[1].value - pair[0].value).abs();
    let mut changes: Vec<f64> = hours.windows(2).map(change).filter(|change| *change > 0.0).collect();
    changes.sort_unstable_by(f64::total_cmp);
    changes.get(changes.len() / 20).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use contract::calendar::HOUR_US;

    use super::*;

    pub(super) fn series(values: impl IntoIterator<Item = f32>) -> Vec<Hour> {
        let hour = |(hour, value)| Hour { time_us: hour as i64 * HOUR_US, value, flags: 0 };
        values.into_iter().enumerate().map(hour).collect()
    }

    pub(super) fn flagged(hours: &[Hour], bit: u8) -> Vec<usize> {
        (0..hours.len()).filter(|hour| hours[*hour].flags & bit != 0).collect()
    }

    fn t2m() -> &'static Variable {
        Variable::named("t2m").unwrap()
    }

    #[test]
    fn values_that_are_not_possible_are_flagged_in_every_source() {
        let mut hours = series([169.9, 170.0, 280.0, 340.0, 340.1]);
        hours[4].flags = flag::PRELIMINARY;
        let found = flag_hours(t2m(), &mut hours, None);
        assert_eq!(flagged(&hours, flag::OUT_OF_RANGE), [0, 4]);
        assert_eq!(hours[4].flags, flag::PRELIMINARY | flag::OUT_OF_RANGE);
        assert_eq!(found.sentence(t2m()).unwrap(), "t2m: 2 hours out of range; flagged in series.parquet");
    }

    #[test]
    fn the_sum_is_one_sentence() {
        let found = Found { out_of_range: 1, spikes: 3, stuck: 48, duplicates: 2, outliers: 0 };
        assert_eq!(
            found.sentence(t2m()).unwrap(),
            "t2m: 1 hour out of range, 3 spikes, 48 stuck, 2 with several values; flagged in series.parquet"
        );
        assert_eq!(Found::default().sentence(t2m()), None);
    }

    #[test]
    fn keys_that_cannot_be_used_are_named() {
        for (table, message) in [
            (
                QualityTable { spike_iqr: 0.5, ..QualityTable::default() },
                "[ingest] station.quality.spike_iqr is 0.5; wanted 1 to 1000",
            ),
            (
                QualityTable { stuck_hours: Some(1), ..QualityTable::default() },
                "[ingest] station.quality.stuck_hours is 1; wanted 2 to 8784",
            ),
        ] {
            assert_eq!(table.check().unwrap_err().describe("x.toml"), format!("x.toml: {message}"));
        }
    }

    #[test]
    fn what_is_switched_off_is_not_looked_for() {
        let mut values = vec![280.0_f32; 100];
        values[50] = 300.0;
        let quality = QualityTable { spike: false, stuck: false, ..QualityTable::default() }.check().unwrap();
        let mut hours = series(values);
        assert_eq!(flag_hours(t2m(), &mut hours, Some(&quality)), Found::default());
    }
}
