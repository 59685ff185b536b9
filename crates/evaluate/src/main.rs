//! The binary of the stages `evaluate` and `report`.

use std::process::ExitCode;

use contract::stage::Entry;

fn main() -> ExitCode {
    contract::stage::main(&[Entry::of::<evaluate::Evaluate>(), Entry::of::<evaluate::Report>()])
}
