//! Rounding to what a picture can show, so that the document stays small.

use super::Curve;

impl Curve {
    /// With so many decimals.
    pub(super) fn rounded(self, decimals: i32) -> Curve {
        let factor = 10_f64.powi(decimals);
        self.each(|value| (value * factor).round() / factor)
    }

    /// With so many significant digits.
    pub(super) fn rounded_to_digits(self, digits: usize) -> Curve {
        self.each(|value| significant(value, digits))
    }

    fn each(self, round: impl Fn(f64) -> f64) -> Curve {
        let all = |values: Vec<f64>| values.into_iter().map(&round).collect();
        Curve {
            real: all(self.real),
            generated: all(self.generated),
            other_real: all(self.other_real),
            band_low: all(self.band_low),
            band_high: all(self.band_high),
        }
    }
}

pub(super) fn significant(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits - 1).parse().unwrap_or(value)
}

/// Two decimals: a hundredth of a kelvin.
pub(crate) fn hundredth(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
