//! One file: the hours of the wanted variables at its grid point nearest to the place.

use std::path::Path;

use anyhow::{Context, bail};
use contract::artifact::flag;
use contract::calendar::{self, HOUR_US};
use contract::variable::Variable;

use crate::backend::{Attribute, Backend, NetcdfFile, Shape, Stored};
use crate::cf_time::TimeUnits;
use crate::config::Config;
use crate::grid::{self, Nearest};
use crate::intact;
use crate::layout::{Axis, Layout};
use crate::unpack::Packing;

/// What a file has to say about the place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileHours {
    /// The names of all its variables, for messages.
    pub names: Vec<String>,
    /// One entry for each wanted variable that it has.
    pub columns: Vec<FileColumn>,
}

/// One variable at one grid point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileColumn {
    pub variable: &'static Variable,
    pub nearest: Nearest,
    /// In the order of the file, missing ones left out.
    pub hours: Vec<Hour>,
}

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
    intact::check(path)?;
    let file = backend.open(path).with_context(|| format!("{} cannot be read as NetCDF", path.display()))?;
    read_open(file.as_ref(), config).map_err(|error| anyhow::anyhow!("{}: {error:#}", path.display()))
}

fn read_open(file: &dyn NetcdfFile, config: &Config) -> anyhow::Result<FileHours> {
    let all = file.variables()?;
    let mut columns = Vec::new();
    for variable in &config.variables {
        if let Some(shape) = all.iter().find(|shape| shape.name == variable.name) {
            columns.push(read_variable(file, config, &all, shape, variable)?);
        }
    }
    Ok(FileHours { names: all.into_iter().map(|shape| shape.name).collect(), columns })
}

fn read_variable(
    file: &dyn NetcdfFile,
    config: &Config,
    all: &[Shape],
    shape: &Shape,
    variable: &'static Variable,
) -> anyhow::Result<FileColumn> {
    let packing = Packing::of(file, variable, shape.stored)?;
    let layout = Layout::of(file, all, shape)?;
    let nearest = nearest_point(file, config, &layout)?;
    if layout.time.size == 0 {
        return Ok(FileColumn { variable, nearest, hours: Vec::new() });
    }
    let times = read_times(file, &layout.time)?;
    let is_preliminary = read_preliminary(file, all, shape, &layout.time)?;
    let part = layout.column(nearest.latitude_index, nearest.longitude_index);
    let values =
        file.numbers(variable.name, &part).with_context(|| format!("cannot read {}", variable.name))?;
    if values.len() != times.len() {
        bail!("{} has {} values for {} times; wanted one each", variable.name, values.len(), times.len());
    }
    let hours = times.into_iter().zip(values).zip(is_preliminary);
    let hours = hours.map(|((time_us, stored), is_preliminary)| Hour {
        time_us,
        value: packing.unpack(stored),
        flags: if is_preliminary { flag::PRELIMINARY } else { 0 },
    });
    Ok(FileColumn { variable, nearest, hours: hours.filter(|hour| !hour.value.is_nan()).collect() })
}

fn nearest_point(file: &dyn NetcdfFile, config: &Config, layout: &Layout) -> anyhow::Result<Nearest> {
    let latitudes = read_axis(file, &layout.latitude)?;
    let longitudes = read_axis(file, &layout.longitude)?;
    let Some(nearest) = grid::nearest(&latitudes, &longitudes, config.place) else {
        bail!("its grid has no points");
    };
    if nearest.distance_km > config.max_distance_km {
        bail!(
            "the grid point nearest to {} is {}, {:.1} km away; [ingest] max_distance_km allows {}: take a file \
             that covers the place, or correct latitude_deg and longitude_deg",
            config.place,
            nearest.point,
            nearest.distance_km,
            config.max_distance_km
        );
    }
    Ok(nearest)
}

/// All coordinates of an axis.
fn read_axis(file: &dyn NetcdfFile, axis: &Axis) -> anyhow::Result<Vec<f64>> {
    if axis.size == 0 {
        return Ok(Vec::new());
    }
    let name = &axis.coordinate;
    let part = axis.dimension.map_or(Vec::new(), |_| vec![0..axis.size]);
    let coordinates = file.numbers(name, &part).with_context(|| format!("cannot read {name}"))?;
    match coordinates.iter().find(|coordinate| !coordinate.is_finite()) {
        Some(bad) => bail!("{name} has the value {bad}; wanted finite coordinates"),
        None => Ok(coordinates),
    }
}

fn read_times(file: &dyn NetcdfFile, axis: &Axis) -> anyhow::Result<Vec<i64>> {
    let name = &axis.coordinate;
    let text = |attribute: &str| {
        Ok::<_, anyhow::Error>(match file.attribute(name, attribute)? {
            Some(Attribute::Text(text)) => Some(text),
            _ => None,
        })
    };
    let (units, calendar) = (text("units")?.unwrap_or_default(), text("calendar")?);
    let units = TimeUnits::parse(&units, calendar.as_deref())
        .map_err(|message| anyhow::anyhow!("{name} {message}"))?;
    let mut times = Vec::new();
    for value in read_axis(file, axis)? {
        let Some(time) = units.to_us(value) else {
            bail!("{name} has the value {value}, which is no time of the years 1 to 9999");
        };
        if time % HOUR_US != 0 {
            let seen = calendar::format_hour(time);
            bail!("{name} has the time {seen}, not a whole hour; wanted hourly values at whole hours UTC");
        }
        times.push(time);
    }
    Ok(times)
}

/// For each time whether its value is preliminary (ERA5T): where there is a variable `expver` over
/// the time axis, or a scalar, and it says 5.
fn read_preliminary(
    file: &dyn NetcdfFile,
    all: &[Shape],
    variable: &Shape,
    time: &Axis,
) -> anyhow::Result<Vec<bool>> {
    const NAME: &str = "expver";
    let final_values = || vec![false; time.size];
    let Some(shape) = all.iter().find(|shape| shape.name == NAME) else { return Ok(final_values()) };
    let time_name = time.dimension.map(|position| variable.dimensions[position].0.as_str());
    // A `char` variable has its length as a second dimension.
    let is_text = shape.stored == Stored::Text;
    let over_time = match shape.dimensions.as_slice() {
        [] => false,
        [(name, _)] => Some(name.as_str()) == time_name,
        [(name, _), _] if is_text => Some(name.as_str()) == time_name,
        _ => return Ok(final_values()),
    };
    let says: Vec<bool> = if is_text {
        let texts = file.texts(NAME).with_context(|| format!("cannot read {NAME}"))?;
        texts.iter().map(|text| text.trim_end_matches('\0').trim().parse() == Ok(5)).collect()
    } else {
        let part: Vec<_> = shape.dimensions.iter().map(|(_, size)| 0..*size).collect();
        let numbers = file.numbers(NAME, &part).with_context(|| format!("cannot read {NAME}"))?;
        numbers.iter().map(|number| *number == 5.0).collect()
    };
    match says.as_slice() {
        [one] if !over_time => Ok(vec![*one; time.size]),
        each if over_time && each.len() == time.size => Ok(says),
        _ => Ok(final_values()),
    }
}
