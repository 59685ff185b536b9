//! Encoder and decoder: layers one after the other on a chunk of sequences.

use super::layer::{Direction, Layer};
use super::layout::Layout;
use super::stream::{Extent, Stream};
use crate::frames::Frame;
use crate::vae::Vae;

/// The layers of the encoder or the decoder.
#[derive(Clone, Debug)]
pub(super) struct Network {
    layers: Vec<Layer>,
    /// Rows of a latent step in each layer's input, and in the last one's output.
    rates: Vec<usize>,
    /// Rows of zeros that every stream has around it.
    margin_rows: usize,
}

/// What the layers hold for one chunk: their inputs, and the last one's output.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(Vec<Stream>);

impl Network {
    /// The encoder, whose weights are where the layout says.
    pub(super) fn encoder(vae: &Vae, layout: &Layout) -> Network {
        let shapes = vae.encoder.iter().map(|layer| {
            let [_, channels_in, channels_out] = layer.kernel.dims();
            (layer.reach(), channels_in, channels_out)
        });
        Network::new(Direction::Down, "encoder", shapes.collect(), layout)
    }

    /// The decoder, whose weights are where the layout says.
    pub(super) fn decoder(vae: &Vae, layout: &Layout) -> Network {
        let shapes = vae.decoder.iter().map(|layer| {
            let [_, channels_out, channels_in] = layer.kernel.dims();
            (layer.reach(), channels_in, channels_out)
        });
        Network::new(Direction::Up, "decoder", shapes.collect(), layout)
    }

    fn new(direction: Direction, name: &str, shapes: Vec<(Frame, usize, usize)>, layout: &Layout) -> Network {
        let strides = shapes.iter().map(|(reach, ..)| reach.stride);
        let margin_rows = strides.clone().max().unwrap_or_default();
        let down = direction == Direction::Down;
        let mut rate: usize = if down { strides.clone().product() } else { 1 };
        let mut rates = vec![rate];
        for stride in strides {
            rate = if down { rate / stride } else { rate * stride };
            rates.push(rate);
        }
        let last = shapes.len() - 1;
        let layers = shapes.into_iter().enumerate().map(|(i, (reach, channels_in, channels_out))| Layer {
            direction,
            reach,
            channels_in,
            channels_out,
            rectify: i < last,
            kernel: layout.range(&format!("{name}.{i}.kernel")),
            bias: layout.range(&format!("{name}.{i}.bias")),
        });
        Network { rates, margin_rows, layers: layers.collect() }
    }

    pub(super) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Makes room for a chunk; the first stream's sequences are then to be filled.
    pub(super) fn resize(&self, streams: &mut Streams, extent: Extent) {
        streams.0.resize_with(self.layers.len() + 1, Stream::default);
        let first = self.layers[0].channels_in;
        let channels = std::iter::once(first).chain(self.layers.iter().map(|layer| layer.channels_out));
        for ((stream, &rate), channels) in streams.0.iter_mut().zip(&self.rates).zip(channels) {
            stream.resize(extent, rate, channels, self.margin_rows);
        }
    }

    /// One sequence through the network.
    pub(super) fn run(&self, weights: &[f32], input: &[f32], steps: usize, streams: &mut Streams) {
        self.resize(streams, Extent { sequences: 1, steps });
        streams.input_mut().sequence_mut(0).copy_from_slice(input);
        self.forward(weights, streams);
    }

    /// The extent of `[sequence, row, channel]` that go in.
    pub(super) fn extent(&self, shape: &[usize]) -> Extent {
        Extent { sequences: shape[0], steps: shape[1] / self.rates[0] }
    }

    /// Values of a sequence that go in, and that come out.
    pub(super) fn values_of_sequence(&self, steps: usize) -> (usize, usize) {
        let (first, last) = (&self.layers[0], &self.layers[self.layers.len() - 1]);
        let rate = self.rates[self.rates.len() - 1];
        (steps * self.rates[0] * first.channels_in, steps * rate * last.channels_out)
    }

    /// `[sequence, row, channel]` that come out.
    pub(super) fn output_shape(&self, extent: Extent) -> [usize; 3] {
        let last = &self.layers[self.layers.len() - 1];
        [extent.sequences, extent.steps * self.rates[self.rates.len() - 1], last.channels_out]
    }

    /// From the first stream to the last.
    pub(super) fn forward(&self, weights: &[f32], streams: &mut Streams) {
        streams.input_mut().clear_blanks();
        for (i, layer) in self.layers.iter().enumerate() {
            let (before, after) = streams.0.split_at_mut(i + 1);
            layer.forward(weights, &before[i], &mut after[0]);
        }
    }

    /// From the gradient of the last stream to that of the first, where it is wanted; adds to that of the
    /// weights.
    pub(super) fn backward(
        &self,
        weights: &[f32],
        streams: &Streams,
        gradients: &mut Streams,
        wants_input: bool,
        weight_gradient: &mut [f32],
    ) {
        gradients.output_mut().clear_blanks();
        for (i, layer) in self.layers.iter().enumerate().rev() {
            let (before, after) = gradients.0.split_at_mut(i + 1);
            let input_gradient = (i > 0 || wants_input).then_some(&mut before[i]);
            let sides = (&streams.0[i], &streams.0[i + 1]);
            layer.backward(weights, sides, &mut after[0], input_gradient, weight_gradient);
        }
    }
}

impl Streams {
    pub(super) fn input(&self) -> &Stream {
        &self.0[0]
    }

    pub(super) fn input_mut(&mut self) -> &mut Stream {
        &mut self.0[0]
    }

    pub(super) fn output(&self) -> &Stream {
        &self.0[self.0.len() - 1]
    }

    pub(super) fn output_mut(&mut self) -> &mut Stream {
        let last = self.0.len() - 1;
        &mut self.0[last]
    }
}
