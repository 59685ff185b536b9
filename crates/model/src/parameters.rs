//! The model's parameters by name, `encoder.0.kernel` and so on, for files and comparisons.

use std::collections::BTreeMap;

use burn::module::Param;
use burn::tensor::{Tensor, TensorData};

use crate::vae::Vae;

/// Shape and values of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// Parameters that do not fit the model.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    #[error("the weights lack {0}")]
    Missing(String),
    #[error("{name} has shape {seen:?}, the model's configuration wants {wanted:?}")]
    Shape { name: String, seen: Vec<usize>, wanted: Vec<usize> },
    #[error("the weights hold {0}, which the model does not have")]
    Unknown(String),
    #[error("{0} could not be read back from the device")]
    Unreadable(String),
}

impl Vae {
    /// Every parameter by name.
    ///
    /// # Errors
    /// When the device does not give one back as 32-bit floats.
    pub fn parameters(&self) -> Result<BTreeMap<String, Parameter>, ParameterError> {
        self.map_parameters(&Read)
    }

    /// Every parameter by name, through `mapping` (the value itself, or its gradient).
    ///
    /// # Errors
    /// Those of the mapping.
    pub fn map_parameters(
        &self,
        mapping: &impl Mapping,
    ) -> Result<BTreeMap<String, Parameter>, ParameterError> {
        let mut all = BTreeMap::new();
        let mut put = |name: String, data: Option<TensorData>| {
            let data = data.ok_or_else(|| ParameterError::Unreadable(name.clone()))?;
            let shape = data.shape().to_vec();
            let values = data.try_to_vec::<f32>().map_err(|_| ParameterError::Unreadable(name.clone()))?;
            all.insert(name, Parameter { shape, values });
            Ok(())
        };
        for (i, layer) in self.encoder.iter().enumerate() {
            put(format!("encoder.{i}.kernel"), mapping.data(&layer.kernel))?;
            put(format!("encoder.{i}.bias"), mapping.data(&layer.bias))?;
        }
        for (i, layer) in self.decoder.iter().enumerate() {
            put(format!("decoder.{i}.kernel"), mapping.data(&layer.kernel))?;
            put(format!("decoder.{i}.bias"), mapping.data(&layer.bias))?;
        }
        put("prior.kernel".to_string(), mapping.data(&self.prior.kernel))?;
        put("noise_log_var".to_string(), mapping.data(&self.noise_log_var))?;
        Ok(all)
    }

    /// The same model with these weights.
    ///
    /// # Errors
    /// When a weight is missing, has another shape, or has no place in the model.
    pub fn with_parameters(
        mut self,
        mut weights: BTreeMap<String, Parameter>,
    ) -> Result<Vae, ParameterError> {
        for (i, layer) in self.encoder.iter_mut().enumerate() {
            replace(&mut layer.kernel, &format!("encoder.{i}.kernel"), &mut weights)?;
            replace(&mut layer.bias, &format!("encoder.{i}.bias"), &mut weights)?;
        }
        for (i, layer) in self.decoder.iter_mut().enumerate() {
            replace(&mut layer.kernel, &format!("decoder.{i}.kernel"), &mut weights)?;
            replace(&mut layer.bias, &format!("decoder.{i}.bias"), &mut weights)?;
        }
        replace(&mut self.prior.kernel, "prior.kernel", &mut weights)?;
        replace(&mut self.noise_log_var, "noise_log_var", &mut weights)?;
        match weights.into_keys().next() {
            Some(name) => Err(ParameterError::Unknown(name)),
            None => Ok(self),
        }
    }
}

/// What is taken of each parameter.
pub trait Mapping {
    /// The data of one parameter, or `None` if there is none.
    fn data<const D: usize>(&self, parameter: &Param<Tensor<D>>) -> Option<TensorData>;
}

struct Read;

impl Mapping for Read {
    fn data<const D: usize>(&self, parameter: &Param<Tensor<D>>) -> Option<TensorData> {
        Some(parameter.val().into_data())
    }
}

fn replace<const D: usize>(
    parameter: &mut Param<Tensor<D>>,
    name: &str,
    weights: &mut BTreeMap<String, Parameter>,
) -> Result<(), ParameterError> {
    let weight = weights.remove(name).ok_or_else(|| ParameterError::Missing(name.to_string()))?;
    let wanted = parameter.dims().to_vec();
    if weight.shape != wanted || weight.values.len() != wanted.iter().product::<usize>() {
        return Err(ParameterError::Shape { name: name.to_string(), seen: weight.shape, wanted });
    }
    let device = parameter.val().device();
    *parameter = Param::from_data(TensorData::new(weight.values, wanted), &device);
    Ok(())
}
