//! One file: the hours of the wanted variables at the place.

use std::path::Path;

use anyhow::{Context, bail};
use contract::artifact::flag;
use contract::calendar::{HOUR_US, MINUTE_US};
use contract::credit::Credit;
use contract::variable::{Sampling, Variable};

use crate::attributes;
use crate::backend::{Attribute, Backend, NetcdfFile, Shape};
use crate::config::{Config, Interpolation, Nearest};
use crate::era5_csv;
use crate::grid::{self, Corner, Site};
use crate::intact;
use crate::jumps;
use crate::layout::Layout;
use crate::plausible;
use crate::sniff::{self, Content};
use crate::times::{self, Times};
use crate::unpack::Packing;
use crate::versions::Versions;

/// What a file has to say about the place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileHours {
    /// The names of all its variables, for messages.
    pub names: Vec<String>,
    /// One entry for each wanted variable that it has.
    pub columns: Vec<FileColumn>,
    /// What its attributes say of its data.
    pub credit: Credit,
}

/// One variable at one site.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileColumn {
    pub variable: &'static Variable,
    pub site: Site,
    /// `Some` if the nearest point has no value at all, as the sea's in data of the land.
    pub mask: Option<Mask>,
    /// In the order of the file, missing ones left out.
    pub hours: Vec<Hour>,
}

/// A nearest point without a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mask {
    pub masked: Site,
    /// The nearest point with values within `max_distance_km`; `None` where there is none.
    pub nearest: Option<Site>,
}

/// So many points are looked at for one with values.
const MOST_POINTS: usize = 100;

/// One value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hour {
    pub time_us: i64,
    /// In the canonical unit.
    pub value: f32,
    /// Bits of [`contract::artifact::flag`].
    pub flags: u8,
}

/// Reads one file.
///
/// # Errors
/// Whatever is wrong with it, as a sentence that begins with its path.
pub(crate) fn read(path: &Path, config: &Config, backend: Backend) -> anyhow::Result<FileHours> {
    if sniff::content(path)? == Content::Text {
        return era5_csv::read(path, config);
    }
    read_open(open(path, backend)?.as_ref(), path, config)
}

/// Opens a NetCDF file that is whole.
///
/// # Errors
/// Whatever is wrong with it, as a sentence that begins with its path.
pub(crate) fn open(path: &Path, backend: Backend) -> anyhow::Result<Box<dyn NetcdfFile>> {
    intact::check(path)?;
    backend.open(path).with_context(|| format!("{} cannot be read as NetCDF", path.display()))
}

/// Reads an open file; `path` is for messages.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_open(file: &dyn NetcdfFile, path: &Path, config: &Config) -> anyhow::Result<FileHours> {
    let mut read =
        read_columns(file, config).map_err(|error| anyhow::anyhow!("{}: {error:#}", path.display()))?;
    read.credit = attributes::credit(file, path);
    Ok(read)
}

fn read_columns(file: &dyn NetcdfFile, config: &Config) -> anyhow::Result<FileHours> {
    let all = file.variables()?;
    let mut columns = Vec::new();
    for variable in &config.variables {
        if let Some(shape) = find(file, &all, variable)? {
            columns.push(read_variable(file, config, &all, shape, variable)?);
        }
    }
    let names = all.into_iter().map(|shape| shape.name).collect();
    Ok(FileHours { names, columns, credit: Credit::default() })
}

/// The variable by the short name of ERA5, by that of its requests, or by its long name: tools that
/// go by GRIB codes rename the first and keep the last.
pub(crate) fn find<'a>(
    file: &dyn NetcdfFile,
    all: &'a [Shape],
    variable: &Variable,
) -> anyhow::Result<Option<&'a Shape>> {
    for name in [variable.name, variable.cds_name] {
        if let Some(shape) = all.iter().find(|shape| shape.name == name) {
            return Ok(Some(shape));
        }
    }
    for shape in all.iter().filter(|shape| shape.stored.is_number()) {
        if let Some(Attribute::Text(name)) = file.attribute(&shape.name, "long_name")?
            && name.eq_ignore_ascii_case(variable.long_name)
        {
            return Ok(Some(shape));
        }
    }
    Ok(None)
}

fn read_variable(
    file: &dyn NetcdfFile,
    config: &Config,
    all: &[Shape],
    shape: &Shape,
    variable: &'static Variable,
) -> anyhow::Result<FileColumn> {
    let packing = Packing::of(file, variable, shape)?;
    let layout = Layout::of(file, all, shape, config.member)?;
    let (site, corners) = site(file, config, &layout)?;
    if shape.dimensions.iter().any(|(_, size)| *size == 0) {
        return Ok(FileColumn { variable, site, mask: None, hours: Vec::new() });
    }
    plausible::check_count(&shape.name, layout.column(0, 0).iter().map(ExactSizeIterator::len))?;
    let times = Times::read(file, all, shape, &layout)?;
    check_past_hour(variable, &times)?;
    let versions = Versions::read(file, all, shape, &layout)?;
    let mut values = read_values(file, shape, &layout, &packing, &corners)?;
    let (mut site, mut mask) = (site, None);
    if config.interpolation == Interpolation::Nearest && is_masked(&values) {
        let unmasked = point_with_values(file, shape, &layout, &packing, config)?;
        mask = Some(Mask { masked: site, nearest: unmasked.as_ref().map(|(site, _)| *site) });
        if let Some(unmasked) = unmasked.filter(|_| config.nearest == Nearest::WithValues) {
            (site, values) = unmasked;
        }
    }
    let hours = arrange(&layout, &times, &versions, &values)?;
    plausible::check_values(variable, &hours)?;
    jumps::check(variable, &hours)?;
    Ok(FileColumn { variable, site, mask, hours })
}

