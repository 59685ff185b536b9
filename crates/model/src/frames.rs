//! Moving sequences by one step, with zeros coming in at the ends.

use burn::tensor::Tensor;

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
