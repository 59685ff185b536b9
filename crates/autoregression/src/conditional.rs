//! Missing hours given all others: the smoother of an autoregression, exact. Hours after the last one seen are
//! missing ones as well, so that a forecast is the same.

use crate::banded::Banded;
use crate::{ORDER, Process};

/// A normal distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    pub mean: f64,
    pub variance: f64,
}

/// The hidden hours, which ascend, given all other `values` that are not NaN; what `values` holds at hidden hours
/// does not matter. Equations that reach a missing hour which is not hidden are left out; a hidden hour without an
/// equation of its own has the mean 0 and the variance 1 of standardised hours instead. `None` where rounding leaves
/// no positive variance.
pub fn conditional(process: &impl Process, values: &[f64], hidden: &[usize]) -> Vec<Option<Moments>> {
    let clusters = hidden.chunk_by(|a, b| b - a <= ORDER);
    clusters.flat_map(|cluster| of_cluster(process, values, cluster)).collect()
}

/// Hidden hours of which each is in one equation with the next.
fn of_cluster(process: &impl Process, values: &[f64], hidden: &[usize]) -> Vec<Option<Moments>> {
    let (Some(&first), Some(&last)) = (hidden.first(), hidden.last()) else { return Vec::new() };
    let mut places = vec![None; last - first + 1];
    hidden.iter().enumerate().for_each(|(place, &hour)| places[hour - first] = Some(place));
    let place = |hour: usize| hour.checked_sub(first).and_then(|hour| places.get(hour).copied().flatten());
    let mut banded = Banded::new(hidden.len(), ORDER + 1);
    let mut terms = Vec::with_capacity(ORDER + 1);
    for hour in first..=(last + ORDER).min(values.len() - 1) {
        match equation(process, values, hour, place, &mut terms) {
            Some(right) => banded.add(&terms, right),
            None => place(hour).into_iter().for_each(|place| banded.add(&[(place, 1.0)], 0.0)),
        }
    }
    let Some((means, variances)) = banded.solve() else { return vec![None; hidden.len()] };
    means.into_iter().zip(variances).map(|(mean, variance)| Some(Moments { mean, variance })).collect()
}

/// The hour's equation by the standard deviation of its innovation: fills in the terms of hidden hours and returns
/// what the others leave. `None` where an hour of it is missing.
fn equation(
    process: &impl Process,
    values: &[f64],
    hour: usize,
    place: impl Fn(usize) -> Option<usize>,
    terms: &mut Vec<(usize, f64)>,
) -> Option<f64> {
    let start = hour.checked_sub(ORDER)?;
    let sd = process.variance(hour).sqrt();
    let factors = process.coefficients(hour).iter().map(|coefficient| -coefficient).chain([1.0]);
    let mut right = 0.0;
    terms.clear();
    for (other, factor) in (start..=hour).zip(factors) {
        match place(other) {
            Some(place) => terms.push((place, factor / sd)),
            None => right -= factor / sd * values[other],
        }
    }
    right.is_finite().then_some(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cholesky, dot};

    /// A memory of an hour and of a day, which changes through the day.
    struct Daily(Vec<Vec<f64>>);

    impl Daily {
        fn new() -> Daily {
            let of = |hour: usize| {
                let mut coefficients = vec![0.0; ORDER];
                coefficients[ORDER - 1] = 0.6 + 0.01 * hour as f64;
                coefficients[ORDER - 24] = 0.2;
                coefficients[0] = -0.1;
                coefficients
            };
            Daily((0..24).map(of).collect())
        }

        /// Some series of so many hours.
        fn values(&self, count: usize) -> Vec<f64> {
            let mut values: Vec<f64> = Vec::new();
            for hour in 0..count {
                let innovation = ((hour * hour) as f64 * 0.37).sin();
                let expected = match hour.checked_sub(ORDER) {
                    Some(start) => dot(self.coefficients(hour), &values[start..hour]),
                    None => 0.0,
                };
                values.push(expected + innovation);
            }
            values
        }
    }

    impl Process for Daily {
        fn coefficients(&self, hour: usize) -> &[f64] {
            &self.0[hour % 24]
        }

        fn variance(&self, hour: usize) -> f64 {
            0.3 + 0.02 * (hour % 24) as f64
        }
    }

    /// By the dense precision matrix of all hidden hours, from all equations.
    fn dense(process: &Daily, values: &[f64], hidden: &[usize]) -> Vec<Moments> {
        let n = hidden.len();
        let (mut matrix, mut right) = (vec![vec![0.0; n]; n], vec![0.0; n]);
        for hour in ORDER..values.len() {
            let (mut row, mut rest) = (vec![0.0; n], 0.0);
            for lag in 0..=ORDER {
                let factor = if lag == 0 { 1.0 } else { -process.coefficients(hour)[ORDER - lag] };
                match hidden.iter().position(|&hidden| hidden == hour - lag) {
                    Some(place) => row[place] = factor,
                    None => rest -= factor * values[hour - lag],
                }
            }
            for i in 0..n {
                right[i] += row[i] * rest / process.variance(hour);
                (0..n).for_each(|j| matrix[i][j] += row[i] * row[j] / process.variance(hour));
            }
        }
        let means = cholesky::solve(&mut matrix.clone(), right).unwrap();
        let variance = |i: usize| {
            let unit = (0..n).map(|j| f64::from(u8::from(i == j))).collect();
            cholesky::solve(&mut matrix.clone(), unit).unwrap()[i]
        };
        means.iter().enumerate().map(|(i, &mean)| Moments { mean, variance: variance(i) }).collect()
    }

    fn check(hidden: &[usize]) {
        let process = Daily::new();
        let values = process.values(300);
        let mut seen = values.clone();
        hidden.iter().for_each(|&hour| seen[hour] = f64::NAN);
        let expected = dense(&process, &values, hidden);
        for (found, expected) in conditional(&process, &seen, hidden).into_iter().zip(expected) {
            let found = found.unwrap();
            let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
            assert!(
                close(found.mean, expected.mean) && close(found.variance, expected.variance),
                "{found:?}"
            );
        }
    }

    #[test]
    fn hidden_hours_are_conditioned_on_all_others() {
        check(&(100..140).chain([145, 158, 190, 191]).collect::<Vec<_>>());
        check(&[60]);
    }

    #[test]
    fn the_hours_after_the_last_are_its_forecast() {
        check(&(250..300).collect::<Vec<_>>());
        let process = Daily::new();
        let mut values = process.values(280);
        let mut expected = values[..279].to_vec();
        expected.push(dot(process.coefficients(279), &expected[279 - ORDER..]));
        values[279] = f64::NAN;
        let found = conditional(&process, &values, &[279])[0].unwrap();
        assert!((found.mean - expected[279]).abs() < 1e-12);
        assert!((found.variance - process.variance(279)).abs() < 1e-12);
    }

    #[test]
    fn an_hour_after_a_hole_has_the_climate() {
        let process = Daily::new();
        let mut values = process.values(200);
        (50..90).for_each(|hour| values[hour] = f64::NAN);
        // Everything that an hour within the hole is in an equation with is missing, and those hours are not hidden.
        let found = conditional(&process, &values, &[70])[0].unwrap();
        assert_eq!(found, Moments { mean: 0.0, variance: 1.0 });
    }
}
