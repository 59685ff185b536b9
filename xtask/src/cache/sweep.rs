//! Who uses the cache, and what is left in it by those who no longer do.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context;

use super::{Cache, TEMPORARY, WORK};
use crate::console::Console;
use crate::lease::{self, BREAKING, LOCK, Lease};
use crate::{interrupt, map, process};

/// Start of the names of leases that any number of runs hold, each its own.
const USER: &str = ".run-";
/// The lease of who removes entries.
const REMOVER: &str = ".lock-cache";
const PAUSE: Duration = Duration::from_millis(100);
/// Age from which another machine's leftovers are taken for abandoned.
const OLD: Duration = Duration::from_secs(24 * 3600);

impl Cache {
    /// Keeps entries from being removed until the lease is dropped.
    ///
    /// # Errors
    /// When the folder cannot be written, or after Ctrl-C.
    pub fn enter(&self, doing: &str, console: &Console) -> anyhow::Result<Lease> {
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot create {}", self.folder.display()))?;
        let mut was_said = false;
        loop {
            let path = self.folder.join(format!("{USER}{}", process::next_token()));
            let lease = Lease::try_take(&path, doing)?.context("a new name was taken")?;
            // Whoever removes entries looks for this lease after having taken its own.
            if lease::remove_if_abandoned(&self.folder.join(REMOVER)) {
                return Ok(lease);
            }
            drop(lease);
            wait_for(&self.folder.join(REMOVER), &mut was_said, console)?;
        }
    }

    /// Waits until nobody uses the cache, and keeps others waiting until the lease is dropped.
    ///
    /// # Errors
    /// When the folder cannot be written, or after Ctrl-C.
    pub fn enter_alone(&self, doing: &str, console: &Console) -> anyhow::Result<Lease> {
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot create {}", self.folder.display()))?;
        let lease = Lease::take(&self.folder.join(REMOVER), doing, console, "the cache")?;
        let mut was_said = false;
        for name in names(&self.folder).into_iter().filter(|name| name.starts_with(USER)) {
            let path = self.folder.join(&name);
            while !lease::remove_if_abandoned(&path) {
                wait_for(&path, &mut was_said, console)?;
            }
        }
        Ok(lease)
    }

    /// Removes what killed runs left; work folders stay, they hold checkpoints.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub fn sweep(&self) -> anyhow::Result<()> {
        sweep_folder(&self.folder)?;
        for stage in map::STAGES.iter().chain([&map::FETCH]) {
            sweep_folder(&self.folder.join(stage.name))?;
        }
        Ok(())
    }
}

fn wait_for(path: &Path, was_said: &mut bool, console: &Console) -> anyhow::Result<()> {
    if !*was_said && path.exists() {
        console.note(&format!("waiting for {}, which uses the cache", lease::holder(path)));
        *was_said = true;
    }
    interrupt::check()?;
    std::thread::sleep(PAUSE);
    Ok(())
}

/// Removes in one folder what was begun by processes that are gone; nothing if there is no such folder.
pub(crate) fn sweep_folder(folder: &Path) -> anyhow::Result<()> {
    let names = names(folder);
    for name in names.iter().filter(|name| name.starts_with(USER) || name.starts_with(LOCK)) {
        lease::remove_if_abandoned(&folder.join(name));
    }
    for name in names {
        let path = folder.join(&name);
        let is_locked = |fingerprint: &str| folder.join(format!("{LOCK}{fingerprint}")).exists();
        let of = name.strip_prefix(TEMPORARY).and_then(|rest| rest.split('-').next());
        if name.starts_with(BREAKING) {
            continue;
        }
        if name.starts_with(TEMPORARY) && !of.is_some_and(is_locked) && is_abandoned(&name, &path) {
            remove(&path)?;
        }
        if let Some(fingerprint) = name.strip_prefix(WORK)
            && !is_locked(fingerprint)
        {
            // Succeeds only where no checkpoint was written.
            let _ = fs::remove_dir(&path);
        }
    }
    Ok(())
}

/// Removes a file or a folder; that somebody else has been quicker is no error.
///
/// # Errors
/// When it is still there.
pub(crate) fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    let is_there = path.exists();
    removed
        .or_else(|error| if is_there { Err(error) } else { Ok(()) })
        .with_context(|| format!("cannot remove {}", path.display()))
}

/// True if the process that made the name is gone; of other machines' only what is old.
fn is_abandoned(name: &str, path: &Path) -> bool {
    match process::token_in(name).map(process::is_alive) {
        Some(Some(alive)) => !alive,
        Some(None) => {
            let modified = fs::metadata(path).and_then(|data| data.modified()).ok();
            modified
                .is_some_and(|modified| SystemTime::now().duration_since(modified).is_ok_and(|age| age > OLD))
        }
        // Without a token it is an earlier version's.
        None => true,
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
