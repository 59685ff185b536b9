//! The CSV of the Climate Data Store's timeseries dataset: `valid_time`, variables by their short
//! names, `latitude` and `longitude`, in ERA5's own units, UTC, hourly. Of several places the nearest
//! is taken. Any other text belongs to a station, and the message says how to describe it.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use contract::artifact::flag;
use contract::calendar::{self, HOUR_US};
use contract::credit::Credit;
use contract::variable::{AcceptedUnit, Variable};
use jiff::tz::Offset;

use crate::config::{Config, Interpolation};
use crate::dataset::{FileColumn, FileHours, Hour};
use crate::delimited::{Layout, Reader, Row};
use crate::grid::{self, Site};
use crate::station::TimeFormat;

/// The columns of the time, in order of preference.
const TIMES: [&str; 2] = ["valid_time", "time"];

/// So much of a header that cannot be used is shown.
const SHOWN_CHARACTERS: usize = 60;

/// Reads one file.
///
/// # Errors
/// Whatever is wrong with it, as a sentence that begins with its path.
pub(crate) fn read(path: &Path, config: &Config) -> anyhow::Result<FileHours> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let layout = Layout::commas();
    let mut reader = Reader::new(shown.to_string(), BufReader::new(file), &layout)?;
    let Some(columns) = Columns::find(reader.names(), config) else {
        return Err(not_era5(path, reader.names()));
    };
    if config.interpolation == Interpolation::Bilinear {
        bail!(
            "{shown} is the CSV of a point; [ingest] interpolation = \"bilinear\" is for grids: take it out"
        );
    }
    if let Some(member) = config.member {
        bail!("{shown} is the CSV of a point, and of no ensemble; take [ingest] member = {member} out");
    }
    let names = reader.names().to_vec();
    let mut place = NearestPlace { site: None, hours: vec![Vec::new(); columns.variables.len()] };
    while let Some(row) = reader.next_row()? {
        let added = place.add(row, &columns, config);
        added.map_err(|message| anyhow!("{shown}: line {}: {message}", row.line))?;
    }
    let Some(site) = place.site else { bail!("{shown} has no rows") };
    if site.distance_km > config.max_distance_km {
        bail!(
            "{shown}: the point nearest to {} is {}, {:.1} km away; [ingest] max_distance_km allows {}: take a file \
             that covers the place, or correct latitude_deg and longitude_deg",
            config.place,
            site.point,
            site.distance_km,
            config.max_distance_km
        );
    }
    let variables = columns.variables.into_iter().zip(place.hours);
    let columns =
        variables.map(|(column, hours)| FileColumn { variable: column.variable, site, mask: None, hours });
    Ok(FileHours { names, columns: columns.collect(), credit: Credit::default() })
}

/// Where the file has what is wanted.
struct Columns {
    time: usize,
    latitude: usize,
    longitude: usize,
    expver: Option<usize>,
    variables: Vec<VariableColumn>,
}

struct VariableColumn {
    position: usize,
    variable: &'static Variable,
    /// `None` for the canonical unit.
    unit: Option<AcceptedUnit>,
}

impl Columns {
    /// `None` if the file is not of this layout.
    fn find(names: &[String], config: &Config) -> Option<Columns> {
        let position = |wanted: &str| names.iter().position(|name| name == wanted);
        let variable = |variable: &&'static Variable| {
            let position = position(variable.name)?;
            Some(VariableColumn { position, variable: *variable, unit: era5_unit(variable) })
        };
        Some(Columns {
            time: TIMES.into_iter().find_map(position).filter(|position| *position == 0)?,
            latitude: position("latitude")?,
            longitude: position("longitude")?,
            expver: position("expver"),
            variables: config.variables.iter().filter_map(variable).collect(),
        })
    }
}

/// ERA5 has accumulations in J m-2 and m, and everything else in canonical units.
fn era5_unit(variable: &Variable) -> Option<AcceptedUnit> {
    match variable.canonical_unit {
        "W m-2" => variable.unit("J m-2"),
        "mm h-1" => variable.unit("m"),
        _ => None,
    }
}

