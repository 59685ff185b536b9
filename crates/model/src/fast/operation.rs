//! Encoder and decoder as differentiable operations of burn's on the CPU: for a loss, a prior or a noise that
//! has no gradients written out in this module, and for gradients by the latents.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::module::Param;
use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::LANES;
use super::layout::Layout;
use super::network::{Network, Streams};
use super::stream::Extent;
use super::vector::add;
use crate::gaussian::DiagonalGaussian;
use crate::vae::Vae;

impl Vae {
    /// What [`Vae::encode`] gives, in one operation. The model is on the CPU.
    ///
    /// # Panics
    /// On another device.
    pub fn encode_fused(&self, values: Tensor<2>) -> DiagonalGaussian {
        let layers = self.encoder.iter().map(|layer| (&layer.kernel, &layer.bias));
        let (layout, weights) = gather("encoder", layers);
        let network = Network::encoder(self, &layout);
        DiagonalGaussian::from_pair(run(network, values.unsqueeze_dim::<3>(2), weights))
    }

    /// What [`Vae::decode`] gives, in one operation. The model is on the CPU.
    ///
    /// # Panics
    /// On another device.
    pub fn decode_fused(&self, latent: Tensor<3>) -> Tensor<3> {
        let layers = self.decoder.iter().map(|layer| (&layer.kernel, &layer.bias));
        let (layout, weights) = gather("decoder", layers);
        run(Network::decoder(self, &layout), latent, weights)
    }
}

/// A network's weights as one tensor, and where each is.
fn gather<'a>(
    name: &str,
    layers: impl Iterator<Item = (&'a Param<Tensor<3>>, &'a Param<Tensor<1>>)>,
) -> (Layout, Tensor<1>) {
    let (mut shapes, mut parts) = (Vec::new(), Vec::new());
    for (i, (kernel, bias)) in layers.enumerate() {
        let (kernel, bias) = (kernel.val(), bias.val());
        shapes.push((format!("{name}.{i}.kernel"), kernel.dims().to_vec()));
        shapes.push((format!("{name}.{i}.bias"), bias.dims().to_vec()));
        parts.push(kernel.flatten::<1>(0, 2));
        parts.push(bias);
    }
    (Layout::from_shapes(shapes), Tensor::cat(parts, 0))
}

fn run(network: Network, input: Tensor<3>, weights: Tensor<1>) -> Tensor<3> {
    let output = Dispatch::run_network(input.into_dispatch(), weights.into_dispatch(), network);
    Tensor::from_dispatch(output)
}

/// The operation, by backend.
#[backend_extension(Flex, Autodiff)]
trait NetworkOperation: Backend {
    /// `[sequence, row, channel]` through the network.
    fn run_network(
        input: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        network: Network,
    ) -> FloatTensor<Self>;
}

impl NetworkOperation for Flex {
    fn run_network(
        input: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        network: Network,
    ) -> FloatTensor<Self> {
        let (input, weights) = (Numbers::of(input), Numbers::of(weights));
        let extent = network.extent(&input.shape);
        let (_, of_output) = network.values_of_sequence(extent.steps);
        let mut output = vec![0.0; extent.sequences * of_output];
        let lanes = lanes(&network, extent, &input.values);
        let outputs = output.par_chunks_mut((of_output * lanes.per_lane).max(1));
        lanes.inputs.par_iter().zip(outputs).for_each_init(Streams::default, |streams, (input, output)| {
            for (input, output) in input.iter().zip(output.chunks_exact_mut(of_output)) {
                network.run(&weights.values, input, extent.steps, streams);
                output.copy_from_slice(streams.output().sequence(0));
            }
        });
        Numbers { values: output, shape: network.output_shape(extent).to_vec() }.tensor()
    }
}

/// Gradients by input and weights.
#[derive(Debug)]
struct ThroughNetwork;

impl Backward<Flex, 2> for ThroughNetwork {
    type State = (FloatTensor<Flex>, FloatTensor<Flex>, Network);

