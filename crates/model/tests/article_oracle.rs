//! The model against what Keras computes for the same weights and the same batch: outputs, losses,
//! every gradient, and one step of Adam.

use std::collections::BTreeMap;

use burn::module::Param;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use model::adam::Adam;
use model::config::ModelConfig;
use model::loss::Batch;
use model::noise::Noise;
use model::parameters::{Mapping, Parameter};
use model::prior::Prior;
use model::vae::Vae;
use safetensors::SafeTensors;

const LEARNING_RATE: f64 = 1e-3;

struct Oracle {
    bytes: Vec<u8>,
}

impl Oracle {
    fn load() -> Oracle {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/article_model.safetensors");
        Oracle { bytes: std::fs::read(path).unwrap() }
    }

    fn group(&self, prefix: &str) -> BTreeMap<String, Parameter> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let named = file.tensors().into_iter().filter_map(|(name, view)| {
            let name = name.strip_prefix(prefix)?.to_string();
            let values =
                view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
            Some((name, Parameter { shape: view.shape().to_vec(), values }))
        });
        named.collect()
    }

    fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let parameter = self.group("").remove(name).unwrap();
        Tensor::from_data(TensorData::new(parameter.values, parameter.shape), device)
    }

    fn batch(&self, device: &Device) -> Batch {
        Batch {
            values: self.tensor("input.values", device),
            seasonal: self.tensor("input.seasonal", device),
            epsilon: self.tensor("input.epsilon", device),
        }
    }

    fn model(&self, device: &Device) -> Vae {
        let fresh = Vae::init(&ModelConfig::article(), 0, device).unwrap();
        fresh.with_parameters(self.group("weight.")).unwrap()
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

fn assert_close(name: &str, got: &[f32], wanted: &[f32], tolerance: f32) {
    assert_eq!(got.len(), wanted.len(), "{name}");
    for (i, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        assert!((got - wanted).abs() <= tolerance, "{name}[{i}] is {got}, Keras has {wanted}");
    }
}

struct Gradients(GradientsParams);

impl Mapping for Gradients {
    fn data<const D: usize>(&self, parameter: &Param<Tensor<D>>) -> Option<TensorData> {
        self.0.get::<D>(parameter.id).map(Tensor::into_data)
    }
}

#[test]
fn outputs_agree_with_keras() {
    let (oracle, device) = (Oracle::load(), Device::flex());
    let (model, batch) = (oracle.model(&device), oracle.batch(&device));
    let loss = model.loss(&batch);
    let Prior::Seasonal(prior) = &model.prior else { panic!("the article's prior is seasonal") };
    let prior = prior.forward(batch.seasonal);
    let outputs = oracle.group("output.");
    let check = |name: &str, got: Vec<f32>| assert_close(name, &got, &outputs[name].values, 1e-5);
    check("z_mean", values(loss.posterior.mean));
    check("z_log_var", values(loss.posterior.log_var));
    check("prior_mean", values(prior.mean));
    check("prior_log_var", values(prior.log_var));
    check("reconstruction", values(loss.decoded));
    check("reconstruction_loss", values(loss.reconstruction));
    check("kl_loss", values(loss.kl));
    check("loss", values(loss.total));
}

#[test]
fn every_gradient_agrees_with_keras() {
    let (oracle, device) = (Oracle::load(), Device::flex().autodiff());
    let model = oracle.model(&device);
    let gradients = model.loss(&oracle.batch(&device)).total.backward();
    let gradients = Gradients(GradientsParams::from_grads(gradients, &model));
    let got = model.map_parameters(&gradients).unwrap();
    let wanted = oracle.group("grad.");
    assert_eq!(got.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
    for (name, wanted) in &wanted {
        let largest = wanted.values.iter().fold(0.0_f32, |largest, g| largest.max(g.abs()));
        assert_close(name, &got[name].values, &wanted.values, 1e-4 * largest);
    }
}

fn adam_step(oracle: &Oracle, gradients: GradientsParams, model: Vae) -> BTreeMap<String, Parameter> {
    assert_eq!(oracle.group("weight.").len(), gradients.len());
    Adam::default().for_module().step(LEARNING_RATE, model, gradients).parameters().unwrap()
}

#[test]
fn an_adam_step_on_keras_gradients_agrees_with_keras() {
    let (oracle, device) = (Oracle::load(), Device::flex().autodiff());
    let model = oracle.model(&device);
    let mut gradients = GradientsParams::new();
    let mut wanted = oracle.group("grad.");
    let mut register = Register { gradients: &mut gradients, wanted: &mut wanted, device: &Device::flex() };
    for (i, layer) in model.encoder.iter().enumerate() {
        register.put(&layer.kernel, &format!("encoder.{i}.kernel"));
        register.put(&layer.bias, &format!("encoder.{i}.bias"));
    }
    for (i, layer) in model.decoder.iter().enumerate() {
        register.put(&layer.kernel, &format!("decoder.{i}.kernel"));
        register.put(&layer.bias, &format!("decoder.{i}.bias"));
    }
    let Prior::Seasonal(prior) = &model.prior else { panic!("the article's prior is seasonal") };
    let Noise::White(noise) = &model.noise else { panic!("the article's noise is white") };
    register.put(&prior.kernel, "prior.kernel");
    register.put(&noise.log_var, "noise_log_var");
    assert!(wanted.is_empty());
    let after = adam_step(&oracle, gradients, model);
    for (name, wanted) in oracle.group("after_adam.") {
        assert_close(&name, &after[&name].values, &wanted.values, 1e-6);
    }
}

struct Register<'a> {
    gradients: &'a mut GradientsParams,
    wanted: &'a mut BTreeMap<String, Parameter>,
    device: &'a Device,
}

impl Register<'_> {
    fn put<const D: usize>(&mut self, parameter: &Param<Tensor<D>>, name: &str) {
        let gradient = self.wanted.remove(name).unwrap();
        let gradient = Tensor::<D>::from_data(TensorData::new(gradient.values, gradient.shape), self.device);
        self.gradients.register(parameter.id, gradient);
    }
}

/// Adam's first step is nearly the sign of the gradient, so that where a gradient is close to zero
/// its rounding decides: there the step itself bounds the difference.
#[test]
fn an_adam_step_on_our_own_gradients_agrees_with_keras() {
    let (oracle, device) = (Oracle::load(), Device::flex().autodiff());
    let model = oracle.model(&device);
    let gradients = model.loss(&oracle.batch(&device)).total.backward();
    let gradients = GradientsParams::from_grads(gradients, &model);
    let after = adam_step(&oracle, gradients, model);
    let gradients = oracle.group("grad.");
    for (name, wanted) in oracle.group("after_adam.") {
        let gradient = &gradients[&name].values;
        let largest = gradient.iter().fold(0.0_f32, |largest, g| largest.max(g.abs()));
        for (i, (got, wanted)) in after[&name].values.iter().zip(&wanted.values).enumerate() {
            let clear = gradient[i].abs() >= 1e-2 * largest && gradient[i].abs() >= 1e-5;
            let tolerance = if clear { 1e-6 } else { 2e-3 };
            assert!((got - wanted).abs() <= tolerance, "{name}[{i}] is {got}, Keras has {wanted}");
        }
    }
}
