//! Whether a file is NetCDF at all, as long as its own header says, and, for NetCDF-3, whether that
//! header agrees with itself. Nothing of it is left to the backends: libnetcdf reads the missing
//! end of a NetCDF-3 file as garbage, without an error. The data themselves are not looked at, and
//! the structures inside a NetCDF-4 file are the backend's to check.

mod classic;
mod hdf5;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use anyhow::{Context, anyhow};

/// Refuses a file that is not NetCDF, or that has lost its end.
///
/// # Errors
/// Those, or when the file cannot be read.
pub(crate) fn check(path: &Path) -> anyhow::Result<()> {
    let cannot_read = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(cannot_read)?;
    let length = file.metadata().with_context(cannot_read)?.len();
    let mut reader = BufReader::new(file);
    let mut magic = Vec::new();
    (&mut reader).take(8).read_to_end(&mut magic).with_context(cannot_read)?;
    reader.rewind().with_context(cannot_read)?;

    let promised = match magic.as_slice() {
        [b'C', b'D', b'F', version @ (1 | 2 | 5), ..] => classic::promised_length(&mut reader, *version),
        b"\x89HDF\r\n\x1a\n" => hdf5::promised_length(&mut reader),
        other => return Err(not_netcdf(path, other)),
    };
    let promised = match promised {
        Ok(promised) => promised,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(truncated(path, format!("it ends inside its header, after {length} bytes")));
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let path = path.display();
            return Err(anyhow!("{path} is damaged: {error}; download or copy it again"));
        }
        Err(error) => return Err(error).with_context(cannot_read),
    };
    if promised > length {
        let seen = format!("its header promises {promised} bytes, it has {length}");
        return Err(truncated(path, seen));
    }
    Ok(())
}

fn truncated(path: &Path, seen: String) -> anyhow::Error {
    anyhow!("{} is truncated: {seen}; download or copy it again", path.display())
}

fn not_netcdf(path: &Path, start: &[u8]) -> anyhow::Error {
    let path = path.display();
    match start {
        [] => anyhow!("{path} is empty; wanted a NetCDF file: download or copy it again"),
        [b'P', b'K', ..] => {
            anyhow!("{path} is a ZIP archive; unpack it and name the NetCDF files inside in [ingest] files")
        }
        [b'P', b'A', b'R', b'1', ..] => anyhow!(
            "{path} is Parquet; wanted NetCDF, or ERA5's CSV: if it is a station's, describe it in [ingest.station]"
        ),
        [b'<', ..] => {
            anyhow!("{path} is a web page, not data; download it again, and look at it if it stays so")
        }
        [b'G', b'R', b'I', b'B', ..] => {
            anyhow!("{path} is a GRIB file; wanted NetCDF: download it again with the format netcdf")
        }
        start => anyhow!(
            "{path} is not a NetCDF file: it begins with \"{}\", wanted \"CDF\" (NetCDF-3) or \"\\x89HDF\" \
             (NetCDF-4); correct [ingest] files",
            start.escape_ascii()
        ),
    }
}
