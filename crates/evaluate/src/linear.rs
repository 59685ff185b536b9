//! Least squares by the normal equations, for a few dozen coefficients.

/// Keeps the equations solvable where two columns are the same; nothing beside the sums of squares.
const RIDGE: f64 = 1e-6;

/// The sums that least squares needs: `Σ x xᵀ`, of which only the lower triangle is filled, and
/// `Σ x y`.
#[derive(Clone, Debug)]
pub(crate) struct Normal {
    gram: Vec<f64>,
    moments: Vec<f64>,
    /// The number of rows that were added.
    pub(crate) rows: usize,
}

impl Normal {
    pub(crate) fn new(coefficients: usize) -> Normal {
        Normal { gram: vec![0.0; coefficients * coefficients], moments: vec![0.0; coefficients], rows: 0 }
    }

    /// One row: the regressors and what they are to explain.
    pub(crate) fn add(&mut self, regressors: &[f64], target: f64) {
        let n = self.moments.len();
        for (i, &value) in regressors.iter().enumerate() {
            self.moments[i] += value * target;
            let row = &mut self.gram[i * n..=i * n + i];
            row.iter_mut().zip(regressors).for_each(|(sum, other)| *sum += value * other);
        }
        self.rows += 1;
    }

    /// All rows of another one.
    pub(crate) fn merge(&mut self, other: &Normal) {
        self.gram.iter_mut().zip(&other.gram).for_each(|(sum, value)| *sum += value);
        self.moments.iter_mut().zip(&other.moments).for_each(|(sum, value)| *sum += value);
        self.rows += other.rows;
    }

    /// All rows of another one, each of its regressors times each of `factors` (the same for all rows):
    /// the regressors `x_0 f_0, x_0 f_1, ..., x_1 f_0, ...`.
    pub(crate) fn merge_products(&mut self, other: &Normal, factors: &[f64]) {
        let (n, parts) = (self.moments.len(), other.moments.len());
        for row in 0..n {
            let (i, k) = (row / factors.len(), row % factors.len());
            self.moments[row] += other.moments[i] * factors[k];
            for column in 0..=row {
                let (j, l) = (column / factors.len(), column % factors.len());
                let gram = other.gram[i.max(j) * parts + i.min(j)];
                self.gram[row * n + column] += gram * factors[k] * factors[l];
            }
        }
        self.rows += other.rows;
    }

    /// The coefficients, or `None` if the rows do not decide them.
    pub(crate) fn solve(&self) -> Option<Vec<f64>> {
        let n = self.moments.len();
        let mut matrix = self.gram.clone();
        (0..n).for_each(|i| matrix[i * n + i] += RIDGE);
        cholesky(&mut matrix, n)?;
        let mut x = self.moments.clone();
        for i in 0..n {
            let sum: f64 = (0..i).map(|k| matrix[i * n + k] * x[k]).sum();
            x[i] = (x[i] - sum) / matrix[i * n + i];
        }
        for i in (0..n).rev() {
            let sum: f64 = (i + 1..n).map(|k| matrix[k * n + i] * x[k]).sum();
            x[i] = (x[i] - sum) / matrix[i * n + i];
        }
        Some(x)
    }
}

/// Replaces the lower triangle by its Cholesky factor; `None` if the matrix is not positive definite.
fn cholesky(matrix: &mut [f64], n: usize) -> Option<()> {
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| matrix[i * n + k] * matrix[j * n + k]).sum();
            let rest = matrix[i * n + j] - sum;
            if i != j {
                matrix[i * n + j] = rest / matrix[j * n + j];
            } else if rest > 0.0 {
                matrix[i * n + i] = rest.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(())
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
    fn merged_products_are_the_sums_of_multiplied_rows() {
        let factors = [[1.0, 0.5, -2.0], [1.0, -1.5, 0.25]];
        let (mut merged, mut direct) = (Normal::new(6), Normal::new(6));
        for (part, factors) in factors.iter().enumerate() {
            let mut small = Normal::new(2);
            for i in 0..9 {
                let (row, target) = ([1.0, f64::from(i * i % 5)], f64::from(i) - part as f64);
                small.add(&row, target);
                let products: Vec<f64> = row.iter().flat_map(|x| factors.map(|f| x * f)).collect();
                direct.add(&products, target);
            }
            merged.merge_products(&small, factors);
        }
        assert_eq!(merged.rows, direct.rows);
        let pairs = merged.gram.iter().chain(&merged.moments).zip(direct.gram.iter().chain(&direct.moments));
        pairs.for_each(|(merged, direct)| assert!((merged - direct).abs() < 1e-9, "{merged} {direct}"));
    }

    #[test]
    fn undefined_rows_have_no_solution() {
        let mut normal = Normal::new(2);
        normal.add(&[1.0, f64::NAN], 1.0);
        assert!(normal.solve().is_none());
    }
}
