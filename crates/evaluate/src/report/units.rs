//! How numbers are shown: temperatures in degrees Celsius, their differences in kelvin, everything
//! else in the canonical unit.

use contract::variable::Variable;

/// The units of a variable's pictures.
#[derive(Clone, Debug)]
pub(crate) struct Units {
    /// Of values.
    pub(crate) level: String,
    /// Of differences.
    pub(crate) difference: String,
    offset: f64,
}

impl Units {
    pub(crate) fn of(variable: Option<&Variable>, canonical_unit: &str) -> Units {
        let celsius = variable.and_then(|variable| variable.unit("degC")).filter(|_| canonical_unit == "K");
        Units {
            level: if celsius.is_some() { "°C".to_string() } else { canonical_unit.to_string() },
            difference: canonical_unit.to_string(),
            offset: celsius.map_or(0.0, |celsius| celsius.offset),
        }
    }

    /// A value of the canonical unit as it is shown.
    pub(crate) fn level_of(&self, canonical: f64) -> f64 {
        canonical - self.offset
    }
}

/// A number with so many significant digits, at most four of them after the point, and a true
/// minus sign.
pub(crate) fn number(value: f64, digits: i32) -> String {
    if value == 0.0 {
        return "0".to_string();
    }
    let before_point = value.abs().log10().floor() as i32 + 1;
    let decimals = (digits - before_point).clamp(0, 4) as usize;
    fixed(value, decimals)
}

/// A value of the variable: two decimals, none from 1000 on.
pub(crate) fn level(value: f64) -> String {
    fixed(value, if value.abs() < 1000.0 { 2 } else { 0 })
}

/// A number with so many decimals and a true minus sign, which a rounded zero does not have.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let is_zero = text.chars().all(|character| matches!(character, '-' | '0' | '.'));
    text.replace('-', if is_zero { "" } else { "\u{2212}" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperatures_are_shown_in_celsius_and_winds_as_they_are() {
        let temperature = Units::of(Variable::named("t2m"), "K");
        assert_eq!((temperature.level.as_str(), temperature.difference.as_str()), ("°C", "K"));
        assert!((temperature.level_of(280.0) - 6.85).abs() < 1e-9);
        let wind = Units::of(Variable::named("u10"), "m s-1");
        assert_eq!((wind.level.as_str(), wind.level_of(3.0)), ("m s-1", 3.0));
    }

    #[test]
    fn a_rounded_zero_has_no_sign() {
        assert_eq!((fixed(-0.04, 1), fixed(-0.06, 1)), ("0.0".to_string(), "\u{2212}0.1".to_string()));
    }

    #[test]
    fn numbers_have_so_many_digits() {
        for (value, text) in [
            (0.98512, "0.985"),
            (-12.345, "\u{2212}12.3"),
            (1234.5, "1234"),
            (0.0012345, "0.0012"),
            (0.0, "0"),
        ] {
            assert_eq!(number(value, 3), text);
        }
    }
}
