//! Initial weights, drawn from our own generator so that a seed gives the same weights everywhere.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Uniform within ±sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010).
pub(crate) fn glorot_uniform<const D: usize>(
    shape: [usize; D],
    (fan_in, fan_out): (usize, usize),
    random: &mut ChaCha8Rng,
    device: &Device,
) -> Param<Tensor<D>> {
    let limit = (6.0 / (fan_in + fan_out) as f32).sqrt();
    let count = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| (random.random::<f32>() * 2.0 - 1.0) * limit).collect();
    Param::from_data(TensorData::new(values, shape), device)
}
