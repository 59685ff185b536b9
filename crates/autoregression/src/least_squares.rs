//! Least squares by the normal equations, for a few dozen coefficients.

use crate::cholesky;

/// Keeps the equations solvable where two columns are the same; nothing beside the sums of squares.
const RIDGE: f64 = 1e-6;

/// The sums that least squares needs: `Σ x xᵀ`, of which only the lower triangle is filled, and
/// `Σ x y`.
#[derive(Clone, Debug)]
pub struct Normal {
    gram: Vec<Vec<f64>>,
    moments: Vec<f64>,
    /// The number of rows that were added.
    pub rows: usize,
}

impl Normal {
    pub fn new(coefficients: usize) -> Normal {
        let gram = vec![vec![0.0; coefficients]; coefficients];
        Normal { gram, moments: vec![0.0; coefficients], rows: 0 }
    }

    /// One row: the regressors and what they are to explain.
    pub fn add(&mut self, regressors: &[f64], target: f64) {
        for (i, &value) in regressors.iter().enumerate() {
            self.moments[i] += value * target;
            self.gram[i][..=i].iter_mut().zip(regressors).for_each(|(sum, other)| *sum += value * other);
        }
        self.rows += 1;
    }

    /// All rows of another one.
    pub fn merge(&mut self, other: &Normal) {
        let pairs = self.gram.iter_mut().flatten().zip(other.gram.iter().flatten());
        pairs.for_each(|(sum, value)| *sum += value);
        self.moments.iter_mut().zip(&other.moments).for_each(|(sum, value)| *sum += value);
        self.rows += other.rows;
    }

    /// The coefficients, or `None` if the rows do not decide them.
    pub fn solve(&self) -> Option<Vec<f64>> {
        let mut matrix = self.gram.clone();
        matrix.iter_mut().enumerate().for_each(|(i, row)| row[i] += RIDGE);
        cholesky::solve(&mut matrix, self.moments.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_of_an_exact_relation_are_found() {
        let mut halves = [Normal::new(3), Normal::new(3)];
        for i in 0..40 {
            let row = [1.0, f64::from(i), f64::from(i * i % 17)];
            halves[i as usize % 2].add(&row, 3.0 - 0.5 * row[1] + 2.0 * row[2]);
        }
        let [mut all, odd] = halves;
        all.merge(&odd);
        assert_eq!(all.rows, 40);
        let found = all.solve().unwrap();
        for (found, expected) in found.iter().zip([3.0, -0.5, 2.0]) {
            assert!((found - expected).abs() < 1e-6, "{found}: the ridge of 1e-6 leaves about 1e-7");
        }
    }

    #[test]
    fn undefined_rows_have_no_solution() {
        let mut normal = Normal::new(2);
        normal.add(&[1.0, f64::NAN], 1.0);
        assert!(normal.solve().is_none());
    }
}
