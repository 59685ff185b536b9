//! The decoder for sixteen sequences side by side. Of each layer only the rows are computed that the wanted hours
//! depend on.

use std::ops::Range;

use super::super::lanes::{LANES, Row, layer};
use super::super::network::Network;
use super::super::vector::vectorised;
use crate::frames::Frame;

/// The layers of a decoder.
#[derive(Clone, Debug)]
pub(super) struct LaneNetwork(Vec<LaneLayer>);

#[derive(Clone, Debug)]
struct LaneLayer {
    reach: Frame,
    inputs: usize,
    rectify: bool,
    /// `[tap, in, out]`.
    kernel: Vec<f32>,
    bias: Vec<f32>,
}

/// Room to decode in: rows of each layer's output but the last one's.
#[derive(Clone, Debug, Default)]
pub struct LaneRoom(Vec<Vec<Row>>);

impl LaneNetwork {
    pub(super) fn of(network: &Network, weights: &[f32]) -> LaneNetwork {
        let layers = network.layers().iter().map(|layer| {
            let (inputs, outputs) = (layer.channels_in, layer.channels_out);
            let taps = weights[layer.kernel.clone()].chunks_exact(inputs * outputs);
            let transposed = taps.flat_map(|tap| {
                (0..inputs)
                    .flat_map(move |input| (0..outputs).map(move |output| tap[output * inputs + input]))
            });
            LaneLayer {
                reach: layer.reach,
                inputs,
                rectify: layer.rectify,
                kernel: transposed.collect(),
                bias: weights[layer.bias.clone()].to_vec(),
            }
        });
        LaneNetwork(layers.collect())
    }

    /// `[hour, channel]` of the steps `inside` from latents `[step, latent]`.
    pub(super) fn decode(
        &self,
        latents: &[Row],
        inside: Range<usize>,
        LaneRoom(room): &mut LaneRoom,
        hours: &mut Vec<Row>,
    ) {
        let steps = latents.len() / self.0[0].inputs;
        // Rows of each layer's input, and of the last one's output, that are needed and that there are.
        let mut rate: usize = self.0.iter().map(|layer| layer.reach.stride).product();
        let mut rows = vec![(inside.start * rate..inside.end * rate, steps * rate)];
        for layer in self.0.iter().rev() {
            let (needed, _) = &rows[rows.len() - 1];
            rate /= layer.reach.stride;
            rows.push((layer.needed(needed, steps * rate), steps * rate));
        }
        rows.reverse();
        room.resize_with(self.0.len() - 1, Vec::new);
        for (number, layer) in self.0.iter().enumerate() {
            let (needed, all) = rows[number].clone();
            let (before, after) = room.split_at_mut(number);
            let input = match before.last() {
                Some(rows) => rows.as_slice(),
                None => &latents[needed.start * layer.inputs..needed.end * layer.inputs],
            };
            let output = match after.first_mut() {
                Some(rows) => rows,
                None => &mut *hours,
            };
            let wanted = rows[number + 1].0.clone();
            output.resize(wanted.len() * layer.bias.len(), [0.0; LANES]);
            fill(layer, Input { rows: input, first: needed.start, all }, wanted, output);
        }
    }
}

/// Consecutive rows from `first` on, of `all` that there are.
#[derive(Clone, Copy)]
struct Input<'a> {
    rows: &'a [Row],
    first: usize,
    all: usize,
}

impl LaneLayer {
    /// The input's rows that some rows of the output depend on.
    fn needed(&self, wanted: &Range<usize>, all: usize) -> Range<usize> {
        let Frame { stride, padding, spill } = self.reach;
        let before = usize::from(spill > 0);
        let after = usize::from(padding > 0);
        (wanted.start / stride).saturating_sub(before)..(wanted.end.div_ceil(stride) + after).min(all)
    }

    /// One row of the output.
    #[inline(always)]
    fn row(&self, input: Input<'_>, at: usize, out: &mut [Row]) {
        let Frame { stride, padding, spill } = self.reach;
        let (frame, offset) = (at / stride, at % stride);
        let of_tap = self.inputs * self.bias.len();
        let part = |row: Option<usize>, tap: usize| -> (&[Row], &[f32]) {
            match row.filter(|&row| row < input.all) {
                Some(row) => {
                    let start = (row - input.first) * self.inputs;
                    (&input.rows[start..start + self.inputs], &self.kernel[tap * of_tap..(tap + 1) * of_tap])
                }
                None => (&[], &[]),
            }
        };
        let own = part(Some(frame), offset + padding);
        let before = match offset < spill {
            true => part(frame.checked_sub(1), offset + padding + stride),
            false => (&[][..], &[][..]),
        };
        let after = match offset + padding >= stride {
            true => part(Some(frame + 1), offset + padding - stride),
            false => (&[][..], &[][..]),
        };
        layer(out, [own, before, after], &self.bias);
        if self.rectify {
            for row in out {
                for x in row {
                    *x = x.max(0.0);
                }
            }
        }
    }
}

vectorised! {
    fn fill(layer: &LaneLayer, input: Input<'_>, wanted: Range<usize>, output: &mut [Row]) {
        for (at, out) in wanted.zip(output.chunks_exact_mut(layer.bias.len())) {
            layer.row(input, at, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::super::Decoder;
    use super::*;
    use crate::config::{DecoderKernel, ModelConfig, STEP_HOURS};
    use crate::vae::Vae;

    #[test]
    fn lanes_decode_as_sequences_do_one_by_one() {
        for kernel in [DecoderKernel::Mirrored, DecoderKernel::Wide] {
            let config =
                ModelConfig { filters: 6, latent_channels: 3, decoder: kernel, ..ModelConfig::article() };
            let vae = Vae::init(&config, 2, &Device::flex()).unwrap();
            let decoder = Decoder::new(&vae, &config).unwrap();
            let steps = 9;
            let number = |at: usize, lane: usize| ((at * 5 + lane * 3) as f32 * 0.37).sin();
            let rows: Vec<Row> =
                (0..steps * 3).map(|at| std::array::from_fn(|lane| number(at, lane))).collect();
            for inside in [0..9, 0..1, 4..6, 8..9] {
                let mut hours = Vec::new();
                decoder.decode_lanes(&rows, inside.clone(), &mut LaneRoom::default(), &mut hours);
                assert_eq!(hours.len(), inside.len() * STEP_HOURS * decoder.channels());
                for lane in [0, 7, 15] {
                    let latents: Vec<f32> = rows.iter().map(|row| row[lane]).collect();
                    let wanted = decoder.decode(&latents, inside.clone());
                    for (seen, wanted) in hours.iter().zip(&wanted) {
                        // Sums of some tens of terms of size 1 in 32 bits.
                        assert!(
                            (seen[lane] - wanted).abs() < 1e-5,
                            "{inside:?}: {} is not {wanted}",
                            seen[lane]
                        );
                    }
                }
            }
        }
    }
}
