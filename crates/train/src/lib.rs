//! Training: windows in, a model folder and its history out.

mod checkpoint;
pub mod config;
pub mod dataset;
mod history;
pub mod stage;
pub mod trainer;
