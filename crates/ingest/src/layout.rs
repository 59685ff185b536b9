//! Which dimensions of a variable are time, latitude and longitude, and where their coordinates
//! are: by name or CF standard name, in any order. Further dimensions must have size 1.

use std::ops::Range;

use anyhow::{anyhow, bail};

use crate::backend::{Attribute, NetcdfFile, Shape};

/// The layout of one variable.
pub(crate) struct Layout {
    pub time: Axis,
    pub latitude: Axis,
    pub longitude: Axis,
    rank: usize,
}

/// One of the three axes.
pub(crate) struct Axis {
    /// The position of its dimension; `None` if it is a scalar coordinate beside the variable.
    pub dimension: Option<usize>,
    pub size: usize,
    /// The variable that holds its coordinates.
    pub coordinate: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Time,
    Latitude,
    Longitude,
}

impl Role {
    fn names(self) -> &'static [&'static str] {
        match self {
            // The first one wins: files made with cfgrib have both, and `time` is the start of the
            // forecast.
            Role::Time => &["valid_time", "time"],
            Role::Latitude => &["latitude", "lat"],
            Role::Longitude => &["longitude", "lon"],
        }
    }

    fn standard_name(self) -> &'static str {
        match self {
            Role::Time => "time",
            Role::Latitude => "latitude",
            Role::Longitude => "longitude",
        }
    }
}

impl Layout {
    /// The layout of `variable`, one of `all` the file's variables.
    ///
    /// # Errors
    /// What was seen and what is wanted, as a sentence about the variable.
    pub(crate) fn of(file: &dyn NetcdfFile, all: &[Shape], variable: &Shape) -> anyhow::Result<Layout> {
        let find = |role| axis(file, all, variable, role);
        let (time, latitude, longitude) = (find(Role::Time)?, find(Role::Latitude)?, find(Role::Longitude)?);
        let wrong = || wrong_dimensions(variable);
        let time = time.filter(|axis| axis.dimension.is_some()).ok_or_else(wrong)?;
        let layout = Layout {
            time,
            latitude: latitude.ok_or_else(wrong)?,
            longitude: longitude.ok_or_else(wrong)?,
            rank: variable.dimensions.len(),
        };
        if let (Some(row), Some(column)) = (layout.latitude.dimension, layout.longitude.dimension)
            && row == column
        {
            return Err(wrong());
        }
        let known = [layout.time.dimension, layout.latitude.dimension, layout.longitude.dimension];
        for (position, (name, size)) in variable.dimensions.iter().enumerate() {
            if known.contains(&Some(position)) || *size == 1 {
                continue;
            }
            if name == "expver" {
                bail!(
                    "{} has the dimension expver of size {size}, final beside preliminary values, which are \
                     not merged yet; wanted one value an hour: download the file again, or keep one \
                     expver of it",
                    variable.name
                );
            }
            return Err(wrong());
        }
        Ok(layout)
    }

    /// The box of all hours at one grid point.
    pub(crate) fn column(&self, latitude_index: usize, longitude_index: usize) -> Vec<Range<usize>> {
        let mut part = vec![0..1; self.rank];
        let mut set = |axis: &Axis, range| {
            if let Some(dimension) = axis.dimension {
                part[dimension] = range;
            }
        };
        set(&self.time, 0..self.time.size);
        set(&self.latitude, latitude_index..latitude_index + 1);
        set(&self.longitude, longitude_index..longitude_index + 1);
        part
    }
}

fn axis(file: &dyn NetcdfFile, all: &[Shape], variable: &Shape, role: Role) -> anyhow::Result<Option<Axis>> {
    let mut found: Option<Axis> = None;
    for (position, (dimension, size)) in variable.dimensions.iter().enumerate() {
        let over_dimension =
            |shape: &&Shape| matches!(shape.dimensions.as_slice(), [(d, _)] if d == dimension);
        let candidates: Vec<&Shape> = all.iter().filter(over_dimension).collect();
        let Some(coordinate) = coordinate(file, &candidates, role)? else { continue };
        if found.is_some() {
            return Err(wrong_dimensions(variable));
        }
        found = Some(Axis { dimension: Some(position), size: *size, coordinate });
    }
    if found.is_none() {
        let scalars: Vec<&Shape> = all.iter().filter(|shape| shape.dimensions.is_empty()).collect();
        let coordinate = coordinate(file, &scalars, role)?;
        found = coordinate.map(|coordinate| Axis { dimension: None, size: 1, coordinate });
    }
    Ok(found)
}

/// The candidate that plays this role, by name, else by standard name.
fn coordinate(file: &dyn NetcdfFile, candidates: &[&Shape], role: Role) -> anyhow::Result<Option<String>> {
    for name in role.names() {
        if candidates.iter().any(|shape| shape.name == *name) {
            return Ok(Some((*name).to_string()));
        }
    }
    for shape in candidates {
        let standard_name = file.attribute(&shape.name, "standard_name")?;
        if standard_name == Some(Attribute::Text(role.standard_name().to_string())) {
            return Ok(Some(shape.name.clone()));
        }
    }
    Ok(None)
}

fn wrong_dimensions(variable: &Shape) -> anyhow::Error {
    let dimensions: Vec<_> =
        variable.dimensions.iter().map(|(name, size)| format!("{name} {size}")).collect();
    let seen = match dimensions.as_slice() {
        [] => "no dimensions".to_string(),
        names => format!("the dimensions {}", names.join(", ")),
    };
    anyhow!(
        "{} has {seen}; wanted time, latitude and longitude with their coordinates, and others only of \
         size 1: select or reshape",
        variable.name
    )
}
