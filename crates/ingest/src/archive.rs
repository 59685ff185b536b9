//! Files that are ZIP archives, as the Climate Data Store sends several at once: what they hold of NetCDF, CSV and
//! Parquet takes their place. No path of an archive is used, and its claims of size are not believed.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use contract::stage::InputFile;
use zip::ZipArchive;

use crate::sniff::{self, Content};

/// A file a month for a century.
const MOST_MEMBERS: usize = 1200;
/// Nothing that is read here grows more than this, but for small files with long runs of nothing.
const MOST_TIMES_LARGER: u64 = 200;
const ALWAYS_ALLOWED_BYTES: u64 = 64 << 20;
/// Whatever the archive's size.
const MOST_BYTES: u64 = 64 << 30;
/// What is in the names of texts that are about the data, as in the archives of the German Weather Service.
const PROSE: [&str; 5] = ["readme", "metadat", "licence", "license", "liesmich"];
/// So many names are listed.
const LISTED: usize = 10;

/// Files with the members of archives in their place; the members go with it.
pub(crate) struct Unpacked {
    pub files: Vec<InputFile>,
    members: Vec<Member>,
    folder: PathBuf,
}

/// A file out of an archive.
struct Member {
    path: PathBuf,
    archive: PathBuf,
    /// As the archive has it; for messages only.
    name: String,
}

impl Unpacked {
    /// Unpacks the archives among `files` into a folder of its own in `work`.
    ///
    /// # Errors
    /// When an archive is damaged, holds nothing that can be read, or grows beyond any use.
    pub(crate) fn of(files: &[InputFile], work: &Path) -> anyhow::Result<Unpacked> {
        let folder = work.join("unzipped");
        let mut unpacked = Unpacked { files: Vec::new(), members: Vec::new(), folder };
        for (number, file) in files.iter().enumerate() {
            let is_archive = matches!(sniff::content(&file.path), Ok(Content::Zip));
            if is_archive {
                unpacked.add(number, file).map_err(|error| anyhow!("{}: {error:#}", file.path.display()))?;
            } else {
                unpacked.files.push(file.clone());
            }
        }
        Ok(unpacked)
    }

    /// The file that a path stands for: the archive with the member's name, or `None` for any other file.
    pub(crate) fn origin(&self, path: &Path) -> Option<(&Path, &str)> {
        let member = self.members.iter().find(|member| member.path == path)?;
        Some((&member.archive, &member.name))
    }

