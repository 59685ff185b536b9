//! From the ingested series to what the model is trained on: local standard time, whole years, the
//! trend moved to a reference year, one mean and standard deviation, seasonal features, windows and
//! the split. Everything that is fitted here is fitted on training years only.

pub mod config;
mod days;
mod series;
mod split;
pub mod stage;
mod trend;
mod windows;
mod years;
