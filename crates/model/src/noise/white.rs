//! The article's noise: independent hours with one variance.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use super::mean_of;
use crate::gaussian::LN_TWO_PI;

#[derive(Module, Debug)]
pub struct White {
    /// `[1]`, in standardised units.
    pub log_var: Param<Tensor<1>>,
}

impl White {
    pub(super) fn init(device: &Device) -> White {
        White { log_var: Param::from_tensor(Tensor::zeros([1], device)) }
    }

    /// `(ln 2π + ln s² + (x - y)² / s²) / 2`.
    pub(super) fn negative_log_likelihood(&self, values: Tensor<2>, decoded: Tensor<3>) -> Tensor<1> {
        let log_var = self.log_var.val();
        let squared_error = (values - mean_of(decoded)).square().mean();
        (log_var.clone() + squared_error * (-log_var).exp() + LN_TWO_PI) * 0.5
    }
}
