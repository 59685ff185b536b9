//! What keeps processes out of each other's way, also those of several machines on a network folder:
//! a folder that appears under its name by rename and says who made it. Nobody has to be asked and no
//! daemon runs. Its owner writes to it every few seconds; of an owner that is gone (its process on
//! this machine, or its last word from elsewhere) it is taken away by rename.
//!
//! A lease is about order and double work. That no wrong artifact stands under a right name does not
//! hang on it: entries of the cache appear whole, and two that were made of the same are the same.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::cache::TEMPORARY;
use crate::console::Console;
use crate::{interrupt, process};

/// Start of the names of leases that only one can hold.
pub(crate) const LOCK: &str = ".lock-";

/// Start of the names of folders whose makers take a lease away; no other does meanwhile.
pub(crate) const BREAKING: &str = ".tmp-breaking-";

/// How often an owner writes to its lease.
const BEAT: Duration = Duration::from_secs(5);
/// After so long without it the owner is taken for gone; network folders show a change late.
const SILENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(100);

const OWNER: &str = "owner.json";
const SIGN_OF_LIFE: &str = "beat";

/// Who holds a lease.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Owner {
    /// Of this lease, see [`process::next_token`].
    token: String,
    process: u32,
    host: String,
    /// RFC 3339, UTC.
    since: String,
    /// `run-all smoke`.
    doing: String,
}

/// A lease that is held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    path: PathBuf,
    token: String,
    /// Stops the signs of life when it goes.
    _beat: Sender<()>,
}

impl Lease {
    /// Takes the lease if nobody has it; one of an owner who is gone is taken away first.
    ///
    /// # Errors
    /// When its folder cannot be written.
    pub fn try_take(path: &Path, doing: &str) -> anyhow::Result<Option<Lease>> {
        remove_if_abandoned(path);
        let draft = beside(path, "lease");
        let context = || format!("cannot lock {}", path.display());
        let owner = Owner {
            token: process::next_token(),
            process: std::process::id(),
            host: process::host_name(),
            since: process::now(),
            doing: doing.to_string(),
        };
        fs::create_dir_all(&draft).with_context(context)?;
        let text = serde_json::to_string(&owner).with_context(context)?;
        let written = fs::write(draft.join(OWNER), text).and_then(|()| sign(&draft, 0));
        // A name after a power cut says nothing without what it stands for.
        let written = written.and_then(|()| File::open(draft.join(OWNER))?.sync_all());
        let taken = written.and_then(|()| fs::rename(&draft, path));
        if taken.is_err() {
            let _ = fs::remove_dir_all(&draft);
        }
        match taken {
            Ok(()) => {
                let beat = keep_alive(path, &owner.token);
                Ok(Some(Lease { path: path.to_path_buf(), token: owner.token, _beat: beat }))
            }
            // A folder takes the place of another only if that one is empty.
            Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty) => {
                Ok(None)
            }
            Err(error) => Err(error).with_context(context),
        }
    }

    /// Waits for the lease, and says for whom.
    ///
    /// # Errors
    /// When its folder cannot be written, or after Ctrl-C.
    pub fn take(path: &Path, doing: &str, console: &Console, shown: &str) -> anyhow::Result<Lease> {
        let mut was_said = false;
        loop {
            if let Some(lease) = Lease::try_take(path, doing)? {
                return Ok(lease);
            }
            if !was_said && path.exists() {
                console.note(&format!("waiting for {}, which holds {shown}", holder(path)));
                was_said = true;
            }
            interrupt::check()?;
            std::thread::sleep(PAUSE);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Somebody may have taken it for abandoned, and hold it now.
        if read(&self.path).is_some_and(|owner| owner.token == self.token) {
            take_away(&self.path);
        }
    }
}

/// Who holds the lease, for people: `run-all smoke (process 17 on host, since ...)`.
pub(crate) fn holder(path: &Path) -> String {
    match read(path) {
        Some(owner) => {
            format!("{} (process {} on {}, since {})", owner.doing, owner.process, owner.host, owner.since)
        }
        None => format!("whoever made {}", path.display()),
    }
}

/// Takes away the lease of an owner who is gone; true if nobody has it now.
pub(crate) fn remove_if_abandoned(path: &Path) -> bool {
    if !path.exists() {
        return true;
    }
    let owner = read(path);
    let is_gone = match owner.as_ref().and_then(|owner| process::is_alive(&owner.token)) {
        Some(alive) => !alive,
        None => is_silent(path),
    };
    if !is_gone {
        return false;
    }
    // One at a time, so that nobody takes away what another has just taken instead.
    let breaking = path.with_file_name(format!("{BREAKING}{}", name(path)));
    if fs::create_dir(&breaking).is_err() {
        if is_silent(&breaking) {
            // Who made it was killed on the way.
            let _ = fs::remove_dir(&breaking);
        }
        return false;
    }
    let is_still_the_same = read(path) == owner;
    if is_still_the_same {
        take_away(path);
    }
    let _ = fs::remove_dir(&breaking);
    is_still_the_same
}

fn read(path: &Path) -> Option<Owner> {
    serde_json::from_str(&fs::read_to_string(path.join(OWNER)).ok()?).ok()
}

