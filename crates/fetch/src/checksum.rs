//! Checksums as the store states them: the ETag of its object storage, printed as a number. That is
//! the MD5 of the bytes, without its leading zeros; of an object that was stored in parts, the MD5 of
//! the parts' MD5s.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use md5::{Digest, Md5};

/// Sizes of parts in use: 8 and 16 MiB by S3's tools, 50 MiB by the store's (s3fs), 5, 64 and 100 MiB
/// by others.
const PART_MIB: [u64; 6] = [5, 8, 16, 50, 64, 100];
const MIB: u64 = 1024 * 1024;
/// Fewer digits than that are no MD5 without leading zeros.
const FEWEST_DIGITS: usize = 24;

/// The MD5 that a file should have, as a whole or in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checksum([u8; 16]);

impl Checksum {
    /// Reads 24 to 32 hexadecimal digits, with the marks that ETags (`-4`), labels (`md5:`) and
    /// multihashes (`d50110`) add; `None` for any other kind.
    pub(crate) fn parse(text: &str) -> Option<Checksum> {
        let text = text.trim().trim_matches('"').to_ascii_lowercase();
        let text = text.strip_prefix("md5:").unwrap_or(&text);
        let text = match text.split_once('-') {
            Some((digits, parts)) if parts.bytes().all(|byte| byte.is_ascii_digit()) => digits,
            Some(_) => return None,
            None => text,
        };
        let text = if text.len() == 38 { text.strip_prefix("d50110")? } else { text };
        if !(FEWEST_DIGITS..=32).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        Some(Checksum(u128::from_str_radix(text, 16).ok()?.to_be_bytes()))
    }

    /// True if the file has it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn matches(self, path: &Path) -> io::Result<bool> {
        let size = std::fs::metadata(path)?.len();
        if digest_in_parts(path, u64::MAX)?[0] == self.0 {
            return Ok(true);
        }
        for part_bytes in PART_MIB.map(|part| part * MIB).into_iter().filter(|part| *part < size) {
            let mut whole = Md5::new();
            for digest in digest_in_parts(path, part_bytes)? {
                whole.update(digest);
            }
            if <[u8; 16]>::from(whole.finalize()) == self.0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The MD5 of each part of a file; of an empty file, that of nothing.
fn digest_in_parts(path: &Path, part_bytes: u64) -> io::Result<Vec<[u8; 16]>> {
    let mut file = File::open(path)?;
    let mut digests = Vec::new();
    loop {
        let mut part = (&mut file).take(part_bytes);
        let mut digest = Md5::new();
        let mut buffer = [0; 64 * 1024];
        let mut read = 0;
        loop {
            match part.read(&mut buffer)? {
                0 => break,
                count => {
                    digest.update(&buffer[..count]);
                    read += count;
                }
            }
        }
        if read == 0 && !digests.is_empty() {
            return Ok(digests);
        }
        digests.push(digest.finalize().into());
        if read == 0 {
            return Ok(digests);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // By md5sum: of "abc", and of "20412333", whose digest starts with zeros.
    const ABC: &str = "900150983cd24fb0d6963f7d28e17f72";
    const ZEROS: &str = "0000002760a7f6313eb52ef22f47137a";

    fn check(bytes: &[u8], checksum: &str, matches: bool) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let checksum = Checksum::parse(checksum).unwrap();
        assert_eq!(checksum.matches(file.path()).unwrap(), matches);
    }

    #[test]
    fn every_way_to_write_an_md5_is_read() {
        for text in [
            ABC.to_string(),
            ABC.to_uppercase(),
            format!("\"{ABC}\""),
            format!("md5:{ABC}"),
            format!("d50110{ABC}"),
        ] {
            check(b"abc", &text, true);
        }
        check(b"abd", ABC, false);
        check(b"", "d41d8cd98f00b204e9800998ecf8427e", true);
        check(b"20412333", ZEROS, true);
        check(b"20412333", ZEROS.trim_start_matches('0'), true);
    }

    #[test]
    fn other_kinds_are_not_taken_for_an_md5() {
        for text in
            ["", "abc", "sha256:00", "unknown", &"ab".repeat(32), "900150983cd24fb0d6963f7d28e17f72-x"]
        {
            assert_eq!(Checksum::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_file_stored_in_parts_matches() {
        // The same by another way: the digest of the digests, by hand.
        let bytes: Vec<u8> = (0..12 * MIB).map(|index| (index % 251) as u8).collect();
        let part = |bytes: &[u8]| <[u8; 16]>::from(Md5::digest(bytes));
        let (first, second) = bytes.split_at(8 * MIB as usize);
        let whole = part(&[part(first), part(second)].concat());
        let text: String = whole.iter().map(|byte| format!("{byte:02x}")).collect();
        check(&bytes, &format!("{text}-2"), true);
        check(&bytes[1..], &format!("{text}-2"), false);
    }
}
