//! The error of one curve against another.

/// How a curve `b` differs from the real curve `a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distance {
    /// `mean |a_i - b_i|`; for one number the absolute difference.
    MeanAbsoluteDifference,
    /// `max |a_i - b_i|`.
    LargestAbsoluteDifference,
    /// `mean |b_i / a_i - 1|`.
    MeanRelativeDifference,
    /// `|ln(b / a)|`, of one number.
    AbsoluteLogRatio,
}

impl Distance {
    /// The error, or `None` where it is undefined. It is infinite where `b` is zero and `a` is not: a
    /// ratio of nothing to something.
    pub(crate) fn between(self, a: &[f64], b: &[f64]) -> Option<f64> {
        if a.len() != b.len() || a.is_empty() {
            return None;
        }
        let pairs = || a.iter().zip(b);
        let mean = |sum: f64| sum / a.len() as f64;
        let error = match self {
            Distance::MeanAbsoluteDifference => mean(pairs().map(|(a, b)| (a - b).abs()).sum()),
            Distance::LargestAbsoluteDifference => {
                let largest = pairs().map(|(a, b)| (a - b).abs()).max_by(f64::total_cmp);
                largest.unwrap_or_default()
            }
            Distance::MeanRelativeDifference => mean(pairs().map(|(a, b)| (b / a - 1.0).abs()).sum()),
            Distance::AbsoluteLogRatio => mean(pairs().map(|(a, b)| (b / a).ln().abs()).sum()),
        };
        let is_defined = error.is_finite() || (error.is_infinite() && a.iter().all(|&a| a != 0.0));
        is_defined.then_some(error)
    }

    /// True where it has the figure's unit.
    pub(crate) fn has_unit(self) -> bool {
        matches!(self, Distance::MeanAbsoluteDifference | Distance::LargestAbsoluteDifference)
    }

    /// The sentence about the error.
    pub(crate) fn describe(self, is_curve: bool) -> &'static str {
        match (self, is_curve) {
            (Distance::MeanAbsoluteDifference, false) => "The error is the absolute difference.",
            (Distance::MeanAbsoluteDifference, true) => "The error is the mean absolute difference.",
            (Distance::LargestAbsoluteDifference, _) => "The error is the largest absolute difference.",
            (Distance::MeanRelativeDifference, _) => "The error is the mean of |generated / real - 1|.",
            (Distance::AbsoluteLogRatio, _) => {
                "The error is |ln(generated / real)|: 0.10 means about 10 % too much or too little."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(distance: Distance, a: &[f64], b: &[f64], expected: Option<f64>) {
        let got = distance.between(a, b);
        let close = match (got, expected) {
            (Some(got), Some(expected)) => got == expected || (got - expected).abs() < 1e-12,
            (got, expected) => got == expected,
        };
        assert!(close, "{distance:?} of {a:?} and {b:?} is {got:?}, not {expected:?}");
    }

    #[test]
    fn errors_agree_with_the_hand() {
        check(Distance::MeanAbsoluteDifference, &[1.0, 2.0], &[2.0, 5.0], Some(2.0));
        check(Distance::LargestAbsoluteDifference, &[1.0, 2.0], &[2.0, 5.0], Some(3.0));
        check(Distance::MeanRelativeDifference, &[1.0, 2.0], &[2.0, 5.0], Some(1.25));
        check(Distance::AbsoluteLogRatio, &[2.0], &[1.0], Some(2.0_f64.ln()));
    }

    #[test]
    fn nothing_against_something_is_infinite_and_the_other_way_undefined() {
        check(Distance::AbsoluteLogRatio, &[1.0], &[0.0], Some(f64::INFINITY));
        check(Distance::AbsoluteLogRatio, &[0.0], &[1.0], None);
        check(Distance::AbsoluteLogRatio, &[0.0], &[0.0], None);
        check(Distance::LargestAbsoluteDifference, &[1.0, f64::NAN, 1.0], &[1.0, 1.0, 1.0], None);
        check(Distance::MeanAbsoluteDifference, &[1.0], &[1.0, 2.0], None);
        check(Distance::MeanAbsoluteDifference, &[], &[], None);
    }
}
