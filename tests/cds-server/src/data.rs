//! Made-up weather: the same values whatever the format, from the inputs of a request.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};

use anyhow::{Context, bail};
use contract::calendar::{self, DAY_US, HOUR_US};
use contract::variable::{Sampling, Variable};
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::netcdf::{NetcdfVariable, Values, write};

/// A file: its bytes, media type and extension.
pub(crate) struct ServedFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) media_type: &'static str,
    pub(crate) extension: &'static str,
}

/// The air's temperature, degrees Celsius, at an hour: a day's wave on a year's.
pub fn celsius(time_us: i64) -> f64 {
    let phase = |hours: f64| (time_us as f64 / HOUR_US as f64 / hours * std::f64::consts::TAU).sin();
    let value = 15.0 + 10.0 * phase(8766.0) + 5.0 * phase(24.0);
    (value * 100.0).round() / 100.0
}

/// The value of a variable in ERA5's unit (radiation and rain as sums of the hour before).
fn value(variable: &Variable, time_us: i64) -> f32 {
    let celsius = celsius(time_us);
    (match variable.name {
        "t2m" => celsius + 273.15,
        "d2m" => celsius + 265.15,
        "sp" | "msl" => 100_000.0 + celsius,
        "ssrd" => (celsius * 10_000.0).max(0.0),
        "tp" => (celsius - 20.0).max(0.0) * 1e-4,
        _ => celsius / 10.0,
    }) as f32
}

fn unit(variable: &Variable) -> &'static str {
    match (variable.sampling, variable.name) {
        (Sampling::HourBefore, "ssrd") => "J m**-2",
        (Sampling::HourBefore, _) => "m",
        (Sampling::Instantaneous, _) => variable.canonical_unit,
    }
}

/// What a request asks for.
struct Wanted {
    variables: Vec<&'static Variable>,
    times_us: Vec<i64>,
    latitudes_deg: Vec<f64>,
    longitudes_deg: Vec<f64>,
}

impl Wanted {
    fn read(inputs: &Value) -> anyhow::Result<Wanted> {
        let strings = |name: &str| -> Vec<String> {
            let list = inputs.get(name).and_then(Value::as_array);
            list.into_iter().flatten().filter_map(Value::as_str).map(str::to_string).collect()
        };
        let named = |name: &String| {
            let variable = contract::variable::VARIABLES.iter().find(|variable| variable.cds_name == name);
            variable.with_context(|| format!("Invalid variable: '{name}'."))
        };
        let variables: Vec<&'static Variable> =
            strings("variable").iter().map(named).collect::<anyhow::Result<_>>()?;
        if variables.is_empty() {
            bail!("Please specify at least one variable.");
        }
        let days = match strings("date").first() {
            Some(span) => days_of_span(span)?,
            None => days_of_lists(&strings("year"), &strings("month"), &strings("day")),
        };
        if days.is_empty() {
            bail!("No data found");
        }
        let times_us = days.iter().flat_map(|day| (0..24).map(move |hour| day + hour * HOUR_US)).collect();
        let number = |pointer: &str| inputs.pointer(pointer).and_then(Value::as_f64);
        let on_grid = |degrees: f64| (degrees * 4.0).round() / 4.0;
        let (latitudes_deg, longitudes_deg) =
            match (number("/location/latitude"), number("/location/longitude")) {
                (Some(latitude), Some(longitude)) => (vec![on_grid(latitude)], vec![on_grid(longitude)]),
                _ => {
                    let edge = |index| number(&format!("/area/{index}")).context("no area");
                    (vec![edge(0)?, edge(2)?], vec![edge(1)?, edge(3)?])
                }
            };
        Ok(Wanted { variables, times_us, latitudes_deg, longitudes_deg })
    }
}

fn days_of_span(span: &str) -> anyhow::Result<Vec<i64>> {
    let (first, last) = span.split_once('/').unwrap_or((span, span));
    let day = |text: &str| calendar::parse_date(text).with_context(|| format!("Invalid date: {text}"));
    let (first_us, last_us) = (day(first)?, day(last)?);
    Ok((first_us..=last_us).step_by(DAY_US as usize).collect())
}

