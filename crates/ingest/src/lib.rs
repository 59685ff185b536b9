//! The first stage: NetCDF files of hourly reanalysis in, one series of one place out, hourly and
//! without holes, in UTC and canonical units. It knows nothing of time zones, trends or windows,
//! and downloads nothing.

pub mod backend;
mod cf_time;
mod config;
mod dataset;
mod gaps;
mod grid;
#[doc(hidden)]
pub mod hours;
mod intact;
mod layout;
mod merge;
mod series;
mod stage;
mod unpack;

pub use config::{Config, IngestTable, Tables};
pub use grid::Point;
pub use series::{Series, VariableSeries, read_series};
pub use stage::Ingest;
