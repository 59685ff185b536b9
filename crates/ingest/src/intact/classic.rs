//! Whether the header of a NetCDF-3 file (CDF-1, CDF-2, CDF-5) is whole, after "The NetCDF Classic
//! Format Specification". It has no checksum, but says much of it twice: the sizes of variables
//! follow from their dimensions, their places from their sizes, padding is zero. The values of
//! attributes and of variables have no such second witness and are not looked at.

mod header;
mod places;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use self::header::Header;

/// The bytes up to the end of the last value of a file of that version. Padding after it may be
/// missing, as some writers leave it out.
///
/// # Errors
/// When the header ends too early ([`io::ErrorKind::UnexpectedEof`]), contradicts itself
/// ([`io::ErrorKind::InvalidData`]), or cannot be read.
pub(crate) fn promised_length(reader: &mut impl Read, version: u8) -> io::Result<u64> {
    let header = Header::read(reader, version)?;
    places::check(&header).map_err(damaged)?;
    Ok(places::end(&header))
}

fn damaged(seen: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, seen.into())
}

fn padded(bytes: u64) -> u64 {
    bytes.checked_next_multiple_of(4).unwrap_or(u64::MAX)
}

/// Against files that libnetcdf has written.
#[cfg(all(test, feature = "libnetcdf"))]
mod against_libnetcdf {
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
