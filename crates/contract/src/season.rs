//! The seasonal features that the prior sees: harmonics of the phase of year.

use std::f64::consts::TAU;

/// `sin(2πj·phase)` for j = 1..=degree, then `cos(2πj·phase)`: `2 * degree` features.
pub fn features(phase: f64, degree: usize) -> impl Iterator<Item = f32> {
    let sines = (1..=degree).map(move |j| (TAU * j as f64 * phase).sin() as f32);
    let cosines = (1..=degree).map(move |j| (TAU * j as f64 * phase).cos() as f32);
    sines.chain(cosines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_at_a_quarter_of_the_year_are_known() {
        let got: Vec<f32> = features(0.25, 2).collect();
        for (got, wanted) in got.iter().zip([1.0, 0.0, 0.0, -1.0]) {
            assert!((got - wanted).abs() < 1e-7, "{got} is not {wanted}");
        }
        assert_eq!(got.len(), 4);
    }
}
