//! What a download holds: a NetCDF file, a CSV file, or a ZIP archive of such. No path of an archive
//! is ever used; its members get names chosen here.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, bail};
use zip::ZipArchive;
use zip::read::ZipFile;

use crate::problem::{is_html, quote, web_page};

/// A year of months as one file each is 12, of days 366.
const MOST_MEMBERS: usize = 1000;
/// Deflate shrinks CSV to a tenth and NetCDF hardly at all, so an archive that claims to hold more is
/// made to fill disks. Small ones may hold long runs of nothing.
const MOST_TIMES_LARGER: u64 = 200;
const ALWAYS_ALLOWED_BYTES: u64 = 64 * 1024 * 1024;
/// Whatever the archive's size: seventy years of ten variables of a place are 50 MB.
const MOST_BYTES: u64 = 64 * 1024 * 1024 * 1024;
/// Enough to tell the formats apart.
const HEAD_BYTES: u64 = 512;

/// A format that `ingest` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Netcdf,
    Csv,
}

impl Format {
    fn of(head: &[u8]) -> Option<Format> {
        let is_netcdf3 = matches!(head, [b'C', b'D', b'F', 1 | 2 | 5, ..]);
        if is_netcdf3 || head.starts_with(b"\x89HDF\r\n\x1a\n") {
            return Some(Format::Netcdf);
        }
        // The head may end within a character.
        let text = match std::str::from_utf8(head) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
            }
            Err(_) => return None,
        };
        let is_text = text.chars().all(|char| !char.is_control() || "\t\r\n".contains(char));
        let has_header = text.lines().next().is_some_and(is_header);
        (is_text && has_header && !is_html(text)).then_some(Format::Csv)
    }

    fn extension(self) -> &'static str {
        match self {
            Format::Netcdf => "nc",
            Format::Csv => "csv",
        }
    }
}

/// True for the names of several columns, one of which is a time's.
fn is_header(line: &str) -> bool {
    let is_time = |name: &str| name.to_lowercase().ends_with("time") && !name.contains(' ');
    line.contains(',') && line.split(',').map(str::trim).any(is_time)
}

/// Puts what `download` holds into `folder`, which is empty: `stem.nc` or `stem.csv`, or, if there
/// are several, `stem_1.nc`, `stem_2.nc` in the order of their names in the archive. Returns the names
/// of members that were left out.
///
/// # Errors
/// When the download is of no format that is known, damaged or not to be trusted, or when the disk
/// fails. What is in the folder does not count then.
pub(crate) fn unpack(download: &Path, folder: &Path, stem: &str) -> anyhow::Result<Vec<String>> {
    let mut head = Vec::new();
    open(download)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    if head.starts_with(b"PK") {
        return unzip(download, folder, stem)
            .with_context(|| format!("the archive of {stem} cannot be used"));
    }
    match Format::of(&head) {
        Some(format) => {
            let path = folder.join(format!("{stem}.{}", format.extension()));
            let copied = std::fs::copy(download, &path).and_then(|_| File::open(&path)?.sync_all());
            copied.with_context(|| format!("cannot write {}", path.display()))?;
            Ok(Vec::new())
        }
        None => bail!(unknown(&head, stem)),
    }
}

fn unknown(head: &[u8], stem: &str) -> String {
    let text = String::from_utf8_lossy(head);
    if is_html(&text) {
        return web_page("the store", &text);
    }
    if head.starts_with(b"GRIB") {
        return format!(
            "the store sent {stem} as GRIB; wanted NetCDF or CSV; report this as a fault of the store"
        );
    }
    if head.is_empty() {
        return format!("the store sent an empty file for {stem}; run this again later");
    }
    let start: String = quote(&text).chars().take(40).collect();
    format!("the store sent for {stem} what is neither NetCDF nor CSV nor ZIP; it starts with {start:?}")
}

