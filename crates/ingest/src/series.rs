//! All files together: the series of one place, every hour from the first that the files have to
//! the last.

use anyhow::{anyhow, bail};
use contract::calendar::{self, HOUR_US, MINUTE_US};
use contract::credit::Credit;
use contract::stage::InputFile;
use contract::variable::{Sampling, Variable};
use rayon::prelude::*;

use crate::accumulation::{self, Accumulation};
use crate::backend::Backend;
use crate::config::{Config, Nearest};
use crate::dataset::{self, FileColumn, FileHours, Hour, Mask};
use crate::gaps::{self, Gap};
use crate::grid::Point;
use crate::merge::{self, Source};
use crate::quality;
use crate::station;
use crate::step;

/// Grid points closer than this, about 100 m, are the same.
const SAME_POINT_DEG: f64 = 1e-3;

/// The series of one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The grid point.
    pub point: Point,
    /// From the place that was asked for, to the metre.
    pub distance_km: f64,
    /// The first hour, in microseconds since 1970, UTC.
    pub first_us: i64,
    pub hours: usize,
    pub variables: Vec<VariableSeries>,
    /// What the files say of their data.
    pub credit: Credit,
}

/// One variable of the series.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableSeries {
    pub variable: &'static Variable,
    /// In the canonical unit; NaN where a gap was left.
    pub values: Vec<f32>,
    /// Bits of [`contract::artifact::flag`].
    pub flags: Vec<u8>,
    /// The runs that were missing.
    pub gaps: Vec<Gap>,
}

impl Series {
    pub fn last_us(&self) -> i64 {
        self.first_us + (self.hours as i64 - 1) * HOUR_US
    }

    /// The times of all hours.
    pub fn times(&self) -> Vec<i64> {
        (0..self.hours as i64).map(|hour| self.first_us + hour * HOUR_US).collect()
    }
}

/// Reads the files, in parallel, and makes one series of them. The order of the files and the
/// backend change nothing.
///
/// # Errors
/// Whatever is wrong with a file, or with the files together; of several faults always the same one.
pub fn read_series(config: &Config, files: &[InputFile], backend: Backend) -> anyhow::Result<Series> {
    let mut files: Vec<&InputFile> = files.iter().collect();
    files.sort_by(|a, b| (&a.path, &a.digest).cmp(&(&b.path, &b.digest)));
    let paths: Vec<String> = files.iter().map(|file| file.path.display().to_string()).collect();
    let Merged { point, distance_km, mut series, credit } = match &config.station {
        Some(station) => Merged {
            point: config.place.rounded(),
            distance_km: 0.0,
            series: station::read(
                station,
                &files.iter().map(|file| file.path.as_path()).collect::<Vec<_>>(),
            )?,
            credit: Credit::default(),
        },
        None => merge_grids(config, &files, &paths, backend)?,
    };
    quality::check(&mut series, config.station.as_ref().map(|station| &station.quality));

    if config.station.is_none() {
        check_past_hour(&series)?;
    }
    let (first_us, last_us) = merge::span(&series)?;
    let mut variables = Vec::new();
    for (variable, hours) in series {
        let filled = gaps::fill(variable, &hours, (first_us, last_us), config.gaps)?;
        let gaps::Filled { values, flags, gaps } = filled;
        variables.push(VariableSeries { variable, values, flags, gaps });
    }
    let hours = ((last_us - first_us) / HOUR_US + 1) as usize;
    Ok(Series { point, distance_km, first_us, hours, variables, credit })
}

