//! A process from its start to its end: how long it took, and how much memory.

use std::fs::{self, File};
use std::mem::MaybeUninit;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::scratch::Scratch;
use crate::{child, interrupt};

/// Time between two looks at the process; it is part of what is measured.
const PAUSE: Duration = Duration::from_micros(500);
/// Time that a process gets to end itself after Ctrl-C.
const PATIENCE: Duration = Duration::from_secs(5);
/// Lines of a failed process's words that are shown.
const LAST_LINES: usize = 10;

#[derive(Debug)]
pub(super) struct Ended {
    pub milliseconds: f64,
    /// Largest resident set of the process or of one that it waited for.
    pub peak_memory_mb: f64,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command to its end; what it says goes to files in `scratch` meanwhile.
///
/// # Errors
/// When it cannot be started or fails, then with its last words; and after Ctrl-C.
pub(super) fn run(command: &mut Command, scratch: &Scratch) -> anyhow::Result<Ended> {
    interrupt::check()?;
    let name = Path::new(command.get_program()).file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let (stdout, stderr) = (scratch.path().join("stdout"), scratch.path().join("stderr"));
    let create =
        |path: &Path| File::create(path).with_context(|| format!("cannot create {}", path.display()));
    command.stdout(create(&stdout)?).stderr(create(&stderr)?);
    let started = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
    let (status, peak_memory_mb) = wait(libc::pid_t::try_from(child.id())?)?;
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    // Its standard input was open as long as it ran.
    drop(child);
    interrupt::check()?;
    let read =
        |path: &Path| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let (stdout, stderr) = (read(&stdout)?, read(&stderr)?);
    if !status.success() {
        bail!("{name} failed ({}):\n{}", child::describe(status), last_lines(&stderr));
    }
    Ok(Ended { milliseconds, peak_memory_mb, stdout, stderr })
}

/// Waits for the child, and asks it to end after Ctrl-C in case the signal has not reached it.
fn wait(process: libc::pid_t) -> anyhow::Result<(ExitStatus, f64)> {
    let mut asked: Option<Instant> = None;
    loop {
        let (mut status, mut usage) = (0, MaybeUninit::<libc::rusage>::uninit());
        // SAFETY: both pointers are to values of the types that the call fills.
        let ended = unsafe { libc::wait4(process, &raw mut status, libc::WNOHANG, usage.as_mut_ptr()) };
        match ended {
            0 => {}
            -1 => return Err(std::io::Error::last_os_error()).context("cannot wait for a process"),
            _ => {
                // SAFETY: the call has filled it, because a process has ended.
                let kilobytes = unsafe { usage.assume_init() }.ru_maxrss;
                return Ok((ExitStatus::from_raw(status), kilobytes as f64 * 1024.0 / 1e6));
            }
        }
        if interrupt::happened() {
            let signal = match asked {
                None => Some(libc::SIGTERM),
                Some(since) => (since.elapsed() > PATIENCE).then_some(libc::SIGKILL),
            };
            asked = asked.or_else(|| Some(Instant::now()));
            if let Some(signal) = signal {
                // SAFETY: a child that has not been waited for keeps its number.
                unsafe { libc::kill(process, signal) };
            }
        }
        std::thread::sleep(PAUSE);
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use crate::workspace::Workspace;

    fn shell(script: &str) -> anyhow::Result<Ended> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_path_buf();
        let scratch = Scratch::new(&Workspace {
            data: root.join("data"),
            root,
            settings: Settings::default(),
            binaries: None,
        })
        .unwrap();
        run(Command::new("sh").args(["-c", script]), &scratch)
    }

    #[test]
    fn a_process_is_measured_and_what_it_says_is_kept() {
        let ended = shell("echo out; echo err >&2").unwrap();
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("out\n", "err\n"));
        assert!(ended.milliseconds > 0.0 && ended.peak_memory_mb > 0.1, "{ended:?}");
    }

    #[test]
    fn a_failure_comes_with_the_last_words() {
        let error =
            shell("for line in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $line >&2; done; exit 3").unwrap_err();
        assert_eq!(error.to_string(), "sh failed (exit code 3):\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12");
    }

    #[test]
    fn the_folder_is_gone_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_path_buf();
        let workspace =
            Workspace { data: root.join("data"), root, settings: Settings::default(), binaries: None };
        let scratch = Scratch::new(&workspace).unwrap();
        fs::write(scratch.fresh("case").unwrap().join("file"), "x").unwrap();
        let path = scratch.path().to_path_buf();
        assert!(path.is_dir());
        drop(scratch);
        assert!(!path.exists());
    }
}
