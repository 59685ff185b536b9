//! The variables that a series can carry: names, CF standard names, canonical units, the units that
//! are accepted on the way in, and what values are possible. Everything after `ingest` is in
//! canonical units.

use schemars::Schema;

use crate::config::{Fault, nearest};

/// A unit that files use for a variable, and the way to the canonical one:
/// `canonical = value * scale + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AcceptedUnit {
    pub name: &'static str,
    pub scale: f64,
    pub offset: f64,
}

/// What the value of an hour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// The state at the full hour.
    Instantaneous,
    /// The mean rate of the hour that ends at the full hour. ERA5 stores it as an accumulation, whose
    /// units are among the accepted ones.
    HourBefore,
}

/// One meteorological variable.
#[derive(Debug, PartialEq)]
pub struct Variable {
    /// The short name of ERA5, also the column's name.
    pub name: &'static str,
    /// The name in the CF standard name table.
    pub cf_standard_name: &'static str,
    pub long_name: &'static str,
    /// What requests to the Copernicus Climate Data Store call it.
    pub cds_name: &'static str,
    /// The unit of every column after `ingest`, in UDUNITS notation.
    pub canonical_unit: &'static str,
    pub accepted_units: &'static [AcceptedUnit],
    pub sampling: Sampling,
    /// The least and the greatest value, in the canonical unit, that occurs anywhere near the ground;
    /// what lies outside is flagged.
    pub valid_range: [f64; 2],
}

const fn unit(name: &'static str, scale: f64, offset: f64) -> AcceptedUnit {
    AcceptedUnit { name, scale, offset }
}

const TEMPERATURE_UNITS: &[AcceptedUnit] = &[
    unit("K", 1.0, 0.0),
    unit("kelvin", 1.0, 0.0),
    unit("degC", 1.0, 273.15),
    unit("°C", 1.0, 273.15),
    unit("C", 1.0, 273.15),
    unit("celsius", 1.0, 273.15),
    unit("degF", 5.0 / 9.0, 273.15 - 32.0 * 5.0 / 9.0),
    unit("°F", 5.0 / 9.0, 273.15 - 32.0 * 5.0 / 9.0),
    unit("F", 5.0 / 9.0, 273.15 - 32.0 * 5.0 / 9.0),
];

const SPEED_UNITS: &[AcceptedUnit] = &[
    unit("m s-1", 1.0, 0.0),
    unit("m s**-1", 1.0, 0.0),
    unit("m/s", 1.0, 0.0),
    unit("km/h", 1.0 / 3.6, 0.0),
    unit("kn", 1852.0 / 3600.0, 0.0),
];

const PRESSURE_UNITS: &[AcceptedUnit] =
    &[unit("Pa", 1.0, 0.0), unit("hPa", 100.0, 0.0), unit("mbar", 100.0, 0.0), unit("kPa", 1000.0, 0.0)];

/// Joules are those of the hour before.
const RADIATION_UNITS: &[AcceptedUnit] = &[
    unit("W m-2", 1.0, 0.0),
    unit("W m**-2", 1.0, 0.0),
    unit("W/m2", 1.0, 0.0),
    unit("W/m²", 1.0, 0.0),
    unit("J m-2", 1.0 / 3600.0, 0.0),
    unit("J m**-2", 1.0 / 3600.0, 0.0),
    unit("J cm-2", 1e4 / 3600.0, 0.0),
    unit("J cm**-2", 1e4 / 3600.0, 0.0),
    unit("J/cm2", 1e4 / 3600.0, 0.0),
    unit("J/cm²", 1e4 / 3600.0, 0.0),
    unit("kJ m-2", 1e3 / 3600.0, 0.0),
    unit("MJ m-2", 1e6 / 3600.0, 0.0),
    unit("MJ/m2", 1e6 / 3600.0, 0.0),
];

/// Depths and masses are those of the hour before.
const PRECIPITATION_UNITS: &[AcceptedUnit] = &[
    unit("mm h-1", 1.0, 0.0),
    unit("mm/h", 1.0, 0.0),
    unit("mm", 1.0, 0.0),
    unit("m", 1000.0, 0.0),
    unit("kg m-2", 1.0, 0.0),
    unit("kg m**-2", 1.0, 0.0),
    unit("kg m-2 s-1", 3600.0, 0.0),
    unit("kg m**-2 s**-1", 3600.0, 0.0),
];

