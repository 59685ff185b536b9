//! The user's own station: files in text or Parquet, described by `[ingest.station]`, made the hours
//! of each variable. All files together are one record, so that the hours at their borders are
//! whole. Nothing is taken away here but rows that say the same again.

mod chosen;
mod civil_time;
mod column;
mod config;
mod daily;
mod hourly;
mod names;
mod parquet_file;
mod rows;
mod text_file;
mod time_grid;
mod timestamp;
mod zone_letters;

use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::{anyhow, bail};
use contract::calendar::{self, HOUR_US, MINUTE_US};
use contract::variable::Variable;
use rayon::prelude::*;

use self::column::{Quantity, StationColumn};
pub(crate) use self::config::{MISSING, Station, StationTable};
use self::hourly::{Rule, Sample};
use self::time_grid::Moved;
pub(crate) use self::timestamp::{Stamp, TimeFormat};
use crate::dataset::Hour;
use crate::sniff::{self, Content};

/// Amounts may be a little less frequent than hourly before they are refused.
const LONGEST_AMOUNT_US: i64 = HOUR_US + HOUR_US / 2;

/// Years that stations have measured in, or will before this is read.
const YEARS: RangeInclusive<i16> = 1700..=2300;

/// The samples of one file, for each column of the [`Station`].
type Samples = Vec<Vec<Sample>>;

/// The hours of every variable from all files, whose order decides which of two values for one time
/// comes first.
///
/// # Errors
/// Whatever is wrong with a file; of several faults that of the first file.
pub(crate) fn read(
    station: &Station,
    paths: &[&Path],
) -> anyhow::Result<Vec<(&'static Variable, Vec<Hour>)>> {
    let files: Vec<anyhow::Result<Samples>> = paths.par_iter().map(|path| read_file(path, station)).collect();
    let mut of_columns: Samples = vec![Vec::new(); station.columns.len()];
    for file in files {
        for (all, samples) in of_columns.iter_mut().zip(file?) {
            all.extend(samples);
        }
    }
    let past_hour_us = time_grid::past_hour_us(&of_columns);
    if past_hour_us > 0 {
        tracing::warn!(
            "the station's times lie {} minutes after the whole hours of UTC, and are kept there: its hours are those \
             of its clock, and not those of ERA5",
            past_hour_us / MINUTE_US
        );
    }
    let columns = station.columns.iter().zip(of_columns);
    columns
        .map(|(column, samples)| Ok((column.variable, hours(station, column, samples, past_hour_us)?)))
        .collect()
}

/// The values of the first column and the times of all rows of a file, in its order.
///
/// # Errors
/// Whatever is wrong with it.
pub(crate) fn rows_and_times(
    path: &Path,
    station: &Station,
    is_parquet: bool,
) -> anyhow::Result<(Vec<Option<f64>>, Vec<i64>)> {
    let rows = if is_parquet { parquet_file::read(path, station)? } else { text_file::read(path, station)? };
    let resolved = civil_time::resolve(&rows.stamps, &station.time_zone);
    let (times, _) = resolved.map_err(|message| anyhow!("{}: {message}", path.display()))?;
    Ok((rows.values.into_iter().next().unwrap_or_default(), times))
}

fn read_file(path: &Path, station: &Station) -> anyhow::Result<Samples> {
    let shown = path.display();
    let rows = match sniff::content(path)? {
        Content::Text => text_file::read(path, station)?,
        Content::Parquet => parquet_file::read(path, station)?,
        Content::Empty => bail!("{shown} is empty; wanted a station's CSV or Parquet file: copy it again"),
        content => bail!(
            "{shown} is {}; wanted a station's CSV or Parquet file, as [ingest.station] describes it: correct [ingest] \
             files, or take [ingest.station] out",
            describe(content)
        ),
    };
    let (times, clock) = civil_time::resolve(&rows.stamps, &station.time_zone)
        .map_err(|message| anyhow!("{shown}: {message}"))?;
    if let Some(wrong) = times.iter().find(|time_us| !YEARS.contains(&calendar::year(**time_us))) {
        let (seen, first, last) = (calendar::format_hour(*wrong), YEARS.start(), YEARS.end());
        bail!(
            "{shown} has the time {seen} UTC; wanted the years {first} to {last}: correct the row, or [ingest.station] \
             time_format"
        );
    }
    if let Some(note) = clock.note() {
        tracing::info!("{shown}: {note}");
    }
    for doubt in clock.doubts() {
        tracing::warn!("{shown}: {doubt}");
    }
    let samples = |values: Vec<Option<f64>>| {
        let present = times.iter().zip(values).filter_map(|(time_us, value)| Some((*time_us, value?)));
        present.map(|(time_us, value)| Sample { time_us, value, flags: 0 }).collect()
    };
    Ok(rows.values.into_iter().map(samples).collect())
}

