//! The transpose of [`crate::conv::Conv`]: each step becomes a frame of `stride` steps, and the
//! kernel of 2s - 1 reaches into the neighbouring frames.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::{frames, init};

/// A transposed convolution from `[batch, time, in]` to `[batch, time * stride, out]`.
#[derive(Module, Debug)]
pub struct Transposed {
    /// `[2 * stride - 1, out, in]`, as Keras stores it.
    pub kernel: Param<Tensor<3>>,
    /// `[out]`.
    pub bias: Param<Tensor<1>>,
    stride: usize,
}

impl Transposed {
    pub(crate) fn init(layer: (usize, usize, usize), random: &mut ChaCha8Rng, device: &Device) -> Transposed {
        let (stride, channels_in, channels_out) = layer;
        let width = 2 * stride - 1;
        let kernel = init::glorot_uniform(
            [width, channels_out, channels_in],
            (width * channels_out, width * channels_in),
            random,
            device,
        );
        Transposed { kernel, bias: Param::from_tensor(Tensor::zeros([channels_out], device)), stride }
    }

    /// `y[stride * t + j - padding] += x[t] kernel[j]` from `y = bias`, padding = (stride - 1) / 2
    /// rounded down, what falls outside is dropped.
    ///
    /// # Shapes
    /// `[batch, time, in]` to `[batch, time * stride, out]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, time, channels_in] = x.dims();
        let channels_out = self.kernel.dims()[1];
        let stride = self.stride;
        let padding = (stride - 1) / 2;
        let spill = stride - 1 - padding;
        // A frame of y sees the step before (its kernel's end), its own, and the step after (its
        // kernel's start): one product with those three blocks of rows.
        let mut window = Vec::with_capacity(3);
        let mut kernel = Vec::with_capacity(3);
        if spill > 0 {
            window.push(frames::previous(x.clone()));
            kernel.push(self.block(padding + stride, spill, 0));
        }
        window.push(x.clone());
        kernel.push(self.block(padding, stride, 0));
        if padding > 0 {
            window.push(frames::next(x));
            kernel.push(self.block(0, padding, stride - padding));
        }
        let rows = window.len() * channels_in;
        let window = Tensor::cat(window, 2).reshape([batch * time, rows]);
        let bias = self.bias.val().repeat_dim(0, stride);
        let frame = window.matmul(Tensor::cat(kernel, 0)) + bias.unsqueeze::<2>();
        frame.reshape([batch, time * stride, channels_out])
    }

    /// The kernel's taps from `first` on as rows `[in, stride * out]`, written from step `at` of
    /// the frame on, zeros elsewhere.
    fn block(&self, first: usize, taps: usize, at: usize) -> Tensor<2> {
        let [_, channels_out, channels_in] = self.kernel.dims();
        let taken = self.kernel.val().narrow(0, first, taps);
        let taken = taken.permute([2, 0, 1]).reshape([channels_in, taps * channels_out]);
        let zeros = |steps: usize| Tensor::zeros([channels_in, steps * channels_out], &taken.device());
        let mut parts = Vec::with_capacity(3);
        if at > 0 {
            parts.push(zeros(at));
        }
        parts.push(taken.clone());
        let rest = self.stride - at - taps;
        if rest > 0 {
            parts.push(zeros(rest));
        }
        Tensor::cat(parts, 1)
    }
}
