//! Tail probabilities of the chi-square and of the Poisson distribution.

use statrs::function::gamma::gamma_ur;

/// The probability that a chi-square variable exceeds `value`.
pub(crate) fn upper(degrees: usize, value: f64) -> f64 {
    if value <= 0.0 { 1.0 } else { gamma_ur(degrees as f64 / 2.0, value / 2.0) }
}

/// The smallest and the largest count that a Poisson variable with that mean has with tails of at most
/// 2.5 % each.
pub(crate) fn poisson_interval(mean: f64) -> [u32; 2] {
    let at_most = |count: u32| upper(2 * (count as usize + 1), 2.0 * mean);
    let mut low = 0;
    while at_most(low) <= 0.025 {
        low += 1;
    }
    let mut high = low;
    while at_most(high) < 0.975 {
        high += 1;
    }
    [low, high]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_have_the_values_of_a_table() {
        for (degrees, value, expected) in [
            (9, 16.919, 0.05),
            (9, 21.666, 0.01),
            (9, 4.168, 0.9),
            (1, 3.841_459, 0.05),
            (2, 9.210_34, 0.01),
            (30, 43.773, 0.05),
        ] {
            let found = upper(degrees, value);
            // The table has five digits.
            assert!((found - expected).abs() < 2e-5, "{degrees} {value}: {found}");
        }
    }

    #[test]
    fn a_poisson_interval_leaves_at_most_its_tails() {
        // P(X < 6) = 0.0203, P(X < 7) = 0.0458; P(X > 18) = 0.0374, P(X > 19) = 0.0213.
        assert_eq!(poisson_interval(12.0), [6, 19]);
    }
}
