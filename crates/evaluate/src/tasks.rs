//! How well missing hours, coming hours and faults are found: scores, and the baselines beside them.
//! Knows nothing of the model, only tables.

mod autoregression;
mod baselines;
mod blocks;
mod chi_square;
mod climatology;
pub(crate) mod detection;
pub(crate) mod document;
mod ensemble;
pub(crate) mod forecasts;
mod gaussian;
mod hours;
pub(crate) mod imputation;
mod members;
mod precision;
mod residuals;
mod scored;
pub(crate) mod targets;

pub(crate) use baselines::Baselines;
pub(crate) use document::TaskScores;
pub(crate) use hours::Hours;
