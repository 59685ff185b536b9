//! Training: windows in, a model folder and its history out.

pub mod allocator;
mod calibrate;
mod checkpoint;
pub mod config;
pub mod dataset;
pub mod history;
pub mod learner;
mod posterior;
pub mod stage;
pub mod trainer;
