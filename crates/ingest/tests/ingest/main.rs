//! `ingest` from outside: files made here, the embedded sample, and the shared data where present.

mod agreement;
mod chunks;
mod fixture;
mod formats;
mod inspect;
mod layouts;
mod messages;
mod real_files;
#[path = "../samples/samples.rs"]
mod samples;
mod stage;
