//! The first stage: files of hourly reanalysis, or of a station, in, one series of one place out,
//! hourly and without holes, in UTC and canonical units. It knows nothing of trends or windows, and
//! of time zones only what a station's clock needs; and it downloads nothing.

mod accumulation;
mod archive;
mod attributes;
pub mod backend;
mod cf_time;
mod config;
mod dataset;
mod delimited;
mod era5_csv;
mod gaps;
mod grid;
#[doc(hidden)]
pub mod hours;
mod inspect;
mod intact;
mod jumps;
mod layout;
mod members;
mod merge;
mod plausible;
mod quality;
mod series;
mod sniff;
mod stage;
mod station;
mod step;
mod times;
mod unpack;
mod user_series;
mod versions;

pub use config::{Config, GapPolicy, IngestTable, Interpolation, LongGaps, Nearest, Tables};
pub use grid::Point;
pub use inspect::Inspect;
pub use series::{Series, VariableSeries, read_series};
pub use stage::Ingest;
pub use user_series::UserSeries;
