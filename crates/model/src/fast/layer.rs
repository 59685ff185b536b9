//! A strided convolution or its transpose on streams. What one does forward, the other does backward.

use std::ops::Range;

use super::matrix::MatrixMut;
use super::matrix::{Matrix, add_product, set_product};
use super::stream::Stream;
use crate::frames::Frame;

/// Which way a layer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// A convolution: frames become rows.
    Down,
    /// A transposed convolution: rows become frames.
    Up,
}

/// One layer, and where its weights are among all weights.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) direction: Direction,
    pub(super) reach: Frame,
    pub(super) channels_in: usize,
    pub(super) channels_out: usize,
    pub(super) rectify: bool,
    /// `[width, in, out]` down, `[width, out, in]` up.
    pub(super) kernel: Range<usize>,
    pub(super) bias: Range<usize>,
}

impl Layer {
    /// `[width * channels on the side of the frames, channels on the side of the rows]`.
    fn matrix<'a>(&self, weights: &'a [f32]) -> Matrix<'a> {
        let (framed, rowed) = match self.direction {
            Direction::Down => (self.channels_in, self.channels_out),
            Direction::Up => (self.channels_out, self.channels_in),
        };
        Matrix::new(&weights[self.kernel.clone()], self.reach.width() * framed, rowed)
    }

    pub(super) fn forward(&self, weights: &[f32], input: &Stream, output: &mut Stream) {
        let kernel = self.matrix(weights);
        match self.direction {
            Direction::Down => set_product(output.matrix_mut(), input.windows(self.reach), kernel),
            Direction::Up => scatter(output, self.reach, input.matrix(), kernel.transposed()),
        }
        output.activate(&weights[self.bias.clone()], self.rectify);
    }

    /// Takes the gradient of the output, which becomes that of the sums before rectification, to those of
    /// the weights, which are added to, and where `input_gradient` is given to that of the input, whose
    /// blank rows hold anything afterwards.
    pub(super) fn backward(
        &self,
        weights: &[f32],
        (input, output): (&Stream, &Stream),
        gradient: &mut Stream,
        input_gradient: Option<&mut Stream>,
        weight_gradient: &mut [f32],
    ) {
        let bias = &mut weight_gradient[self.bias.clone()];
        match self.rectify {
            true => gradient.rectify_gradient(output, bias),
            false => gradient.sum_columns(bias),
        }
        let kernel = self.matrix(weights);
        let of_kernel = &mut weight_gradient[self.kernel.clone()];
        match self.direction {
            Direction::Down => {
                let (rows, columns) = (self.reach.width() * self.channels_in, self.channels_out);
                let of_kernel = MatrixMut::new(of_kernel, rows, columns);
                add_product(of_kernel, input.windows(self.reach).transposed(), gradient.matrix());
                if let Some(input_gradient) = input_gradient {
                    scatter(input_gradient, self.reach, gradient.matrix(), kernel.transposed());
                }
            }
            Direction::Up => {
                let (rows, columns) = (self.reach.width() * self.channels_out, self.channels_in);
                let of_kernel = MatrixMut::new(of_kernel, rows, columns);
                add_product(of_kernel, gradient.windows(self.reach).transposed(), input.matrix());
                if let Some(input_gradient) = input_gradient {
                    set_product(input_gradient.matrix_mut(), gradient.windows(self.reach), kernel);
                }
            }
        }
    }
}

/// Each row times the kernel becomes a frame, and what reaches beyond it is added to the frames around;
/// nothing reaches beyond the first and the last frame but from blank rows.
fn scatter(output: &mut Stream, reach: Frame, rows: Matrix<'_>, kernel: Matrix<'_>) {
    let channels = output.channels();
    let Frame { stride, padding, spill } = reach;
    let count = output.rows() / stride;
    let taps = |first: usize, taps: usize| kernel.take_columns(first * channels, taps * channels);
    let frames = output.frames_mut(stride, (0, count), (0, stride));
    set_product(frames, rows, taps(padding, stride));
    if spill > 0 && count > 1 {
        let after = output.frames_mut(stride, (1, count - 1), (0, spill));
        add_product(after, rows.take_rows(0, count - 1), taps(padding + stride, spill));
    }
    if padding > 0 && count > 1 {
        let before = output.frames_mut(stride, (0, count - 1), (stride - padding, padding));
        add_product(before, rows.take_rows(1, count - 1), taps(0, padding));
    }
}
