//! The vocabulary that all stages share: variables, the time axis, the names of artifacts and
//! columns, and how a stage is asked to run. It deliberately knows nothing of Parquet, NetCDF,
//! polars or burn.

pub mod artifact;
pub mod benchmark;
pub mod calendar;
pub mod config;
pub mod credit;
pub mod harmonics;
pub mod log;
pub mod missing;
pub mod monotone_cubic;
pub mod normal_scores;
pub mod place;
pub mod preset;
pub mod progress;
pub mod purpose;
pub mod runs;
pub mod schema;
pub mod season;
pub mod slope_pattern;
pub mod source;
pub mod stage;
pub mod transform;
pub mod variable;
