//! What is in one file.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use contract::artifact::flag;
use contract::calendar::{self, HOUR_US};
use contract::credit::Credit;
use contract::variable::{VARIABLES, Variable};
use serde::Serialize;

use crate::attributes;
use crate::backend::{Backend, NetcdfFile, Shape, Stored};
use crate::config::Config;
use crate::dataset::{self, FileColumn, Hour};
use crate::gaps;
use crate::grid::Point;
use crate::layout::{Layout, VERSION};
use crate::members::Members;
use crate::sniff::{self, Content};
use crate::times;

use super::tabular::{self, Table};

/// The hours of each known variable at the middle of the grid.
pub(super) type Hours = BTreeMap<&'static str, Vec<Hour>>;

/// One file.
#[derive(Debug, Default, Serialize)]
pub(super) struct FileReport {
    pub path: String,
    pub bytes: u64,
    /// `NetCDF-4`, `CSV`.
    pub format: Option<&'static str>,
    pub variables: Vec<VariableReport>,
    pub grid: Option<Grid>,
    /// Of the known variables.
    pub span: Option<Span>,
    /// For a station's CSV or Parquet.
    pub table: Option<Table>,
    /// What its attributes say of its data.
    #[serde(skip_serializing_if = "Credit::is_empty")]
    pub credit: Credit,
    /// Why it cannot be used.
    pub error: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct VariableReport {
    pub name: String,
    /// The name in `[ingest] variables`; `None` for coordinates and unknown variables.
    pub known_as: Option<&'static str>,
    pub long_name: Option<String>,
    pub unit: Option<String>,
    /// `float32`, `int16, packed`.
    pub stored: String,
    /// `time 744`.
    pub dimensions: Vec<String>,
}

/// The grid of the first known variable.
#[derive(Debug, Serialize)]
pub(super) struct Grid {
    /// From the first to the last.
    pub latitudes_deg: [f64; 2],
    pub longitudes_deg: [f64; 2],
    /// Rows and columns.
    pub points: [usize; 2],
    /// The point that was read.
    pub middle_latitude_deg: f64,
    pub middle_longitude_deg: f64,
    /// What says which values are preliminary, if anything does.
    pub versions: Option<String>,
    /// The members of an ensemble, of which the first was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<String>,
    #[serde(skip)]
    pub member: Option<i64>,
}

/// The hours of one or several files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Span {
    pub first: String,
    pub last: String,
    /// The usual distance of two times.
    pub step_hours: i64,
    pub values: usize,
    /// Hours between the first and the last without a value, in hourly files.
    pub missing: usize,
    /// The runs of missing values.
    pub gaps: Vec<SpanGap>,
    pub preliminary: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct SpanGap {
    pub from: String,
    pub hours: usize,
}

impl FileReport {
    /// Looks into a file.
    pub(super) fn of(path: &Path) -> (FileReport, Hours) {
        let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut report =
            FileReport { path: shown(path), bytes, format: format(path), ..FileReport::default() };
        let mut hours = Hours::new();
        if let Err(error) = report.look(path, &mut hours) {
            report.error = Some(format!("{error:#}"));
        }
        (report, hours)
    }

    fn look(&mut self, path: &Path, hours: &mut Hours) -> anyhow::Result<()> {
        match sniff::content(path)? {
            Content::Text => self.look_at_text(path, hours),
            Content::Parquet => {
                self.table = Some(tabular::parquet(path)?);
                Ok(())
            }
            _ => self.look_at_netcdf(path, hours),
        }
    }

