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
mod inspect;
mod intact;
mod layout;
mod merge;
mod plausible;
mod series;
mod stage;
mod times;
mod unpack;
mod versions;

pub use config::{Config, GapPolicy, IngestTable, Interpolation, LongGaps, Tables};
pub use grid::Point;
pub use inspect::Inspect;
pub use series::{Series, VariableSeries, read_series};
pub use stage::Ingest;
