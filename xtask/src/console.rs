//! What the runner itself says while it runs: aligned lines for people, JSON lines for machines,
//! both on standard error; results go to standard output.

use std::io::{ErrorKind, Write};

use serde_json::{Value, json};

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// As the stages' binaries take it.
    pub fn argument(self) -> &'static str {
        match self {
            LogFormat::Human => "human",
            LogFormat::Json => "json",
        }
    }
}

/// How a command's result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum OutputFormat {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// Not at all: it is part of another command's.
    #[value(skip)]
    Nothing,
}

impl OutputFormat {
    /// Prints a result: `text` for people, with its final newline, or `value`. A reader that has seen enough, such
    /// as `head`, is no error; what cannot be written ends the program.
    pub fn print(self, text: impl FnOnce() -> String, value: impl FnOnce() -> Value) {
        let text = match self {
            OutputFormat::Text => text(),
            OutputFormat::Json => format!("{:#}\n", value()),
            OutputFormat::Nothing => return,
        };
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                eprintln!("error: cannot write the result: {error}");
                std::process::exit(1);
            }
            _ => {}
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Console {
    pub format: LogFormat,
    /// Set while several runs go on at once.
    pub job: Option<Job>,
}

/// One of several runs that go on at once.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// What its lines begin with.
    pub name: String,
    /// How many processors its stages may use.
    pub threads: usize,
}

impl Console {
    pub fn new(format: LogFormat) -> Console {
        Console { format, job: None }
    }

    /// `train       done     2 min 3 s`.
    pub fn stage(&self, stage: &str, state: &str, text: &str) {
        match self.format {
            LogFormat::Human => eprintln!("{}{}", self.prefix(), line(stage, state, text)),
            LogFormat::Json => {
                emit(json!({"message": text, "stage": stage, "state": state, "run": self.job_name()}));
            }
        }
    }

    /// A sentence.
    pub fn note(&self, text: &str) {
        match self.format {
            LogFormat::Human => eprintln!("{}{text}", self.prefix()),
            LogFormat::Json => emit(json!({"message": text, "run": self.job_name()})),
        }
    }

    fn job_name(&self) -> Option<&str> {
        self.job.as_ref().map(|job| job.name.as_str())
    }

    fn prefix(&self) -> String {
        self.job.as_ref().map(|job| format!("[{}] ", job.name)).unwrap_or_default()
    }
}

/// One aligned row: name, state, text.
pub(crate) fn line(name: &str, state: &str, text: &str) -> String {
    format!("{name:<19}{state:<9}{text}").trim_end().to_string()
}

fn emit(mut fields: Value) {
    fields.as_object_mut().into_iter().for_each(|fields| fields.retain(|_, value| !value.is_null()));
    eprintln!("{}", json!({"level": "INFO", "fields": fields, "target": "xtask"}));
}
