//! The whole download against a local server that speaks the store's API and misbehaves.

mod archives;
mod faults;
mod fixture;
mod kills;
mod open_meteo;
mod pieces;
mod refusals;
mod secrecy;
mod tls;
