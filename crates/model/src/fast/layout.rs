//! All weights of a model as one slice, in the order of their names.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::parameters::{Parameter, ParameterError};
use crate::vae::Vae;

/// Where each parameter is among all weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    places: BTreeMap<String, (Vec<usize>, Range<usize>)>,
}

impl Layout {
    /// The layout of a model's parameters.
    ///
    /// # Errors
    /// When the device does not give one back.
    pub fn of(vae: &Vae) -> Result<Layout, ParameterError> {
        let parameters = vae.parameters()?.into_iter();
        Ok(Layout::from_shapes(parameters.map(|(name, parameter)| (name, parameter.shape))))
    }

    /// Parameters one after the other in that order.
    pub(super) fn from_shapes(shapes: impl IntoIterator<Item = (String, Vec<usize>)>) -> Layout {
        let mut end = 0;
        let place = |(name, shape): (String, Vec<usize>)| {
            let start = end;
            end += shape.iter().product::<usize>();
            (name, (shape, start..end))
        };
        Layout { places: shapes.into_iter().map(place).collect() }
    }

    /// Number of weights.
    pub fn weights(&self) -> usize {
        self.ranges().map(|range| range.end).max().unwrap_or_default()
    }

    /// Where each parameter is, in the order of their names.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.places.values().map(|(_, range)| range.clone())
    }

    /// Where a parameter is; nowhere if the model has none of that name.
    pub(super) fn range(&self, name: &str) -> Range<usize> {
        self.places.get(name).map(|(_, range)| range.clone()).unwrap_or_default()
    }

    /// The model's weights as one slice.
    ///
    /// # Errors
    /// When the device does not give one back.
    pub fn read(&self, vae: &Vae) -> Result<Vec<f32>, ParameterError> {
        self.flatten(vae.parameters()?)
    }

    /// Weights by name as one slice.
    ///
    /// # Errors
    /// When one is missing, has another shape, or has no place in the layout.
    pub fn flatten(&self, mut weights: BTreeMap<String, Parameter>) -> Result<Vec<f32>, ParameterError> {
        let mut all = vec![0.0; self.weights()];
        for (name, (shape, range)) in &self.places {
            let weight = weights.remove(name).ok_or_else(|| ParameterError::Missing(name.clone()))?;
            if weight.shape != *shape || weight.values.len() != range.len() {
                return Err(ParameterError::Shape {
                    name: name.clone(),
                    seen: weight.shape,
                    wanted: shape.clone(),
                });
            }
            all[range.clone()].copy_from_slice(&weight.values);
        }
        match weights.into_keys().next() {
            Some(name) => Err(ParameterError::Unknown(name)),
            None => Ok(all),
        }
    }

    /// Weights by name.
    pub fn name(&self, weights: &[f32]) -> BTreeMap<String, Parameter> {
        let named = |(name, (shape, range)): (&String, &(Vec<usize>, Range<usize>))| {
            (name.clone(), Parameter { shape: shape.clone(), values: weights[range.clone()].to_vec() })
        };
        self.places.iter().map(named).collect()
    }
}
