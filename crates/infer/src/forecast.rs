//! The hours after the last one.

use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;

/// How the hours that follow are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForecastSettings {
    /// 1 to 240.
    pub hours: usize,
    pub members: usize,
    pub seed: u64,
}

/// An ensemble for each hour after the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    pub members: usize,
    /// `[hour][member]`, in the canonical unit; the first hour is the one after the last that was observed.
    pub values: Vec<f32>,
}

/// Draws the hours after the last one that is not missing.
///
/// # Errors
/// When too few hours are there, or the model fails.
pub fn forecast(
    model: &TrainedModel,
    observed: &ObservedHours,
    settings: ForecastSettings,
) -> anyhow::Result<Forecast> {
    let _ = (model, observed, settings);
    anyhow::bail!("forecast is being written")
}
