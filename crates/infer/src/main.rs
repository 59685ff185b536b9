//! The binary of the stages that use a trained model.

use std::process::ExitCode;

use contract::stage::{Entry, main as stage_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    stage_main(&[
        Entry::of::<infer::stage::Generate>(),
        Entry::of::<infer::stage::HeldOut>(),
        Entry::of::<infer::bound::Bound>(),
        Entry::of::<infer::trials::Trials>(),
        Entry::of::<infer::calibrate::Calibrate>(),
        Entry::of::<infer::calibrate::CalibrateHeldOut>(),
        Entry::of::<infer::task::Impute>(),
        Entry::of::<infer::task::Forecast>(),
        Entry::of::<infer::task::Detect>(),
    ])
}
