//! A stage as a process: started with a request, ended with the runner. Its standard input stays
//! open as long as the runner lives, and it stops when that closes, even after `kill -9`.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use contract::stage::Request;

use crate::console::Console;
use crate::failure::Failure;
use crate::interrupt;
use crate::workspace::Workspace;

const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Runs a stage to its end.
///
/// # Errors
/// When it cannot be started, or after Ctrl-C.
pub(crate) fn run(
    workspace: &Workspace,
    console: &Console,
    binary: &Path,
    request_file: &Path,
    request: &Request,
) -> anyhow::Result<ExitStatus> {
    let mut command = command(workspace, binary, request_file, request)?;
    command.args(["--log-format", console.format.argument(), "--exit-with-stdin"]);
    let Some(job) = &console.job else {
        return wait(&mut start(&mut command, binary)?);
    };
    // Lines of several stages at once say nothing; each has them in its log, and errors are shown.
    command.env("RAYON_NUM_THREADS", job.threads.to_string());
    command.stderr(Stdio::piped());
    let mut child = start(&mut command, binary)?;
    let said = child.stderr.take().map(|stderr| std::thread::spawn(move || errors_in(stderr)));
    let status = wait(&mut child);
    if let Some(Ok(errors)) = said.map(std::thread::JoinHandle::join) {
        errors.iter().for_each(|error| console.note(error));
    }
    status
}

/// The lines of a stage that say what went wrong.
fn errors_in(stderr: impl Read) -> Vec<String> {
    let lines = BufReader::new(stderr).lines().map_while(Result::ok);
    lines.filter(|line| line.starts_with("error: ")).collect()
}

/// Asks a stage whether its configuration can be used; if not, what is wrong with it.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn check(
    workspace: &Workspace,
    binary: &Path,
    request_file: &Path,
    request: &Request,
) -> anyhow::Result<Option<String>> {
    let mut command = command(workspace, binary, request_file, request)?;
    command.arg("--check").stdin(Stdio::null()).stderr(Stdio::piped());
    let output = start(&mut command, binary)?.wait_with_output().context("cannot wait for a stage")?;
    interrupt::check()?;
    if output.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(Some(said.trim().trim_start_matches("error: ").to_string()))
}

/// The stage's process, not yet started; its standard input is a pipe.
///
/// # Errors
/// When the request cannot be written.
pub(crate) fn command(
    workspace: &Workspace,
    binary: &Path,
    request_file: &Path,
    request: &Request,
) -> anyhow::Result<Command> {
    let text = serde_json::to_string_pretty(request).context("cannot serialise a request")?;
    fs::write(request_file, text).with_context(|| format!("cannot write {}", request_file.display()))?;
    let mut command = Command::new(binary);
    command.current_dir(&workspace.root).arg("--request").arg(request_file).stdin(Stdio::piped());
    Ok(command)
}

fn start(command: &mut Command, binary: &Path) -> anyhow::Result<Child> {
    command.spawn().with_context(|| format!("cannot start {}", binary.display()))
}

/// Waits for the child, and ends it after Ctrl-C in case the signal has not reached it.
fn wait(child: &mut Child) -> anyhow::Result<ExitStatus> {
    // `Child::wait` would close its standard input; `try_wait` does not.
    let mut pause = Duration::from_millis(1);
    loop {
        if interrupt::happened() {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::Interrupted.into());
        }
        if let Some(status) = child.try_wait().context("cannot wait for a stage")? {
            interrupt::check()?;
            return if status.signal() == Some(libc::SIGINT) {
                Err(Failure::Interrupted.into())
            } else {
                Ok(status)
            };
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// How a process ended, for people.
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(libc::SIGKILL)) => "killed, perhaps for want of memory".to_string(),
        (None, Some(libc::SIGXFSZ)) => "stopped by the limit on file size".to_string(),
        (None, Some(signal)) => format!("ended by signal {signal}"),
        (None, None) => "ended".to_string(),
    }
}
