//! The options of `verify`.

use clap::Args;

use crate::console::{LogFormat, OutputFormat};
use crate::failure::config;
use crate::map;
use crate::record::From;
use crate::verify::Options;

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// A run that is frozen in pipelines/locked, or else one that is published in data/runs.
    run: String,
    /// Take the published run also where one of that name is frozen.
    #[arg(long)]
    published: bool,
    /// Only make this stage again; those before it are taken from the cache where they are in it.
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
    /// How events are written to standard error.
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    log_format: LogFormat,
}

impl VerifyArguments {
    pub(crate) fn options(self, output: OutputFormat) -> anyhow::Result<Options> {
        let stage = self.stage.as_deref().map(map::stage).transpose().map_err(config)?;
        let from = if self.published { From::Published } else { From::Anywhere };
        Ok(Options { name: self.run, from, stage, log_format: self.log_format, output })
    }
}
