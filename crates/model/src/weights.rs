//! The weights as the bytes of a safetensors file, sorted by name.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensorError, TensorView};
use safetensors::{SafeTensors, serialize};

use crate::parameters::Parameter;

/// Bytes that are not weights.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    #[error("not a safetensors file: {0}")]
    NotSafetensors(#[from] SafeTensorError),
    #[error("{name} holds {seen:?}, wanted 32-bit floats")]
    WrongType { name: String, seen: Dtype },
}

/// The file's bytes; the same weights give the same bytes.
///
/// # Errors
/// When a shape does not match its values.
pub fn to_bytes(weights: &BTreeMap<String, Parameter>) -> Result<Vec<u8>, WeightsError> {
    let bytes: Vec<(&String, &Parameter, Vec<u8>)> = weights
        .iter()
        .map(|(name, weight)| {
            (name, weight, weight.values.iter().flat_map(|value| value.to_le_bytes()).collect())
        })
        .collect();
    let views = bytes
        .iter()
        .map(|(name, weight, bytes)| {
            Ok((name.as_str(), TensorView::new(Dtype::F32, weight.shape.clone(), bytes)?))
        })
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    Ok(serialize(views, None)?)
}

/// The weights in such bytes.
///
/// # Errors
/// When the bytes are something else.
pub fn from_bytes(bytes: &[u8]) -> Result<BTreeMap<String, Parameter>, WeightsError> {
    let file = SafeTensors::deserialize(bytes)?;
    let weights = file.tensors().into_iter().map(|(name, view)| {
        if view.dtype() != Dtype::F32 {
            return Err(WeightsError::WrongType { name, seen: view.dtype() });
        }
        let values =
            view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        Ok((name, Parameter { shape: view.shape().to_vec(), values }))
    });
    weights.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ModelConfig;
    use crate::vae::Vae;

    #[test]
    fn weights_come_back_from_their_bytes() {
        let model = Vae::init(&ModelConfig::article(), 3, &burn::tensor::Device::flex()).unwrap();
        let weights = model.parameters().unwrap();
        let bytes = to_bytes(&weights).unwrap();
        assert_eq!(from_bytes(&bytes).unwrap(), weights);
        assert_eq!(bytes, to_bytes(&weights).unwrap());
    }

    #[test]
    fn other_bytes_are_refused() {
        assert!(from_bytes(b"no weights").is_err());
    }
}