/// Each year with each month and day; days that do not exist are passed over.
fn days_of_lists(years: &[String], months: &[String], days: &[String]) -> Vec<i64> {
    let mut found = BTreeSet::new();
    for year in years {
        for month in months {
            found
                .extend(days.iter().filter_map(|day| calendar::parse_date(&format!("{year}-{month}-{day}"))));
        }
    }
    found.into_iter().collect()
}

/// The file that the store would make, as it would send it: time series in an archive.
///
/// # Errors
/// The store's words about inputs that it cannot use.
pub(crate) fn served_file(dataset: &str, inputs: &Value) -> anyhow::Result<ServedFile> {
    let is_csv = inputs.get("data_format").and_then(Value::as_str) == Some("csv");
    let bytes = if is_csv { csv(inputs)? } else { netcdf(inputs)? };
    if dataset.ends_with("-timeseries") {
        let name = if is_csv { "reanalysis-era5-timeseries.csv" } else { "reanalysis-era5-timeseries.nc" };
        let bytes = archive(&[(name, &bytes)])?;
        return Ok(ServedFile { bytes, media_type: "application/zip", extension: "zip" });
    }
    Ok(ServedFile { bytes, media_type: "application/netcdf", extension: "nc" })
}

/// The bytes of [`served_file`].
///
/// # Errors
/// As there.
pub fn file_for(dataset: &str, inputs: &Value) -> anyhow::Result<Vec<u8>> {
    Ok(served_file(dataset, inputs)?.bytes)
}

/// A request's data as CSV.
///
/// # Errors
/// The store's words about inputs that it cannot use.
pub fn csv(inputs: &Value) -> anyhow::Result<Vec<u8>> {
    let wanted = Wanted::read(inputs)?;
    let names: Vec<&str> = wanted.variables.iter().map(|variable| variable.name).collect();
    let mut text = format!("valid_time,{},latitude,longitude\n", names.join(","));
    let place = format!("{},{}", wanted.latitudes_deg[0], wanted.longitudes_deg[0]);
    for time_us in &wanted.times_us {
        let hour = calendar::civil(*time_us).hour;
        let values: Vec<String> =
            wanted.variables.iter().map(|variable| value(variable, *time_us).to_string()).collect();
        let date = calendar::format_date(*time_us);
        text.push_str(&format!("{date} {hour:02}:00:00,{},{place}\n", values.join(",")));
    }
    Ok(text.into_bytes())
}

/// A request's data as NetCDF.
///
/// # Errors
/// The store's words about inputs that it cannot use.
pub fn netcdf(inputs: &Value) -> anyhow::Result<Vec<u8>> {
    let wanted = Wanted::read(inputs)?;
    let (rows, columns) = (wanted.latitudes_deg.len(), wanted.longitudes_deg.len());
    let dimensions = [("valid_time", wanted.times_us.len()), ("latitude", rows), ("longitude", columns)];
    let attribute = |name: &'static str, value: &str| (name, value.to_string());
    let coordinate = |name: &str, dimension, unit: &str, values| NetcdfVariable {
        name: name.to_string(),
        dimensions: vec![dimension],
        attributes: vec![attribute("units", unit), attribute("standard_name", name)],
        values: Values::Double(values),
    };
    let seconds = wanted.times_us.iter().map(|time_us| (time_us / 1_000_000) as f64).collect();
    let mut time = coordinate("valid_time", 0, "seconds since 1970-01-01", seconds);
    time.attributes = vec![
        attribute("units", "seconds since 1970-01-01"),
        attribute("standard_name", "time"),
        attribute("calendar", "proleptic_gregorian"),
    ];
    let mut variables = vec![
        time,
        coordinate("latitude", 1, "degrees_north", wanted.latitudes_deg),
        coordinate("longitude", 2, "degrees_east", wanted.longitudes_deg),
    ];
    for variable in wanted.variables {
        let hours = wanted.times_us.iter();
        let values = hours.flat_map(|time_us| vec![value(variable, *time_us); rows * columns]).collect();
        variables.push(NetcdfVariable {
            name: variable.name.to_string(),
            dimensions: vec![0, 1, 2],
            attributes: vec![attribute("units", unit(variable)), attribute("long_name", variable.long_name)],
            values: Values::Float(values),
        });
    }
    Ok(write(&dimensions, &variables))
}

/// A ZIP archive of these members, deflated.
///
/// # Errors
/// When a name cannot be one.
pub fn archive(members: &[(&str, &[u8])]) -> anyhow::Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default())?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}
