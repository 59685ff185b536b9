//! What is where in a valid file, as far as damage needs to know it: the edges of structures, the
//! numbers in them, and which bytes the format lets anyone change unseen.

pub mod classic;
pub mod hdf5;

use std::ops::Range;

#[derive(Default)]
pub struct Map {
    /// Where structures begin and end.
    pub edges: Vec<usize>,
    /// Sizes, counts, offsets, types.
    pub numbers: Vec<Range<usize>>,
    /// Those of structures without a checksum in a format that has checksums: the easiest prey.
    pub unsealed_numbers: Vec<Range<usize>>,
    pub is_big_endian: bool,
    /// Places that an offset can be redirected to.
    pub targets: Vec<u64>,
    /// Bytes without a checksum or a second witness: values, and the values and names of attributes.
    pub unprotected: Vec<Range<usize>>,
    /// Whether values have a checksum that zeros, with a checksum of zero, pass.
    pub zeros_pass: bool,
    /// Structures that end with a checksum of theirs.
    pub sealed: Vec<Range<usize>>,
}

impl Map {
    pub fn of(bytes: &[u8]) -> Map {
        let mut map = match bytes {
            [b'C', b'D', b'F', version, ..] => classic::map(bytes, *version),
            _ => hdf5::map(bytes),
        };
        map.edges.extend([0, bytes.len()]);
        map.edges.sort_unstable();
        map.edges.dedup();
        map.edges.retain(|edge| *edge <= bytes.len());
        map
    }

    /// Whether one of the bytes in which two files differ is unprotected.
    pub fn is_unprotected(&self, whole: &[u8], damaged: &[u8]) -> bool {
        let differs = |at: usize| damaged.get(at).is_some_and(|byte| *byte != whole[at]);
        self.unprotected.iter().any(|range| range.clone().any(differs))
    }
}
