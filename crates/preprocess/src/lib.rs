//! From the ingested series to what the model is trained on: local standard time, whole years, the
//! trend moved to a reference year, one mean and standard deviation or normal scores, seasonal
//! features, windows and the split. Everything that is fitted here is fitted on training years only.

pub mod config;
mod days;
mod series;
mod slope_pattern;
mod split;
pub mod stage;
mod trend;
mod windows;
mod yearly_mean;
mod years;