/// True if an owner of whom nothing else is known has not written for long, by the clock of the folder's own machine.
fn is_silent(path: &Path) -> bool {
    // Opened, because a network folder shows the times of a file that is not open late.
    let modified = |file: File| file.metadata().and_then(|data| data.modified()).ok();
    let probe = beside(path, "clock");
    let now = fs::write(&probe, "").and_then(|()| File::open(&probe)).ok().and_then(modified);
    let _ = fs::remove_file(&probe);
    let beat = File::open(path.join(SIGN_OF_LIFE)).or_else(|_| File::open(path));
    let (Some(now), Some(last)) = (now, beat.ok().and_then(modified)) else { return false };
    now.duration_since(last).is_ok_and(|silence| silence > SILENCE)
}

fn take_away(path: &Path) {
    let away = beside(path, "released");
    if fs::rename(path, &away).is_ok() {
        let _ = fs::remove_dir_all(&away);
    }
}

/// A temporary name beside the lease.
fn beside(path: &Path, what: &str) -> PathBuf {
    path.with_file_name(format!("{TEMPORARY}{what}-{}-{}", name(path), process::next_token()))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().trim_start_matches('.').to_string()
}

fn sign(folder: &Path, count: u64) -> std::io::Result<()> {
    fs::write(folder.join(SIGN_OF_LIFE), count.to_string())
}

/// Writes to the lease until the other end is dropped, or another has it.
fn keep_alive(path: &Path, token: &str) -> Sender<()> {
    let (stop, stopped) = mpsc::channel::<()>();
    let (path, token) = (path.to_path_buf(), token.to_string());
    std::thread::spawn(move || {
        let mut count = 0;
        while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
            if read(&path).is_some_and(|owner| owner.token != token) {
                return;
            }
            count += 1;
            let _ = sign(&path, count);
        }
    });
    stop
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::SystemTime;

    use super::*;

    /// A lease as another process would have left it.
    fn left_by(token: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock-x");
        drop(Lease::try_take(&path, "first").unwrap().unwrap());
        fs::create_dir(&path).unwrap();
        let owner = Owner {
            token: token.to_string(),
            process: 1,
            host: "elsewhere".into(),
            since: "2026-01-01T00:00:00Z".into(),
            doing: "run-all x".into(),
        };
        fs::write(path.join(OWNER), serde_json::to_string(&owner).unwrap()).unwrap();
        sign(&path, 3).unwrap();
        (folder, path)
    }

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn only_one_holds_it_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock-x");
        let (holders, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let Some(lease) = Lease::try_take(&path, "x").unwrap() else { continue };
                        most.fetch_max(holders.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        holders.fetch_sub(1, Ordering::SeqCst);
                        drop(lease);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
        assert_eq!(names(folder.path()), 0, "nothing is left");
    }

    #[test]
    fn one_of_a_process_that_ended_is_taken_over() {
        let mut child = Command::new("true").spawn().unwrap();
        let token = process::token_of(child.id());
        child.wait().unwrap();
        let (folder, path) = left_by(&token);
        let lease = Lease::try_take(&path, "second").unwrap().unwrap();
        assert!(holder(&path).starts_with("second (process "));
        drop(lease);
        assert_eq!(names(folder.path()), 0);
    }

    #[test]
    fn one_from_elsewhere_is_taken_over_only_after_long_silence() {
        let (folder, path) = left_by("17-00000000-0");
        assert!(Lease::try_take(&path, "second").unwrap().is_none());
        assert_eq!(holder(&path), "run-all x (process 1 on elsewhere, since 2026-01-01T00:00:00Z)");
        let file = File::options().write(true).open(path.join(SIGN_OF_LIFE)).unwrap();
        file.set_modified(SystemTime::now() - SILENCE - BEAT).unwrap();
        assert!(Lease::try_take(&path, "second").unwrap().is_some());
        assert_eq!(names(folder.path()), 0);
    }

    #[test]
    fn one_that_a_power_cut_has_emptied_is_taken_over_after_long_silence() {
        let (folder, path) = left_by("17-00000000-0");
        fs::write(path.join(OWNER), "").unwrap();
        assert!(Lease::try_take(&path, "second").unwrap().is_none());
        assert!(holder(&path).starts_with("whoever made "));
        let file = File::options().write(true).open(path.join(SIGN_OF_LIFE)).unwrap();
        file.set_modified(SystemTime::now() - SILENCE - BEAT).unwrap();
        assert!(Lease::try_take(&path, "second").unwrap().is_some());
        assert_eq!(names(folder.path()), 0);
    }

    #[test]
    fn one_that_was_taken_for_abandoned_is_left_to_who_has_it() {
        let (_folder, path) = left_by("17-00000000-0");
        let away = path.with_file_name("away");
        fs::rename(&path, &away).unwrap();
        let lease = Lease::try_take(&path, "ours").unwrap().unwrap();
        fs::remove_dir_all(&path).unwrap();
        fs::rename(&away, &path).unwrap();
        drop(lease);
        assert!(holder(&path).starts_with("run-all x"));
    }
}