/// Refuses amounts and mean rates of hours that end elsewhere than at the full hour, as where the middle of the
/// interval is stored: nothing tells the one from the other.
///
/// # Errors
/// That, as a sentence about the variable.
fn check_past_hour(variable: &Variable, times: &Times) -> anyhow::Result<()> {
    let past_minutes = times.times_us.first().map_or(0, |time| time.rem_euclid(HOUR_US)) / MINUTE_US;
    if variable.sampling == Sampling::HourBefore && past_minutes != 0 {
        bail!(
            "{} is of an hour, and its times lie {past_minutes} minutes after the whole hours of UTC, where an hour may \
             begin, end or have its middle; wanted the ends of hours at whole hours: move the times of the file",
            variable.name
        );
    }
    Ok(())
}

fn is_masked(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_nan())
}

/// The nearest point after the nearest one that has any value, and its values.
fn point_with_values(
    file: &dyn NetcdfFile,
    shape: &Shape,
    layout: &Layout,
    packing: &Packing,
    config: &Config,
) -> anyhow::Result<Option<(Site, Vec<f32>)>> {
    let latitudes = times::read_axis(file, &layout.latitude)?;
    let longitudes = times::read_axis(file, &layout.longitude)?;
    let others =
        grid::next_nearest(&latitudes, &longitudes, config.place, config.max_distance_km, MOST_POINTS);
    for (site, corner) in others {
        let values = read_values(file, shape, layout, packing, &[corner])?;
        if !is_masked(&values) {
            return Ok(Some((site, values)));
        }
    }
    Ok(None)
}

/// Where the place is in the file's grid.
fn site(file: &dyn NetcdfFile, config: &Config, layout: &Layout) -> anyhow::Result<(Site, Vec<Corner>)> {
    let latitudes = times::read_axis(file, &layout.latitude)?;
    let longitudes = times::read_axis(file, &layout.longitude)?;
    let Some((site, corner)) = grid::nearest(&latitudes, &longitudes, config.place) else {
        bail!("its grid has no points");
    };
    if site.distance_km > config.max_distance_km {
        bail!(
            "the grid point nearest to {} is {}, {:.1} km away; [ingest] max_distance_km allows {}: take a file \
             that covers the place, or correct latitude_deg and longitude_deg",
            config.place,
            site.point,
            site.distance_km,
            config.max_distance_km
        );
    }
    match config.interpolation {
        Interpolation::Nearest => Ok((site, vec![corner])),
        Interpolation::Bilinear => match grid::bilinear(&latitudes, &longitudes, config.place) {
            Some(corners) => Ok((Site { point: config.place.rounded(), distance_km: 0.0 }, corners)),
            None => bail!(
                "{} is outside of its grid, whose nearest point is {}; [ingest] interpolation = \"bilinear\" needs \
                 points on all sides: take a file that has them, or set interpolation = \"nearest\"",
                config.place,
                site.point
            ),
        },
    }
}

/// All values of a column, in the canonical unit, NaN where missing at any of the corners.
fn read_values(
    file: &dyn NetcdfFile,
    shape: &Shape,
    layout: &Layout,
    packing: &Packing,
    corners: &[Corner],
) -> anyhow::Result<Vec<f32>> {
    let read = |corner: &Corner| -> anyhow::Result<Vec<f32>> {
        let part = layout.column(corner.latitude_index, corner.longitude_index);
        let stored =
            file.numbers(&shape.name, &part).with_context(|| format!("cannot read {}", shape.name))?;
        let wanted: usize = part.iter().map(|range| range.len()).product();
        if stored.len() != wanted {
            bail!("{} has {} values at a point; wanted {wanted}", shape.name, stored.len());
        }
        Ok(stored.into_iter().map(|stored| packing.unpack(stored)).collect())
    };
    if let [corner] = corners {
        return read(corner);
    }
    let mut sums: Vec<f64> = Vec::new();
    for corner in corners {
        let values = read(corner)?;
        sums.resize(values.len(), 0.0);
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += corner.weight * f64::from(value);
        }
    }
    Ok(sums.into_iter().map(|sum| sum as f32).collect())
}

/// Values with their times, missing ones left out. Where an hour has a final and a preliminary
/// value, the final one is taken.
fn arrange(layout: &Layout, times: &Times, versions: &Versions, values: &[f32]) -> anyhow::Result<Vec<Hour>> {
    let positions = layout.positions(&times.along);
    if positions.len() != times.times_us.len() {
        bail!("there are {} times for {} values; wanted one each", times.times_us.len(), positions.len());
    }
    let offsets = layout.version.map_or(vec![0], |dimension| layout.positions(&[dimension]));
    let mut hours = Vec::with_capacity(positions.len());
    for (position, time_us) in positions.iter().zip(&times.times_us) {
        let present = offsets.iter().map(|offset| position + offset).filter(|at| !values[*at].is_nan());
        let is_preliminary = |at: usize| versions.is_preliminary(layout, at);
        let best = present.map(|at| (is_preliminary(at), at)).min();
        hours.extend(best.map(|(is_preliminary, at)| Hour {
            time_us: *time_us,
            value: values[at],
            flags: if is_preliminary { flag::PRELIMINARY } else { 0 },
        }));
    }
    Ok(hours)
}
