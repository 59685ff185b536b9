//! How the fields of a row become a variable's value in its canonical unit: codes for missing
//! values, decimal points and commas, units, and wind given as speed and direction.

use contract::variable::{AcceptedUnit, Sampling, Variable};

/// Beyond it there are fill values, but no measurements in any unit.
const LARGEST: f64 = 1e12;

/// How fractions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decimal {
    Point,
    Comma,
}

/// What stands for a missing value: texts, of which one that begins with `*` is all that end like it, and numbers
/// equal to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Missing {
    texts: Vec<String>,
    numbers: Vec<f64>,
}

impl Missing {
    pub(crate) fn new(texts: Vec<String>, decimal: Decimal) -> Missing {
        let numbers = texts.iter().filter_map(|text| number(text, decimal)).collect();
        Missing { texts, numbers }
    }

    /// Whether this text stands for a missing value; an empty one always does.
    fn has_text(&self, text: &str) -> bool {
        let means_missing = |missing: &String| match missing.strip_prefix('*') {
            Some(end) if !end.is_empty() => text.ends_with(end),
            _ => missing == text,
        };
        text.is_empty() || self.texts.iter().any(means_missing)
    }

    /// Whether this number does: NaN always, and a code also as rounded to 32 bits.
    pub(crate) fn has_number(&self, value: f64) -> bool {
        let is_code = |code: &f64| *code == value || f64::from(*code as f32) == value;
        value.is_nan() || self.numbers.iter().any(is_code)
    }
}

/// One variable of the station.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StationColumn {
    pub variable: &'static Variable,
    pub measured: Measured,
    /// The name of the unit, for messages.
    pub unit_name: String,
    /// `None` for the canonical unit, of which even the sign of a zero is kept.
    pub unit: Option<AcceptedUnit>,
    pub quantity: Quantity,
    pub missing: Missing,
}

/// The columns that a variable comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Measured {
    Value {
        column: String,
    },
    /// Degrees clockwise from north, where the wind comes from.
    Wind {
        speed: String,
        direction: String,
        component: Component,
    },
}

/// A component of the wind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Component {
    Eastward,
    Northward,
}

/// What a value says about its interval, which decides how the values of an hour become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// Values are averaged.
    Level,
    /// An amount of the interval: the amounts of an hour are summed.
    Amount,
}

/// The units of amounts; the other units of the same variables are rates.
const AMOUNT_UNITS: [&str; 13] = [
    "J m-2", "J m**-2", "J cm-2", "J cm**-2", "J/cm2", "J/cm²", "kJ m-2", "MJ m-2", "MJ/m2", "mm", "m",
    "kg m-2", "kg m**-2",
];

impl Quantity {
    /// What a variable's values in that unit are.
    pub(crate) fn of(variable: &Variable, unit: &str) -> Quantity {
        match variable.sampling {
            Sampling::HourBefore if AMOUNT_UNITS.contains(&unit) => Quantity::Amount,
            Sampling::HourBefore | Sampling::Instantaneous => Quantity::Level,
        }
    }
}

impl Measured {
    /// The names of the columns that are needed.
    pub(crate) fn columns(&self) -> Vec<&str> {
        match self {
            Measured::Value { column } => vec![column],
            Measured::Wind { speed, direction, .. } => vec![speed, direction],
        }
    }
}

impl StationColumn {
    /// The value of a row in the canonical unit, `None` if it is missing. `fields` are those of
    /// [`Measured::columns`].
    ///
    /// # Errors
    /// What is wrong with which column, as a sentence's end.
    pub(crate) fn value(&self, fields: &[Option<f64>]) -> Result<Option<f64>, String> {
        let canonical = |value: f64| self.unit.map_or(value, |unit| unit.to_canonical(value));
        let Measured::Wind { speed: speed_name, direction: direction_name, component } = &self.measured
        else {
            return Ok(fields.first().copied().flatten().map(canonical));
        };
        let [Some(speed), direction] = fields else { return Ok(None) };
        if *speed < 0.0 {
            return Err(bad(speed_name, &speed.to_string(), "a speed of at least 0"));
        }
        // In a calm there is no direction, and stations give none, or a code.
        if *speed == 0.0 {
            return Ok(Some(0.0));
        }
        let Some(direction) = direction else { return Ok(None) };
        if !(0.0..=360.0).contains(direction) {
            return Err(bad(direction_name, &direction.to_string(), "0 to 360 degrees"));
        }
        let (sin, cos) = direction.to_radians().sin_cos();
        let towards = match component {
            Component::Eastward => -sin,
            Component::Northward => -cos,
        };
        Ok(Some(canonical(*speed) * towards))
    }

