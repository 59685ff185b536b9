//! Small dense matrices in f64, row-major: what the prior of paths and the posterior need and no more.

use std::ops::{Index, IndexMut};

use crate::fast::vector::vectorised;

/// `rows x columns` numbers, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    pub rows: usize,
    pub columns: usize,
    pub values: Vec<f64>,
}

impl Index<(usize, usize)> for Matrix {
    type Output = f64;
    fn index(&self, (row, column): (usize, usize)) -> &f64 {
        &self.values[row * self.columns + column]
    }
}

impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (row, column): (usize, usize)) -> &mut f64 {
        &mut self.values[row * self.columns + column]
    }
}

impl Matrix {
    pub fn zeros(rows: usize, columns: usize) -> Matrix {
        Matrix { rows, columns, values: vec![0.0; rows * columns] }
    }

    pub fn identity(size: usize) -> Matrix {
        let mut identity = Matrix::zeros(size, size);
        (0..size).for_each(|i| identity[(i, i)] = 1.0);
        identity
    }

    /// `rows` rows of as many columns as the values make.
    pub fn from_rows(rows: usize, values: Vec<f64>) -> Matrix {
        assert_eq!(values.len() % rows, 0, "{} values in {rows} rows", values.len());
        Matrix { rows, columns: values.len() / rows, values }
    }

    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    pub fn transposed(&self) -> Matrix {
        let mut transposed = Matrix::zeros(self.columns, self.rows);
        for row in 0..self.rows {
            for column in 0..self.columns {
                transposed[(column, row)] = self[(row, column)];
            }
        }
        transposed
    }

    /// `A B`.
    pub fn times(&self, other: &Matrix) -> Matrix {
        assert_eq!(self.columns, other.rows);
        let mut product = Matrix::zeros(self.rows, other.columns);
        for row in 0..self.rows {
            let sums = &mut product.values[row * other.columns..(row + 1) * other.columns];
            for (k, &factor) in self.row(row).iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
                sums.iter_mut().zip(other.row(k)).for_each(|(sum, value)| *sum += factor * value);
            }
        }
        product
    }

    /// `A x`.
    pub fn times_vector(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.rows).map(|row| dot(self.row(row), vector)).collect()
    }

    /// `A P A'`, made symmetric to the last bit for a symmetric `P`.
    pub fn conjugate(&self, inner: &Matrix) -> Matrix {
        self.times(inner).times(&self.transposed()).symmetrised()
    }

    /// `self + factor * other`.
    pub fn plus(&self, factor: f64, other: &Matrix) -> Matrix {
        assert_eq!((self.rows, self.columns), (other.rows, other.columns));
        let sums = self.values.iter().zip(&other.values).map(|(a, b)| a + factor * b);
        Matrix { rows: self.rows, columns: self.columns, values: sums.collect() }
    }

    /// `(A + A') / 2`.
    pub fn symmetrised(&self) -> Matrix {
        let mut half = self.plus(1.0, &self.transposed());
        half.values.iter_mut().for_each(|value| *value /= 2.0);
        half
    }

    /// Writes `block` with its first number at `(row, column)`.
    pub fn set_block(&mut self, row: usize, column: usize, block: &Matrix) {
        for i in 0..block.rows {
            let start = (row + i) * self.columns + column;
            self.values[start..start + block.columns].copy_from_slice(block.row(i));
        }
    }

    pub fn largest(&self) -> f64 {
        self.values.iter().fold(0.0, |largest, value| value.abs().max(largest))
    }

    /// The lower triangle `L` with `L L' = A`; nothing if `A` is not positive definite.
    pub fn cholesky(&self) -> Option<Matrix> {
        assert_eq!(self.rows, self.columns);
        let mut lower = Matrix::zeros(self.rows, self.rows);
        factorise(self, &mut lower).then_some(lower)
    }

    /// `L^-1 B` for this lower triangle `L`.
    pub fn solve_lower(&self, right: &Matrix) -> Matrix {
        let mut solved = right.clone();
        for i in 0..self.rows {
            let (done, rest) = solved.values.split_at_mut(i * right.columns);
            let current = &mut rest[..right.columns];
            for (j, above) in done.chunks_exact(right.columns).enumerate() {
                let factor = self[(i, j)];
                current.iter_mut().zip(above).for_each(|(value, above)| *value -= factor * above);
            }
            current.iter_mut().for_each(|value| *value /= self[(i, i)]);
        }
        solved
    }

    /// `A^-1 B` for the positive definite `A = L L'` of this lower triangle `L`.
    pub fn solve_cholesky(&self, right: &Matrix) -> Matrix {
        let mut solved = self.solve_lower(right);
        let columns = right.columns;
        for i in (0..self.rows).rev() {
            let (before, current) = solved.values.split_at_mut(i * columns);
            let current = &mut current[..columns];
            current.iter_mut().for_each(|value| *value /= self[(i, i)]);
            for (j, above) in before.chunks_exact_mut(columns).enumerate() {
                let factor = self[(i, j)];
                above.iter_mut().zip(&*current).for_each(|(value, below)| *value -= factor * below);
            }
        }
        solved
    }

    /// Eigenvalues of a symmetric matrix, and its eigenvectors as columns in the same order, by
    /// cyclic Jacobi rotations.
    pub fn symmetric_eigen(&self) -> (Vec<f64>, Matrix) {
        let size = self.rows;
        let (mut rotated, mut vectors) = (self.symmetrised(), Matrix::identity(size));
        for _sweep in 0..60 {
            let off: f64 =
                (0..size).flat_map(|i| (0..i).map(move |j| (i, j))).map(|at| rotated[at].abs()).sum();
            if off <= 1e-15 * rotated.largest() {
                break;
            }
            for p in 0..size {
                for q in p + 1..size {
                    rotate(&mut rotated, &mut vectors, p, q);
                }
            }
        }
        ((0..size).map(|i| rotated[(i, i)]).collect(), vectors)
    }

    /// The largest absolute eigenvalue of a square matrix: `|A^n|^(1/n)` for n = 2^40, by squaring.
    pub fn spectral_radius(&self) -> f64 {
        let (mut power, mut log_radius, mut share) = (self.clone(), 0.0, 1.0);
        for _ in 0..40 {
            let size = power.largest();
            if size == 0.0 || !size.is_finite() {
                return size;
            }
            log_radius += share * size.ln();
            power.values.iter_mut().for_each(|value| *value /= size);
            power = power.times(&power);
            share /= 2.0;
        }
        log_radius.exp()
    }
}