fn unzip(download: &Path, folder: &Path, stem: &str) -> anyhow::Result<Vec<String>> {
    let archive_bytes = std::fs::metadata(download)?.len();
    let mut archive = ZipArchive::new(open(download)?)?;
    if archive.len() > MOST_MEMBERS {
        bail!("it has {} members; wanted at most {MOST_MEMBERS}", archive.len());
    }
    let allowed = archive_bytes.saturating_mul(MOST_TIMES_LARGER).clamp(ALWAYS_ALLOWED_BYTES, MOST_BYTES);
    let (members, left_out) = members(&mut archive)?;
    if members.is_empty() {
        bail!("none of its members is NetCDF or CSV; it has {}", names(&mut archive));
    }
    let mut left = allowed;
    for (number, member) in members.iter().enumerate() {
        let number = if members.len() == 1 { String::new() } else { format!("_{}", number + 1) };
        let path = folder.join(format!("{stem}{number}.{}", member.format.extension()));
        let written = extract(archive.by_index(member.index)?, &path, left)
            .with_context(|| format!("its member {:?}", member.name))?;
        left -= written;
    }
    Ok(left_out)
}

/// A member to be extracted.
struct Member {
    index: usize,
    /// As the archive has it; for messages and for the order only.
    name: String,
    format: Format,
}

/// The members to be extracted, and the names of the others.
fn members(archive: &mut ZipArchive<File>) -> anyhow::Result<(Vec<Member>, Vec<String>)> {
    let (mut members, mut left_out) = (Vec::new(), Vec::new());
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        if !file.is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
        let mut head = Vec::new();
        (&mut file)
            .take(HEAD_BYTES)
            .read_to_end(&mut head)
            .with_context(|| format!("its member {name:?}"))?;
        match Format::of(&head) {
            Some(format) => members.push(Member { index, name, format }),
            None => left_out.push(name),
        }
    }
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((members, left_out))
}

/// Writes a member to `path`, and returns its size. Its CRC is checked at its end.
fn extract(mut member: ZipFile<'_, File>, path: &Path, allowed: u64) -> anyhow::Result<u64> {
    let mut file = File::create_new(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut buffer = vec![0; 64 * 1024];
    let mut written = 0;
    loop {
        let count = member.read(&mut buffer).context("is damaged")?;
        if count == 0 {
            break;
        }
        written += count as u64;
        if written > allowed {
            bail!("grows beyond what an archive of this size may hold; it is not unpacked further");
        }
        file.write_all(&buffer[..count]).with_context(|| format!("cannot write {}", path.display()))?;
    }
    file.sync_all()?;
    Ok(written)
}

fn names(archive: &mut ZipArchive<File>) -> String {
    let names: Vec<String> = archive
        .file_names_raw()
        .take(10)
        .map(|name| format!("{:?}", String::from_utf8_lossy(name)))
        .collect();
    if names.is_empty() { "none".to_string() } else { names.join(", ") }
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        for (head, format) in [
            (&b"CDF\x01rest"[..], Some(Format::Netcdf)),
            (b"CDF\x02", Some(Format::Netcdf)),
            (b"CDF\x05", Some(Format::Netcdf)),
            (b"CDF\x03", None),
            (b"\x89HDF\r\n\x1a\n\0", Some(Format::Netcdf)),
            (b"valid_time,t2m,latitude,longitude\n1970", Some(Format::Csv)),
            ("valid_time,°C\n1,é".as_bytes(), Some(Format::Csv)),
            (&"valid_time,t2m\né".as_bytes()[..16], Some(Format::Csv)),
            (b"GRIB,\0\0", None),
            (b"<html>,", None),
            (b"\xff\xfe,", None),
            (b"valid_time", None),
            (b"Dear user, this time,", None),
            (b"Dear user, hello", None),
            (b"", None),
        ] {
            assert_eq!(Format::of(head), format, "{head:?}");
        }
    }
}