    /// Goes forward once more, sequence by sequence, and back: what the layers hold never leaves the cache.
    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = Numbers::of(grads.consume::<Flex>(&ops.node));
        let (input, weights, network) = ops.state;
        let (input, weights) = (Numbers::of(input), Numbers::of(weights));
        let extent = network.extent(&input.shape);
        let (of_input, of_output) = network.values_of_sequence(extent.steps);
        let mut input_gradient = vec![0.0; input.values.len()];
        let lanes = lanes(&network, extent, &input.values);
        let outs = input_gradient.par_chunks_mut((of_input * lanes.per_lane).max(1));
        let gradients = gradient.values.par_chunks((of_output * lanes.per_lane).max(1));
        let work = |((inputs, out), gradient): ((&Vec<&[f32]>, &mut [f32]), &[f32])| {
            let (mut streams, mut of_streams) = (Streams::default(), Streams::default());
            let mut of_weights = vec![0.0; weights.values.len()];
            network.resize(&mut of_streams, Extent { sequences: 1, steps: extent.steps });
            let sequences = inputs.iter().zip(out.chunks_exact_mut(of_input));
            for ((input, out), gradient) in sequences.zip(gradient.chunks_exact(of_output)) {
                network.run(&weights.values, input, extent.steps, &mut streams);
                of_streams.output_mut().sequence_mut(0).copy_from_slice(gradient);
                network.backward(&weights.values, &streams, &mut of_streams, true, &mut of_weights);
                out.copy_from_slice(of_streams.input().sequence(0));
            }
            of_weights
        };
        let parts: Vec<Vec<f32>> = lanes.inputs.par_iter().zip(outs).zip(gradients).map(work).collect();
        let mut of_weights = vec![0.0; weights.values.len()];
        for part in parts {
            add(&mut of_weights, &part);
        }
        let [of_input_node, of_weights_node] = ops.parents;
        if let Some(node) = of_input_node {
            grads.register::<Flex>(node.id, Numbers { values: input_gradient, shape: input.shape }.tensor());
        }
        if let Some(node) = of_weights_node {
            grads.register::<Flex>(node.id, Numbers { values: of_weights, shape: weights.shape }.tensor());
        }
    }
}

impl<C: CheckpointStrategy> NetworkOperation for Autodiff<Flex, C> {
    fn run_network(
        input: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        network: Network,
    ) -> FloatTensor<Self> {
        let nodes = [input.node(), weights.node()];
        let (input, weights) = (input.into_primitive(), weights.into_primitive());
        let output = Flex::run_network(input.clone(), weights.clone(), network.clone());
        match ThroughNetwork.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((input, weights, network), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

/// Sequences by lane.
struct Lanes<'a> {
    inputs: Vec<Vec<&'a [f32]>>,
    /// Sequences of each lane but the last.
    per_lane: usize,
}

fn lanes<'a>(network: &Network, extent: Extent, input: &'a [f32]) -> Lanes<'a> {
    let (of_input, _) = network.values_of_sequence(extent.steps);
    let per_lane = extent.sequences.div_ceil(LANES).max(1);
    let sequences: Vec<&[f32]> = input.chunks_exact(of_input.max(1)).collect();
    Lanes { inputs: sequences.chunks(per_lane).map(<[_]>::to_vec).collect(), per_lane }
}

/// A tensor's numbers, row by row.
struct Numbers {
    values: Vec<f32>,
    shape: Vec<usize>,
}

impl Numbers {
    fn of(tensor: FloatTensor<Flex>) -> Numbers {
        let contiguous = tensor.to_contiguous();
        let shape = contiguous.layout().shape().to_vec();
        let count = shape.iter().product();
        Numbers { values: contiguous.storage::<f32>()[..count].to_vec(), shape }
    }

    fn tensor(self) -> FloatTensor<Flex> {
        FloatTensor::<Flex>::from_data(TensorData::new(self.values, self.shape))
    }
}
