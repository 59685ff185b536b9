//! The real hours on one grid of hours, with the split of each, and the training years that baselines
//! are fitted on. All values are those of the reference year's climate.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use contract::artifact::{Split, column};
use contract::calendar::{self, DAY_US, HOUR_US};
use contract::transform::Transform;

use crate::series::{Day, HOURS, Hour, Series};

/// Hours from the first to the last, one after another; see the module.
pub(crate) struct Hours {
    /// UTC, microseconds.
    start_us: i64,
    /// Local standard time minus UTC, microseconds.
    offset_us: i64,
    /// NaN where there is no hour.
    pub(crate) values: Vec<f64>,
    is_test: Vec<bool>,
    /// The local days that the hours lie in.
    days: Vec<Day>,
    /// Whole training and validation years.
    pub(crate) training: Series,
}

impl Hours {
    /// # Errors
    /// When the file is not as `preprocess` writes it.
    pub(crate) fn read(path: &Path, transform: &Transform) -> anyhow::Result<Hours> {
        let adjusted = column::adjusted(&transform.variable);
        let columns = [column::TIME, column::LOCAL_TIME, &adjusted, column::SPLIT];
        let table = tables::read(path, &columns)?;
        let parse = || -> anyhow::Result<Hours> {
            let names = table.texts(column::SPLIT)?.iter();
            let splits: Vec<_> = names.map(|name| name.as_deref().and_then(Split::from_name)).collect();
            let (times, local) = (table.times(column::TIME)?, table.times(column::LOCAL_TIME)?);
            Hours::of(times, local, table.f32s(&adjusted)?, &splits)
        };
        parse().with_context(|| format!("cannot use {}", path.display()))
    }

    pub(crate) fn of(
        times: &[i64],
        local: &[i64],
        values: &[f32],
        splits: &[Option<Split>],
    ) -> anyhow::Result<Hours> {
        let (Some(&start_us), Some(&end)) = (times.first(), times.last()) else { bail!("it has no rows") };
        ensure!(times.is_sorted_by(|a, b| a < b), "its rows are not in the order of time");
        let offset_us = local[0] - start_us;
        let count = ((end - start_us) / HOUR_US + 1) as usize;
        let mut hours = Hours {
            start_us,
            offset_us,
            values: vec![f64::NAN; count],
            is_test: vec![false; count],
            days: days(local[0], end + offset_us),
            training: Series::default(),
        };
        for (row, &time) in times.iter().enumerate() {
            let at = ((time - start_us) / HOUR_US) as usize;
            hours.values[at] = f64::from(values[row]);
            hours.is_test[at] = splits[row] == Some(Split::Test);
        }
        let fitted = [Some(Split::Train), Some(Split::Validation)];
        let rows = (0..times.len()).filter(|&row| fitted.contains(&splits[row]));
        let hour = |row: usize| Hour { member: 0, local_us: local[row], value: f64::from(values[row]) };
        hours.training = Series::of(rows.map(hour)).real_years();
        Ok(hours)
    }

    /// Where that time (UTC) stands.
    ///
    /// # Errors
    /// When it is no test hour. Its value may be missing: it is hidden, but no score knows it.
    pub(crate) fn test_hour(&self, time_us: i64) -> anyhow::Result<usize> {
        let at = (time_us - self.start_us).div_euclid(HOUR_US);
        let is_there = (time_us - self.start_us) % HOUR_US == 0 && at >= 0;
        let at = at as usize;
        if is_there && self.is_test.get(at) == Some(&true) {
            return Ok(at);
        }
        bail!(
            "it has the hour {}Z, which is no test hour in observed.parquet",
            calendar::format_hour(time_us)
        )
    }

    /// The value of a test hour; `None` for any other.
    pub(crate) fn test_value(&self, at: usize) -> Option<f64> {
        let value = *self.values.get(at)?;
        (self.is_test[at] && !value.is_nan()).then_some(value)
    }

    /// The local day and hour.
    pub(crate) fn day(&self, at: usize) -> (&Day, usize) {
        let first = (self.start_us + self.offset_us).div_euclid(DAY_US);
        let local = self.start_us + self.offset_us + at as i64 * HOUR_US;
        let day = (local.div_euclid(DAY_US) - first) as usize;
        (&self.days[day], (local.rem_euclid(DAY_US) / HOUR_US) as usize % HOURS)
    }

    /// UTC, microseconds.
    pub(crate) fn time_us(&self, at: usize) -> i64 {
        self.start_us + at as i64 * HOUR_US
    }

    /// As people there read it: `2004-03-01T07:00`.
    pub(crate) fn local_text(&self, at: usize) -> String {
        calendar::format_hour(self.time_us(at) + self.offset_us)
    }
}

fn days(first_us: i64, last_us: i64) -> Vec<Day> {
    let day = |number: i64| {
        let civil = calendar::civil(number * DAY_US);
        let (year, month, day_of_year) = (civil.year, civil.month, civil.day_of_year);
        Day { member: 0, number, year, month, day_of_year }
    };
    (first_us.div_euclid(DAY_US)..=last_us.div_euclid(DAY_US)).map(day).collect()
}
