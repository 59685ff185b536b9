//! Mean and variances of normal variables whose precision matrix is banded: Cholesky's decomposition
//! inside the band, and the diagonal of the inverse by Takahashi's recursion, `O(n b²)`.

/// Variables of which only those less than `width` apart share an element.
pub(crate) struct Banded {
    width: usize,
    /// `rows[i][d]` is the element of `i` and `i - d`.
    rows: Vec<Vec<f64>>,
    right: Vec<f64>,
}

impl Banded {
    pub(crate) fn new(count: usize, width: usize) -> Banded {
        Banded { width, rows: vec![vec![0.0; width]; count], right: vec![0.0; count] }
    }

    /// An equation `Σ factor x = right + e` with `e` of the variance 1; terms ascend and lie in the band.
    pub(crate) fn add(&mut self, terms: &[(usize, f64)], right: f64) {
        for (place, &(i, factor)) in terms.iter().enumerate() {
            self.right[i] += factor * right;
            terms[..=place].iter().for_each(|&(j, other)| self.rows[i][i - j] += factor * other);
        }
    }

    /// Means and variances; `None` if the equations do not decide them.
    pub(crate) fn solve(mut self) -> Option<(Vec<f64>, Vec<f64>)> {
        self.decompose()?;
        let (n, width, l) = (self.rows.len(), self.width, &self.rows);
        let mut x = self.right.clone();
        for i in 0..n {
            let sum: f64 = (1..width.min(i + 1)).map(|d| l[i][d] * x[i - d]).sum();
            x[i] = (x[i] - sum) / l[i][0];
        }
        for i in (0..n).rev() {
            let sum: f64 = (1..width.min(n - i)).map(|d| l[i + d][d] * x[i + d]).sum();
            x[i] = (x[i] - sum) / l[i][0];
        }
        Some((x, self.variances()))
    }

    fn decompose(&mut self) -> Option<()> {
        for i in 0..self.rows.len() {
            for d in (0..self.width.min(i + 1)).rev() {
                let j = i - d;
                let both = 1..(self.width - d).min(j + 1);
                let sum: f64 = both.map(|e| self.rows[i][d + e] * self.rows[j][e]).sum();
                let rest = self.rows[i][d] - sum;
                self.rows[i][d] = match d {
                    0 if rest > 0.0 => rest.sqrt(),
                    0 => return None,
                    _ => rest / self.rows[j][0],
                };
            }
        }
        Some(())
    }

    fn variances(&self) -> Vec<f64> {
        let (n, width, l) = (self.rows.len(), self.width, &self.rows);
        // `inverse[i][d]` is the element of `i` and `i - d`.
        let mut inverse = vec![vec![0.0; width]; n];
        for j in (0..n).rev() {
            let below = 1..width.min(n - j);
            for d in below.clone().rev() {
                let i = j + d;
                let of = |k: usize| inverse[i.max(k)][i.abs_diff(k)];
                let sum: f64 = below.clone().map(|e| l[j + e][e] * of(j + e)).sum();
                inverse[i][d] = -sum / l[j][0];
            }
            let sum: f64 = below.map(|e| l[j + e][e] * inverse[j + e][e]).sum();
            inverse[j][0] = (1.0 / l[j][0] - sum) / l[j][0];
        }
        inverse.into_iter().map(|row| row[0]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cholesky;

    #[test]
    fn means_and_variances_are_those_of_the_dense_matrix() {
        let (n, width) = (23, 6);
        // Knuth's linear congruential generator, -2 to 2.
        let mut state = 4_u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 32) as f64 / f64::from(1 << 30) - 2.0
        };
        let mut banded = Banded::new(n, width);
        let (mut dense, mut right) = (vec![vec![0.0; n]; n], vec![0.0; n]);
        for first in (0..n).chain(0..n) {
            let terms: Vec<(usize, f64)> =
                (first..n.min(first + width)).map(|i| (i, noise() + 0.5)).collect();
            let value = noise();
            banded.add(&terms, value);
            for &(i, a) in &terms {
                right[i] += a * value;
                terms.iter().for_each(|&(j, b)| dense[i][j] += a * b);
            }
        }
        let (means, variances) = banded.solve().unwrap();
        let expected = cholesky::solve(&mut dense.clone(), right).unwrap();
        for i in 0..n {
            let unit = (0..n).map(|j| f64::from(u8::from(i == j))).collect();
            let variance = cholesky::solve(&mut dense.clone(), unit).unwrap()[i];
            assert!((means[i] / expected[i] - 1.0).abs() < 1e-9, "{} {}", means[i], expected[i]);
            assert!((variances[i] / variance - 1.0).abs() < 1e-9, "{} {variance}", variances[i]);
        }
    }
}
