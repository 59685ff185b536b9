//! Which dimensions of a variable are time, latitude, longitude and the version of the data, and
//! where their coordinates are: by name or CF standard name, in any order. Further dimensions must
//! have size 1. Times themselves are read in [`crate::times`], versions in [`crate::versions`].

use std::ops::Range;

use anyhow::anyhow;

use crate::backend::{Attribute, NetcdfFile, Shape};
use crate::members::{self, Members};

/// The layout of one variable.
pub(crate) struct Layout {
    /// The start of each forecast, or the time itself.
    pub time: Option<Axis>,
    /// From the start of the forecast, in files made from GRIB.
    pub step: Option<Axis>,
    pub latitude: Axis,
    pub longitude: Axis,
    /// Final beside preliminary values, in files of the old Climate Data Store.
    pub version: Option<usize>,
    /// The dimension of an ensemble's members, and the index of the one that is read.
    pub member: Option<(usize, usize)>,
    /// The dimensions' names and sizes.
    pub dimensions: Vec<(String, usize)>,
}

/// One axis.
pub(crate) struct Axis {
    /// The position of its dimension; `None` if it is a scalar coordinate beside the variable.
    pub dimension: Option<usize>,
    pub size: usize,
    /// The variable that holds its coordinates.
    pub coordinate: String,
}

/// The dimension with final beside preliminary values, and its coordinate.
pub(crate) const VERSION: &str = "expver";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Time,
    Step,
    Latitude,
    Longitude,
}

impl Role {
    const ALL: [Role; 4] = [Role::Time, Role::Step, Role::Latitude, Role::Longitude];

    fn names(self) -> &'static [&'static str] {
        match self {
            // The first one wins: files made with cfgrib have both, and `time` is the start of the
            // forecast.
            Role::Time => &["valid_time", "time"],
            Role::Step => &["step", "forecast_period"],
            Role::Latitude => &["latitude", "lat"],
            Role::Longitude => &["longitude", "lon"],
        }
    }

    fn standard_name(self) -> &'static str {
        match self {
            Role::Time => "time",
            Role::Step => "forecast_period",
            Role::Latitude => "latitude",
            Role::Longitude => "longitude",
        }
    }
}

impl Layout {
    /// The layout of `variable`, one of `all` the file's variables, with the ensemble's member of that number.
    ///
    /// # Errors
    /// What was seen and what is wanted, as a sentence about the variable.
    pub(crate) fn of(
        file: &dyn NetcdfFile,
        all: &[Shape],
        variable: &Shape,
        member: Option<i64>,
    ) -> anyhow::Result<Layout> {
        let wrong = || wrong_dimensions(variable);
        let roles = roles(file, all, variable)?;
        let find = |role| axis(file, all, variable, &roles, role);
        let layout = Layout {
            time: find(Role::Time)?,
            step: find(Role::Step)?,
            latitude: find(Role::Latitude)?.ok_or_else(wrong)?,
            longitude: find(Role::Longitude)?.ok_or_else(wrong)?,
            version: variable.dimensions.iter().position(|(name, size)| name == VERSION && *size > 1),
            member: members::chosen(Members::of(file, all, variable)?, member, variable)?,
            dimensions: variable.dimensions.clone(),
        };
        if layout.time.is_none() {
            return Err(wrong());
        }
        let is_member = |at: usize| layout.member.is_some_and(|(dimension, _)| dimension == at);
        let is_known = |at: usize| roles[at].is_some() || layout.version == Some(at) || is_member(at);
        let unknown = |(at, (_, size)): (usize, &(String, usize))| *size != 1 && !is_known(at);
        if variable.dimensions.iter().enumerate().any(unknown) {
            return Err(wrong());
        }
        Ok(layout)
    }

    /// The box of all hours and versions at one grid point, of one member.
    pub(crate) fn column(&self, latitude_index: usize, longitude_index: usize) -> Vec<Range<usize>> {
        let at_point = |axis: &Axis, index: usize| axis.dimension.map(|at| (at, index));
        let fixed = [
            at_point(&self.latitude, latitude_index),
            at_point(&self.longitude, longitude_index),
            self.member,
        ];
        let range = |(at, (_, size)): (usize, &(String, usize))| {
            let index = fixed.iter().flatten().find(|(dimension, _)| *dimension == at);
            index.map_or(0..*size, |(_, index)| *index..index + 1)
        };
        self.dimensions.iter().enumerate().map(range).collect()
    }

    /// Where in a [`Layout::column`] the value of an index along each of some dimensions is: all of
    /// them in the order of the first dimension's index, then the second's, and so on.
    pub(crate) fn positions(&self, along: &[usize]) -> Vec<usize> {
        let mut positions = vec![0];
        for &at in along {
            let stride = self.stride(at);
            let each = |base: &usize| (0..self.column_size(at)).map(|index| base + index * stride).collect();
            positions = positions.iter().flat_map(|base| -> Vec<usize> { each(base) }).collect();
        }
        positions
    }

    /// The index along a dimension of the value at a position of a [`Layout::column`].
    pub(crate) fn index_along(&self, position: usize, dimension: usize) -> usize {
        position / self.stride(dimension) % self.column_size(dimension)
    }

    fn stride(&self, dimension: usize) -> usize {
        (dimension + 1..self.dimensions.len()).map(|at| self.column_size(at)).product()
    }

    fn column_size(&self, dimension: usize) -> usize {
        let member = self.member.map(|(dimension, _)| dimension);
        let is_fixed = [self.latitude.dimension, self.longitude.dimension, member].contains(&Some(dimension));
        if is_fixed { 1 } else { self.dimensions[dimension].1 }
    }
}

/// The role of each dimension of the variable, and its coordinate.
fn roles(
    file: &dyn NetcdfFile,
    all: &[Shape],
    variable: &Shape,
) -> anyhow::Result<Vec<Option<(Role, String)>>> {
    let mut roles: Vec<Option<(Role, String)>> = Vec::new();
    for (dimension, _) in &variable.dimensions {
        let over = |shape: &&Shape| matches!(shape.dimensions.as_slice(), [(d, _)] if d == dimension);
        let candidates: Vec<&Shape> = all.iter().filter(over).collect();
        let mut found = None;
        for role in Role::ALL {
            if let Some(coordinate) = coordinate(file, &candidates, role)? {
                found = Some((role, coordinate));
                break;
            }
        }
        let is_taken = |(role, _): &(Role, String)| roles.iter().flatten().any(|(other, _)| other == role);
        if found.as_ref().is_some_and(is_taken) {
            return Err(wrong_dimensions(variable));
        }
        roles.push(found);
    }
    Ok(roles)
}

/// The axis of that role: a dimension, else a scalar beside the variable.
fn axis(
    file: &dyn NetcdfFile,
    all: &[Shape],
    variable: &Shape,
    roles: &[Option<(Role, String)>],
    role: Role,
) -> anyhow::Result<Option<Axis>> {
    for (at, found) in roles.iter().enumerate() {
        if let Some((_, coordinate)) = found.as_ref().filter(|(found, _)| *found == role) {
            let size = variable.dimensions[at].1;
            return Ok(Some(Axis { dimension: Some(at), size, coordinate: coordinate.clone() }));
        }
    }
    let scalars: Vec<&Shape> = all.iter().filter(|shape| shape.dimensions.is_empty()).collect();
    let coordinate = coordinate(file, &scalars, role)?;
    Ok(coordinate.map(|coordinate| Axis { dimension: None, size: 1, coordinate }))
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

pub(crate) fn wrong_dimensions(variable: &Shape) -> anyhow::Error {
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
