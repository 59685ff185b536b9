//! The options of `compare`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// Runs by their names below data/runs, or folders of runs, for all that are in them.
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<String>,
    /// Where the page goes, if not to data/runs/compare.html.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print every figure, not only the scorecard's E and the targets.
    #[arg(long)]
    pub all: bool,
}
