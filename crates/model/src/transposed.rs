//! The transpose of [`crate::conv::Conv`]: each step becomes a frame of `stride` steps, and the
//! kernel reaches into the neighbouring frames, or covers them.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;

use crate::config::DecoderKernel;
use crate::frames::Frame;
use crate::{frames, init};

/// A transposed convolution from `[batch, time, in]` to `[batch, time * stride, out]`.
#[derive(Module, Debug)]
pub struct Transposed {
    /// `[width, out, in]`, as Keras stores it; the width is that of [`DecoderKernel`].
    pub kernel: Param<Tensor<3>>,
    /// `[out]`.
    pub bias: Param<Tensor<1>>,
    stride: usize,
    /// Steps of a frame that the kernel reaches before it starts.
    padding: usize,
}

impl Transposed {
    pub(crate) fn init(
        layer: (usize, usize, usize),
        kernel: DecoderKernel,
        random: &mut ChaCha8Rng,
        device: &Device,
    ) -> Transposed {
        let (stride, channels_in, channels_out) = layer;
        let (padding, spill) = kernel.reach(stride);
        let width = padding + stride + spill;
        let kernel = init::glorot_uniform(
            [width, channels_out, channels_in],
            (width * channels_out, width * channels_in),
            random,
            device,
        );
        let bias = Param::from_tensor(Tensor::zeros([channels_out], device));
        Transposed { kernel, bias, stride, padding }
    }

    /// `y[stride * t + j - padding] += x[t] kernel[j]` from `y = bias`; what falls outside is dropped.
    ///
    /// # Shapes
    /// `[batch, time, in]` to `[batch, time * stride, out]`.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, time, channels_in] = x.dims();
        let [width, channels_out, _] = self.kernel.dims();
        // Few outputs: multiply first, and shift what comes out. Many: shift first, and multiply once.
        let frame = match width < 2 * self.stride && width * channels_out < channels_in {
            true => self.multiply_then_shift(x),
            false => self.shift_then_multiply(x),
        };
        let bias = self.bias.val().repeat_dim(0, self.stride).reshape([1, 1, self.stride * channels_out]);
        (frame + bias).reshape([batch, time * self.stride, channels_out])
    }

    /// What the kernel reaches around a frame.
    pub(crate) fn reach(&self) -> Frame {
        let Transposed { stride, padding, .. } = *self;
        Frame { stride, padding, spill: self.kernel.dims()[0] - stride - padding }
    }

    /// A frame sees the step before (the kernel's end), its own, and the step after (the kernel's
    /// start): one product with those three blocks of rows.
    fn shift_then_multiply(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, time, channels_in] = x.dims();
        let Frame { stride, padding, spill } = self.reach();
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
        let frame = window.matmul(Tensor::cat(kernel, 0));
        let columns = frame.dims()[1];
        frame.reshape([batch, time, columns])
    }

    /// All taps of each step in one product; those that reach into a neighbour's frame are added there.
    fn multiply_then_shift(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, time, channels_in] = x.dims();
        let [width, channels_out, _] = self.kernel.dims();
        let Frame { stride, padding, spill } = self.reach();
        let kernel = self.kernel.val().reshape([width * channels_out, channels_in]).transpose();
        let taps = x.reshape([batch * time, channels_in]).matmul(kernel);
        let taps = taps.reshape([batch, time, width * channels_out]);
        let tap =
            |first: usize, count: usize| taps.clone().narrow(2, first * channels_out, count * channels_out);
        let mut frame = Vec::with_capacity(3);
        if spill > 0 {
            frame.push(tap(padding, spill) + frames::previous(tap(padding + stride, spill)));
        }
        frame.push(tap(padding + spill, 1));
        if padding > 0 {
            frame.push(tap(stride, padding) + frames::next(tap(0, padding)));
        }
        Tensor::cat(frame, 2)
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
