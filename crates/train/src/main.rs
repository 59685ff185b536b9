//! The `train` stage's binary.

use std::process::ExitCode;

use contract::stage::{Entry, main as stage_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    train::allocator::keep_freed_memory();
    stage_main(&[Entry::of::<train::stage::Train>(), Entry::of::<train::stage::Deliver>()])
}
