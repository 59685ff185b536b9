//! The model's parameters by name, `encoder.0.kernel` and so on, for files and comparisons.

use std::collections::BTreeMap;

use burn::module::Param;
use burn::tensor::{Tensor, TensorData};

use crate::noise::Noise;
use crate::prior::Prior;
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
        let mut reader = Reader { mapping, all: BTreeMap::new() };
        let mut model = self.clone();
        model.visit(&mut reader)?;
        Ok(reader.all)
    }

    /// The same model with these weights.
    ///
    /// # Errors
    /// When a weight is missing, has another shape, or has no place in the model.
    pub fn with_parameters(mut self, weights: BTreeMap<String, Parameter>) -> Result<Vae, ParameterError> {
        let mut replacer = Replacer { weights };
        self.visit(&mut replacer)?;
        match replacer.weights.into_keys().next() {
            Some(name) => Err(ParameterError::Unknown(name)),
            None => Ok(self),
        }
    }

    /// Shows every parameter with its name.
    fn visit(&mut self, visitor: &mut impl Visitor) -> Result<(), ParameterError> {
        for (i, layer) in self.encoder.iter_mut().enumerate() {
            visitor.visit(&format!("encoder.{i}.kernel"), &mut layer.kernel)?;
            visitor.visit(&format!("encoder.{i}.bias"), &mut layer.bias)?;
        }
        for (i, layer) in self.decoder.iter_mut().enumerate() {
            visitor.visit(&format!("decoder.{i}.kernel"), &mut layer.kernel)?;
            visitor.visit(&format!("decoder.{i}.bias"), &mut layer.bias)?;
        }
        match &mut self.prior {
            Prior::Seasonal(prior) => visitor.visit("prior.kernel", &mut prior.kernel)?,
            Prior::SeasonalVar(prior) => {
                visitor.visit("prior.kernel", &mut prior.kernel)?;
                visitor.visit("prior.transition", &mut prior.transition)?;
            }
        }
        visit_noise(&mut self.noise, visitor)
    }
}

fn visit_noise(noise: &mut Noise, visitor: &mut impl Visitor) -> Result<(), ParameterError> {
    match noise {
        Noise::White(noise) => visitor.visit("noise_log_var", &mut noise.log_var),
        Noise::Heteroscedastic(noise) => visitor.visit("noise.log_var", &mut noise.log_var),
        Noise::Ar(noise) => {
            visitor.visit("noise.log_var", &mut noise.scale.log_var)?;
            visitor.visit("noise.coefficients", &mut noise.coefficients)
        }
        Noise::Mixture(noise) => {
            visitor.visit("noise.linear", &mut noise.linear)?;
            visitor.visit("noise.hour_linear", &mut noise.hour_linear)?;
            visitor.visit("noise.hour_bias", &mut noise.hour_bias)?;
            visitor.visit("noise.season_linear", &mut noise.season_linear)?;
            visitor.visit("noise.log_scale", &mut noise.log_scale)?;
            visitor.visit("noise.input_kernel", &mut noise.input_kernel)?;
            visitor.visit("noise.input_bias", &mut noise.input_bias)?;
            visitor.visit("noise.hidden_kernel", &mut noise.hidden_kernel)?;
            visitor.visit("noise.hidden_bias", &mut noise.hidden_bias)?;
            visitor.visit("noise.output_kernel", &mut noise.output_kernel)?;
            visitor.visit("noise.output_bias", &mut noise.output_bias)
        }
    }
}

/// Sees every parameter by name.
trait Visitor {
    fn visit<const D: usize>(
        &mut self,
        name: &str,
        parameter: &mut Param<Tensor<D>>,
    ) -> Result<(), ParameterError>;
}

struct Reader<'a, M> {
    mapping: &'a M,
    all: BTreeMap<String, Parameter>,
}

impl<M: Mapping> Visitor for Reader<'_, M> {
    fn visit<const D: usize>(
        &mut self,
        name: &str,
        parameter: &mut Param<Tensor<D>>,
    ) -> Result<(), ParameterError> {
        let unreadable = || ParameterError::Unreadable(name.to_string());
        let data = self.mapping.data(parameter).ok_or_else(unreadable)?;
        let shape = data.shape().to_vec();
        let values = data.try_to_vec::<f32>().map_err(|_| unreadable())?;
        self.all.insert(name.to_string(), Parameter { shape, values });
        Ok(())
    }
}

struct Replacer {
    weights: BTreeMap<String, Parameter>,
}

impl Visitor for Replacer {
    fn visit<const D: usize>(
        &mut self,
        name: &str,
        parameter: &mut Param<Tensor<D>>,
    ) -> Result<(), ParameterError> {
        let weight = self.weights.remove(name).ok_or_else(|| ParameterError::Missing(name.to_string()))?;
        let wanted = parameter.dims().to_vec();
        if weight.shape != wanted || weight.values.len() != wanted.iter().product::<usize>() {
            return Err(ParameterError::Shape { name: name.to_string(), seen: weight.shape, wanted });
        }
        let device = parameter.val().device();
        *parameter = Param::from_data(TensorData::new(weight.values, wanted), &device);
        Ok(())
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
