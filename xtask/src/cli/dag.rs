//! The options of `dag`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Overrides;
use crate::pipeline::DEFAULT;

#[derive(Debug, Args)]
pub(crate) struct DagArguments {
    /// The pipeline file: a path, or a name below pipelines/.
    #[arg(default_value = DEFAULT)]
    pub pipeline: String,
    #[command(flatten)]
    pub overrides: Overrides,
    /// How it is drawn.
    #[arg(long = "as", value_enum, default_value = "text", value_name = "DRAWING")]
    pub drawing: Drawing,
    /// Write it to this file, and print the file's path.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Drawing {
    /// A line a stage; lanes beside them tell who reads from whom.
    Text,
    /// A picture for browsers and pages.
    Svg,
    /// For Markdown, which GitHub and others draw.
    Mermaid,
}
