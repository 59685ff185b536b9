//! Which of a run's two models a stage is asked about. They are read alike, from what other stages have left.

use contract::artifact::{HELD_OUT_MODEL, MODEL, OBSERVED};
use contract::stage::Inputs;

/// One of the two models of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one that users get.
    Delivered,
    /// The one that held-out years judge.
    HeldOut,
}

impl Which {
    /// The one whose files the request names.
    pub fn of(inputs: &Inputs) -> Which {
        if inputs.files("deliver").is_empty() { Which::HeldOut } else { Which::Delivered }
    }

    /// The model's folder, by the stage that leaves it.
    pub fn model(self) -> String {
        match self {
            Which::Delivered => format!("deliver/{MODEL}"),
            Which::HeldOut => format!("train/{HELD_OUT_MODEL}"),
        }
    }

    /// Where its calibration is, by the stage that leaves it.
    pub fn calibration(self) -> String {
        match self {
            Which::Delivered => format!("calibrate/{MODEL}"),
            Which::HeldOut => format!("calibrate-held-out/{HELD_OUT_MODEL}"),
        }
    }

    /// The folder that its files are in, among what a stage leaves.
    pub fn folder(self) -> &'static str {
        match self {
            Which::Delivered => MODEL,
            Which::HeldOut => HELD_OUT_MODEL,
        }
    }

    /// The hours that it has been fitted to, and held out, by the stage that leaves them.
    pub fn observed(self) -> String {
        match self {
            Which::Delivered => format!("prepare-delivery/delivery/{OBSERVED}"),
            Which::HeldOut => format!("preprocess/{OBSERVED}"),
        }
    }
}