vectorised! {
    /// Fills in the lower triangle; false if the matrix is not positive definite.
    fn factorise(matrix: &Matrix, lower: &mut Matrix) -> bool {
        let size = matrix.rows;
        for i in 0..size {
            let (above, current) = lower.values.split_at_mut(i * size);
            let current = &mut current[..size];
            for j in 0..i {
                let row = &above[j * size..(j + 1) * size];
                current[j] = (matrix.values[i * size + j] - dot_in_parts(&current[..j], &row[..j])) / row[j];
            }
            let rest = matrix.values[i * size + i] - dot_in_parts(&current[..i], &current[..i]);
            if !(rest > 0.0 && rest.is_finite()) {
                return false;
            }
            current[i] = rest.sqrt();
        }
        true
    }
}

/// The sum of products, in sixteen partial sums.
#[inline(always)]
fn dot_in_parts(a: &[f64], b: &[f64]) -> f64 {
    const PARTS: usize = 16;
    let mut sums = [0.0; PARTS];
    let (a_parts, b_parts) = (a.chunks_exact(PARTS), b.chunks_exact(PARTS));
    let rest = dot(a_parts.remainder(), b_parts.remainder());
    for (a, b) in a_parts.zip(b_parts) {
        for part in 0..PARTS {
            sums[part] += a[part] * b[part];
        }
    }
    sums.iter().sum::<f64>() + rest
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// One Jacobi rotation, which makes the entry `(p, q)` zero (Golub and Van Loan, section 8.5).
fn rotate(matrix: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    if matrix[(p, q)] == 0.0 {
        return;
    }
    let tau = (matrix[(q, q)] - matrix[(p, p)]) / (2.0 * matrix[(p, q)]);
    let tangent = tau.signum() / (tau.abs() + tau.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    for k in 0..matrix.rows {
        let (a, b) = (matrix[(k, p)], matrix[(k, q)]);
        (matrix[(k, p)], matrix[(k, q)]) = (cosine * a - sine * b, sine * a + cosine * b);
        let (a, b) = (vectors[(k, p)], vectors[(k, q)]);
        (vectors[(k, p)], vectors[(k, q)]) = (cosine * a - sine * b, sine * a + cosine * b);
    }
    for k in 0..matrix.rows {
        let (a, b) = (matrix[(p, k)], matrix[(q, k)]);
        (matrix[(p, k)], matrix[(q, k)]) = (cosine * a - sine * b, sine * a + cosine * b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_and_its_solution_give_the_matrix_back() {
        let matrix = Matrix::from_rows(3, vec![4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0]);
        let lower = matrix.cholesky().unwrap();
        assert!(lower.times(&lower.transposed()).plus(-1.0, &matrix).largest() < 1e-15);
        let right = Matrix::from_rows(3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert!(matrix.times(&lower.solve_cholesky(&right)).plus(-1.0, &right).largest() < 1e-14);
        assert!(Matrix::from_rows(2, vec![1.0, 2.0, 2.0, 1.0]).cholesky().is_none());
    }

    #[test]
    fn eigenvalues_of_the_second_difference_are_the_known_cosines() {
        let size = 9;
        let mut matrix = Matrix::identity(size);
        (0..size).for_each(|i| matrix[(i, i)] = 2.0);
        (1..size).for_each(|i| (matrix[(i, i - 1)], matrix[(i - 1, i)]) = (-1.0, -1.0));
        let (mut values, vectors) = matrix.symmetric_eigen();
        let mut diagonal = Matrix::zeros(size, size);
        (0..size).for_each(|i| diagonal[(i, i)] = values[i]);
        assert!(vectors.conjugate(&diagonal).plus(-1.0, &matrix).largest() < 1e-13);
        values.sort_by(f64::total_cmp);
        for (k, value) in values.iter().enumerate() {
            let angle = std::f64::consts::PI * (k + 1) as f64 / (size + 1) as f64;
            assert!((value - (2.0 - 2.0 * angle.cos())).abs() < 1e-13);
        }
    }

    #[test]
    fn the_spectral_radius_of_a_rotation_and_of_a_jordan_block_is_exact() {
        let rotation = Matrix::from_rows(2, vec![0.6, -0.7, 0.7, 0.6]);
        assert!((rotation.spectral_radius() - 0.85_f64.sqrt()).abs() < 1e-9);
        assert!((Matrix::from_rows(2, vec![0.9, 5.0, 0.0, 0.9]).spectral_radius() - 0.9).abs() < 1e-9);
        assert_eq!(Matrix::from_rows(2, vec![0.0, 1.0, 0.0, 0.0]).spectral_radius(), 0.0);
    }
}
