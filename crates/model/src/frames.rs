//! Frames: the steps of one side of a strided layer that belong to one step of the other; and moving
//! sequences by one step, with zeros coming in at the ends.

use burn::tensor::Tensor;

/// What a layer's kernel sees of a frame of `stride` rows and its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) stride: usize,
    /// Rows before the frame, at most `stride`.
    pub(crate) padding: usize,
    /// Rows after it, at most `stride`.
    pub(crate) spill: usize,
}

impl Frame {
    pub(crate) fn width(self) -> usize {
        self.padding + self.stride + self.spill
    }
}

/// `out[t] = x[t - 1]`, zero at the start. Shapes `[batch, time, channel]`.
pub(crate) fn previous(x: Tensor<3>) -> Tensor<3> {
    let [batch, time, channels] = x.dims();
    let zero = Tensor::zeros([batch, 1, channels], &x.device());
    match time {
        1 => zero,
        _ => Tensor::cat(vec![zero, x.narrow(1, 0, time - 1)], 1),
    }
}

/// `out[t] = x[t + 1]`, zero at the end. Shapes `[batch, time, channel]`.
pub(crate) fn next(x: Tensor<3>) -> Tensor<3> {
    let [batch, time, channels] = x.dims();
    let zero = Tensor::zeros([batch, 1, channels], &x.device());
    match time {
        1 => zero,
        _ => Tensor::cat(vec![x.narrow(1, 1, time - 1), zero], 1),
    }
}
