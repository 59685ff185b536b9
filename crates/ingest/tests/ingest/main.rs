//! `ingest` from outside: files made here, the embedded sample, and the shared data where present.

mod agreement;
mod chunks;
mod ensembles;
mod era5_csv;
mod fixture;
mod formats;
mod gridded_cases;
mod inspect;
mod inspect_stations;
mod layouts;
mod masks;
mod messages;
mod parquet_stations;
mod quality;
mod real_files;
#[path = "../samples/samples.rs"]
mod samples;
mod stage;
mod station_formats;
mod station_messages;
mod stations;
mod time_axes;
mod zips;
