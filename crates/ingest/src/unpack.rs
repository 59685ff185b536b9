//! From stored numbers to physical ones: missing values, `scale_factor` and `add_offset`, and the
//! unit. Arithmetic in 64 bits, rounded once to 32.

use anyhow::{anyhow, bail};
use contract::variable::{AcceptedUnit, Variable};

use crate::backend::{Attribute, NetcdfFile, Shape, Stored};

/// How one variable of one file is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Packing {
    /// Stored values that mean "missing".
    missing: Vec<f64>,
    /// `scale_factor` and `add_offset`, if the variable is packed.
    scale_offset: Option<(f64, f64)>,
    /// `None` for the canonical unit, of which even the sign of a zero is kept.
    unit: Option<AcceptedUnit>,
}

impl Packing {
    /// The packing by the variable's attributes.
    ///
    /// # Errors
    /// What was seen and what is wanted, as a sentence about the variable.
    pub(crate) fn of(file: &dyn NetcdfFile, variable: &Variable, shape: &Shape) -> anyhow::Result<Packing> {
        let (name, stored) = (shape.name.as_str(), shape.stored);
        if !stored.is_number() {
            bail!("{name} holds no numbers; wanted integers or floats");
        }
        if let Some(Attribute::Text(unsigned)) = file.attribute(name, "_Unsigned")?
            && unsigned.eq_ignore_ascii_case("true")
        {
            bail!("{name} has the attribute _Unsigned, which is not understood; store it as floats");
        }
        let unit = unit(file, variable, name)?;
        let scale = number(file, name, "scale_factor")?;
        let offset = number(file, name, "add_offset")?;
        let is_packed = scale.is_some() || offset.is_some();
        Ok(Packing {
            missing: missing_values(file, name, stored)?,
            scale_offset: is_packed.then(|| (scale.unwrap_or(1.0), offset.unwrap_or(0.0))),
            unit: (unit.scale != 1.0 || unit.offset != 0.0).then_some(unit),
        })
    }

    /// The stored value in the canonical unit; NaN if it is missing, or infinite.
    pub(crate) fn unpack(&self, stored: f64) -> f32 {
        if self.missing.contains(&stored) {
            return f32::NAN;
        }
        let value = self.scale_offset.map_or(stored, |(scale, offset)| stored * scale + offset);
        let canonical = self.unit.map_or(value, |unit| unit.to_canonical(value)) as f32;
        if canonical.is_finite() { canonical } else { f32::NAN }
    }
}

fn unit(file: &dyn NetcdfFile, variable: &Variable, name: &str) -> anyhow::Result<AcceptedUnit> {
    let accepted = variable.accepted_unit_names();
    let Some(Attribute::Text(unit)) = file.attribute(name, "units")? else {
        bail!("{name} has no attribute units; wanted one of {accepted}: add it to the file");
    };
    variable.unit(&unit).ok_or_else(|| {
        anyhow!(
            "{name} has the unit {unit:?}; wanted one of {accepted}: convert it, or correct the attribute units"
        )
    })
}

fn number(file: &dyn NetcdfFile, variable: &str, attribute: &str) -> anyhow::Result<Option<f64>> {
    match file.attribute(variable, attribute)? {
        Some(Attribute::Numbers(numbers)) => Ok(numbers.first().copied()),
        Some(Attribute::Text(text)) => bail!("{variable} has the {attribute} {text:?}; wanted a number"),
        None => Ok(None),
    }
}

/// `_FillValue` and `missing_value`; without the first, the fill value that the NetCDF library
/// gives to what was never written.
fn missing_values(file: &dyn NetcdfFile, variable: &str, stored: Stored) -> anyhow::Result<Vec<f64>> {
    let numbers = |attribute: &str| -> anyhow::Result<Option<Vec<f64>>> {
        Ok(match file.attribute(variable, attribute)? {
            Some(Attribute::Numbers(numbers)) => Some(numbers),
            _ => None,
        })
    };
    let mut missing = match numbers("_FillValue")? {
        Some(fill) => fill,
        None => default_fill(stored).into_iter().collect(),
    };
    missing.extend(numbers("missing_value")?.unwrap_or_default());
    if stored == Stored::F32 {
        // A 64-bit attribute of a 32-bit variable, 1e20 for example, is meant as stored.
        let rounded: Vec<f64> = missing.iter().map(|value| f64::from(*value as f32)).collect();
        missing.extend(rounded);
    }
    Ok(missing)
}

/// The library's fill values; bytes have none.
fn default_fill(stored: Stored) -> Option<f64> {
    match stored {
        Stored::I16 => Some(-32767.0),
        Stored::U16 => Some(65535.0),
        Stored::I32 => Some(-2_147_483_647.0),
        Stored::U32 => Some(4_294_967_295.0),
        Stored::I64 => Some(-9_223_372_036_854_775_806.0),
        Stored::U64 => Some(18_446_744_073_709_551_614.0),
        Stored::F32 | Stored::F64 => Some(9.969_209_968_386_869e36),
        Stored::I8 | Stored::U8 | Stored::Text | Stored::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packing(missing: &[f64], scale_offset: Option<(f64, f64)>, unit: &str) -> Packing {
        let unit = Variable::named("t2m").unwrap().unit(unit).filter(|unit| unit.offset != 0.0);
        Packing { missing: missing.to_vec(), scale_offset, unit }
    }

    #[test]
    fn unpacked_kelvin_keep_their_bits() {
        let packing = packing(&[f64::NAN], None, "K");
        for value in [285.30853_f32, 0.0, -0.0, f32::MIN_POSITIVE / 8.0, f32::MAX] {
            assert_eq!(packing.unpack(f64::from(value)).to_bits(), value.to_bits());
        }
    }

    #[test]
    fn missing_and_infinite_values_are_nan() {
        let packing = packing(&[-32767.0, 1e20], Some((0.5, 10.0)), "K");
        for value in [-32767.0, 1e20, f64::NAN, f64::INFINITY, 1e300] {
            assert!(packing.unpack(value).is_nan(), "{value}");
        }
        assert_eq!(packing.unpack(-32766.0), -16373.0);
    }

    #[test]
    fn packed_celsius_are_rounded_once() {
        let packing = packing(&[], Some((0.01, 0.0)), "degC");
        assert_eq!(packing.unpack(2137.0), (2137.0 * 0.01 + 273.15) as f32);
    }
}