/// The hours of the place that is nearest so far: those of all its rows, since a nearer one takes
/// over with its first.
struct NearestPlace {
    site: Option<Site>,
    hours: Vec<Vec<Hour>>,
}

impl NearestPlace {
    fn add(&mut self, row: &Row, columns: &Columns, config: &Config) -> Result<(), String> {
        let latitude = coordinate(row.field(columns.latitude), "latitude")?;
        let longitude = coordinate(row.field(columns.longitude), "longitude")?;
        let (here, _) = grid::nearest(&[latitude], &[longitude], config.place)
            .ok_or_else(|| "it has no place".to_string())?;
        if self.site != Some(here) {
            if self.site.is_some_and(|site| !is_nearer(&here, &site)) {
                return Ok(());
            }
            self.site = Some(here);
            self.hours.iter_mut().for_each(Vec::clear);
        }
        let time_us = time(row.field(columns.time))?;
        let is_preliminary = columns.expver.is_some_and(|position| row.field(position).parse() == Ok(5));
        let flags = if is_preliminary { flag::PRELIMINARY } else { 0 };
        for (column, hours) in columns.variables.iter().zip(&mut self.hours) {
            if let Some(value) = value(row.field(column.position), column)? {
                hours.push(Hour { time_us, value, flags });
            }
        }
        Ok(())
    }
}

/// Of two as near the southern one, then the western one, as in a grid.
fn is_nearer(one: &Site, other: &Site) -> bool {
    let key = |site: &Site| (site.distance_km, site.point.latitude_deg, site.point.longitude_deg);
    key(one) < key(other)
}

fn coordinate(text: &str, name: &str) -> Result<f64, String> {
    let degrees = text.parse().ok().filter(|degrees: &f64| degrees.is_finite());
    degrees.ok_or_else(|| format!("{name} is {text:?}; wanted degrees"))
}

fn time(text: &str) -> Result<i64, String> {
    let time_us = TimeFormat::Iso.parse(text).and_then(|stamp| stamp.at(Offset::UTC));
    let time_us =
        time_us.ok_or_else(|| format!("the time is {text:?}; wanted {}", TimeFormat::Iso.wanted()))?;
    if time_us % HOUR_US != 0 {
        let seen = calendar::format_hour(time_us);
        return Err(format!("the time is {seen}, not a whole hour; wanted hourly values at whole hours UTC"));
    }
    Ok(time_us)
}

/// The value in the canonical unit; `None` where the field is empty or NaN.
fn value(text: &str, column: &VariableColumn) -> Result<Option<f32>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad = || format!("{} is {text:?}; wanted a number, or nothing", column.variable.name);
    let number: f64 = text.parse().map_err(|_| bad())?;
    if number.is_nan() {
        return Ok(None);
    }
    let value = column.unit.map_or(number, |unit| unit.to_canonical(number)) as f32;
    if value.is_finite() { Ok(Some(value)) } else { Err(bad()) }
}

fn not_era5(path: &Path, names: &[String]) -> anyhow::Error {
    let seen: String = names.join(",").chars().take(SHOWN_CHARACTERS).collect();
    anyhow!(
        "{} is text, and not the CSV of ERA5, whose header begins with valid_time and has latitude and longitude; it \
         begins with {seen:?}. If it is a station's, describe it, for example:\n\
         [ingest.station]\n\
         time = \"timestamp\"\n\
         time_zone = \"UTC\"\n\
         columns = {{ t2m = {{ column = \"temperature\", unit = \"degC\" }} }}",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accumulations_are_those_of_the_hour_before() {
        let column = |name: &str| {
            let variable = Variable::named(name).unwrap();
            VariableColumn { position: 0, variable, unit: era5_unit(variable) }
        };
        assert_eq!(value("3.6e6", &column("ssrd")), Ok(Some(1000.0)));
        assert_eq!(value("0.0025", &column("tp")), Ok(Some(2.5)));
        assert_eq!(value("285.30853", &column("t2m")), Ok(Some(285.308_53)));
        assert_eq!(value("101325.0", &column("sp")), Ok(Some(101_325.0)));
    }
}
