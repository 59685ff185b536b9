//! The header as it is written: tags, names, types and padding as the specification has them.

use std::io::{self, Read};

use super::{damaged, padded};

const DIMENSION: u32 = 0x0A;
const VARIABLE: u32 = 0x0B;
const ATTRIBUTE: u32 = 0x0C;

/// Longer than any library allows.
const LONGEST_NAME: u64 = 1024;

pub(super) struct Header {
    pub version: u8,
    /// `None` if the writer did not know it: as many as fit.
    pub records: Option<u64>,
    pub variables: Vec<Variable>,
    /// Its own length.
    pub bytes: u64,
}

pub(super) struct Variable {
    pub name: String,
    pub is_record: bool,
    /// Of the whole variable, or of one record, without padding: by its shape.
    pub bytes: u64,
    /// The same as stored, which may be padded or not.
    pub stored_bytes: u64,
    pub begin: u64,
}

struct Dimension {
    name: String,
    /// 0 for the records.
    size: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Type(u32);

impl Type {
    fn size(self) -> u64 {
        match self.0 {
            1 | 2 | 7 => 1,
            3 | 8 => 2,
            4 | 5 | 9 => 4,
            _ => 8,
        }
    }

    fn is_text(self) -> bool {
        self.0 == 2
    }

    fn is_float(self) -> bool {
        matches!(self.0, 5 | 6)
    }
}

impl Header {
    pub(super) fn read(reader: &mut impl Read, version: u8) -> io::Result<Header> {
        let mut fields = Fields { reader, version, position: 0 };
        fields.skip(4)?;
        let records = fields.count()?;
        let streaming = if version == 5 { u64::MAX } else { u64::from(u32::MAX) };
        let dimensions = fields.dimensions()?;
        fields.attributes(None)?;
        let variables = fields.variables(&dimensions)?;
        let records = (records != streaming).then_some(records);
        Ok(Header { version, records, variables, bytes: fields.position })
    }
}

struct Fields<'a, R> {
    reader: &'a mut R,
    version: u8,
    position: u64,
}

