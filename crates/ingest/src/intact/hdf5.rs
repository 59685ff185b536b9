//! The length that the superblock of an HDF5 file, and so of a NetCDF-4 file, promises: its
//! end-of-file address, after the "HDF5 File Format Specification", section II.A.

use std::io::{self, Read};

/// The end-of-file address; 0 for superblocks of another kind, which are the backend's to judge.
///
/// # Errors
/// When the superblock ends too early, or cannot be read.
pub(crate) fn promised_length(reader: &mut impl Read) -> io::Result<u64> {
    let mut block = [0; 14];
    reader.read_exact(&mut block)?;
    // Where the size of addresses and the end-of-file address are.
    let (size_of_addresses, end_of_file) = match block[8] {
        0 => (block[13], 40),
        1 => (block[13], 44),
        2 | 3 => (block[9], 28),
        _ => return Ok(0),
    };
    if size_of_addresses != 8 {
        return Ok(0);
    }
    io::copy(&mut reader.take(end_of_file - block.len() as u64), &mut io::sink())?;
    let mut address = [0; 8];
    reader.read_exact(&mut address)?;
    Ok(u64::from_le_bytes(address))
}
