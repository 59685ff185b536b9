//! Encoder and decoder: layers one after the other on a chunk of sequences.

use super::layer::{Direction, Layer};
use super::layout::Layout;
use super::stream::{Extent, Reach, Stream};
use crate::config::ModelConfig;

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
    pub(super) fn encoder(config: &ModelConfig, layout: &Layout) -> Network {
        let reach = |stride: usize| {
            let padding = (stride - 1) / 2;
            Reach { stride, padding, spill: stride - 1 - padding }
        };
        Network::new(Direction::Down, "encoder", &config.encoder_layers(), reach, layout)
    }

    pub(super) fn decoder(config: &ModelConfig, layout: &Layout) -> Network {
        let reach = |stride: usize| {
            let (padding, spill) = config.decoder.reach(stride);
            Reach { stride, padding, spill }
        };
        Network::new(Direction::Up, "decoder", &config.decoder_layers(), reach, layout)
    }

    fn new(
        direction: Direction,
        name: &str,
        shapes: &[(usize, usize, usize)],
        reach: impl Fn(usize) -> Reach,
        layout: &Layout,
    ) -> Network {
        let last = shapes.len() - 1;
        let layer = |(i, &(stride, channels_in, channels_out)): (usize, &(usize, usize, usize))| Layer {
            direction,
            reach: reach(stride),
            channels_in,
            channels_out,
            rectify: i < last,
            kernel: layout.range(&format!("{name}.{i}.kernel")),
            bias: layout.range(&format!("{name}.{i}.bias")),
        };
        let layers: Vec<Layer> = shapes.iter().enumerate().map(layer).collect();
        let strides = shapes.iter().map(|&(stride, ..)| stride);
        let whole: usize = strides.clone().product();
        let mut rate = if direction == Direction::Down { whole } else { 1 };
        let mut rates = vec![rate];
        for stride in strides.clone() {
            rate = if direction == Direction::Down { rate / stride } else { rate * stride };
            rates.push(rate);
        }
        Network { layers, rates, margin_rows: strides.max().unwrap_or_default() }
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
