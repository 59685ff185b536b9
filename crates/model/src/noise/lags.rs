//! The hours before an hour.

use burn::tensor::Tensor;

use super::{HISTORY_HOURS, HOURS};

/// The last `count` hours before each hour from [`HISTORY_HOURS`] on, the latest first.
///
/// # Shapes
/// `[batch, hour]` to `[batch, day, 24, count]`.
pub(super) fn lags(values: &Tensor<2>, count: usize) -> Tensor<4> {
    let [batch, hours] = values.dims();
    let scored = hours - HISTORY_HOURS;
    let lag = |lag: usize| values.clone().narrow(1, HISTORY_HOURS - lag, scored).unsqueeze_dim::<3>(2);
    let stacked = Tensor::cat((1..=count).map(lag).collect(), 2);
    stacked.reshape([batch, scored / HOURS, HOURS, count])
}

/// Drops the hours before [`HISTORY_HOURS`].
pub(super) fn scored(values: Tensor<2>) -> Tensor<2> {
    let hours = values.dims()[1];
    values.narrow(1, HISTORY_HOURS, hours - HISTORY_HOURS)
}
