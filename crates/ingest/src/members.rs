//! The members of an ensemble: a dimension of numbers, or a scalar beside the variable.

use anyhow::bail;

use crate::backend::{Attribute, NetcdfFile, Shape};

/// What the dimension of members, or their coordinate, is called.
const NAMES: [&str; 6] = ["number", "member", "realization", "ensemble", "ensemble_member", "ens"];

/// The standard name of its coordinate.
const STANDARD_NAME: &str = "realization";

/// The members that a variable has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Members {
    /// The position of their dimension; `None` for the scalar of one member.
    pub dimension: Option<usize>,
    pub name: String,
    pub numbers: Vec<i64>,
}

impl Members {
    /// `None` for a variable without; of numbers that are not stored the members are counted from 0.
    ///
    /// # Errors
    /// When the numbers cannot be read.
    pub(crate) fn of(
        file: &dyn NetcdfFile,
        all: &[Shape],
        variable: &Shape,
    ) -> anyhow::Result<Option<Members>> {
        for (at, (name, size)) in variable.dimensions.iter().enumerate() {
            let coordinate = all.iter().find(|shape| {
                shape.stored.is_number()
                    && matches!(shape.dimensions.as_slice(), [(one, _)] if one == name)
                    && is_named(file, shape)
            });
            if coordinate.is_none() && !NAMES.contains(&name.as_str()) {
                continue;
            }
            let numbers = match coordinate {
                Some(shape) if *size > 0 => {
                    file.numbers(&shape.name, &[0..*size])?.into_iter().map(|number| number as i64).collect()
                }
                _ => (0..*size as i64).collect(),
            };
            return Ok(Some(Members { dimension: Some(at), name: name.clone(), numbers }));
        }
        let is_scalar =
            |shape: &&Shape| shape.dimensions.is_empty() && shape.stored.is_number() && is_named(file, shape);
        let Some(scalar) = all.iter().find(is_scalar) else { return Ok(None) };
        let numbers = file.numbers(&scalar.name, &[])?.into_iter().map(|number| number as i64).collect();
        Ok(Some(Members { dimension: None, name: scalar.name.clone(), numbers }))
    }

    /// The numbers, for messages: `0 to 9`, or one by one.
    pub(crate) fn listed(&self) -> String {
        match self.numbers.as_slice() {
            [first, .., last] if self.numbers.windows(2).all(|pair| pair[1] == pair[0] + 1) => {
                format!("{first} to {last}")
            }
            numbers => numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", "),
        }
    }
}

fn is_named(file: &dyn NetcdfFile, shape: &Shape) -> bool {
    let standard_name = file.attribute(&shape.name, "standard_name");
    NAMES.contains(&shape.name.as_str())
        || matches!(standard_name, Ok(Some(Attribute::Text(name))) if name == STANDARD_NAME)
}

/// The dimension and the index along it of the member that is wanted; `None` where no dimension has to be fixed.
///
/// # Errors
/// When there are several and none is wanted, or the one that is wanted is not there.
pub(crate) fn chosen(
    members: Option<Members>,
    wanted: Option<i64>,
    variable: &Shape,
) -> anyhow::Result<Option<(usize, usize)>> {
    let name = &variable.name;
    match (members, wanted) {
        (None, None) => Ok(None),
        (None, Some(wanted)) => {
            bail!("{name} is of no ensemble, and [ingest] member = {wanted} asks for a member: take it out")
        }
        (Some(members), None) if members.numbers.len() > 1 => bail!(
            "{name} has {} members of an ensemble along {}: {}; wanted one of them: set [ingest] member to its number",
            members.numbers.len(),
            members.name,
            members.listed()
        ),
        (Some(_), None) => Ok(None),
        (Some(members), Some(wanted)) => match members.numbers.iter().position(|number| *number == wanted) {
            Some(index) => Ok(members.dimension.map(|dimension| (dimension, index))),
            None => bail!(
                "{name} has no member {wanted}, which [ingest] member asks for; its members along {} are {}",
                members.name,
                members.listed()
            ),
        },
    }
}
