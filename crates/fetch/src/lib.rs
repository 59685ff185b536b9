//! Downloads: what `[ingest] source` asks for, from the Copernicus Climate Data Store or Open-Meteo,
//! as files that `ingest` reads.

mod address;
mod archive;
mod ask;
mod cds;
mod certificates;
mod checksum;
mod config;
mod credentials;
mod download;
mod environment;
mod files;
mod http;
mod open_meteo;
mod pace;
mod problem;
mod secret;
mod stage;
mod workshop;

pub use config::{Config, Tables};
pub use environment::Environment;
pub use pace::{Clock, Pace};
pub use stage::{Fetch, Options, fetch};
