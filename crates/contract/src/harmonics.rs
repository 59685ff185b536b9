//! The Fourier terms that smooth curves over the year and the day are made of, in 64-bit floats.
//! The features that the model sees are in [`crate::season`].

use std::f64::consts::TAU;

/// `1, sin(2πp), cos(2πp), sin(4πp), cos(4πp), ...` for the phase `p`: `TERMS` of them, which is
/// 1 + 2 x the number of harmonics.
pub fn harmonics<const TERMS: usize>(phase: f64) -> [f64; TERMS] {
    let (sin, cos) = (TAU * phase).sin_cos();
    // The sine and cosine of j times the angle, by the addition theorem.
    let (mut sin_j, mut cos_j) = (0.0, 1.0);
    let mut terms = [1.0; TERMS];
    for pair in terms[1..].chunks_mut(2) {
        (sin_j, cos_j) = (sin_j * cos + cos_j * sin, cos_j * cos - sin_j * sin);
        pair[0] = sin_j;
        if let Some(term) = pair.get_mut(1) {
            *term = cos_j;
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_sines_and_cosines_of_multiples_of_the_angle() {
        for step in 0..1000 {
            let phase = f64::from(step) / 1000.0;
            let terms = harmonics::<13>(phase);
            assert_eq!(terms[0], 1.0);
            for j in 1..=6 {
                let angle = TAU * j as f64 * phase;
                assert!((terms[2 * j - 1] - angle.sin()).abs() < 1e-13, "sine {j} at {phase}");
                assert!((terms[2 * j] - angle.cos()).abs() < 1e-13, "cosine {j} at {phase}");
            }
        }
    }
}