    /// The number in a field of text, `None` if it is missing.
    ///
    /// # Errors
    /// When it is neither, as a sentence's end.
    pub(crate) fn field(&self, column: &str, text: &str, decimal: Decimal) -> Result<Option<f64>, String> {
        if self.missing.has_text(text) {
            return Ok(None);
        }
        match number(text, decimal) {
            Some(value) => self.number(column, value),
            None => Err(bad(column, &format!("{text:?}"), &wanted_number(text, decimal))),
        }
    }

    /// The same of a number.
    ///
    /// # Errors
    /// When it is infinite, or no measurement in any unit.
    pub(crate) fn number(&self, column: &str, value: f64) -> Result<Option<f64>, String> {
        if self.missing.has_number(value) {
            return Ok(None);
        }
        if value.abs() <= LARGEST {
            return Ok(Some(value));
        }
        Err(bad(column, &format!("{value:e}"), "a number below 1e12"))
    }
}

fn bad(column: &str, seen: &str, wanted: &str) -> String {
    format!(
        "{column} has {seen}; wanted {wanted}: correct it, or list it under missing in [ingest.station] if it means \
         that there is no value"
    )
}

/// A finite number.
fn number(text: &str, decimal: Decimal) -> Option<f64> {
    let value: Option<f64> = match decimal {
        Decimal::Point => text.parse().ok(),
        Decimal::Comma if text.contains('.') => None,
        Decimal::Comma => text.replace(',', ".").parse().ok(),
    };
    value.filter(|value| value.is_finite())
}

fn wanted_number(text: &str, decimal: Decimal) -> String {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    if digits != text && number(digits, decimal).is_some() {
        let letters = &text[digits.len()..];
        return format!("a number (\"*{letters}\" under missing leaves out all that end so)");
    }
    let wanted = match decimal {
        Decimal::Point if number(text, Decimal::Comma).is_some() => {
            "a number with a decimal point (decimal = \",\" reads commas)"
        }
        Decimal::Comma if number(text, Decimal::Point).is_some() => {
            "a number with a decimal comma (decimal = \".\" reads points)"
        }
        Decimal::Point | Decimal::Comma => "a number",
    };
    wanted.to_string()
}

#[cfg(test)]
mod tests {
    use contract::variable::VARIABLES;

    use super::*;

    fn column(measured: Measured, unit: &str, missing: &[&str], decimal: Decimal) -> StationColumn {
        let variable =
            Variable::named(if matches!(measured, Measured::Value { .. }) { "t2m" } else { "u10" }).unwrap();
        StationColumn {
            variable,
            measured,
            unit_name: unit.to_string(),
            unit: variable.unit(unit),
            quantity: Quantity::Level,
            missing: Missing::new(missing.iter().map(|text| (*text).to_string()).collect(), decimal),
        }
    }

    fn temperature(missing: &[&str], decimal: Decimal) -> StationColumn {
        column(Measured::Value { column: "t".to_string() }, "degC", missing, decimal)
    }

    #[test]
    fn missing_codes_are_texts_and_the_numbers_equal_to_them() {
        let column = temperature(&["-999", "NA", "-99.9"], Decimal::Point);
        for text in ["", "NA", "-999", "-999.0", "-99.90"] {
            assert_eq!(column.field("t", text, Decimal::Point), Ok(None), "{text}");
        }
        for value in [-999.0, f64::NAN, f64::from(-99.9_f32)] {
            assert_eq!(column.number("t", value), Ok(None), "{value}");
        }
        assert_eq!(column.field("t", "-9.99e1", Decimal::Point), Ok(None));
        assert_eq!(column.field("t", "-998", Decimal::Point), Ok(Some(-998.0)));
    }

    #[test]
    fn letters_behind_a_number_may_mean_missing() {
        let column = temperature(&["*s", "*"], Decimal::Point);
        assert_eq!(column.field("t", "59s", Decimal::Point), Ok(None));
        assert_eq!(column.field("t", "*", Decimal::Point), Ok(None));
        assert_eq!(column.field("t", "59", Decimal::Point), Ok(Some(59.0)));
    }