    fn look_at_text(&mut self, path: &Path, hours: &mut Hours) -> anyhow::Result<()> {
        self.format = Some("text");
        let place = Point { latitude_deg: 0.0, longitude_deg: 0.0 };
        let anywhere =
            Config { max_distance_km: f64::MAX, ..Config::of_place(VARIABLES.iter().collect(), place) };
        let Ok(read) = dataset::read(path, &anywhere, Backend::default()) else {
            self.table = Some(tabular::text(path)?);
            return Ok(());
        };
        self.format = Some("CSV of ERA5");
        self.grid = read.columns.first().map(|column| Grid::of_point(column.site.point));
        for name in read.names {
            let known = VARIABLES.iter().find(|variable| variable.name == name);
            self.variables.push(VariableReport {
                known_as: known.map(|variable| variable.name),
                long_name: known.map(|variable| variable.long_name.to_string()),
                unit: None,
                stored: "text".to_string(),
                dimensions: Vec::new(),
                name,
            });
        }
        self.take(read.columns, hours);
        Ok(())
    }

    fn look_at_netcdf(&mut self, path: &Path, hours: &mut Hours) -> anyhow::Result<()> {
        let file = dataset::open(path, Backend::default())?;
        let file = file.as_ref();
        self.credit = attributes::credit(file, path);
        let all = file.variables()?;
        let mut known: Vec<(&'static Variable, &Shape)> = Vec::new();
        for variable in VARIABLES {
            known.extend(dataset::find(file, &all, variable)?.map(|shape| (variable, shape)));
        }
        for shape in &all {
            let variable = known.iter().find(|(_, known)| known.name == shape.name);
            self.variables.push(describe_variable(file, shape, variable.map(|(variable, _)| variable.name))?);
        }
        let Some((_, first)) = known.first() else { return Ok(()) };
        let grid = Grid::of(file, &all, first)?;
        let config = middle(&grid, known.iter().map(|(variable, _)| *variable).collect());
        self.grid = Some(grid);
        self.take(dataset::read_open(file, path, &config)?.columns, hours);
        Ok(())
    }

    fn take(&mut self, columns: Vec<FileColumn>, hours: &mut Hours) {
        for column in columns {
            let mut found = column.hours;
            found.sort_by_key(|hour| hour.time_us);
            hours.insert(column.variable.name, found);
        }
        self.span = hours.values().next().and_then(|hours| Span::of(hours));
    }
}

impl Grid {
    fn of_point(point: Point) -> Grid {
        Grid {
            latitudes_deg: [point.latitude_deg; 2],
            longitudes_deg: [point.longitude_deg; 2],
            points: [1, 1],
            middle_latitude_deg: point.latitude_deg,
            middle_longitude_deg: point.longitude_deg,
            versions: None,
            members: None,
            member: None,
        }
    }

