//! What no file of hourly reanalysis has, however well it can be read: more hours than there have
//! been, or not one value that is possible. It is found in damaged files whose format protects
//! nothing. Single values out of range are not its matter: they are flagged, and stay.

use anyhow::bail;
use contract::calendar::{self, HOUR_US};
use contract::variable::Variable;

use crate::dataset::Hour;

/// The longest series, in hours: 500 years. ERA5 begins in 1940. A series takes some 30 bytes an hour.
const MOST_HOURS: usize = 500 * 8766;

/// Refuses a variable of too many hours before they are read.
///
/// # Errors
/// That, as a sentence about the variable.
pub(crate) fn check_count(name: &str, sizes: impl Iterator<Item = usize>) -> anyhow::Result<()> {
    let count = sizes.fold(1, usize::saturating_mul);
    // Of each hour there may be a final and a preliminary value.
    if count > 2 * MOST_HOURS {
        bail!(
            "{name} has {count} values at a point; wanted hourly ones of at most 500 years: the file is damaged"
        );
    }
    Ok(())
}

/// Refuses a variable without one value that is possible.
///
/// # Errors
/// That, as a sentence about the variable.
pub(crate) fn check_values(variable: &Variable, hours: &[Hour]) -> anyhow::Result<()> {
    let [least, greatest] = variable.valid_range;
    let is_possible = |hour: &Hour| is_possible(variable, hour.value);
    let Some(first) = hours.first().filter(|_| !hours.iter().any(is_possible)) else { return Ok(()) };
    let (name, unit) = (variable.name, variable.canonical_unit);
    bail!(
        "{name} has only impossible values, the first being {} {unit}; wanted {least} to {greatest} {unit}: the \
         file is damaged, or its units, scale_factor or add_offset are wrong",
        first.value
    )
}

/// Whether the value lies in the variable's valid range.
pub(crate) fn is_possible(variable: &Variable, value: f32) -> bool {
    let [least, greatest] = variable.valid_range;
    (least..=greatest).contains(&f64::from(value))
}

/// Refuses a series of too many hours before it is made.
///
/// # Errors
/// That, as a sentence about the files.
pub(crate) fn check_span(first_us: i64, last_us: i64) -> anyhow::Result<()> {
    if (last_us - first_us) / HOUR_US < MOST_HOURS as i64 {
        return Ok(());
    }
    let (first, last) = (calendar::format_hour(first_us), calendar::format_hour(last_us));
    bail!(
        "the files have hours from {first} to {last}; wanted at most 500 years: one of them is damaged, or the \
         units of its time are wrong"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t2m(values: &[f32]) -> Result<(), String> {
        let hour = |value: &f32| Hour { time_us: 0, value: *value, flags: 0 };
        let hours: Vec<Hour> = values.iter().map(hour).collect();
        check_values(Variable::named("t2m").unwrap(), &hours).map_err(|error| error.to_string())
    }

    #[test]
    fn one_possible_value_is_enough() {
        assert_eq!(t2m(&[]), Ok(()));
        assert_eq!(t2m(&[1.1e9, 280.0, -3.0]), Ok(()));
    }

    #[test]
    fn floats_taken_for_integers_are_refused() {
        let bits = 280.5_f32.to_bits() as f32;
        assert_eq!(
            t2m(&[bits, bits]).unwrap_err(),
            "t2m has only impossible values, the first being 1133264900 K; wanted 170 to 340 K: the file is \
             damaged, or its units, scale_factor or add_offset are wrong"
        );
    }

    #[test]
    fn five_hundred_years_are_enough() {
        let last = MOST_HOURS as i64 * HOUR_US;
        check_span(0, last - HOUR_US).unwrap();
        assert_eq!(
            check_span(0, last).unwrap_err().to_string(),
            "the files have hours from 1970-01-01T00:00 to 2470-01-04T00:00; wanted at most 500 years: one of them \
             is damaged, or the units of its time are wrong"
        );
        check_count("t2m", [2, MOST_HOURS].into_iter()).unwrap();
        assert_eq!(
            check_count("t2m", [usize::MAX, 3].into_iter()).unwrap_err().to_string(),
            "t2m has 18446744073709551615 values at a point; wanted hourly ones of at most 500 years: the file is \
             damaged"
        );
    }
}