impl<R: Read> Fields<'_, R> {
    fn dimensions(&mut self) -> io::Result<Vec<Dimension>> {
        let dimensions = self.list(DIMENSION, |fields| {
            let name = fields.name()?;
            Ok(Dimension { name, size: fields.count()? })
        })?;
        unique(dimensions.iter().map(|dimension| dimension.name.as_str()))?;
        match dimensions.iter().filter(|dimension| dimension.size == 0).count() {
            0 | 1 => Ok(dimensions),
            several => Err(damaged(format!("{several} of its dimensions are unlimited, wanted at most one"))),
        }
    }

    /// The attributes of a variable with values of that kind, if of one; returns the type of
    /// `_FillValue`.
    fn attributes(&mut self, variable: Option<&str>) -> io::Result<Option<Type>> {
        let attributes = self.list(ATTRIBUTE, |fields| {
            let name = fields.name()?;
            let kind = fields.kind()?;
            let values = fields.count()?;
            let length = values.saturating_mul(kind.size());
            fields.skip(length)?;
            // After numbers some writers repeat the fill value.
            let padding = fields.take(padded(length) - length)?;
            if kind.is_text() {
                zeros(&padding, &name)?
            }
            Ok((name, kind))
        })?;
        unique(attributes.iter().map(|(name, _)| name.as_str()))?;
        let fill = attributes.iter().find(|(name, _)| variable.is_some() && name == "_FillValue");
        Ok(fill.map(|(_, kind)| *kind))
    }

    fn variables(&mut self, dimensions: &[Dimension]) -> io::Result<Vec<Variable>> {
        let variables = self.list(VARIABLE, |fields| fields.variable(dimensions))?;
        unique(variables.iter().map(|variable| variable.name.as_str()))?;
        Ok(variables)
    }

    fn variable(&mut self, dimensions: &[Dimension]) -> io::Result<Variable> {
        let name = self.name()?;
        let rank = self.count()?;
        let mut shape = Vec::new();
        for _ in 0..rank {
            let id = self.count()?;
            let dimension = usize::try_from(id).ok().and_then(|id| dimensions.get(id));
            let size = dimension.map(|dimension| dimension.size);
            shape.push(size.ok_or_else(|| {
                damaged(format!("{name} has the dimension {id}; there are only {}", dimensions.len()))
            })?);
        }
        if shape.iter().skip(1).any(|size| *size == 0) {
            return Err(damaged(format!("{name} has the unlimited dimension, but not first")));
        }
        let fill = self.attributes(Some(&name))?;
        let kind = self.kind()?;
        if fill.is_some_and(|fill| fill.is_float() != kind.is_float()) {
            return Err(damaged(format!("{name} and its _FillValue are not both integers or both floats")));
        }
        let stored_bytes = self.count()?;
        let begin = if self.version == 1 { self.u32()?.into() } else { self.u64()? };
        let is_record = shape.first() == Some(&0);
        let values = shape.iter().skip(usize::from(is_record));
        let bytes = values.fold(kind.size(), |bytes, size| bytes.saturating_mul(*size));
        Ok(Variable { name, is_record, bytes, stored_bytes, begin })
    }

    /// A tag, a number of items, and the items.
    fn list<T>(&mut self, tag: u32, mut item: impl FnMut(&mut Self) -> io::Result<T>) -> io::Result<Vec<T>> {
        let seen = self.u32()?;
        let count = self.count()?;
        if seen != tag && (seen, count) != (0, 0) {
            return Err(damaged(format!("its header has a list of the kind {seen:#x}, wanted {tag:#x}")));
        }
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn name(&mut self) -> io::Result<String> {
        let length = self.count()?;
        if length > LONGEST_NAME {
            return Err(damaged(format!("its header has a name of {length} bytes")));
        }
        let bytes = self.take(length)?;
        zeros(&self.take(padded(length) - length)?, "a name")?;
        let name = String::from_utf8(bytes).map_err(|_| damaged("its header has a name that is no UTF-8"))?;
        if name.is_empty() || name.contains(|c: char| c.is_control() || c == '/') {
            return Err(damaged(format!("its header has the name {name:?}")));
        }
        Ok(name)
    }

    fn kind(&mut self) -> io::Result<Type> {
        let last = if self.version == 5 { 11 } else { 6 };
        match self.u32()? {
            kind if (1..=last).contains(&kind) => Ok(Type(kind)),
            other => Err(damaged(format!("its header has the unknown type {other}"))),
        }
    }

    /// A number that CDF-5 has widened to 64 bits.
    fn count(&mut self) -> io::Result<u64> {
        if self.version == 5 { self.u64() } else { Ok(self.u32()?.into()) }
    }

    fn u32(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.reader.read_exact(&mut bytes)?;
        self.position += 4;
        Ok(u32::from_be_bytes(bytes))
    }

    fn u64(&mut self) -> io::Result<u64> {
        Ok(u64::from(self.u32()?) << 32 | u64::from(self.u32()?))
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.reader.by_ref().take(length), &mut io::sink())?;
        self.skipped(skipped, length)
    }

    /// For a few bytes.
    fn take(&mut self, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader.by_ref().take(length).read_to_end(&mut bytes)?;
        self.skipped(bytes.len() as u64, length)?;
        Ok(bytes)
    }

    fn skipped(&mut self, bytes: u64, wanted: u64) -> io::Result<()> {
        self.position += bytes;
        if bytes < wanted { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

fn zeros(padding: &[u8], what: &str) -> io::Result<()> {
    if padding.iter().all(|byte| *byte == 0) {
        return Ok(());
    }
    Err(damaged(format!("its header has padding after {what} that is not zero")))
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(damaged(format!("its header has the name {name:?} twice")));
        }
    }
    Ok(())
}
