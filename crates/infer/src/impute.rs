//! Missing hours from the hours around them.

use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;

/// How missing hours are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImputeSettings {
    pub members: usize,
    pub seed: u64,
}

/// An ensemble for each missing hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Imputation {
    /// Numbers of the missing hours, ascending.
    pub hours: Vec<usize>,
    pub members: usize,
    /// `[hour][member]`, in the canonical unit. A member is one draw of all missing hours together.
    pub values: Vec<f32>,
}

/// Draws all missing hours.
///
/// # Errors
/// When no hour is there, or the model fails.
pub fn impute(
    model: &TrainedModel,
    observed: &ObservedHours,
    settings: ImputeSettings,
) -> anyhow::Result<Imputation> {
    let _ = (model, observed, settings);
    anyhow::bail!("impute is being written")
}
