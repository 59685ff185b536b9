//! Damage to the index of the chunks of a NetCDF-4 file, which has no checksum, byte by byte.
#![cfg(feature = "libnetcdf")]

use std::path::Path;

use ingest::backend::Backend;
use ingest::hours::read_hours;

use crate::samples::{self, Format, Storage};

/// Reads a sample whose one index of chunks was changed from its first byte on.
fn read_with(storage: Storage, change: impl Fn(&mut [u8])) -> Result<usize, String> {
    let of_storage = |sample: &samples::Sample| {
        sample.name.starts_with("legacy packed") && sample.format == Format::Hdf5(storage)
    };
    let sample = samples::all().into_iter().find(of_storage).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    sample.write(&path);
    let mut bytes = std::fs::read(&path).unwrap();
    let key =
        |at: &usize| bytes[*at..].starts_with(b"TREE") && bytes[at + 6..].starts_with(&CHUNKS.to_le_bytes());
    let index = (0..bytes.len() - ENTRY).find(key).unwrap();
    change(&mut bytes[index..]);
    std::fs::write(&path, &bytes).unwrap();
    read(&path)
}

fn read(path: &Path) -> Result<usize, String> {
    let hours = read_hours(path, &samples::config(50.25, 359.25, &["t2m"]), Backend::Pure);
    let without_folder = |message: String| message.replace(&format!("{}", path.display()), "x.nc");
    hours.map(|columns| columns[0].1.len()).map_err(|error| without_folder(format!("{error:#}")))
}

/// Of 40 by 3 by 4 values in chunks of 16 by 1 by 1.
const CHUNKS: u16 = 36;
/// After the node's head: the size, the mask, four offsets, the address.
const HEAD: usize = 24;
const ENTRY: usize = 4 + 4 + 4 * 8 + 8;

#[test]
fn a_damaged_index_is_refused() {
    let damaged =
        |seen: &str| Err(format!("x.nc: cannot read t2m: the index of the chunks of t2m is damaged: {seen}"));
    // One hour is missing.
    assert_eq!(read_with(Storage::DeflateShuffle, |_| ()), Ok(39));
    assert_eq!(
        read_with(Storage::DeflateShuffle, |index| index[HEAD + 4] ^= 1),
        damaged("the chunk at [0, 0, 0, 0] was stored without some of its filters")
    );
    assert_eq!(
        read_with(Storage::DeflateShuffle, |index| index[HEAD + ENTRY + 8] = 16),
        damaged("the chunk at [0, 0, 2, 0] is out of order")
    );
    assert_eq!(
        read_with(Storage::DeflateShuffle, |index| index[HEAD + 8] = 3),
        damaged("it has a chunk at [3, 0, 0, 0], between those of the size [16, 1, 1]")
    );
    let redirected = |index: &mut [u8]| {
        let (one, other) = (HEAD + ENTRY - 8, HEAD + 2 * ENTRY - 8);
        index.copy_within(other..other + 8, one);
    };
    assert_eq!(
        read_with(Storage::DeflateShuffle, redirected),
        damaged("the chunks at [0, 0, 0, 0] and [0, 0, 1, 0] overlap")
    );
    assert_eq!(
        read_with(Storage::Chunked, |index| index[HEAD] = 30),
        damaged("the chunk at [0, 0, 0, 0] has 30 bytes, wanted 32")
    );
}

#[test]
fn a_deflated_block_that_has_lost_its_last_byte_is_refused() {
    let message = read_with(Storage::DeflateShuffle, |index| index[HEAD] -= 1).unwrap_err();
    assert!(message.contains("a deflated block is damaged: it does not end within"), "{message}");
}