    #[test]
    fn commas_are_read_where_they_are_asked_for() {
        let column = temperature(&["-99,9"], Decimal::Comma);
        assert_eq!(column.field("t", "-3,5", Decimal::Comma), Ok(Some(-3.5)));
        assert_eq!(column.field("t", "12", Decimal::Comma), Ok(Some(12.0)));
        assert_eq!(column.field("t", "-99,90", Decimal::Comma), Ok(None));
    }

    #[test]
    fn what_is_no_number_is_named() {
        let end =
            ": correct it, or list it under missing in [ingest.station] if it means that there is no value";
        let column = temperature(&[], Decimal::Point);
        for (text, decimal, message) in [
            ("cold", Decimal::Point, "t has \"cold\"; wanted a number"),
            ("inf", Decimal::Point, "t has \"inf\"; wanted a number"),
            (
                "59s",
                Decimal::Point,
                "t has \"59s\"; wanted a number (\"*s\" under missing leaves out all that end so)",
            ),
            ("nan", Decimal::Point, "t has \"nan\"; wanted a number"),
            (
                "3,5",
                Decimal::Point,
                "t has \"3,5\"; wanted a number with a decimal point (decimal = \",\" reads commas)",
            ),
            (
                "3.5",
                Decimal::Comma,
                "t has \"3.5\"; wanted a number with a decimal comma (decimal = \".\" reads points)",
            ),
            ("9.96921e36", Decimal::Point, "t has 9.96921e36; wanted a number below 1e12"),
            ("1.013,2", Decimal::Comma, "t has \"1.013,2\"; wanted a number"),
        ] {
            assert_eq!(column.field("t", text, decimal).unwrap_err(), format!("{message}{end}"));
        }
        let message = column.number("t", f64::INFINITY).unwrap_err();
        assert_eq!(message, format!("t has inf; wanted a number below 1e12{end}"));
    }

    fn wind(component: Component) -> StationColumn {
        let (speed, direction) = ("ws".to_string(), "wd".to_string());
        column(Measured::Wind { speed, direction, component }, "km/h", &[], Decimal::Point)
    }

    #[test]
    fn wind_blows_to_where_it_does_not_come_from() {
        // 36 km/h, 10 m/s, by its direction: from north, east, south, west.
        for (direction, u, v) in [
            (0.0, 0.0, -10.0),
            (90.0, -10.0, 0.0),
            (180.0, 0.0, 10.0),
            (270.0, 10.0, 0.0),
            (360.0, 0.0, -10.0),
        ] {
            let component = |which| wind(which).value(&[Some(36.0), Some(direction)]).unwrap().unwrap();
            assert!((component(Component::Eastward) - u).abs() < 1e-12, "{direction}");
            assert!((component(Component::Northward) - v).abs() < 1e-12, "{direction}");
        }
    }

    #[test]
    fn a_calm_needs_no_direction() {
        for direction in [None, Some(0.0), Some(999.0)] {
            assert_eq!(wind(Component::Eastward).value(&[Some(0.0), direction]), Ok(Some(0.0)));
        }
        assert_eq!(wind(Component::Eastward).value(&[Some(3.0), None]), Ok(None));
        assert_eq!(wind(Component::Eastward).value(&[None, Some(90.0)]), Ok(None));
    }

    #[test]
    fn impossible_winds_are_named() {
        let end =
            ": correct it, or list it under missing in [ingest.station] if it means that there is no value";
        for (speed, direction, message) in [
            (-1.0, 90.0, "ws has -1; wanted a speed of at least 0"),
            (3.0, 361.0, "wd has 361; wanted 0 to 360 degrees"),
        ] {
            let error = wind(Component::Eastward).value(&[Some(speed), Some(direction)]).unwrap_err();
            assert_eq!(error, format!("{message}{end}"));
        }
    }

    #[test]
    fn every_unit_of_an_accumulated_variable_is_an_amount_or_has_a_time() {
        let has_time = |unit: &str| {
            unit.contains("h-1")
                || unit.contains("/h")
                || unit.contains("s-1")
                || unit.contains("s**-1")
                || unit.starts_with('W')
        };
        for variable in VARIABLES.iter().filter(|variable| variable.sampling == Sampling::HourBefore) {
            for unit in variable.accepted_units {
                let is_amount = Quantity::of(variable, unit.name) == Quantity::Amount;
                assert_ne!(is_amount, has_time(unit.name), "{} {}", variable.name, unit.name);
            }
        }
    }
}