    fn of(file: &dyn NetcdfFile, all: &[Shape], shape: &Shape) -> anyhow::Result<Grid> {
        let members = Members::of(file, all, shape)?.filter(|members| members.numbers.len() > 1);
        let layout = Layout::of(
            file,
            all,
            shape,
            members.as_ref().and_then(|members| members.numbers.first().copied()),
        )?;
        let latitudes = times::read_axis(file, &layout.latitude)?;
        let longitudes = times::read_axis(file, &layout.longitude)?;
        let ends = |axis: &[f64]| match axis {
            [first, .., last] => Ok([*first, *last]),
            [one] => Ok([*one; 2]),
            [] => Err(anyhow::anyhow!("its grid has no points")),
        };
        let (latitudes_deg, longitudes_deg) = (ends(&latitudes)?, ends(&longitudes)?);
        let middle = Point {
            latitude_deg: latitudes[latitudes.len() / 2],
            longitude_deg: longitudes[longitudes.len() / 2],
        };
        let middle = middle.rounded();
        let versions = all.iter().find(|shape| shape.name == VERSION).map(|shape| {
            let kind = if shape.stored == Stored::Text { "as text" } else { "as a number" };
            match (layout.version, shape.dimensions.is_empty()) {
                (Some(_), _) => format!("{VERSION}, a dimension of its own"),
                (None, true) => format!("{VERSION} {kind}, one for all"),
                (None, false) => format!("{VERSION} {kind}, one for each time"),
            }
        });
        Ok(Grid {
            latitudes_deg,
            longitudes_deg,
            points: [latitudes.len(), longitudes.len()],
            middle_latitude_deg: middle.latitude_deg,
            middle_longitude_deg: middle.longitude_deg,
            versions,
            member: members.as_ref().and_then(|members| members.numbers.first().copied()),
            members: members.map(|members| format!("{} {}", members.name, members.listed())),
        })
    }
}

impl Span {
    /// `None` without hours; they are in order.
    pub(super) fn of(hours: &[Hour]) -> Option<Span> {
        let (first, last) = (hours.first()?.time_us, hours.last()?.time_us);
        let mut steps: Vec<i64> = hours
            .windows(2)
            .map(|pair| (pair[1].time_us - pair[0].time_us) / HOUR_US)
            .filter(|step| *step > 0)
            .collect();
        steps.sort_unstable();
        let step_hours = steps.get(steps.len() / 2).copied().unwrap_or(1);
        // Where the usual distance is more than an hour, what lies between is no gap.
        let gaps: Vec<(i64, usize)> =
            if step_hours == 1 { gaps::find(hours, first, last) } else { Vec::new() };
        let gap =
            |(from, hours): &(i64, usize)| SpanGap { from: calendar::format_hour(*from), hours: *hours };
        Some(Span {
            first: calendar::format_hour(first),
            last: calendar::format_hour(last),
            step_hours,
            values: hours.len(),
            missing: gaps.iter().map(|(_, hours)| hours).sum(),
            gaps: gaps.iter().map(gap).collect(),
            preliminary: hours.iter().filter(|hour| hour.flags & flag::PRELIMINARY != 0).count(),
        })
    }
}

/// What reads the point in the middle.
fn middle(grid: &Grid, variables: Vec<&'static Variable>) -> Config {
    let place = Point { latitude_deg: grid.middle_latitude_deg, longitude_deg: grid.middle_longitude_deg };
    Config { max_distance_km: f64::MAX, member: grid.member, ..Config::of_place(variables, place) }
}

fn describe_variable(
    file: &dyn NetcdfFile,
    shape: &Shape,
    known_as: Option<&'static str>,
) -> anyhow::Result<VariableReport> {
    let text = |name: &str| times::text(file, &shape.name, name);
    let is_packed = file.attribute(&shape.name, "scale_factor")?.is_some();
    Ok(VariableReport {
        known_as,
        long_name: text("long_name")?,
        unit: text("units")?,
        stored: format!("{}{}", stored(shape.stored), if is_packed { ", packed" } else { "" }),
        dimensions: shape.dimensions.iter().map(|(name, size)| format!("{name} {size}")).collect(),
        name: shape.name.clone(),
    })
}

fn stored(kind: Stored) -> &'static str {
    match kind {
        Stored::I8 => "int8",
        Stored::U8 => "uint8",
        Stored::I16 => "int16",
        Stored::U16 => "uint16",
        Stored::I32 => "int32",
        Stored::U32 => "uint32",
        Stored::I64 => "int64",
        Stored::U64 => "uint64",
        Stored::F32 => "float32",
        Stored::F64 => "float64",
        Stored::Text => "text",
        Stored::Other => "of a type of its own",
    }
}

fn format(path: &Path) -> Option<&'static str> {
    let mut magic = [0; 8];
    let length = std::fs::File::open(path).ok()?.read(&mut magic).ok()?;
    Some(match &magic[..length] {
        [b'C', b'D', b'F', 1, ..] => "NetCDF-3 classic",
        [b'C', b'D', b'F', 2, ..] => "NetCDF-3 with 64-bit offsets",
        [b'C', b'D', b'F', 5, ..] => "NetCDF-3 with 64-bit data (CDF-5)",
        b"\x89HDF\r\n\x1a\n" => "NetCDF-4",
        [b'P', b'A', b'R', b'1', ..] => "Parquet",
        [b'P', b'K', ..] => "ZIP",
        [b'G', b'R', b'I', b'B', ..] => "GRIB",
        _ => return None,
    })
}

/// A path below the current folder without it.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}
