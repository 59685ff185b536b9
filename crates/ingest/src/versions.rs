//! Which values are final and which preliminary (ERA5T): by `expver`, 1 or 5, as a number or a text,
//! for the whole file, for each time, or along a dimension of its own.

use anyhow::{Context, bail};

use crate::backend::{NetcdfFile, Shape, Stored};
use crate::layout::{Layout, VERSION};

/// What `expver` says.
pub(crate) enum Versions {
    /// Nothing, or the same of all values.
    All { is_preliminary: bool },
    /// Of each index along one dimension of the variable.
    Along { dimension: usize, is_preliminary: Vec<bool> },
}

impl Versions {
    /// # Errors
    /// When it cannot be read, or when there are several versions and nothing says which is which.
    pub(crate) fn read(
        file: &dyn NetcdfFile,
        all: &[Shape],
        variable: &Shape,
        layout: &Layout,
    ) -> anyhow::Result<Versions> {
        const FINAL: Versions = Versions::All { is_preliminary: false };
        let undefined = || {
            anyhow::anyhow!(
                "{} has the dimension {VERSION} of size {}, and no variable {VERSION} says which of them is final (1) \
                 and which preliminary (5); keep one of them",
                variable.name,
                layout.version.map_or(0, |at| layout.dimensions[at].1)
            )
        };
        let Some(shape) = all.iter().find(|shape| shape.name == VERSION) else {
            return if layout.version.is_some() { Err(undefined()) } else { Ok(FINAL) };
        };
        // A `char` variable has its length as a second dimension.
        let over = match shape.dimensions.as_slice() {
            [] => None,
            [(name, _)] => Some(name),
            [(name, _), _] if shape.stored == Stored::Text => Some(name),
            _ => return if layout.version.is_some() { Err(undefined()) } else { Ok(FINAL) },
        };
        let says = numbers(file, shape)?;
        if let Some(bad) =
            says.iter().find(|says| ![1, 5].contains(*says)).filter(|_| layout.version.is_some())
        {
            bail!("{VERSION} has the value {bad}; wanted 1 (final) or 5 (preliminary): keep only those");
        }
        let is_preliminary: Vec<bool> = says.iter().map(|says| *says == 5).collect();
        let Some(over) = over else {
            return Ok(Versions::All { is_preliminary: is_preliminary == [true] });
        };
        match variable.dimensions.iter().position(|(name, _)| name == over) {
            Some(dimension) if is_preliminary.len() == variable.dimensions[dimension].1 => {
                Ok(Versions::Along { dimension, is_preliminary })
            }
            _ if layout.version.is_some() => Err(undefined()),
            // The length of a `char` variable without further dimensions.
            _ => Ok(Versions::All { is_preliminary: is_preliminary == [true] }),
        }
    }
}

impl Versions {
    /// Whether the value at this position of a [`Layout::column`] is preliminary.
    pub(crate) fn is_preliminary(&self, layout: &Layout, position: usize) -> bool {
        match self {
            Versions::All { is_preliminary } => *is_preliminary,
            Versions::Along { dimension, is_preliminary } => {
                is_preliminary[layout.index_along(position, *dimension)]
            }
        }
    }
}

/// The numbers that it says; 0 for what is none.
fn numbers(file: &dyn NetcdfFile, shape: &Shape) -> anyhow::Result<Vec<i64>> {
    if shape.stored == Stored::Text {
        let texts = file.texts(VERSION).with_context(|| format!("cannot read {VERSION}"))?;
        let number = |text: &String| text.trim_end_matches('\0').trim().parse().unwrap_or_default();
        return Ok(texts.iter().map(number).collect());
    }
    let part: Vec<_> = shape.dimensions.iter().map(|(_, size)| 0..*size).collect();
    let numbers = file.numbers(VERSION, &part).with_context(|| format!("cannot read {VERSION}"))?;
    Ok(numbers.iter().map(|number| *number as i64).collect())
}
