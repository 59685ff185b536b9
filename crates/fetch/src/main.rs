//! The binary of the stage `fetch`.

use std::process::ExitCode;

use contract::stage::Entry;
use fetch::Fetch;

fn main() -> ExitCode {
    contract::stage::main(&[Entry::of::<Fetch>()])
}
