//! The binary of the stage `ingest`.

use std::process::ExitCode;

use contract::stage::Entry;
use ingest::{Ingest, Inspect, UserSeries};

fn main() -> ExitCode {
    contract::stage::main(&[Entry::of::<Ingest>(), Entry::of::<Inspect>(), Entry::of::<UserSeries>()])
}
