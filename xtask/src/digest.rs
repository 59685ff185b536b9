//! Content digests of files and folders: BLAKE3, hexadecimal.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::interrupt;
use crate::parquet::Footer;

const CHUNK_BYTES: usize = 1 << 20;

/// One file of an artifact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// Path inside the artifact, with `/`.
    pub name: String,
    pub digest: String,
    pub bytes: u64,
    /// Of Parquet files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Digests of a Parquet file's columns.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, String>,
}

impl Content {
    /// True if both are the same file; rows and columns follow from the digest.
    pub fn is_same(&self, other: &Content) -> bool {
        (&self.name, &self.digest) == (&other.name, &other.digest)
    }
}

/// Digest and length of a file, read in pieces.
///
/// # Errors
/// When it cannot be read, or after Ctrl-C.
pub(crate) fn file(path: &Path) -> anyhow::Result<(String, u64)> {
    let context = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(context)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        let count = file.read(&mut buffer).with_context(context)?;
        if count == 0 {
            return Ok((hasher.finalize().to_hex().to_string(), bytes));
        }
        hasher.update(&buffer[..count]);
        bytes += count as u64;
        interrupt::check()?;
    }
}

/// Digest of bytes.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Digests of all files in a folder, by name, and what Parquet files hold.
///
/// # Errors
/// When something in it cannot be read.
pub(crate) fn folder(root: &Path) -> anyhow::Result<Vec<Content>> {
    let mut contents = bare_folder(root)?;
    for content in &mut contents {
        let path = root.join(&content.name);
        if let Some(footer) = Footer::read(&path) {
            content.rows = Some(footer.rows);
            content.columns = footer.columns(&path).unwrap_or_default();
        }
    }
    Ok(contents)
}

/// The same without a look at what Parquet files hold.
///
/// # Errors
/// When something in it cannot be read.
pub(crate) fn bare_folder(root: &Path) -> anyhow::Result<Vec<Content>> {
    let mut contents = Vec::new();
    for path in files_below(root, &|_| true)? {
        let (digest, bytes) = file(&path)?;
        let name = name_below(root, &path);
        contents.push(Content { name, digest, bytes, rows: None, columns: BTreeMap::new() });
    }
    Ok(contents)
}

/// The files below a folder for which (as for the folders on the way) `wanted` holds, sorted by name.
///
/// # Errors
/// When a folder cannot be listed.
pub(crate) fn files_below(root: &Path, wanted: &dyn Fn(&Path) -> bool) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let context = || format!("cannot list {}", folder.display());
        let entries = match fs::read_dir(&folder) {
            // Gone since its own folder was listed.
            Err(error) if error.kind() == ErrorKind::NotFound && folder != root => continue,
            entries => entries.with_context(context)?,
        };
        for entry in entries {
            let path = entry.with_context(context)?.path();
            if !wanted(&path) {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort_by_key(|path| name_below(root, path));
    Ok(files)
}

/// Bytes of all files below a folder; none if there is no such folder.
///
/// # Errors
/// When a folder cannot be listed.
pub(crate) fn weigh(folder: &Path) -> anyhow::Result<u64> {
    if !folder.exists() {
        return Ok(0);
    }
    let files = files_below(folder, &|_| true)?;
    Ok(files.iter().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len()).sum())
}

/// The path of `path` below `root`, with `/`.
pub(crate) fn name_below(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// What files weigh together, for people: `2 files, 1.8 MB`.
pub(crate) fn describe(contents: &[Content]) -> String {
    let plural = if contents.len() == 1 { "" } else { "s" };
    let bytes = contents.iter().map(|content| content.bytes).sum();
    format!("{} file{plural}, {}", contents.len(), describe_bytes(bytes))
}

/// A size for people, in decimal units: `1.8 MB`.
pub(crate) fn describe_bytes(bytes: u64) -> String {
    let value = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", value / 1e6),
        _ => format!("{:.1} GB", value / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_digest_of_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let bytes = vec![7; 3 * CHUNK_BYTES / 2];
        fs::write(&path, &bytes).unwrap();
        let expected = blake3::hash(&bytes).to_hex().to_string();
        assert_eq!(file(&path).unwrap(), (expected, bytes.len() as u64));
    }

    #[test]
    fn a_folder_is_listed_by_name_with_its_subfolders() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("model")).unwrap();
        for name in ["z", "model/b", "a"] {
            fs::write(root.path().join(name), name).unwrap();
        }
        let names: Vec<_> = folder(root.path()).unwrap().into_iter().map(|content| content.name).collect();
        assert_eq!(names, ["a", "model/b", "z"]);
    }

    #[test]
    fn sizes_read_as_people_say_them() {
        for (bytes, text) in [(0, "0 B"), (1_800, "1.8 kB"), (1_800_000, "1.8 MB"), (2_500_000_000, "2.5 GB")]
        {
            assert_eq!(describe_bytes(bytes), text);
        }
    }
}
