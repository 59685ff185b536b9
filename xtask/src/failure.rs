//! The errors that end the program with an exit code of their own; all others end it with 1.

use std::fmt;

/// Exit code for a pipeline, a stage or an option that cannot be used as written.
pub(crate) const EXIT_CONFIG: u8 = 2;
/// Exit code of `--expect-cached` where something would have to run.
pub(crate) const EXIT_NOT_CACHED: u8 = 3;
/// Exit code of `verify` where something differs.
pub(crate) const EXIT_DIFFERS: u8 = 4;
/// Exit code after Ctrl-C.
pub(crate) const EXIT_INTERRUPTED: u8 = 130;

#[derive(Debug)]
pub(crate) enum Failure {
    /// What the user wrote cannot be used; found before anything runs.
    Config(String),
    /// The same, but a stage has already said what is wrong.
    ConfigSaid,
    /// Something that was expected in the cache is not there.
    NotCached(String),
    /// A run could not be verified; what differs has been said.
    Differs,
    /// Ctrl-C, or a request to terminate.
    Interrupted,
    /// The same, while benchmarks ran.
    BenchInterrupted,
    /// The same, while `new` asked.
    NewInterrupted,
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Config(message) | Failure::NotCached(message) => out.write_str(message),
            Failure::Differs => out.write_str("what was made again is not what was recorded"),
            Failure::ConfigSaid => out.write_str("nothing was run"),
            Failure::Interrupted => {
                out.write_str("stopped; finished stages are kept, and the same command goes on from here")
            }
            Failure::NewInterrupted => out.write_str("stopped; nothing was written"),
            Failure::BenchInterrupted => out.write_str("stopped; nothing is kept of what was measured"),
        }
    }
}

impl Failure {
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Config(_) | Failure::ConfigSaid => EXIT_CONFIG,
            Failure::NotCached(_) => EXIT_NOT_CACHED,
            Failure::Differs => EXIT_DIFFERS,
            Failure::Interrupted | Failure::BenchInterrupted | Failure::NewInterrupted => EXIT_INTERRUPTED,
        }
    }
}

/// A [`Failure::Config`], as `anyhow` carries it.
pub(crate) fn config(message: impl Into<String>) -> anyhow::Error {
    Failure::Config(message.into()).into()
}