/// A row of the table.
#[allow(clippy::too_many_arguments)]
const fn row(
    name: &'static str,
    cf_standard_name: &'static str,
    long_name: &'static str,
    cds_name: &'static str,
    canonical_unit: &'static str,
    accepted_units: &'static [AcceptedUnit],
    sampling: Sampling,
    valid_range: [f64; 2],
) -> Variable {
    Variable {
        name,
        cf_standard_name,
        long_name,
        cds_name,
        canonical_unit,
        accepted_units,
        sampling,
        valid_range,
    }
}

use Sampling::{HourBefore, Instantaneous};

/// Every variable, in the order of its documentation. Packed files store zero as some 1e-16 more or
/// less, and radiation and rain as a little less than nothing.
#[rustfmt::skip]
pub const VARIABLES: &[Variable] = &[
    row("t2m", "air_temperature", "2 metre temperature", "2m_temperature", "K", TEMPERATURE_UNITS, Instantaneous, [170.0, 340.0]),
    row("d2m", "dew_point_temperature", "2 metre dewpoint temperature", "2m_dewpoint_temperature", "K", TEMPERATURE_UNITS, Instantaneous, [150.0, 320.0]),
    row("u10", "eastward_wind", "10 metre U wind component", "10m_u_component_of_wind", "m s-1", SPEED_UNITS, Instantaneous, [-80.0, 80.0]),
    row("v10", "northward_wind", "10 metre V wind component", "10m_v_component_of_wind", "m s-1", SPEED_UNITS, Instantaneous, [-80.0, 80.0]),
    row("u100", "eastward_wind", "100 metre U wind component", "100m_u_component_of_wind", "m s-1", SPEED_UNITS, Instantaneous, [-110.0, 110.0]),
    row("v100", "northward_wind", "100 metre V wind component", "100m_v_component_of_wind", "m s-1", SPEED_UNITS, Instantaneous, [-110.0, 110.0]),
    row("sp", "surface_air_pressure", "Surface pressure", "surface_pressure", "Pa", PRESSURE_UNITS, Instantaneous, [30_000.0, 110_000.0]),
    row("msl", "air_pressure_at_mean_sea_level", "Mean sea level pressure", "mean_sea_level_pressure", "Pa", PRESSURE_UNITS, Instantaneous, [85_000.0, 110_000.0]),
    row("ssrd", "surface_downwelling_shortwave_flux_in_air", "Surface solar radiation downwards", "surface_solar_radiation_downwards", "W m-2", RADIATION_UNITS, HourBefore, [-5.0, 1500.0]),
    row("tp", "lwe_precipitation_rate", "Total precipitation", "total_precipitation", "mm h-1", PRECIPITATION_UNITS, HourBefore, [-0.05, 310.0]),
];

impl Variable {
    /// The variable of that short name, or `None`.
    pub fn named(name: &str) -> Option<&'static Variable> {
        VARIABLES.iter().find(|variable| variable.name == name)
    }

    /// Whether it is never below 0 and exactly 0 in many hours, as rain and radiation are.
    pub fn has_floor(&self) -> bool {
        matches!(self.name, "ssrd" | "tp")
    }

    /// The accepted unit of that name, or so many of one: `0.1 degC`. `None` for others.
    pub fn unit(&self, name: &str) -> Option<AcceptedUnit> {
        let named = |name: &str| self.accepted_units.iter().copied().find(|unit| unit.name == name);
        named(name).or_else(|| {
            let (count, name) = name.split_once(' ')?;
            let count: f64 = count.parse().ok().filter(|count: &f64| count.is_finite() && *count > 0.0)?;
            let unit = named(name.trim())?;
            Some(AcceptedUnit { scale: count * unit.scale, ..unit })
        })
    }

    /// The accepted units' names, for messages: `K, kelvin, degC`.
    pub fn accepted_unit_names(&self) -> String {
        let names: Vec<_> = self.accepted_units.iter().map(|unit| unit.name).collect();
        names.join(", ")
    }
}

/// The names of all variables, for messages: `t2m, d2m, u10`.
pub fn variable_names() -> String {
    let names: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
    names.join(", ")
}

/// Lists the names of all variables in the schema of a key that is one, or of its items.
pub fn list_names(schema: &mut Schema) {
    let names: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
    match schema.get_mut("items").and_then(|items| items.as_object_mut()) {
        Some(items) => {
            items.insert("enum".to_string(), names.into());
            schema.insert("minItems".to_string(), 1.into());
            schema.insert("uniqueItems".to_string(), true.into());
        }
        None => {
            schema.insert("enum".to_string(), names.into());
        }
    }
}

