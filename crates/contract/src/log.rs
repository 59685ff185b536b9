//! Where a stage's events go: to people or machines on standard error, and as JSON lines to the
//! log file beside the artifact.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use anyhow::Context;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::time::Uptime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::progress;

/// How events are written to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

static FORMAT: OnceLock<Format> = OnceLock::new();

/// Sends this process's events to standard error and, if given, to the file at `log`.
///
/// # Errors
/// When the file cannot be created.
pub fn start(format: Format, log: Option<&Path>) -> anyhow::Result<()> {
    let _ = FORMAT.set(format);
    let stderr: Box<dyn Layer<Registry> + Send + Sync> = match format {
        Format::Human => {
            let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let layer = fmt::layer().without_time().with_target(false).with_ansi(colour);
            layer.with_writer(StderrWriter).boxed()
        }
        Format::Json => fmt::layer().json().with_timer(Uptime::default()).with_writer(StderrWriter).boxed(),
    };
    let level = tracing_subscriber::filter::LevelFilter::INFO;
    let mut layers = vec![stderr.with_filter(level).boxed()];
    if let Some(path) = log {
        let file = File::create(path).with_context(|| format!("cannot create the log {}", path.display()))?;
        let layer = fmt::layer().json().with_timer(Uptime::default()).with_writer(Mutex::new(file));
        layers.push(layer.with_filter(level).boxed());
    }
    tracing_subscriber::registry().with(layers).try_init().context("logging was started twice")
}

/// True where a progress bar can be drawn: a person reads, at a terminal.
pub(crate) fn draws_bars() -> bool {
    FORMAT.get() == Some(&Format::Human) && io::stderr().is_terminal()
}

/// Writes whole events without tearing the progress bar.
#[derive(Clone, Copy)]
struct StderrWriter;

impl Write for StderrWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        progress::bars().suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl MakeWriter<'_> for StderrWriter {
    type Writer = StderrWriter;

    fn make_writer(&self) -> StderrWriter {
        *self
    }
}
