//! The main function of every stage's binary.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::{Map, Value};

use super::{REQUEST_FORMAT, Request, Stage};
use crate::config;
use crate::log::{self, Format};
use crate::schema;

const USAGE: &str = "\
A stage of the Isotherm pipeline. People run it through `cargo xtask run STAGE`.

Usage: STAGE --request FILE [--check] [--log-format human|json] [--exit-with-stdin]
       STAGE --schema

  --request FILE      what to do, as JSON (written by xtask)
  --check             only check the configuration and the names of the inputs
  --log-format FORMAT events on standard error for people (human, the default) or machines (json)
  --exit-with-stdin   stop when standard input is closed, that is, when the caller is gone
  --schema            print the JSON schema of the tables of each stage of this binary
";

/// Exit code for a configuration that cannot be used.
const EXIT_CONFIG: u8 = 2;

/// A stage of this binary, without its types.
pub struct Entry {
    name: &'static str,
    check: fn(&Request) -> Result<(), String>,
    run: fn(&Request) -> anyhow::Result<()>,
    schema: fn() -> Value,
}

impl Entry {
    /// The entry of the stage `S`.
    pub const fn of<S: Stage>() -> Entry {
        Entry { name: S::NAME, check: check::<S>, run: run::<S>, schema: schema::of::<S::Tables> }
    }
}

/// The schema of each stage's tables, by its name.
fn schemas(stages: &[Entry]) -> Value {
    let of = |stage: &Entry| (stage.name.to_string(), (stage.schema)());
    Value::Object(stages.iter().map(of).collect::<Map<_, _>>())
}

/// Does what the request on the command line asks of one of `stages`.
pub fn main(stages: &[Entry]) -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) if arguments.schema => {
            println!("{:#}", schemas(stages));
            return ExitCode::SUCCESS;
        }
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => return fail(&error, 1),
    };
    if arguments.exit_with_stdin {
        exit_with_stdin();
    }
    let request = match read_request(&arguments.request) {
        Ok(request) => request,
        Err(error) => return fail(&error, 1),
    };
    let Some(stage) = stages.iter().find(|stage| stage.name == request.stage) else {
        return fail(&anyhow::anyhow!("this binary has no stage {:?}", request.stage), 1);
    };
    if let Err(message) = (stage.check)(&request) {
        return fail(&anyhow::Error::msg(message), EXIT_CONFIG);
    }
    if arguments.check {
        return ExitCode::SUCCESS;
    }
    let ran = log::start(arguments.log_format, request.log.as_deref()).and_then(|()| (stage.run)(&request));
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 1),
    }
}

fn check<S: Stage>(request: &Request) -> Result<(), String> {
    let describe = |fault: config::Fault| fault.describe(&request.pipeline);
    let tables = config::parse(&request.config).map_err(describe)?;
    S::check(tables).map_err(describe)?;
    for read in S::READS {
        let source = read.split_once('/').map_or(*read, |(source, _)| source);
        if !request.inputs.0.contains_key(source) {
            return Err(format!("the request for {} does not name the input {read}", S::NAME));
        }
    }
    Ok(())
}

fn run<S: Stage>(request: &Request) -> anyhow::Result<()> {
    let describe = |fault: config::Fault| anyhow::Error::msg(fault.describe(&request.pipeline));
    let tables = config::parse(&request.config).map_err(describe)?;
    let config = S::check(tables).map_err(describe)?;
    S::run(&config, &request.inputs, &request.outputs)
}

fn read_request(path: &Path) -> anyhow::Result<Request> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the request {}", path.display()))?;
    let request: Request =
        serde_json::from_str(&text).with_context(|| format!("{} is not a request", path.display()))?;
    if request.format != REQUEST_FORMAT {
        bail!("the request has format {}, this stage reads {REQUEST_FORMAT}; build again", request.format);
    }
    Ok(request)
}

fn fail(error: &anyhow::Error, code: u8) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(code)
}

/// Ends this process once standard input is closed, so that no stage outlives a killed runner.
fn exit_with_stdin() {
    std::thread::spawn(|| {
        let mut byte = [0];
        while matches!(io::stdin().read(&mut byte), Ok(1)) {}
        std::process::exit(130);
    });
}

struct Arguments {
    request: PathBuf,
    check: bool,
    log_format: Format,
    exit_with_stdin: bool,
    schema: bool,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> anyhow::Result<Option<Arguments>> {
        let mut arguments = Arguments {
            request: PathBuf::new(),
            check: false,
            log_format: Format::Human,
            exit_with_stdin: false,
            schema: false,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--help" | "-h" => return Ok(None),
                "--request" => arguments.request = words.next().context("--request needs a file")?.into(),
                "--check" => arguments.check = true,
                "--schema" => arguments.schema = true,
                "--exit-with-stdin" => arguments.exit_with_stdin = true,
                "--log-format" => {
                    arguments.log_format = match words.next().as_deref() {
                        Some("human") => Format::Human,
                        Some("json") => Format::Json,
                        other => bail!("--log-format is {other:?}; wanted human or json"),
                    }
                }
                other => bail!("unknown argument {other:?}\n\n{USAGE}"),
            }
        }
        if arguments.request.as_os_str().is_empty() && !arguments.schema {
            bail!("--request is missing\n\n{USAGE}");
        }
        Ok(Some(arguments))
    }
}