/// The names of the variables that a model can be of, for messages.
pub fn modelled_names() -> String {
    modelled().join(", ")
}

/// Lists the names of the variables that a model can be of in the schema of a key that is one.
pub fn list_modelled_names(schema: &mut Schema) {
    schema.insert("enum".to_string(), modelled().into());
}

fn modelled() -> Vec<&'static str> {
    VARIABLES.iter().filter(|variable| !variable.has_floor()).map(|variable| variable.name).collect()
}

/// The variables of these names, the value of the key `key` of a pipeline file.
///
/// # Errors
/// When there is none, or one is unknown or named twice.
pub fn checked(key: &str, names: &[String]) -> Result<Vec<&'static Variable>, Fault> {
    if names.is_empty() {
        return Err(Fault::value(key, "empty", format!("at least one of {}", variable_names())));
    }
    let mut variables: Vec<&'static Variable> = Vec::new();
    for name in names {
        let Some(variable) = Variable::named(name) else {
            let proposal = nearest(name, VARIABLES.iter().map(|variable| variable.name));
            let proposal = proposal.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            let message = format!("has {name:?}; wanted {}{proposal}", variable_names());
            return Err(Fault { key: key.to_string(), message });
        };
        if variables.contains(&variable) {
            let message = format!("has {name:?} twice; wanted each variable once");
            return Err(Fault { key: key.to_string(), message });
        }
        variables.push(variable);
    }
    Ok(variables)
}

impl AcceptedUnit {
    /// A value of this unit in the variable's canonical unit.
    pub fn to_canonical(self, value: f64) -> f64 {
        value * self.scale + self.offset
    }

    /// A value of the variable's canonical unit in this one.
    pub fn from_canonical(self, value: f64) -> f64 {
        (value - self.offset) / self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(unit: &str, value: f64, kelvin: f64) {
        let unit = Variable::named("t2m").unwrap().unit(unit).unwrap();
        assert!((unit.to_canonical(value) - kelvin).abs() < 1e-9, "{value} {unit:?}");
        assert!((unit.from_canonical(kelvin) - value).abs() < 1e-9, "{kelvin} K in {unit:?}");
    }

    #[test]
    fn temperature_units_agree_with_the_fixed_points_of_water() {
        check("degC", 0.0, 273.15);
        check("degC", 100.0, 373.15);
        check("degF", 32.0, 273.15);
        check("degF", 212.0, 373.15);
        check("K", 300.0, 300.0);
    }

    #[test]
    fn a_number_before_a_unit_is_its_scale() {
        check("0.1 degC", 65.0, 279.65);
        check("0.1 degF", 320.0, 273.15);
        check("0.01 K", 27_315.0, 273.15);
        let ssrd = Variable::named("ssrd").unwrap();
        // 360 J/cm2 in an hour are 3.6 MJ/m2, 1 kW/m2.
        for (unit, value) in [("J cm-2", 360.0), ("10 J cm-2", 36.0), ("kJ m-2", 3600.0), ("MJ m-2", 3.6)] {
            assert!((ssrd.unit(unit).unwrap().to_canonical(value) - 1000.0).abs() < 1e-9, "{unit}");
        }
        for unit in ["0.1", "0.1 hPa", "-1 degC", "0 degC", "inf degC", "degC 0.1"] {
            assert_eq!(Variable::named("t2m").unwrap().unit(unit), None, "{unit}");
        }
    }

    #[test]
    fn accumulations_of_an_hour_become_its_mean_rate() {
        let convert = |variable: &str, unit: &str, value| {
            Variable::named(variable).unwrap().unit(unit).unwrap().to_canonical(value)
        };
        // 3.6 MJ in an hour are 1 kW; 1 mm of water on 1 m2 is 1 kg.
        assert_eq!(convert("ssrd", "J m**-2", 3.6e6), 1000.0);
        assert_eq!(convert("tp", "m", 0.0025), 2.5);
        assert_eq!(convert("tp", "kg m-2 s-1", 1.0 / 3600.0), 1.0);
        assert!((convert("u10", "kn", 1.0) - 0.514_444).abs() < 1e-6);
    }

    #[test]
    fn every_variable_accepts_its_canonical_unit_unchanged() {
        for variable in VARIABLES {
            let unit = variable.unit(variable.canonical_unit).expect(variable.name);
            assert_eq!((unit.scale, unit.offset), (1.0, 0.0), "{}", variable.name);
        }
    }
}
