//! The seasonal features that the prior sees: harmonics of the phase of year.

use std::f64::consts::TAU;

use crate::calendar::{HOUR_US, year_phase, year_start_us};

/// `sin(2πj·phase)` for j = 1..=degree, then `cos(2πj·phase)`: `2 * degree` features.
pub fn features(phase: f64, degree: usize) -> impl Iterator<Item = f32> {
    let sines = (1..=degree).map(move |j| (TAU * j as f64 * phase).sin() as f32);
    let cosines = (1..=degree).map(move |j| (TAU * j as f64 * phase).cos() as f32);
    sines.chain(cosines)
}

/// Phase of year at the start of a step of `step_hours` hours; step 0 starts at `first_local_us`. The
/// calendar repeats after 400 years, which is where steps beyond its end take their phase from.
pub fn phase_of_step(first_local_us: i64, step: i64, step_hours: usize) -> f64 {
    const CYCLE_US: i64 = 146_097 * 24 * HOUR_US;
    let local = first_local_us + step * step_hours as i64 * HOUR_US;
    year_phase(if local < year_start_us(9990) { local } else { local - CYCLE_US })
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
