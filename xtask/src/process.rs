//! Which process a leftover belongs to, and whether that one still lives.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Digits of the part of a token that stands for the machine.
const MACHINE_DIGITS: usize = 8;

/// What names made by this process end in: `process-machine-number`, no other process has it.
pub(crate) fn token() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| token_of(std::process::id()))
}

/// [`token`], and a number that is another one every time.
pub(crate) fn next_token() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}.{}", token(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The token of a process of this machine.
pub(crate) fn token_of(process: u32) -> String {
    format!("{process}-{}-{}", machine(), start_of(process).unwrap_or(0))
}

/// The token at the end of a name.
pub(crate) fn token_in(name: &str) -> Option<&str> {
    let name = without_number(name);
    let mut dashes = name.rmatch_indices('-').map(|(at, _)| at);
    let (start, machine, process) = (dashes.next()?, dashes.next()?, dashes.next()?);
    let is_token = is_number(&name[start + 1..])
        && start - machine - 1 == MACHINE_DIGITS
        && is_number(&name[process + 1..machine]);
    is_token.then(|| &name[process + 1..])
}

/// Without what [`next_token`] adds.
fn without_number(name: &str) -> &str {
    name.rsplit_once('.').filter(|(_, count)| is_number(count)).map_or(name, |(name, _)| name)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the process of a token, with or without a number, lives; `None` if it is another machine's.
pub(crate) fn is_alive(token: &str) -> Option<bool> {
    let token = without_number(token);
    let mut parts = token.split('-');
    let process: u32 = parts.next()?.parse().ok()?;
    if parts.next()? != machine() {
        return None;
    }
    Some(token_of(process) == token && exists(process))
}

/// Stands for this start of this machine and for this namespace of processes, in which their numbers mean something.
fn machine() -> &'static str {
    static MACHINE: OnceLock<String> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let text =
            format!("{} {} {}", host_name(), read("/proc/sys/kernel/random/boot_id"), namespace.display());
        let mut digest = crate::digest::bytes(text.as_bytes());
        digest.truncate(MACHINE_DIGITS);
        digest
    })
}

pub(crate) fn host_name() -> String {
    let mut name = [0u8; 256];
    // SAFETY: the buffer is ours, and its length is given.
    let is_known = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len()) } == 0;
    let name = String::from_utf8_lossy(name.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned();
    if is_known && !name.is_empty() { name } else { "an unnamed machine".to_string() }
}

/// When the process started, in ticks since the machine did; `None` where there is no `/proc`, and of processes that
/// are gone.
fn start_of(process: u32) -> Option<u64> {
    let text = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).ok()?;
    // The name before it, in parentheses, may hold anything.
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    // One that ended and that nobody has waited for holds nothing any more.
    let has_ended = matches!(fields.next()?, "Z" | "X");
    if has_ended { None } else { fields.nth(18)?.parse().ok() }
}

fn exists(process: u32) -> bool {
    let Ok(process) = libc::pid_t::try_from(process) else { return false };
    // SAFETY: signal 0 is sent to nobody; it only asks.
    let asked = unsafe { libc::kill(process, 0) };
    asked == 0 || std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

/// The time of day, RFC 3339, UTC, to the second.
pub(crate) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_in_the_token_of_who_made_it() {
        assert_eq!(token_in(&format!(".tmp-a-b-{}", token())), Some(token()));
        assert_eq!(token_in(&format!(".tmp-{}", next_token())), Some(token()));
        assert_ne!(next_token(), next_token());
        for name in ["", ".tmp-17", ".tmp-1-2-3", ".tmp-x-12345678-9"] {
            assert_eq!(token_in(name), None, "{name}");
        }
    }

    #[test]
    fn only_a_process_that_runs_is_alive() {
        assert_eq!(is_alive(token()), Some(true));
        assert_eq!(is_alive(&next_token()), Some(true));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let token = token_of(child.id());
        child.wait().unwrap();
        assert_eq!(is_alive(&token), Some(false));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn one_that_nobody_has_waited_for_is_not_alive() {
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let token = token_of(child.id());
        assert_eq!(is_alive(&token), Some(true));
        child.kill().unwrap();
        while is_alive(&token) == Some(true) {
            std::thread::yield_now();
        }
        child.wait().unwrap();
    }

    #[test]
    fn of_another_machines_nothing_is_known() {
        assert_eq!(is_alive("17-00000000-1"), None);
    }
}