    /// An error that names archives and members, and not where they were unpacked.
    pub(crate) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        let said = format!("{error:#}");
        let named = self.name_members(&said);
        if named == said { error } else { anyhow!(named) }
    }

    /// The same of a text.
    pub(crate) fn name_members(&self, text: &str) -> String {
        let replace = |text: String, member: &Member| {
            let shown = format!("{} (its member {:?})", member.archive.display(), member.name);
            text.replace(&member.path.display().to_string(), &shown)
        };
        self.members.iter().fold(text.to_string(), replace)
    }

    fn add(&mut self, number: usize, file: &InputFile) -> anyhow::Result<()> {
        let bytes = fs::metadata(&file.path)?.len();
        let mut archive = ZipArchive::new(File::open(&file.path)?)
            .context("it is a damaged ZIP archive; download or copy it again")?;
        if archive.len() > MOST_MEMBERS {
            bail!("the archive has {} members; wanted at most {MOST_MEMBERS}: unpack it", archive.len());
        }
        let folder = self.folder.join(number.to_string());
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let mut left = bytes.saturating_mul(MOST_TIMES_LARGER).clamp(ALWAYS_ALLOWED_BYTES, MOST_BYTES);
        let (mut taken, mut left_out) = (Vec::new(), Vec::new());
        for index in 0..archive.len() {
            let mut member = archive.by_index(index).context(
                "a member cannot be read; wanted members without a password, stored or deflated: unpack it",
            )?;
            if !member.is_file() {
                continue;
            }
            let name = String::from_utf8_lossy(member.name_raw()).into_owned();
            let path = folder.join(index.to_string());
            left -= extract(&mut member, &path, left).with_context(|| format!("its member {name:?}"))?;
            match sniff::content(&path)? {
                Content::Netcdf | Content::Parquet | Content::Text => taken.push((name, path)),
                _ => left_out.push(name),
            }
        }
        // A text beside data is about them, and no table of its own.
        let has_data = taken
            .iter()
            .any(|(_, path)| matches!(sniff::content(path), Ok(Content::Netcdf | Content::Parquet)));
        let is_prose = |name: &str| has_data || PROSE.iter().any(|word| name.to_lowercase().contains(word));
        let is_text = |path: &Path| matches!(sniff::content(path), Ok(Content::Text));
        let (prose, mut data): (Vec<_>, Vec<_>) =
            taken.into_iter().partition(|(name, path)| is_text(path) && is_prose(name));
        left_out.extend(prose.into_iter().map(|(name, _)| name));
        if data.is_empty() {
            let listed =
                left_out.iter().take(LISTED).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
            let listed = if listed.is_empty() { "none".to_string() } else { listed };
            bail!("none of the archive's members is NetCDF, CSV or Parquet; it has {listed}");
        }
        data.sort();
        let names = data.iter().map(|(name, _)| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        tracing::info!("{} is a ZIP archive; of its members are read: {names}", file.path.display());
        if !left_out.is_empty() {
            tracing::warn!("{}: left out of the archive: {}", file.path.display(), left_out.join(", "));
        }
        for (name, path) in data {
            let digest = file.digest.clone();
            self.files.push(InputFile { name: file.name.clone(), path: path.clone(), digest });
            self.members.push(Member { path, archive: file.path.clone(), name });
        }
        Ok(())
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Writes a member to `path`, and returns its size. Its CRC is checked at its end.
fn extract(member: &mut impl Read, path: &Path, allowed: u64) -> anyhow::Result<u64> {
    let mut file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut buffer = vec![0; 64 << 10];
    let mut written = 0;
    loop {
        let count = member.read(&mut buffer).context("is damaged; download or copy the archive again")?;
        if count == 0 {
            return Ok(written);
        }
        written += count as u64;
        if written > allowed {
            bail!("grows beyond what an archive of this size may hold; unpack it if it is to be trusted");
        }
        file.write_all(&buffer[..count]).with_context(|| format!("cannot write {}", path.display()))?;
    }
}

#[cfg(test)]
mod tests {
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(folder: &Path, members: &[(&str, &[u8])]) -> InputFile {
        let path = folder.join("x.zip");
        let mut writer = ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in members {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap();
        InputFile { name: "x.zip".to_string(), path, digest: "d".to_string() }
    }

    fn unpack(members: &[(&str, &[u8])]) -> Result<Vec<(String, Vec<u8>)>, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = archive(folder.path(), members);
        let unpacked = Unpacked::of(&[file], folder.path());
        let hide =
            |error: anyhow::Error| format!("{error:#}").replace(&folder.path().display().to_string(), "");
        let unpacked = unpacked.map_err(hide)?;
        let read = |file: &InputFile| {
            let (_, name) = unpacked.origin(&file.path).unwrap();
            (name.to_string(), fs::read(&file.path).unwrap())
        };
        let read = unpacked.files.iter().map(read).collect();
        drop(unpacked);
        assert!(!folder.path().join("unzipped").exists());
        Ok(read)
    }

    #[test]
    fn members_are_read_whatever_their_paths() {
        let read =
            unpack(&[("../../b.nc", b"CDF\x01x"), ("/etc/a.nc", b"CDF\x01y"), ("note.txt", b"about\n")])
                .unwrap();
        assert_eq!(
            read,
            [
                ("../../b.nc".to_string(), b"CDF\x01x".to_vec()),
                ("/etc/a.nc".to_string(), b"CDF\x01y".to_vec()),
            ]
        );
        let read = unpack(&[
            ("Metadaten_Geographie_1.txt", b"x;y\n"),
            ("produkt_tu_stunde.txt", b"t;v\n"),
            ("x.html", b"<html>"),
        ]);
        assert_eq!(read.unwrap(), [("produkt_tu_stunde.txt".to_string(), b"t;v\n".to_vec())]);
    }

    #[test]
    fn archives_that_hold_nothing_are_refused() {
        assert_eq!(
            unpack(&[("a.grib", b"GRIB"), ("README.txt", b"hello\n")]).unwrap_err(),
            "/x.zip: none of the archive's members is NetCDF, CSV or Parquet; it has \"a.grib\", \"README.txt\""
        );
        assert_eq!(
            unpack(&[]).unwrap_err(),
            "/x.zip: none of the archive's members is NetCDF, CSV or Parquet; it has none"
        );
        let many: Vec<(String, &[u8])> =
            (0..1201).map(|number| (number.to_string(), b"CDF\x01".as_slice())).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
        assert_eq!(
            unpack(&many).unwrap_err(),
            "/x.zip: the archive has 1201 members; wanted at most 1200: unpack it"
        );
    }

    #[test]
    fn archives_made_to_fill_disks_are_refused() {
        let zeros = vec![0_u8; 65 << 20];
        assert_eq!(
            unpack(&[("a.nc", &zeros)]).unwrap_err(),
            "/x.zip: its member \"a.nc\": grows beyond what an archive of this size may hold; unpack it if it is to be \
             trusted"
        );
    }

    #[test]
    fn a_damaged_archive_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = archive(folder.path(), &[("a.nc", b"CDF\x01 and more that is stored as it is")]);
        let mut bytes = fs::read(&file.path).unwrap();
        let at = bytes.windows(4).position(|window| window == b"CDF\x01").unwrap_or(40);
        bytes[at] ^= 1;
        fs::write(&file.path, &bytes).unwrap();
        let error = Unpacked::of(std::slice::from_ref(&file), folder.path()).err().unwrap();
        assert!(
            format!("{error:#}")
                .contains("its member \"a.nc\": is damaged; download or copy the archive again"),
            "{error:#}"
        );
        fs::write(&file.path, &bytes[..20]).unwrap();
        let error = Unpacked::of(&[file], folder.path()).err().unwrap();
        assert!(
            format!("{error:#}").contains("it is a damaged ZIP archive; download or copy it again"),
            "{error:#}"
        );
    }
}
