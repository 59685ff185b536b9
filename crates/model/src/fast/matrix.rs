//! Matrices that are views into slices, and their product by the `gemm` crate, which chooses the width of
//! its vectors when it runs.

use gemm::Parallelism;

/// A matrix in a slice. Rows may overlap: the windows of a convolution do.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl<'a> Matrix<'a> {
    /// Rows one after the other.
    pub(super) fn new(values: &'a [f32], rows: usize, columns: usize) -> Matrix<'a> {
        Matrix::strided(values, rows, columns, columns)
    }

    /// Rows that begin `row_step` values apart.
    pub(super) fn strided(values: &'a [f32], rows: usize, columns: usize, row_step: usize) -> Matrix<'a> {
        assert!(fits(values.len(), rows, columns, row_step, 1), "a matrix reaches beyond its values");
        Matrix { values, rows, columns, row_step, column_step: 1 }
    }

    pub(super) fn transposed(self) -> Matrix<'a> {
        let Matrix { values, rows, columns, row_step, column_step } = self;
        Matrix { values, rows: columns, columns: rows, row_step: column_step, column_step: row_step }
    }

    pub(super) fn take_rows(self, first: usize, rows: usize) -> Matrix<'a> {
        assert!(first + rows <= self.rows, "a matrix has no such rows");
        let start = (first * self.row_step).min(self.values.len());
        Matrix { values: &self.values[start..], rows, ..self }
    }

    pub(super) fn take_columns(self, first: usize, columns: usize) -> Matrix<'a> {
        self.transposed().take_rows(first, columns).transposed()
    }
}

/// A matrix to write to, whose rows do not overlap.
pub(super) struct MatrixMut<'a> {
    values: &'a mut [f32],
    rows: usize,
    columns: usize,
    row_step: usize,
}

impl<'a> MatrixMut<'a> {
    /// Rows one after the other.
    pub(super) fn new(values: &'a mut [f32], rows: usize, columns: usize) -> MatrixMut<'a> {
        MatrixMut::strided(values, rows, columns, columns)
    }

    /// Rows that begin `row_step` values apart.
    pub(super) fn strided(
        values: &'a mut [f32],
        rows: usize,
        columns: usize,
        row_step: usize,
    ) -> MatrixMut<'a> {
        assert!(columns <= row_step || rows <= 1, "rows to write to overlap");
        assert!(fits(values.len(), rows, columns, row_step, 1), "a matrix reaches beyond its values");
        MatrixMut { values, rows, columns, row_step }
    }
}

fn fits(length: usize, rows: usize, columns: usize, row_step: usize, column_step: usize) -> bool {
    rows == 0 || columns == 0 || (rows - 1) * row_step + (columns - 1) * column_step < length
}

/// `out = a b`.
pub(super) fn set_product(out: MatrixMut<'_>, a: Matrix<'_>, b: Matrix<'_>) {
    product(out, a, b, false);
}

/// `out += a b`.
pub(super) fn add_product(out: MatrixMut<'_>, a: Matrix<'_>, b: Matrix<'_>) {
    product(out, a, b, true);
}

fn product(out: MatrixMut<'_>, a: Matrix<'_>, b: Matrix<'_>, add: bool) {
    assert_eq!((out.rows, out.columns, a.columns), (a.rows, b.columns, b.rows), "shapes of a product");
    if out.rows == 0 || out.columns == 0 {
        return;
    }
    // SAFETY: each matrix was checked to lie within its slice when it was made, `out` is the only
    // reference to what it writes, and its rows do not overlap.
    unsafe {
        gemm::gemm(
            out.rows,
            out.columns,
            a.columns,
            out.values.as_mut_ptr(),
            1,
            out.row_step as isize,
            add,
            a.values.as_ptr(),
            a.column_step as isize,
            a.row_step as isize,
            b.values.as_ptr(),
            b.column_step as isize,
            b.row_step as isize,
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_may_overlap_and_views_are_taken_from_them() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        // [[1, 2, 3], [3, 4, 5]] by [[1, 0], [0, 1], [1, 1]].
        let windows = Matrix::strided(&values, 2, 3, 2);
        let kernel = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        let kernel = Matrix::new(&kernel, 3, 2);
        let mut out = [10.0; 4];
        set_product(MatrixMut::new(&mut out, 2, 2), windows, kernel);
        assert_eq!(out, [4.0, 5.0, 8.0, 9.0]);
        add_product(MatrixMut::new(&mut out[..1], 1, 1), windows.take_rows(1, 1), kernel.take_columns(1, 1));
        assert_eq!(out, [13.0, 5.0, 8.0, 9.0]);
    }

    #[test]
    #[should_panic(expected = "a matrix reaches beyond its values")]
    fn a_matrix_beyond_its_values_is_refused() {
        let _ = Matrix::strided(&[0.0; 5], 2, 3, 3);
    }
}
