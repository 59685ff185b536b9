//! What a trained model is used for: generating hours. It never sees the data that the model was
//! trained on.

pub mod config;
pub mod export;
pub mod generator;
pub mod model_folder;
pub mod span;
pub mod stage;
