//! The binary of the stages `evaluate`, `score-tasks` and `report`, and of the history of runs.

use std::process::ExitCode;

use contract::stage::Entry;

fn main() -> ExitCode {
    contract::stage::main(&[
        Entry::of::<evaluate::Evaluate>(),
        Entry::of::<evaluate::CompareModels>(),
        Entry::of::<evaluate::ScoreTasks>(),
        Entry::of::<evaluate::Report>(),
        Entry::of::<evaluate::History>(),
    ])
}
