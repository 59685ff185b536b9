//! The variables that a series can carry: names, CF standard names, canonical units and the units
//! that are accepted on the way in. Everything after `ingest` is in canonical units.

/// A unit that files use for a variable, and the way to the canonical one:
/// `canonical = value * scale + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AcceptedUnit {
    pub name: &'static str,
    pub scale: f64,
    pub offset: f64,
}

/// One meteorological variable.
#[derive(Debug, PartialEq)]
pub struct Variable {
    /// The short name of ERA5, also the column's name.
    pub name: &'static str,
    /// The name in the CF standard name table.
    pub cf_standard_name: &'static str,
    pub long_name: &'static str,
    /// The unit of every column after `ingest`, in UDUNITS notation.
    pub canonical_unit: &'static str,
    pub accepted_units: &'static [AcceptedUnit],
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
];

const PRESSURE_UNITS: &[AcceptedUnit] = &[unit("Pa", 1.0, 0.0), unit("hPa", 100.0, 0.0)];

/// Every variable, in the order of its documentation.
pub const VARIABLES: &[Variable] = &[
    Variable {
        name: "t2m",
        cf_standard_name: "air_temperature",
        long_name: "2 metre temperature",
        canonical_unit: "K",
        accepted_units: TEMPERATURE_UNITS,
    },
    Variable {
        name: "d2m",
        cf_standard_name: "dew_point_temperature",
        long_name: "2 metre dewpoint temperature",
        canonical_unit: "K",
        accepted_units: TEMPERATURE_UNITS,
    },
    Variable {
        name: "u10",
        cf_standard_name: "eastward_wind",
        long_name: "10 metre U wind component",
        canonical_unit: "m s-1",
        accepted_units: SPEED_UNITS,
    },
    Variable {
        name: "v10",
        cf_standard_name: "northward_wind",
        long_name: "10 metre V wind component",
        canonical_unit: "m s-1",
        accepted_units: SPEED_UNITS,
    },
    Variable {
        name: "u100",
        cf_standard_name: "eastward_wind",
        long_name: "100 metre U wind component",
        canonical_unit: "m s-1",
        accepted_units: SPEED_UNITS,
    },
    Variable {
        name: "v100",
        cf_standard_name: "northward_wind",
        long_name: "100 metre V wind component",
        canonical_unit: "m s-1",
        accepted_units: SPEED_UNITS,
    },
    Variable {
        name: "sp",
        cf_standard_name: "surface_air_pressure",
        long_name: "Surface pressure",
        canonical_unit: "Pa",
        accepted_units: PRESSURE_UNITS,
    },
    Variable {
        name: "msl",
        cf_standard_name: "air_pressure_at_mean_sea_level",
        long_name: "Mean sea level pressure",
        canonical_unit: "Pa",
        accepted_units: PRESSURE_UNITS,
    },
];

impl Variable {
    /// The variable of that short name, or `None`.
    pub fn named(name: &str) -> Option<&'static Variable> {
        VARIABLES.iter().find(|variable| variable.name == name)
    }

    /// The accepted unit of that name, or `None`.
    pub fn unit(&self, name: &str) -> Option<AcceptedUnit> {
        self.accepted_units.iter().copied().find(|unit| unit.name == name)
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
    fn every_variable_accepts_its_canonical_unit_unchanged() {
        for variable in VARIABLES {
            let unit = variable.unit(variable.canonical_unit).expect(variable.name);
            assert_eq!((unit.scale, unit.offset), (1.0, 0.0), "{}", variable.name);
        }
    }
}