/// Refuses hours that lie at different places between the whole hours of UTC, and says where they lie if it is not at
/// these.
///
/// # Errors
/// That, with the variable and the first time of each place.
fn check_past_hour(series: &[(&'static Variable, Vec<Hour>)]) -> anyhow::Result<()> {
    let mut hours =
        series.iter().flat_map(|(variable, hours)| hours.iter().map(|hour| (variable.name, hour.time_us)));
    let Some((name, first_us)) = hours.next() else { return Ok(()) };
    let past_us = first_us.rem_euclid(HOUR_US);
    if let Some((other, time_us)) = hours.find(|(_, time_us)| time_us.rem_euclid(HOUR_US) != past_us) {
        bail!(
            "{name} has the time {}, and {other} the time {}; wanted all files and variables at the same minute of the \
             hour: interpolate them to whole hours UTC",
            calendar::format_hour(first_us),
            calendar::format_hour(time_us)
        );
    }
    if past_us != 0 {
        tracing::warn!(
            "the times lie {} minutes after the whole hours of UTC, and are kept there; those of ERA5 are whole",
            past_us / MINUTE_US
        );
    }
    Ok(())
}

/// The hours of every variable, in order of time and once each.
struct Merged {
    point: Point,
    distance_km: f64,
    series: Vec<(&'static Variable, Vec<Hour>)>,
    credit: Credit,
}

/// Those of reanalysis at the grid point nearest to the place.
fn merge_grids(
    config: &Config,
    files: &[&InputFile],
    paths: &[String],
    backend: Backend,
) -> anyhow::Result<Merged> {
    let read: Vec<anyhow::Result<FileHours>> =
        files.par_iter().map(|file| dataset::read(&file.path, config, backend)).collect();
    let read = read.into_iter().collect::<anyhow::Result<Vec<FileHours>>>()?;

    check_variables(config, paths, &read)?;
    for (path, file) in paths.iter().zip(&read).filter(|(_, file)| file.columns.is_empty()) {
        tracing::warn!("{path} has none of the variables of [ingest]; it has {}", file.names.join(", "));
    }
    for variable in &config.variables {
        check_mask(variable, config, paths, &read)?;
    }
    let (point, distance_km) = common_point(paths, &read)?;
    let mut series = Vec::new();
    for variable in &config.variables {
        let sources: Vec<Source<'_>> = columns(paths, &read)
            .filter(|(_, column)| column.variable == *variable)
            .map(|(file, column)| Source { file, hours: &column.hours })
            .collect();
        let merged = merge::merge(variable, &sources)?;
        step::check(variable, &merged, &sources)?;
        series.push((*variable, of_each_hour(variable, merged, config.gaps.linear_hours)?));
    }
    let used = read.into_iter().filter(|file| !file.columns.is_empty());
    let credit = used.fold(Credit::default(), |credit, file| credit.and(file.credit));
    Ok(Merged { point, distance_km, series, credit })
}

/// Says that the nearest point with values is taken in place of one without.
///
/// # Errors
/// When no file has a value at the nearest point, and another point has.
fn check_mask(
    variable: &Variable,
    config: &Config,
    paths: &[String],
    read: &[FileHours],
) -> anyhow::Result<()> {
    let of_variable = || columns(paths, read).filter(|(_, column)| column.variable == variable);
    let masked = of_variable().find_map(|(path, column)| Some((path, column.mask?)));
    let Some((path, Mask { masked, nearest: Some(nearest) })) = masked else { return Ok(()) };
    let name = variable.name;
    let (point, distance_km) = (nearest.point, nearest.distance_km);
    if config.nearest == Nearest::WithValues {
        tracing::warn!(
            "{path} has no {name} at {}, the nearest point; {point} is taken, {distance_km:.1} km from the place",
            masked.point
        );
        return Ok(());
    }
    if of_variable().all(|(_, column)| column.hours.is_empty()) {
        bail!(
            "{path} has no {name} at {}, the grid point nearest to the place ({:.1} km), as land data have none at sea; \
             the nearest point with values is {point}, {distance_km:.1} km from the place: set [ingest] nearest = \
             \"with-values\" to take it, or correct latitude_deg and longitude_deg",
            masked.point,
            masked.distance_km
        );
    }
    Ok(())
}

/// Sums since midnight made amounts of each hour; everything else as it is.
///
/// # Errors
/// When nothing tells the one from the other.
fn of_each_hour(
    variable: &Variable,
    hours: Vec<Hour>,
    longest_shared_hours: usize,
) -> anyhow::Result<Vec<Hour>> {
    if variable.sampling == Sampling::Instantaneous {
        return Ok(hours);
    }
    let name = variable.name;
    match accumulation::of(&hours) {
        Accumulation::Hour => Ok(hours),
        Accumulation::Day => {
            let (amounts, shared) = accumulation::of_each_hour(&hours, longest_shared_hours);
            tracing::warn!(
                "{name} is accumulated since midnight UTC, as in ERA5-Land; the amounts of each hour are taken"
            );
            if shared > 0 {
                let shared = gaps::count_hours(shared);
                tracing::warn!(
                    "{name}: {shared} missing or next to it, flagged; the sum over the gap is shared out equally"
                );
            }
            Ok(amounts)
        }
        Accumulation::Unclear => bail!(
            "{name} grows through each day, as sums since midnight do (ERA5-Land), but too few hours of a day are there \
             to tell; wanted all 24 hours of each day: download all of them, or take {name} out of [ingest] variables"
        ),
    }
}

fn columns<'a>(
    paths: &'a [String],
    read: &'a [FileHours],
) -> impl Iterator<Item = (&'a str, &'a FileColumn)> {
    let files = paths.iter().zip(read);
    files.flat_map(|(path, file)| file.columns.iter().map(|column| (path.as_str(), column)))
}

fn check_variables(config: &Config, paths: &[String], read: &[FileHours]) -> anyhow::Result<()> {
    for variable in &config.variables {
        if columns(paths, read).any(|(_, column)| column.variable == *variable) {
            continue;
        }
        let (name, rest) = (variable.name, "correct [ingest] variables, or add files that have it");
        match (paths, read) {
            ([], _) | (_, []) => bail!("there are no files to read; see [ingest] files"),
            ([path], [file]) => {
                bail!("{path} has no variable {name:?}; it has {}: {rest}", file.names.join(", "))
            }
            ([path, ..], [file, ..]) => bail!(
                "none of the {} files has a variable {name:?}; {path}, for one, has {}: {rest}",
                paths.len(),
                file.names.join(", ")
            ),
        }
    }
    Ok(())
}

/// The grid point of all files, and its distance.
fn common_point(paths: &[String], read: &[FileHours]) -> anyhow::Result<(Point, f64)> {
    let of_all = || columns(paths, read);
    let order = |a: &FileColumn, b: &FileColumn| {
        let key = |column: &FileColumn| (column.site.point.latitude_deg, column.site.point.longitude_deg);
        key(a).0.total_cmp(&key(b).0).then(key(a).1.total_cmp(&key(b).1))
    };
    let (_, first) =
        of_all().min_by(|a, b| order(a.1, b.1)).ok_or_else(|| anyhow!("there are no files to read"))?;
    let point = first.site.point;
    let differs = |other: Point| {
        let east = (other.longitude_deg - point.longitude_deg).abs();
        (other.latitude_deg - point.latitude_deg).abs() > SAME_POINT_DEG
            || east.min(360.0 - east) > SAME_POINT_DEG
    };
    if let Some((other_path, other)) = of_all().find(|(_, column)| differs(column.site.point)) {
        let (path, _) =
            of_all().find(|(_, column)| column.site.point == point).unwrap_or((other_path, other));
        bail!(
            "the grid points nearest to the place differ: {path} has {point}, {other_path} has {}; wanted files \
             of one grid: take one of them out of [ingest] files",
            other.site.point
        );
    }
    let distance = of_all().filter(|(_, column)| column.site.point == point);
    let distance = distance.map(|(_, column)| column.site.distance_km).fold(f64::INFINITY, f64::min);
    Ok((point, to_the_metre(distance)))
}

/// A distance without the digits that depend on how the grid is stored.
fn to_the_metre(distance_km: f64) -> f64 {
    (distance_km * 1e3).round() / 1e3
}
