//! Quantiles.

/// The quantile of an ascending sample that is not empty, interpolated linearly between order
/// statistics (Hyndman and Fan 1996, type 7).
pub(crate) fn quantile(ascending: &[f64], probability: f64) -> f64 {
    let position = probability * (ascending.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(ascending.len() - 1);
    ascending[below] + (position - below as f64) * (ascending[above] - ascending[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_ramp_are_its_probabilities() {
        let ramp: Vec<f64> = (0..=1000).map(f64::from).collect();
        for probability in [0.0, 0.001, 0.5, 0.9995, 1.0] {
            let got = quantile(&ramp, probability);
            assert!((got - 1000.0 * probability).abs() < 1e-9, "{probability}: {got}");
        }
    }
}
