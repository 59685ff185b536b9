//! What Open-Meteo calls our variables, and the way to ERA5's units. It has speeds and directions of
//! the wind in the place of its components.

use contract::variable::Variable;

/// An hourly series of the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: &'static str,
    /// As the archive writes it with `wind_speed_unit=ms`.
    pub(super) unit: &'static str,
}

const fn element(name: &'static str, unit: &'static str) -> Element {
    Element { name, unit }
}

const TEMPERATURE: Element = element("temperature_2m", "°C");
const DEW_POINT: Element = element("dew_point_2m", "°C");
const SURFACE_PRESSURE: Element = element("surface_pressure", "hPa");
const SEA_LEVEL_PRESSURE: Element = element("pressure_msl", "hPa");
/// The mean of the hour before.
const RADIATION: Element = element("shortwave_radiation", "W/m²");
/// The sum of the hour before.
const PRECIPITATION: Element = element("precipitation", "mm");
const SPEED_10: Element = element("wind_speed_10m", "m/s");
const DIRECTION_10: Element = element("wind_direction_10m", "°");
const SPEED_100: Element = element("wind_speed_100m", "m/s");
const DIRECTION_100: Element = element("wind_direction_100m", "°");

/// How a variable is made of elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Recipe {
    /// `value * scale + offset`.
    Linear { of: Element, scale: f64, offset: f64 },
    /// `-speed * sin(direction)`: the direction is where the wind comes from.
    Eastward { speed: Element, direction: Element },
    /// `-speed * cos(direction)`.
    Northward { speed: Element, direction: Element },
}

/// The recipe of a variable in ERA5's units: K, Pa, m s-1, J m-2 and m of the hour before; `None` for
/// one that the archive does not have.
pub(super) fn recipe(variable: &Variable) -> Option<Recipe> {
    let linear = |of, scale, offset| Recipe::Linear { of, scale, offset };
    Some(match variable.name {
        "t2m" => linear(TEMPERATURE, 1.0, 273.15),
        "d2m" => linear(DEW_POINT, 1.0, 273.15),
        "sp" => linear(SURFACE_PRESSURE, 100.0, 0.0),
        "msl" => linear(SEA_LEVEL_PRESSURE, 100.0, 0.0),
        "ssrd" => linear(RADIATION, 3600.0, 0.0),
        "tp" => linear(PRECIPITATION, 0.001, 0.0),
        "u10" => Recipe::Eastward { speed: SPEED_10, direction: DIRECTION_10 },
        "v10" => Recipe::Northward { speed: SPEED_10, direction: DIRECTION_10 },
        "u100" => Recipe::Eastward { speed: SPEED_100, direction: DIRECTION_100 },
        "v100" => Recipe::Northward { speed: SPEED_100, direction: DIRECTION_100 },
        _ => return None,
    })
}

impl Recipe {
    pub(super) fn elements(self) -> Vec<Element> {
        match self {
            Recipe::Linear { of, .. } => vec![of],
            Recipe::Eastward { speed, direction } | Recipe::Northward { speed, direction } => {
                vec![speed, direction]
            }
        }
    }

    /// The variable's value, from the values of [`Recipe::elements`].
    pub(super) fn value(self, values: &[f64]) -> Option<f64> {
        let value = match (self, values) {
            (Recipe::Linear { scale, offset, .. }, [value]) => value * scale + offset,
            (Recipe::Eastward { .. }, [speed, direction]) => -speed * direction.to_radians().sin(),
            (Recipe::Northward { .. }, [speed, direction]) => -speed * direction.to_radians().cos(),
            _ => return None,
        };
        // No "-0" in the file.
        Some(value + 0.0)
    }
}

/// The elements that the variables are made of, each once.
pub(super) fn elements(variables: &[&'static Variable]) -> Vec<Element> {
    let mut elements: Vec<Element> = Vec::new();
    for element in variables.iter().filter_map(|variable| recipe(variable)).flat_map(Recipe::elements) {
        if !elements.contains(&element) {
            elements.push(element);
        }
    }
    elements
}

#[cfg(test)]
mod tests {
    use contract::variable::VARIABLES;

    use super::*;

    fn check(variable: &str, values: &[f64], wanted: f64) {
        let value = recipe(Variable::named(variable).unwrap()).unwrap().value(values).unwrap();
        assert!((value - wanted).abs() < 1e-9, "{variable} {values:?}: {value}");
    }

    #[test]
    fn every_variable_has_a_recipe() {
        for variable in VARIABLES {
            assert!(recipe(variable).is_some(), "{}", variable.name);
        }
    }

    #[test]
    fn units_become_those_of_era5() {
        check("t2m", &[20.0], 293.15);
        check("sp", &[1013.25], 101_325.0);
        check("ssrd", &[1000.0], 3.6e6);
        check("tp", &[2.5], 0.0025);
    }

    #[test]
    fn the_wind_blows_away_from_its_direction() {
        // From the west, the south, the east and the north.
        for (direction, u, v) in [(270.0, 5.0, 0.0), (180.0, 0.0, 5.0), (90.0, -5.0, 0.0), (0.0, 0.0, -5.0)] {
            check("u10", &[5.0, direction], u);
            check("v100", &[5.0, direction], v);
        }
        // Calm air has no direction, and no sign.
        assert_eq!(
            recipe(Variable::named("u10").unwrap()).unwrap().value(&[0.0, 0.0]).unwrap().to_string(),
            "0"
        );
    }
}
