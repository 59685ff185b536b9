//! A strided convolution whose kernel spans its own frame and reaches into the neighbours':
//! stride s, kernel 2s - 1, TensorFlow's `same` padding.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::frames::Frame;
use crate::{frames, init};

/// A convolution from `[batch, time, in]` to `[batch, time / stride, out]`.
#[derive(Module, Debug)]
pub struct Conv {
    /// `[2 * stride - 1, in, out]`, as Keras stores it.
    pub kernel: Param<Tensor<3>>,
    /// `[out]`.
    pub bias: Param<Tensor<1>>,
    stride: usize,
}

impl Conv {
    pub(crate) fn init(layer: (usize, usize, usize), random: &mut ChaCha8Rng, device: &Device) -> Conv {
        let (stride, channels_in, channels_out) = layer;
        let width = 2 * stride - 1;
        let kernel = init::glorot_uniform(
            [width, channels_in, channels_out],
            (width * channels_in, width * channels_out),
            random,
            device,
        );
        Conv { kernel, bias: Param::from_tensor(Tensor::zeros([channels_out], device)), stride }
    }

    /// What the kernel sees around a frame.
    pub(crate) fn reach(&self) -> Frame {
        let padding = (self.stride - 1) / 2;
        Frame { stride: self.stride, padding, spill: self.stride - 1 - padding }
    }

    /// `y[t] = bias + sum over j of x[stride * t + j - padding] kernel[j]`, padding =
    /// (stride - 1) / 2 rounded down, x zero outside.
    ///
    /// # Shapes
    /// `[batch, time, in]` to `[batch, time / stride, out]`; time is a multiple of the stride.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, time, channels_in] = x.dims();
        let [width, _, channels_out] = self.kernel.dims();
        assert_eq!(time % self.stride, 0, "{time} steps in strides of {}", self.stride);
        let frames = time / self.stride;
        let frame = x.reshape([batch, frames, self.stride * channels_in]);
        let Frame { padding: before, spill: after, .. } = self.reach();
        let mut window = Vec::with_capacity(3);
        if before > 0 {
            let tail = frame.clone().narrow(2, (self.stride - before) * channels_in, before * channels_in);
            window.push(frames::previous(tail));
        }
        window.push(frame.clone());
        if after > 0 {
            window.push(frames::next(frame.narrow(2, 0, after * channels_in)));
        }
        let window = Tensor::cat(window, 2).reshape([batch * frames, width * channels_in]);
        let kernel = self.kernel.val().reshape([width * channels_in, channels_out]);
        (window.matmul(kernel) + self.bias.val().unsqueeze::<2>()).reshape([batch, frames, channels_out])
    }
}
