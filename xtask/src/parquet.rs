//! What the runner wants to know of a Parquet file, from its footer alone: the number of rows, and
//! where the bytes of each column are, so that it can say which columns have changed. The footer is a
//! Thrift structure in the compact protocol (Apache Parquet, `parquet.thrift`, `FileMetaData`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Of a column's digest, what is kept.
const DIGITS: usize = 32;

/// What a footer says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Footer {
    pub rows: u64,
    /// Piece by piece, in the order of the file.
    chunks: Vec<Chunk>,
}

/// The bytes of one column in one group of rows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Chunk {
    column: String,
    start: u64,
    bytes: u64,
}

impl Footer {
    /// `None` for any file that is not Parquet.
    pub fn read(path: &Path) -> Option<Footer> {
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
        parse(&bytes)
    }

    /// Digest of each column's bytes as they are stored.
    pub fn columns(&self, path: &Path) -> Option<BTreeMap<String, String>> {
        let mut file = File::open(path).ok()?;
        let mut hashers: BTreeMap<&str, blake3::Hasher> = BTreeMap::new();
        for chunk in &self.chunks {
            file.seek(SeekFrom::Start(chunk.start)).ok()?;
            hashers.entry(&chunk.column).or_default().update_reader((&file).take(chunk.bytes)).ok()?;
        }
        let digest = |hasher: blake3::Hasher| {
            let mut digest = hasher.finalize().to_hex().to_string();
            digest.truncate(DIGITS);
            digest
        };
        Some(hashers.into_iter().map(|(name, hasher)| (name.to_string(), digest(hasher))).collect())
    }
}

/// `FileMetaData`: rows in field 3, groups of rows in field 4.
fn parse(footer: &[u8]) -> Option<Footer> {
    let mut read = Footer::default();
    let mut has_rows = false;
    Compact(footer).structure(&mut |reader, id, kind| {
        match id {
            3 => (read.rows, has_rows) = (u64::try_from(reader.zigzag()?).ok()?, true),
            4 => reader.list(&mut |reader| group(reader, &mut read.chunks))?,
            _ => reader.skip(kind)?,
        }
        Some(())
    })?;
    has_rows.then_some(read)
}

/// `RowGroup`: columns in field 1.
fn group(reader: &mut Compact, chunks: &mut Vec<Chunk>) -> Option<()> {
    reader.structure(&mut |reader, id, kind| match id {
        1 => reader.list(&mut |reader| {
            chunks.push(column(reader)?);
            Some(())
        }),
        _ => reader.skip(kind),
    })
}

/// `ColumnChunk`: its `ColumnMetaData` in field 3.
fn column(reader: &mut Compact) -> Option<Chunk> {
    let mut chunk = Chunk::default();
    reader.structure(&mut |reader, id, kind| match id {
        3 => {
            chunk = column_data(reader)?;
            Some(())
        }
        _ => reader.skip(kind),
    })?;
    Some(chunk)
}

/// `ColumnMetaData`: path in field 3, length in 7, first data page in 9, dictionary, if any, in 11.
fn column_data(reader: &mut Compact) -> Option<Chunk> {
    let (mut path, mut bytes, mut data, mut dictionary) = (Vec::new(), 0, 0, None);
    reader.structure(&mut |reader, id, kind| {
        match id {
            3 => reader.list(&mut |reader| {
                path.push(reader.text()?);
                Some(())
            })?,
            7 => bytes = u64::try_from(reader.zigzag()?).ok()?,
            9 => data = u64::try_from(reader.zigzag()?).ok()?,
            11 => dictionary = u64::try_from(reader.zigzag()?).ok().filter(|&at| at > 0),
            _ => reader.skip(kind)?,
        }
        Some(())
    })?;
    Some(Chunk { column: path.join("."), start: dictionary.map_or(data, |at| data.min(at)), bytes })
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

    /// Reads a structure, its fields by number and type.
    fn structure(&mut self, read: &mut dyn FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
        let mut id = 0;
        while let Some((next, kind)) = self.field(id)? {
            id = next;
            read(self, id, kind)?;
        }
        Some(())
    }

    /// Reads a list, item by item.
    fn list(&mut self, read: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let (length, _) = self.list_header()?;
        (0..length).try_for_each(|_| read(self))
    }

    /// Length and type of the items.
    fn list_header(&mut self) -> Option<(u64, u8)> {
        let header = self.byte()?;
        let length = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
        Some((length, header & 15))
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.varint()?).ok()?;
        let text = self.0.get(..length)?;
        self.0 = &self.0[length..];
        String::from_utf8(text.to_vec()).ok()
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
            12 => self.structure(&mut |reader, _, kind| reader.skip(kind)),
            _ => None,
        }
    }

    fn skip_list(&mut self) -> Option<()> {
        let (length, kind) = self.list_header()?;
        // In lists, unlike in fields, a boolean is a byte of its own.
        let kind = if kind <= 2 { 3 } else { kind };
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
        assert_eq!(parse(FOOTER), Some(Footer { rows: 300, chunks: Vec::new() }));
    }

    #[test]
    fn a_footer_cut_anywhere_has_none() {
        for length in 0..FOOTER.len() {
            assert_eq!(parse(&FOOTER[..length]), None, "{length} bytes");
        }
    }

    /// 300 rows; a group of rows with two columns, `t2m` with a dictionary and `a.b` without.
    const COLUMNS: &[u8] = &[
        0x36, 0xd8, 0x04, 0x19, 0x1c, // rows; a list of one group
        0x19, 0x2c, // a list of two columns
        0x3c, 0x39, 0x18, 3, b't', b'2', b'm', 0x46, 20, 0x26, 40, 0x26, 8, 0, 0, // 10 bytes from 4
        0x3c, 0x39, 0x28, 1, b'a', 1, b'b', 0x46, 4, 0x26, 60, 0, 0, // 2 bytes from 30
        0, 0,
    ];

    #[test]
    fn columns_are_found_where_their_first_page_is() {
        let chunk = |column: &str, start, bytes| Chunk { column: column.into(), start, bytes };
        let chunks = vec![chunk("t2m", 4, 10), chunk("a.b", 30, 2)];
        assert_eq!(parse(COLUMNS), Some(Footer { rows: 300, chunks }));
    }

    #[test]
    fn a_column_has_the_digest_of_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let file = |first: u8| {
            let mut bytes: Vec<u8> = (first..first + 32).collect();
            bytes.extend_from_slice(COLUMNS);
            bytes.extend_from_slice(&u32::try_from(COLUMNS.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(b"PAR1");
            bytes
        };
        std::fs::write(&path, file(0)).unwrap();
        let columns = Footer::read(&path).unwrap().columns(&path).unwrap();
        let expected = blake3::hash(&[4, 5, 6, 7, 8, 9, 10, 11, 12, 13]).to_hex();
        assert_eq!(columns["t2m"], expected[..DIGITS]);
        assert_eq!(columns["a.b"], blake3::hash(&[30, 31]).to_hex()[..DIGITS]);
    }

    #[test]
    fn other_files_have_no_footer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for bytes in [&b""[..], b"PAR1", b"report", b"\xff\xff\xff\xffPAR1"] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(Footer::read(&path), None);
        }
    }
}
