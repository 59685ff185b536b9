//! Sequences of a chunk, one after the other, as one long sequence of rows: each is followed by one
//! blank latent step, whose zeros are the padding of the sequences on both sides. So a layer is one
//! matrix product over all sequences, and no window is ever copied.

use super::matrix::{Matrix, MatrixMut};
use super::vector::vectorised;
use crate::frames::Frame;

/// How many sequences a chunk has, and how long they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) sequences: usize,
    /// Latent steps of each.
    pub(super) steps: usize,
}

/// Rows of channels, with a margin of zeros on both sides.
#[derive(Clone, Debug, Default)]
pub(super) struct Stream {
    values: Vec<f32>,
    extent: Extent,
    /// Rows of a latent step.
    rate: usize,
    channels: usize,
    /// Values of a margin.
    margin: usize,
}

impl Default for Extent {
    fn default() -> Extent {
        Extent { sequences: 0, steps: 0 }
    }
}

impl Stream {
    /// Makes room. What the rows hold afterwards is not specified; the margins are zero.
    pub(super) fn resize(&mut self, extent: Extent, rate: usize, channels: usize, margin_rows: usize) {
        let margin = margin_rows * channels;
        let shape = (extent, rate, channels, margin);
        if shape == (self.extent, self.rate, self.channels, self.margin) {
            return;
        }
        (self.extent, self.rate, self.channels, self.margin) = shape;
        self.values.clear();
        self.values.resize(self.rows() * channels + 2 * margin, 0.0);
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// All rows, blank ones included.
    pub(super) fn rows(&self) -> usize {
        self.extent.sequences * (self.extent.steps + 1) * self.rate
    }

    fn body(&self) -> &[f32] {
        &self.values[self.margin..self.values.len() - self.margin]
    }

    fn body_mut(&mut self) -> &mut [f32] {
        let end = self.values.len() - self.margin;
        &mut self.values[self.margin..end]
    }

    /// The rows of one sequence.
    pub(super) fn sequence(&self, number: usize) -> &[f32] {
        let step = self.rate * self.channels;
        let start = number * (self.extent.steps + 1) * step;
        &self.body()[start..start + self.extent.steps * step]
    }

    /// The rows of one sequence, to write to.
    pub(super) fn sequence_mut(&mut self, number: usize) -> &mut [f32] {
        let step = self.rate * self.channels;
        let (start, length) = (number * (self.extent.steps + 1) * step, self.extent.steps * step);
        &mut self.body_mut()[start..start + length]
    }

    /// Sets the blank rows to zero.
    pub(super) fn clear_blanks(&mut self) {
        for (_, blank) in self.parts() {
            blank.fill(0.0);
        }
    }

    /// Each sequence's rows, and the blank ones after it.
    fn parts(&mut self) -> impl Iterator<Item = (&mut [f32], &mut [f32])> {
        let step = self.rate * self.channels;
        let whole = self.extent.steps * step;
        let sequences = self.body_mut().chunks_exact_mut((whole + step).max(1));
        sequences.map(move |sequence| sequence.split_at_mut(whole))
    }

    /// One row a row.
    pub(super) fn matrix(&self) -> Matrix<'_> {
        Matrix::new(self.body(), self.rows(), self.channels)
    }

    /// One row a row, to write to.
    pub(super) fn matrix_mut(&mut self) -> MatrixMut<'_> {
        let (rows, channels) = (self.rows(), self.channels);
        MatrixMut::new(self.body_mut(), rows, channels)
    }

    /// What a kernel sees: one row for each frame, `width * channels` columns.
    pub(super) fn windows(&self, reach: Frame) -> Matrix<'_> {
        let start = self.margin - reach.padding * self.channels;
        let frames = self.rows() / reach.stride;
        let columns = reach.width() * self.channels;
        Matrix::strided(&self.values[start..], frames, columns, reach.stride * self.channels)
    }

    /// Frames from `first` on, `count` of them, as rows; of each the rows from `row` on.
    pub(super) fn frames_mut(
        &mut self,
        stride: usize,
        (first, count): (usize, usize),
        (row, rows): (usize, usize),
    ) -> MatrixMut<'_> {
        let channels = self.channels;
        let start = ((first * stride + row) * channels).min(self.body().len());
        MatrixMut::strided(&mut self.body_mut()[start..], count, rows * channels, stride * channels)
    }

    /// Adds the bias, and where `rectify` takes the positive part; blank rows become zero.
    pub(super) fn activate(&mut self, bias: &[f32], rectify: bool) {
        for (rows, blank) in self.parts() {
            match rectify {
                true => add_and_rectify(rows, bias),
                false => add_to_rows(rows, bias),
            }
            blank.fill(0.0);
        }
    }

    /// Takes the gradient of a rectified layer's output to that of its sums, and adds the latter's column
    /// sums to the bias's gradient. Blank rows, whose output is zero, become zero.
    pub(super) fn rectify_gradient(&mut self, output: &Stream, bias_gradient: &mut [f32]) {
        rectify_gradient(self.body_mut(), output.body(), bias_gradient);
    }

    /// Adds the column sums to the bias's gradient; blank rows must be zero.
    pub(super) fn sum_columns(&self, bias_gradient: &mut [f32]) {
        sum_columns(self.body(), bias_gradient);
    }
}

vectorised! {
    fn add_to_rows(rows: &mut [f32], bias: &[f32]) {
        for row in rows.chunks_exact_mut(bias.len()) {
            row.iter_mut().zip(bias).for_each(|(x, b)| *x += b);
        }
    }
}

vectorised! {
    fn add_and_rectify(rows: &mut [f32], bias: &[f32]) {
        for row in rows.chunks_exact_mut(bias.len()) {
            row.iter_mut().zip(bias).for_each(|(x, b)| *x = (*x + b).max(0.0));
        }
    }
}

vectorised! {
    fn rectify_gradient(gradient: &mut [f32], output: &[f32], column_sums: &mut [f32]) {
        let channels = column_sums.len();
        let rows = gradient.chunks_exact_mut(channels).zip(output.chunks_exact(channels));
        for (gradient, output) in rows {
            for ((gradient, output), sum) in gradient.iter_mut().zip(output).zip(&mut *column_sums) {
                *gradient = if *output > 0.0 { *gradient } else { 0.0 };
                *sum += *gradient;
            }
        }
    }
}

vectorised! {
    fn sum_columns(rows: &[f32], sums: &mut [f32]) {
        for row in rows.chunks_exact(sums.len()) {
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
    }
}
