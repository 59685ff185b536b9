//! The stage: files in, `series.parquet` and `source.json` out.

use contract::artifact::{self, FORMAT, column};
use contract::calendar;
use contract::config::Fault;
use contract::stage::{InputFile, Inputs, Outputs, Stage};
use serde::Serialize;
use tables::{Column, Table, Values};

use crate::backend::Backend;
use crate::config::{Config, Tables};
use crate::gaps::{self, Gap};
use crate::series::{Series, VariableSeries, read_series};

/// The input that the files of the pipeline file come as.
const FILES: &str = "files";

/// The stage `ingest`.
pub struct Ingest;

impl Stage for Ingest {
    const NAME: &'static str = "ingest";
    const READS: &'static [&'static str] = &[FILES];
    type Tables = Tables;
    type Config = Config;

    fn check(tables: Tables) -> Result<Config, Fault> {
        tables.check()
    }

    fn run(config: &Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let files = inputs.files(FILES);
        tracing::info!(
            "reading {}",
            if files.len() == 1 { "1 file".to_string() } else { format!("{} files", files.len()) }
        );
        let series = read_series(config, files, Backend::default())?;
        log(config, &series);
        tables::write(&outputs.file(artifact::SERIES), &table(&series))?;
        outputs.write_json(artifact::SOURCE, &source(config, &series, files))
    }
}

fn log(config: &Config, series: &Series) {
    let (point, distance_km) = (series.point, series.distance_km);
    match config.station {
        Some(_) => tracing::info!("the station is at {point}"),
        None => {
            tracing::info!("the grid point nearest to {} is {point}, {distance_km:.1} km away", config.place)
        }
    }
    let (first, last) = (calendar::format_hour(series.first_us), calendar::format_hour(series.last_us()));
    tracing::info!("{} from {first} to {last} UTC", gaps::count_hours(series.hours));
    for variable in series.variables.iter().filter(|variable| !variable.gaps.is_empty()) {
        let hours = variable.gaps.iter().map(|gap| gap.hours).sum();
        let name = variable.variable.name;
        tracing::warn!(
            "{name}: {} missing, filled by interpolation (listed in source.json)",
            gaps::count_hours(hours)
        );
    }
}

fn table(series: &Series) -> Table {
    let mut columns = vec![Column::new(column::TIME, Values::Time(series.times()))];
    for VariableSeries { variable, values, flags, .. } in &series.variables {
        columns.push(Column::with_unit(
            variable.name,
            variable.canonical_unit,
            Values::Float32(values.clone()),
        ));
        columns.push(Column::new(column::flag(variable.name), Values::UInt8(flags.clone())));
    }
    let mut table = Table::new(columns);
    let metadata =
        [("latitude_deg", series.point.latitude_deg), ("longitude_deg", series.point.longitude_deg)];
    table.metadata.extend(metadata.map(|(key, value)| (key.to_string(), value.to_string())));
    table
}

/// `source.json`.
#[derive(Serialize)]
struct SourceDocument<'a> {
    format: u32,
    variables: Vec<&'static str>,
    latitude_deg: f64,
    longitude_deg: f64,
    requested_latitude_deg: f64,
    requested_longitude_deg: f64,
    distance_km: f64,
    first: String,
    last: String,
    hours: usize,
    filled: Vec<FilledGap>,
    files: Vec<SourceFile<'a>>,
    attribution: String,
}

#[derive(Serialize)]
struct FilledGap {
    variable: &'static str,
    from: String,
    to: String,
    hours: usize,
}

#[derive(Serialize)]
struct SourceFile<'a> {
    name: &'a str,
    digest: &'a str,
}

fn source<'a>(config: &Config, series: &Series, files: &'a [InputFile]) -> SourceDocument<'a> {
    let mut files: Vec<_> =
        files.iter().map(|file| SourceFile { name: &file.name, digest: &file.digest }).collect();
    files.sort_by_key(|file| (file.name, file.digest));
    let gaps_of = |variable: &VariableSeries| -> Vec<FilledGap> {
        let name = variable.variable.name;
        variable.gaps.iter().map(|gap| filled_gap(name, gap)).collect()
    };
    SourceDocument {
        format: FORMAT,
        variables: series.variables.iter().map(|variable| variable.variable.name).collect(),
        latitude_deg: series.point.latitude_deg,
        longitude_deg: series.point.longitude_deg,
        requested_latitude_deg: config.place.latitude_deg,
        requested_longitude_deg: config.place.longitude_deg,
        distance_km: series.distance_km,
        first: calendar::format_hour(series.first_us),
        last: calendar::format_hour(series.last_us()),
        hours: series.hours,
        filled: series.variables.iter().flat_map(gaps_of).collect(),
        files,
        attribution: match config.station {
            Some(_) => STATION.to_string(),
            None => attribution(calendar::year(series.last_us())),
        },
    }
}

fn filled_gap(variable: &'static str, gap: &Gap) -> FilledGap {
    let (from, to) = (calendar::format_hour(gap.from_us), calendar::format_hour(gap.to_us()));
    FilledGap { variable, from, to, hours: gap.hours }
}

/// The attribution of a station, whose owner and licence are not known here.
const STATION: &str = "Measurements of the user's own station.";

/// The attribution that the licence of ERA5 (CC-BY 4.0) asks for.
fn attribution(year: i16) -> String {
    format!(
        "Contains modified Copernicus Climate Change Service information {year}. Neither the European Commission \
         nor ECMWF is responsible for any use that may be made of the Copernicus information or data it \
         contains. Hersbach et al. 2023, DOI 10.24381/cds.adbb2d47."
    )
}
