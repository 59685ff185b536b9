//! The length that the header of a NetCDF-3 file promises (CDF-1, CDF-2, CDF-5), after "The
//! NetCDF Classic Format Specification". Padding after the last value may be missing, as some
//! writers leave it out.

use std::io::{self, Read};

/// The number of records of a file whose writer did not know it.
const STREAMING_32: u64 = 0xFFFF_FFFF;
const STREAMING_64: u64 = u64::MAX;

/// The bytes up to the end of the last value of a file of that version.
///
/// # Errors
/// When the header ends too early, or cannot be read.
pub(crate) fn promised_length(reader: &mut impl Read, version: u8) -> io::Result<u64> {
    let mut header = Header { reader, version, position: 0 };
    header.skip(4)?;
    let records = header.count()?;
    let sizes = header.dimensions()?;
    header.attributes()?;
    let variables = header.variables(&sizes)?;
    let end = variables.iter().filter(|variable| !variable.is_record).map(Variable::end).max();
    let end = end.unwrap_or(0).max(header.position);
    let streaming = if version == 5 { STREAMING_64 } else { STREAMING_32 };
    if records == 0 || records == streaming {
        return Ok(end);
    }
    Ok(end.max(end_of_records(&variables, records)))
}

fn end_of_records(variables: &[Variable], records: u64) -> u64 {
    let of_record = || variables.iter().filter(|variable| variable.is_record);
    // A single record variable is not padded.
    let stride = match of_record().count() {
        1 => of_record().map(|variable| variable.bytes).sum(),
        _ => of_record().fold(0, |sum: u64, variable| sum.saturating_add(padded(variable.bytes))),
    };
    let before_last = (records - 1).saturating_mul(stride);
    of_record().map(|variable| before_last.saturating_add(variable.end())).max().unwrap_or(0)
}

struct Variable {
    is_record: bool,
    /// Of the whole variable, or of one record.
    bytes: u64,
    begin: u64,
}

impl Variable {
    fn end(&self) -> u64 {
        self.begin.saturating_add(self.bytes)
    }
}

fn padded(bytes: u64) -> u64 {
    bytes.checked_next_multiple_of(4).unwrap_or(u64::MAX)
}

struct Header<'a, R> {
    reader: &'a mut R,
    version: u8,
    position: u64,
}

impl<R: Read> Header<'_, R> {
    fn dimensions(&mut self) -> io::Result<Vec<u64>> {
        self.list(|header| {
            header.name()?;
            header.count()
        })
    }

    fn attributes(&mut self) -> io::Result<()> {
        self.list(|header| {
            header.name()?;
            let size = header.type_size()?;
            let values = header.count()?;
            header.skip(padded(values.saturating_mul(size)))
        })?;
        Ok(())
    }

    fn variables(&mut self, sizes: &[u64]) -> io::Result<Vec<Variable>> {
        self.list(|header| {
            header.name()?;
            let rank = header.count()?;
            let mut shape = Vec::new();
            for _ in 0..rank {
                let size = usize::try_from(header.count()?).ok().and_then(|index| sizes.get(index));
                shape.push(*size.ok_or_else(|| io::Error::other("a dimension is not defined"))?);
            }
            header.attributes()?;
            let size = header.type_size()?;
            header.count()?;
            let begin = if header.version == 1 { header.u32()? } else { header.u64()? };
            let is_record = shape.first() == Some(&0);
            let values = shape.iter().skip(usize::from(is_record));
            let bytes = values.fold(size, |bytes, size| bytes.saturating_mul(*size));
            Ok(Variable { is_record, bytes, begin })
        })
    }

    /// A tag, a number of items, and the items.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> io::Result<T>) -> io::Result<Vec<T>> {
        self.u32()?;
        let count = self.count()?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn name(&mut self) -> io::Result<()> {
        let length = self.count()?;
        self.skip(padded(length))
    }

    fn type_size(&mut self) -> io::Result<u64> {
        match self.u32()? {
            1 | 2 | 7 => Ok(1),
            3 | 8 => Ok(2),
            4 | 5 | 9 => Ok(4),
            6 | 10 | 11 => Ok(8),
            other => Err(io::Error::other(format!("its header has the unknown type {other}"))),
        }
    }

    /// A number that CDF-5 has widened to 64 bits.
    fn count(&mut self) -> io::Result<u64> {
        if self.version == 5 { self.u64() } else { self.u32() }
    }

    fn u32(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 4];
        self.reader.read_exact(&mut bytes)?;
        self.position += 4;
        Ok(u64::from(u32::from_be_bytes(bytes)))
    }

    fn u64(&mut self) -> io::Result<u64> {
        Ok(self.u32()? << 32 | self.u32()?)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.reader.by_ref().take(bytes), &mut io::sink())?;
        self.position += skipped;
        if skipped < bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// Against files that libnetcdf has written.
#[cfg(all(test, feature = "libnetcdf"))]
mod tests {
    use netcdf::Options;

    use super::*;

    /// A file of that version with a dimension of fixed size, and so many records of each variable.
    fn length_and_promise(version: u8, records: usize, variables: &[&str]) -> (u64, u64) {
        let options = match version {
            1 => Options::empty(),
            2 => Options::_64BIT_OFFSET,
            _ => Options::_64BIT_DATA,
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.nc");
        let mut file = netcdf::create_with(&path, options).unwrap();
        file.add_attribute("title", "an odd length").unwrap();
        file.add_unlimited_dimension("time").unwrap();
        file.add_dimension("x", 3).unwrap();
        file.add_variable::<f64>("x", &["x"]).unwrap().put_attribute("offset", 5_i16).unwrap();
        for name in variables {
            file.add_variable::<i16>(name, &["time", "x"]).unwrap();
        }
        file.enddef().unwrap();
        file.variable_mut("x").unwrap().put_values(&[1.0, 2.0, 3.0], ..).unwrap();
        for name in variables {
            let values = vec![7_i16; 3 * records];
            file.variable_mut(name).unwrap().put_values(&values, (0..records, ..)).unwrap();
        }
        file.close().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes[..4], [b'C', b'D', b'F', version]);
        (bytes.len() as u64, promised_length(&mut bytes.as_slice(), version).unwrap())
    }

    #[test]
    fn the_promised_length_is_the_length_but_for_padding() {
        for version in [1, 2, 5] {
            for records in [1, 2, 9] {
                for variables in [vec![], vec!["a"], vec!["a", "b"]] {
                    let (length, promised) = length_and_promise(version, records, &variables);
                    let padding = length.checked_sub(promised);
                    assert!(
                        padding.is_some_and(|padding| padding < 4),
                        "version {version}, {records} records of {variables:?}: {length} bytes, promised {promised}"
                    );
                }
            }
        }
    }
}