fn describe(content: Content) -> &'static str {
    match content {
        Content::Netcdf => "a NetCDF file",
        Content::Zip => "a ZIP archive",
        Content::Markup => "a web page",
        Content::Parquet | Content::Text | Content::Empty | Content::Other => "neither text nor Parquet",
    }
}

/// The hours of one variable, which lie so long after those of UTC, and what people should know about them.
fn hours(
    station: &Station,
    column: &StationColumn,
    mut samples: Vec<Sample>,
    past_hour_us: i64,
) -> anyhow::Result<Vec<Hour>> {
    let name = column.variable.name;
    samples.iter_mut().for_each(|sample| sample.time_us -= past_hour_us);
    if let Moved { count: 1.., furthest_us } = time_grid::snap(&mut samples) {
        let minutes = furthest_us as f64 / MINUTE_US as f64;
        tracing::info!(
            "{name}: times up to {minutes:.1} minutes off the hour, or off their step, are taken for it"
        );
    }
    let (samples, duplicates) = hourly::unique(samples);
    match duplicates.repeated {
        0 => {}
        1 => tracing::info!("{name}: 1 row says the same again, and is left out"),
        rows => tracing::info!("{name}: {rows} rows say the same again, and are left out"),
    }
    if let Some(sentence) = duplicates.sentence() {
        tracing::warn!("{name}: {sentence}");
    }
    let (samples, days) = daily::split(samples);
    if let [first, .., last] = days.as_slice() {
        tracing::warn!(
            "{name}: {} values from {} to {} lie a day apart in an hourly record, and are left out as values of days",
            days.len(),
            calendar::format_hour(first.time_us + past_hour_us),
            calendar::format_hour(last.time_us + past_hour_us)
        );
    }
    if column.quantity == Quantity::Amount
        && let Some(step_us) = hourly::median_step(&samples).filter(|step_us| *step_us > LONGEST_AMOUNT_US)
    {
        bail!(
            "{name} has amounts in {:?} every {:.1} hours; wanted at least one an hour, since nothing says how to share \
             an amount out: give hourly ones, or take {name} out of [ingest] variables",
            column.unit_name,
            step_us as f64 / HOUR_US as f64
        );
    }
    if column.quantity == Quantity::Amount
        && let Some((first_us, step_us)) = hourly::coarse_month(&samples, LONGEST_AMOUNT_US)
    {
        bail!(
            "{name} has amounts in {:?} every {:.1} hours in the month of {}; wanted at least one an hour, since nothing \
             says how to share an amount out: give hourly ones, or take the rows of that time out",
            column.unit_name,
            step_us as f64 / HOUR_US as f64,
            calendar::format_hour(first_us + past_hour_us)
        );
    }
    let rule = Rule {
        sampling: column.variable.sampling,
        quantity: column.quantity,
        time_stamp: station.time_stamp,
    };
    let (mut hours, too_few, off_hour) = hourly::hours(&samples, rule);
    hours.iter_mut().for_each(|hour| hour.time_us += past_hour_us);
    if let Some(sentence) = off_hour.sentence(rule.sampling, column.variable.canonical_unit) {
        tracing::warn!("{name}: {sentence}");
    }
    if too_few > 0 {
        let too_few = crate::gaps::count_hours(too_few);
        tracing::warn!("{name}: {too_few} left missing, with less than half of the usual samples");
    }
    Ok(hours)
}
