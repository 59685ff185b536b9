//! What a trained model is used for: generating hours, and measuring how likely
//! observed years are.

pub mod bound;
pub mod calibrate;
pub mod config;
pub mod detect;
pub mod export;
pub mod faults;
pub mod forecast;
pub mod generator;
mod hidden;
pub mod impute;
mod linear;
pub mod model_folder;
pub mod observed;
pub mod pooling;
pub mod posterior;
mod purpose;
pub mod span;
pub mod stage;
pub mod task;
pub mod trial_detection;
pub mod trials;
mod which;
