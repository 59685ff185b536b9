//! The `preprocess` stage's binary.

use std::process::ExitCode;

use contract::stage::{Entry, main as stage_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    stage_main(&[
        Entry::of::<preprocess::stage::Preprocess>(),
        Entry::of::<preprocess::stage::PrepareDelivery>(),
    ])
}
