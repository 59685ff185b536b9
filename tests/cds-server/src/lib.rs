//! A local server that speaks the API of the Copernicus Climate Data Store (and the archive of
//! Open-Meteo), and misbehaves when told. It serves made-up weather, and remembers what it was asked.
//!
//! The paths, members and errors are those that the official clients and the published sources of the
//! store's API use. It knows one user.

mod data;
mod fault;
mod message;
mod netcdf;
mod open_meteo;
mod server;
mod store;

pub use data::{archive, celsius, csv, file_for, netcdf};
pub use fault::{Fault, Misbehaviour, Turns};
pub use message::{Request, Response};
pub use server::Server;
pub use store::{Ending, Settings};
