//! Lengths, batches and layers of any size, against loops over the definitions.

use burn::tensor::{Device, Tensor, TensorData};
use model::config::{DecoderKernel, ModelConfig, STEP_HOURS};
use model::vae::Vae;
use proptest::prelude::*;

fn tensor<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    let count = shape.iter().product::<usize>() as u64;
    let number = |i: u64| (((i + 1) * (seed + 7) * 2_654_435_761) % 2001) as f32 / 1000.0 - 1.0;
    Tensor::from_data(TensorData::new((0..count).map(number).collect::<Vec<_>>(), shape), &Device::flex())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

fn config(strides: &[usize], decoder: DecoderKernel) -> ModelConfig {
    ModelConfig {
        filters: 3,
        latent_channels: 2,
        strides: strides.to_vec(),
        seasonal_degree: 1,
        decoder,
        ..ModelConfig::article()
    }
}

fn kernel(wide: bool) -> DecoderKernel {
    if wide { DecoderKernel::Wide } else { DecoderKernel::Mirrored }
}

fn strides() -> impl Strategy<Value = Vec<usize>> {
    prop::sample::select(vec![vec![3, 2, 2, 2, 2, 2], vec![4, 6, 4], vec![24, 4], vec![2, 3, 1, 16]])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_convolution_is_its_definition(strides in strides(), batch in 1_usize..4, frames in 1_usize..5, seed: u16) {
        let model = Vae::init(&config(&strides, DecoderKernel::Mirrored), u64::from(seed), &Device::flex()).unwrap();
        let layer = &model.encoder[1];
        let stride = strides[1];
        let time = frames * stride;
        let x = tensor([batch, time, 3], u64::from(seed));
        let got = values(layer.forward(x.clone()));
        let (x, kernel) = (values(x), values(layer.kernel.val()));
        let out = layer.kernel.dims()[2];
        for n in 0..batch {
            for t in 0..frames {
                for o in 0..out {
                    let mut sum = 0.0;
                    for j in 0..2 * stride - 1 {
                        let Some(at) = (stride * t + j).checked_sub((stride - 1) / 2) else { continue };
                        if at < time {
                            sum += (0..3).map(|c| x[(n * time + at) * 3 + c] * kernel[(j * 3 + c) * out + o]).sum::<f32>();
                        }
                    }
                    let got = got[(n * frames + t) * out + o];
                    prop_assert!((got - sum).abs() < 1e-4, "{got} is not {sum}");
                }
            }
        }
    }

    #[test]
    fn a_transposed_convolution_is_its_definition(strides in strides(), batch in 1_usize..4, time in 1_usize..5, wide: bool, seed: u16) {
        let model = Vae::init(&config(&strides, kernel(wide)), u64::from(seed), &Device::flex()).unwrap();
        let layer = &model.decoder[0];
        let stride = *strides.last().unwrap();
        let x = tensor([batch, time, 2], u64::from(seed));
        let got = values(layer.forward(x.clone()));
        let (x, kernel) = (values(x), values(layer.kernel.val()));
        let out = layer.kernel.dims()[1];
        let mut wanted = vec![0.0; batch * time * stride * out];
        for n in 0..batch {
            for t in 0..time {
                for j in 0..layer.kernel.dims()[0] {
                    let padding = if wide { stride } else { (stride - 1) / 2 };
                    let Some(at) = (stride * t + j).checked_sub(padding) else { continue };
                    if at < time * stride {
                        for o in 0..out {
                            let product = (0..2).map(|c| x[(n * time + t) * 2 + c] * kernel[(j * out + o) * 2 + c]);
                            wanted[(n * time * stride + at) * out + o] += product.sum::<f32>();
                        }
                    }
                }
            }
        }
        for (got, wanted) in got.iter().zip(&wanted) {
            prop_assert!((got - wanted).abs() < 1e-4, "{got} is not {wanted}");
        }
    }

    #[test]
    fn a_part_decodes_as_in_the_whole_within_the_decoders_reach(strides in strides(), steps in 6_usize..12, wide: bool, seed: u16) {
        let config = config(&strides, kernel(wide));
        let reach = config.decoder_reach();
        let model = Vae::init(&config, u64::from(seed), &Device::flex()).unwrap();
        let latent = tensor([1, steps, 2], u64::from(seed));
        let whole = values(model.decode(latent.clone()));
        for first in reach.before..steps - reach.after {
            let part = latent.clone().narrow(1, first - reach.before, reach.before + 1 + reach.after);
            let part = values(model.decode(part));
            for hour in 0..STEP_HOURS {
                let got = part[reach.before * STEP_HOURS + hour];
                let wanted = whole[first * STEP_HOURS + hour];
                prop_assert!((got - wanted).abs() < 1e-5, "hour {hour} of step {first}: {got} is not {wanted}");
            }
        }
    }
}

#[test]
fn any_length_and_batch_goes_through() {
    let config = ModelConfig::article();
    let model = Vae::init(&config, 1, &Device::flex()).unwrap();
    for (batch, steps) in [(1, 1), (3, 2), (2, 17)] {
        let posterior = model.encode(tensor([batch, steps * STEP_HOURS], 3));
        assert_eq!(posterior.mean.dims(), [batch, steps, 10]);
        assert_eq!(model.decode(posterior.mean).dims(), [batch, steps * STEP_HOURS, 1]);
    }
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let model = Vae::init(&ModelConfig::article(), 1, &Device::flex()).unwrap();
    let all = model.parameters().unwrap();
    let count: usize = all.values().map(|parameter| parameter.values.len()).sum();
    assert_eq!(count, 42_942, "the article's model with 40 filters");

    let mut missing = all.clone();
    missing.remove("encoder.0.bias");
    let error = model.clone().with_parameters(missing).unwrap_err();
    assert_eq!(error.to_string(), "the weights lack encoder.0.bias");

    let mut wrong = all.clone();
    wrong.get_mut("prior.kernel").unwrap().shape = vec![20, 6];
    let error = model.clone().with_parameters(wrong).unwrap_err();
    let wanted = "prior.kernel has shape [20, 6], the model's configuration wants [6, 20]";
    assert_eq!(error.to_string(), wanted);

    let mut unknown = all;
    unknown.insert("extra".to_string(), unknown["noise_log_var"].clone());
    let error = model.with_parameters(unknown).unwrap_err();
    assert_eq!(error.to_string(), "the weights hold extra, which the model does not have");
}
