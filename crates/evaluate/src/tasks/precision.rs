//! The area under a precision-recall curve.

/// Average precision: `Σ_n (R_n - R_{n-1}) P_n` over the distinct scores from the highest down, so that
/// hours of one score count together, in whatever order they stand; with the curve's points
/// `(recall, precision)`. `None` without a positive.
pub(crate) fn average(mut cases: Vec<(f64, bool)>) -> Option<(f64, Vec<(f64, f64)>)> {
    let positives = cases.iter().filter(|case| case.1).count() as f64;
    if positives == 0.0 {
        return None;
    }
    cases.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let (mut area, mut found, mut seen, mut curve) = (0.0, 0.0, 0.0, Vec::new());
    for tied in cases.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let hits = tied.iter().filter(|case| case.1).count() as f64;
        found += hits;
        seen += tied.len() as f64;
        area += hits / positives * found / seen;
        curve.push((found / positives, found / seen));
    }
    Some((area, curve))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cases: &[(f64, bool)], expected: f64) {
        let (area, _) = average(cases.to_vec()).unwrap();
        assert!((area - expected).abs() < 1e-12, "{area}");
        let reversed = cases.iter().rev().copied().collect();
        assert!((average(reversed).unwrap().0 - expected).abs() < 1e-12);
    }

    #[test]
    fn the_area_is_that_by_hand() {
        check(&[(0.9, true), (0.8, false), (0.7, true), (0.1, false)], 0.5 + 0.5 * 2.0 / 3.0);
        check(&[(0.5, true), (0.5, false), (0.5, false), (0.5, false)], 0.25);
        check(&[(0.9, true), (0.5, true), (0.5, false), (0.2, false)], 0.5 + 0.5 * 2.0 / 3.0);
        assert!(average(vec![(0.1, false)]).is_none());
    }
}
