//! The options of `sweep`.

use clap::Args;

use crate::console::{LogFormat, OutputFormat};
use crate::pipeline::DEFAULT;
use crate::sweep::Options;

#[derive(Debug, Args)]
pub(crate) struct SweepArguments {
    /// The pipeline file: a path, or a name below pipelines/.
    #[arg(default_value = DEFAULT)]
    pipeline: String,
    /// A key and the values that it takes; given more than once, all combinations are run.
    #[arg(long, value_name = "TABLE.KEY=VALUE,VALUE")]
    grid: Vec<String>,
    /// Run each point with so many seeds, 0 and up, of training and of generation.
    #[arg(long, value_name = "NUMBER")]
    seeds: Option<u32>,
    /// Replace one value of the pipeline file in all runs; can be given more than once.
    #[arg(long, value_name = "TABLE.KEY=VALUE")]
    set: Vec<String>,
    /// The folder of the runs below data/runs, if not PIPELINE-sweep.
    #[arg(long)]
    name: Option<String>,
    /// How many runs go on at once, if not one a core.
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<usize>,
    /// Only say which runs there would be.
    #[arg(long)]
    dry_run: bool,
    /// How events are written to standard error.
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    log_format: LogFormat,
}

impl SweepArguments {
    pub(crate) fn options(self, output: OutputFormat) -> Options {
        let SweepArguments { pipeline, grid, seeds, set, name, jobs, dry_run, log_format } = self;
        Options { pipeline, sets: set, name, grids: grid, seeds, jobs, dry_run, log_format, output }
    }
}
