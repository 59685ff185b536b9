//! What a file is, by its first bytes; its name counts for nothing.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;

/// So many bytes are looked at.
const LOOKED_AT: u64 = 1024;

/// What the first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Netcdf,
    Parquet,
    /// Lines for people, of which a table may be made.
    Text,
    /// A web page, or XML.
    Markup,
    Zip,
    Empty,
    Other,
}

/// Looks at the beginning of a file.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn content(path: &Path) -> anyhow::Result<Content> {
    let cannot_read = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(cannot_read)?;
    let mut start = Vec::new();
    file.take(LOOKED_AT).read_to_end(&mut start).with_context(cannot_read)?;
    Ok(of_bytes(&start))
}

fn of_bytes(start: &[u8]) -> Content {
    match start {
        [] => Content::Empty,
        [b'C', b'D', b'F', 1 | 2 | 5, ..] | [0x89, b'H', b'D', b'F', ..] => Content::Netcdf,
        [b'P', b'A', b'R', b'1', ..] => Content::Parquet,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Content::Zip,
        // UTF-16, of which the reader of text knows what to say.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Content::Text,
        _ if start.starts_with(b"GRIB") || start.iter().any(|byte| is_binary(*byte)) => Content::Other,
        // The beginning of one of the others, cut off.
        _ if start.len() < 4 && !start.contains(&b'\n') => Content::Other,
        _ if start.trim_ascii_start().starts_with(b"<") => Content::Markup,
        _ => Content::Text,
    }
}

/// Whether no text for people has this byte.
fn is_binary(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_decide() {
        for (start, content) in [
            (b"".as_slice(), Content::Empty),
            (b"CDF\x02\0\0\0\0", Content::Netcdf),
            (b"\x89HDF\r\n\x1a\n", Content::Netcdf),
            (b"PAR1\x15\x04", Content::Parquet),
            (b"PK\x03\x04", Content::Zip),
            (b"GRIB....", Content::Other),
            (b"a\0b\n", Content::Other),
            (b"CDF", Content::Other),
            (b"CDF,temperature\n", Content::Text),
            (b"\xef\xbb\xbftime;t\r\n", Content::Text),
            (b"\xff\xfet\0", Content::Text),
            (b"time,temp \xb0C\n", Content::Text),
            (b"\n <!DOCTYPE html>", Content::Markup),
        ] {
            assert_eq!(of_bytes(start), content, "{}", start.escape_ascii());
        }
    }
}
