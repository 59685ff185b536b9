//! The number of rows of a Parquet file, from its footer alone: a Thrift structure in the compact
//! protocol whose third field it is (Apache Parquet, `parquet.thrift`, `FileMetaData`).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The rows of a Parquet file; `None` for any other file.
pub(crate) fn of_file(path: &Path) -> Option<u64> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.checked_sub(8)?)).ok()?;
    let mut end = [0; 8];
    file.read_exact(&mut end).ok()?;
    if &end[4..] != b"PAR1" {
        return None;
    }
    let footer = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
    file.seek(SeekFrom::Start(length.checked_sub(8 + footer)?)).ok()?;
    let mut bytes = Vec::new();
    file.take(footer).read_to_end(&mut bytes).ok()?;
    of_footer(&bytes)
}

fn of_footer(footer: &[u8]) -> Option<u64> {
    const ROWS: i64 = 3;
    let mut reader = Compact(footer);
    let mut id = 0;
    while let Some((next, kind)) = reader.field(id)? {
        id = next;
        if id == ROWS {
            return u64::try_from(reader.zigzag()?).ok();
        }
        reader.skip(kind)?;
    }
    None
}

/// What is left of a structure in the compact protocol.
struct Compact<'a>(&'a [u8]);

impl Compact<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Number and type of the next field after the field `last`; the inner `None` ends the structure.
    fn field(&mut self, last: i64) -> Option<Option<(i64, u8)>> {
        let header = self.byte()?;
        Some(match (header >> 4, header & 15) {
            (_, 0) => None,
            (0, kind) => Some((self.zigzag()?, kind)),
            (step, kind) => Some((last + i64::from(step), kind)),
        })
    }

    /// Passes over a value of a field.
    fn skip(&mut self, kind: u8) -> Option<()> {
        match kind {
            1 | 2 => Some(()),
            3 => self.drop_bytes(1),
            4..=6 => self.varint().map(drop),
            7 => self.drop_bytes(8),
            8 => {
                let length = self.varint()?;
                self.drop_bytes(length)
            }
            9 | 10 => self.skip_list(),
            12 => {
                let mut id = 0;
                while let Some((next, kind)) = self.field(id)? {
                    id = next;
                    self.skip(kind)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn skip_list(&mut self) -> Option<()> {
        let header = self.byte()?;
        let length = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
        // In lists, unlike in fields, a boolean is a byte of its own.
        let kind = if header & 15 <= 2 { 3 } else { header & 15 };
        (0..length).try_for_each(|_| self.skip(kind))
    }

    fn drop_bytes(&mut self, count: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(count).ok()?..)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 1; a schema of two elements, the second named `t2m`; 300 rows; a field that follows.
    const FOOTER: &[u8] = &[
        0x15, 2, 0x19, 0x2c, 0x48, 1, b'r', 0x15, 4, 0, 0x15, 8, 0x25, 2, 0x18, 3, b't', b'2', b'm', 0, 0x16,
        0xd8, 0x04, 0x19, 0x0c, 0,
    ];

    #[test]
    fn rows_are_read_behind_the_schema() {
        assert_eq!(of_footer(FOOTER), Some(300));
    }

    #[test]
    fn a_footer_cut_anywhere_before_its_rows_has_none() {
        for length in 0..23 {
            assert_eq!(of_footer(&FOOTER[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn other_files_have_no_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for bytes in [&b""[..], b"PAR1", b"report", b"\xff\xff\xff\xffPAR1"] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(of_file(&path), None);
        }
    }
}
