//! Scores of a normal distribution in closed form.

use std::f64::consts::PI;

/// The continuous ranked probability score of a normal distribution (Gneiting and others 2005):
/// `s (u (2 Φ(u) - 1) + 2 φ(u) - 1 / √π)`, `u = (y - m) / s`.
pub(crate) fn crps(value: f64, mean: f64, sd: f64) -> f64 {
    let u = (value - mean) / sd;
    let density = (-0.5 * u * u).exp() / (2.0 * PI).sqrt();
    sd * (u * (2.0 * cumulative(u) - 1.0) + 2.0 * density - 1.0 / PI.sqrt())
}

/// Φ(u), with an error below 1e-12.
pub(crate) fn cumulative(u: f64) -> f64 {
    let half = 0.5 * super::chi_square::upper(1, u * u);
    if u > 0.0 { 1.0 - half } else { half }
}

/// Whether the value lies in the central half, and in the central 90 %.
pub(crate) fn covers(value: f64, mean: f64, sd: f64) -> [bool; 2] {
    // Φ^-1(0.75) and Φ^-1(0.95).
    [0.674_489_750_196_081_7, 1.644_853_626_951_472_2].map(|limit| ((value - mean) / sd).abs() <= limit)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::SQRT_2;

    use super::*;

    #[test]
    fn the_cumulative_distribution_has_the_values_of_a_table() {
        for (u, expected) in [(0.0, 0.5), (1.0, 0.841_344_746_068_543), (-1.96, 0.024_997_895_148_22)] {
            assert!((cumulative(u) - expected).abs() < 1e-10, "{u}: {}", cumulative(u));
        }
    }

    #[test]
    fn at_its_mean_the_score_is_that_of_the_closed_form() {
        let expected = (SQRT_2 - 1.0) / PI.sqrt();
        assert!((crps(3.0, 3.0, 1.0) - expected).abs() < 1e-12);
    }
}
