//! `ingest` from outside: files made here, the embedded sample, and the shared data where present.

mod agreement;
mod era5_csv;
mod fixture;
mod inspect;
mod layouts;
mod messages;
mod parquet_stations;
mod quality;
mod real_files;
mod stage;
mod station_messages;
mod stations;
