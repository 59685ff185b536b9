//! How far apart two curves are.

/// A distance between two curves of the same figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distance {
    /// `mean |a_i - b_i|`; for one number the absolute difference.
    MeanAbsoluteDifference,
    /// `mean |ln(b_i / a_i)|`.
    AbsoluteLogRatio,
    /// The first Wasserstein distance of two ascending samples, `∫ |F⁻¹(p) - G⁻¹(p)| dp`.
    Wasserstein,
}

impl Distance {
    /// The distance, or `None` where it is undefined.
    pub(crate) fn between(self, a: &[f64], b: &[f64]) -> Option<f64> {
        let distance = match self {
            Distance::MeanAbsoluteDifference => mean_of(a, b, |a, b| (a - b).abs()),
            Distance::AbsoluteLogRatio => mean_of(a, b, |a, b| (b / a).ln().abs()),
            Distance::Wasserstein => wasserstein(a, b),
        };
        distance.is_finite().then_some(distance)
    }

    /// True where it has the figure's unit.
    pub(crate) fn has_unit(self) -> bool {
        self != Distance::AbsoluteLogRatio
    }

    /// The sentence about the error.
    pub(crate) fn describe(self, is_curve: bool) -> &'static str {
        match (self, is_curve) {
            (Distance::MeanAbsoluteDifference, false) => "The error is the absolute difference.",
            (Distance::MeanAbsoluteDifference, true) => "The error is the mean absolute difference.",
            (Distance::AbsoluteLogRatio, false) => {
                "The error is |ln(generated / real)|: 0.10 means about 10 % too much or too little."
            }
            (Distance::AbsoluteLogRatio, true) => {
                "The error is the mean of |ln(generated / real)|: 0.10 means about 10 % too much or too little."
            }
            (Distance::Wasserstein, _) => {
                "The error is the first Wasserstein distance (W1) between the two distributions: the mean absolute difference of their quantiles."
            }
        }
    }
}

fn mean_of(a: &[f64], b: &[f64], distance: impl Fn(f64, f64) -> f64) -> f64 {
    if a.len() != b.len() {
        return f64::NAN;
    }
    a.iter().zip(b).map(|(&a, &b)| distance(a, b)).sum::<f64>() / a.len() as f64
}

/// Steps through both quantile functions; exact for samples of any two sizes.
fn wasserstein(a: &[f64], b: &[f64]) -> f64 {
    let (n, m) = (a.len() as u64, b.len() as u64);
    let (mut i, mut j) = (0, 0);
    // Probability in units of 1 / (n m), so that steps end exactly together.
    let (mut done, mut area) = (0, 0.0);
    while i < n && j < m {
        let next = ((i + 1) * m).min((j + 1) * n);
        area += (next - done) as f64 * (a[i as usize] - b[j as usize]).abs();
        i += u64::from(next == (i + 1) * m);
        j += u64::from(next == (j + 1) * n);
        done = next;
    }
    area / (n as f64 * m as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w1_of_a_shifted_sample_is_the_shift() {
        let sample: Vec<f64> = (0..500).map(|i| (f64::from(i) / 40.0).exp()).collect();
        let shifted: Vec<f64> = sample.iter().map(|x| x - 2.5).collect();
        let distance = Distance::Wasserstein.between(&sample, &shifted).unwrap();
        assert!((distance - 2.5).abs() < 1e-9, "{distance}");
    }

    #[test]
    fn w1_of_different_sizes_agrees_with_repeating_every_value() {
        let (a, b) = ([0.0, 1.0, 5.0], [-1.0, 0.5, 2.0, 3.0]);
        let repeat = |x: &[f64], times: usize| -> Vec<f64> {
            x.iter().flat_map(|&x| std::iter::repeat_n(x, times)).collect()
        };
        let brute = mean_of(&repeat(&a, 4), &repeat(&b, 3), |a, b| (a - b).abs());
        let distance = Distance::Wasserstein.between(&a, &b).unwrap();
        assert!((distance - brute).abs() < 1e-12, "{distance} is not {brute}");
    }

    #[test]
    fn undefined_distances_are_none() {
        let none = |distance: Distance, a: &[f64], b: &[f64]| assert_eq!(distance.between(a, b), None);
        none(Distance::MeanAbsoluteDifference, &[1.0], &[1.0, 2.0]);
        none(Distance::AbsoluteLogRatio, &[0.0], &[1.0]);
        none(Distance::Wasserstein, &[], &[1.0]);
    }
}
