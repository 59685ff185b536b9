//! The structures of an HDF5 file by their signatures, and by the headers of its variables which
//! values are stored without a filter that could notice a changed byte.

use std::ops::Range;

use hdf5_reader::checksum::jenkins_lookup3;
use hdf5_reader::filters::FILTER_DEFLATE;
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::layout::DataLayout;
use hdf5_reader::{Datatype, Hdf5File};

use super::Map;

/// Structures that end with a checksum of what comes before it.
const SEALED: [&[u8; 4]; 5] = [b"OHDR", b"OCHK", b"FRHP", b"BTHD", b"BTLF"];
const OTHERS: [&[u8; 4]; 7] = [b"TREE", b"GCOL", b"FHDB", b"FHIB", b"SNOD", b"HEAP", b"FSHD"];
/// The longest sealed structure that is looked for.
const LONGEST: usize = 4096;
/// So much of a structure of unknown length is taken for numbers.
const NUMBERS: usize = 512;

pub fn map(bytes: &[u8]) -> Map {
    let mut map = Map::default();
    // The superblock.
    map.edges.extend(1..96);
    add_numbers(&mut map.numbers, 8..96.min(bytes.len()));
    for at in 0..bytes.len().saturating_sub(8) {
        let signature = &bytes[at..at + 4];
        if let Some(end) = SEALED.iter().any(|s| *s == signature).then(|| end_of_sealed(bytes, at)).flatten()
        {
            map.edges.extend([at, at + 4, end - 4, end]);
            map.sealed.push(at..end);
            add_numbers(&mut map.numbers, at + 4..end);
        } else if OTHERS.iter().any(|s| *s == signature) {
            map.edges.extend([at, at + 4, at + 8]);
            map.targets.push(at as u64);
            add_numbers(&mut map.unsealed_numbers, at + 4..(at + NUMBERS).min(bytes.len()));
        } else if matches!(signature, [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]) {
            // Likely a deflated block.
            map.edges.push(at);
            map.targets.push(at as u64);
        }
        if signature == b"GCOL" {
            let length = u64::from_le_bytes(bytes[at + 8..at + 16].try_into().unwrap());
            map.unprotected.push(at..(at + length as usize).min(bytes.len()));
        }
    }
    map.targets.extend(map.sealed.iter().map(|range| range.start as u64));
    add_values(&mut map, bytes);
    map
}

fn add_numbers(numbers: &mut Vec<Range<usize>>, within: Range<usize>) {
    for width in [1, 2, 4, 8] {
        let last = within.end.saturating_sub(width);
        numbers.extend((within.start..last).map(|at| at..at + width));
    }
}

fn end_of_sealed(bytes: &[u8], at: usize) -> Option<usize> {
    let longest = LONGEST.min(bytes.len() - at);
    let stored = |length: usize| u32::from_le_bytes(bytes[at + length..at + length + 4].try_into().unwrap());
    let ends = |length: &usize| jenkins_lookup3(&bytes[at..at + length]) == stored(*length);
    (8..longest.saturating_sub(4)).find(ends).map(|length| at + length + 4)
}

/// Where the values are that no filter protects.
fn add_values(map: &mut Map, bytes: &[u8]) {
    let file = Hdf5File::from_bytes(bytes).unwrap();
    for dataset in file.root_group().unwrap().datasets().unwrap() {
        let header = file.get_or_parse_header(dataset.address()).unwrap();
        let filters = header.messages.iter().find_map(|message| match message {
            HdfMessage::FilterPipeline(message) => Some(message.filters.as_slice()),
            _ => None,
        });
        let is_filtered = filters.is_some();
        map.zeros_pass |=
            filters.is_some_and(|filters| filters.iter().all(|filter| filter.id != FILTER_DEFLATE));
        let layout = header.messages.iter().find_map(|message| match message {
            HdfMessage::DataLayout(message) => Some(&message.layout),
            _ => None,
        });
        match layout.unwrap() {
            DataLayout::Contiguous { address, size } if *address != u64::MAX => {
                let (start, size) = (*address as usize, *size as usize);
                map.edges.extend([start, start + size]);
                map.unprotected.push(start..start + size);
            }
            // Where they are is in an index without a checksum.
            DataLayout::Chunked { .. }
                if !is_filtered && !matches!(dataset.dtype(), Datatype::VarLen { .. }) =>
            {
                let mut free = 0;
                for sealed in &map.sealed {
                    map.unprotected.push(free..sealed.start);
                    free = sealed.end;
                }
                map.unprotected.push(free..bytes.len());
            }
            _ => {}
        }
    }
}
