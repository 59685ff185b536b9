//! Files that are either whole or not there: written beside their place, synced, renamed.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Context;

/// Writes `bytes` to `path` so that a kill at any moment leaves the old file or the new one.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let draft = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        sync_folder_of(path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Makes the names in the folder of `path` last.
///
/// # Errors
/// When the folder cannot be synced.
pub(crate) fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Removes a file that may not be there.
///
/// # Errors
/// When it is there and cannot be removed.
pub(crate) fn remove_if_there(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
