//! What a trained model is used for: generating hours, and measuring how likely
//! observed years are.

pub mod bound;
pub mod config;
pub mod export;
pub mod generator;
pub mod model_folder;
pub mod span;
pub mod stage;
