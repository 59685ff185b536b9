//! The stage: files in, `series.parquet` and `source.json` out.

use contract::artifact::{self, FORMAT, column, flag};
use contract::calendar::{self, HOUR_US};
use contract::config::Fault;
use contract::credit::{Credit, NOT_STATED};
use contract::stage::{InputFile, Inputs, Outputs, Stage};
use serde::Serialize;
use tables::{Column, Table, Values};

use crate::archive::Unpacked;
use crate::backend::Backend;
use crate::config::{Config, Interpolation, Tables};
use crate::gaps::{self, Fill, Gap};
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
        let unpacked = Unpacked::of(files, &outputs.work)?;
        let series = read_series(config, &unpacked.files, Backend::default());
        let series = series.map_err(|error| unpacked.explain(error))?;
        log(config, &series);
        let credit = credit(config, &series);
        tracing::info!("licence of the data: {}", credit.licence().unwrap_or_else(|| NOT_STATED.to_string()));
        tables::write(&outputs.file(artifact::SERIES), &table(&series, &credit))?;
        outputs.write_json(artifact::SOURCE, &source(config, &series, files, credit))
    }
}

fn log(config: &Config, series: &Series) {
    let (point, distance_km) = (series.point, series.distance_km);
    match config.interpolation {
        _ if config.station.is_some() => tracing::info!("the station is at {point}"),
        Interpolation::Nearest => {
            tracing::info!("the grid point nearest to {} is {point}, {distance_km:.1} km away", config.place);
        }
        Interpolation::Bilinear => tracing::info!("interpolated between the grid points around {point}"),
    }
    let (first, last) = (calendar::format_hour(series.first_us), calendar::format_hour(series.last_us()));
    tracing::info!("{} from {first} to {last} UTC", gaps::count_hours(series.hours));
    for VariableSeries { variable, gaps, .. } in &series.variables {
        let hours = |fill| gaps.iter().filter(|gap| gap.fill == fill).map(|gap| gap.hours).sum::<usize>();
        for (fill, what) in [
            (Fill::Linear, "filled along the straight line"),
            (Fill::Diurnal, "filled with the daily course of the days around"),
            (Fill::Missing, "left missing"),
        ] {
            let count = hours(fill);
            if count > 0 {
                let (name, count) = (variable.name, gaps::count_hours(count));
                tracing::warn!("{name}: {count} missing, {what} (listed in source.json)");
            }
        }
    }
}

fn table(series: &Series, credit: &Credit) -> Table {
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
    table.metadata.extend(credit.metadata());
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
    /// `grid-point`, `between-grid-points` or `station`.
    site: &'static str,
    gaps: Vec<SourceGap>,
    flagged: Vec<FlaggedRun>,
    files: Vec<SourceFile<'a>>,
    credit: Credit,
}

/// A run of hours that no file has.
#[derive(Serialize)]
struct SourceGap {
    variable: &'static str,
    from: String,
    to: String,
    hours: usize,
    /// `linear`, `diurnal` or `missing`.
    fill: &'static str,
}

/// A run of hours with one flag, other than that of filled ones.
#[derive(Serialize)]
struct FlaggedRun {
    variable: &'static str,
    from: String,
    to: String,
    hours: usize,
    /// One of [`flag::NAMES`].
    flag: &'static str,
}

#[derive(Serialize)]
struct SourceFile<'a> {
    name: &'a str,
    digest: &'a str,
}

fn source<'a>(
    config: &Config,
    series: &Series,
    files: &'a [InputFile],
    credit: Credit,
) -> SourceDocument<'a> {
    let mut files: Vec<_> =
        files.iter().map(|file| SourceFile { name: &file.name, digest: &file.digest }).collect();
    files.sort_by_key(|file| (file.name, file.digest));
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
        site: match (&config.station, config.interpolation) {
            (Some(_), _) => "station",
            (None, Interpolation::Nearest) => "grid-point",
            (None, Interpolation::Bilinear) => "between-grid-points",
        },
        gaps: series.variables.iter().flat_map(gaps_of).collect(),
        flagged: series.variables.iter().flat_map(|variable| flagged_runs(series, variable)).collect(),
        files,
        credit,
    }
}

fn gaps_of(variable: &VariableSeries) -> Vec<SourceGap> {
    let gap = |gap: &Gap| SourceGap {
        variable: variable.variable.name,
        from: calendar::format_hour(gap.from_us),
        to: calendar::format_hour(gap.to_us()),
        hours: gap.hours,
        fill: gap.fill.name(),
    };
    variable.gaps.iter().map(gap).collect()
}

fn flagged_runs(series: &Series, variable: &VariableSeries) -> Vec<FlaggedRun> {
    let time = |row: usize| calendar::format_hour(series.first_us + row as i64 * HOUR_US);
    let mut runs = Vec::new();
    for (flag, bit) in flag::NAMES.into_iter().filter(|(_, bit)| *bit != flag::FILLED) {
        let mut row = 0;
        for run in variable.flags.chunk_by(|a, b| a & bit == b & bit) {
            if run[0] & bit != 0 {
                let (from, to) = (time(row), time(row + run.len() - 1));
                runs.push(FlaggedRun { variable: variable.variable.name, from, to, hours: run.len(), flag });
            }
            row += run.len();
        }
    }
    runs
}

/// What a station's data are; their owner and licence are not known here.
const STATION: &str = "Measurements of the user's own station";

/// What has to be said of the series: as the pipeline file states it, else what is known of the source.
fn credit(config: &Config, series: &Series) -> Credit {
    let found = match (&config.source, &config.station) {
        (Some(source), _) => Credit::of_provider(&source.provider, calendar::year(series.last_us())),
        (None, Some(_)) => Credit::of_source(STATION),
        (None, None) => series.credit.clone(),
    };
    found.stated(config.licence.as_deref(), config.attribution.as_deref())
}
