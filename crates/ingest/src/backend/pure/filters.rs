//! Deflate as the pure reader must have it: the stream has to come to its end, with its Adler-32
//! right, and nothing may follow. The crate's own accepts a block whose end it has not seen as soon
//! as it is full. The other filters are the crate's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::{Decompress, FlushDecompress, Status};
use hdf5_reader::FilterRegistry;
use hdf5_reader::error::Error;
use hdf5_reader::filters::FILTER_DEFLATE;

/// What deflate can make of one byte at most.
const MOST_FROM_A_BYTE: usize = 1032;

/// How long a decoded chunk of the variable that is being read is; shared with its filters.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChunkSize(Arc<AtomicUsize>);

impl ChunkSize {
    pub(crate) fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// What a filter may give: a chunk, and what filters below this one may have added to it.
    fn limit(&self) -> usize {
        let bytes = self.0.load(Ordering::Relaxed);
        bytes.saturating_add(bytes >> 8).saturating_add(64)
    }
}

/// The filters of the crate with our deflate, which gives no more than a chunk needs.
pub(crate) fn registry(size: ChunkSize) -> FilterRegistry {
    let mut registry = FilterRegistry::new();
    let deflate =
        move |_: &_, block: &[u8], _| inflate(block, size.limit()).map_err(Error::DecompressionError);
    registry.register(FILTER_DEFLATE, Box::new(deflate));
    registry
}

/// The content of a whole zlib stream.
fn inflate(block: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    let room = limit.min(block.len().saturating_mul(MOST_FROM_A_BYTE).saturating_add(64));
    let mut content = Vec::new();
    content.try_reserve_exact(room).map_err(|_| format!("there is no memory for a block of {room} bytes"))?;
    let mut stream = Decompress::new(true);
    let status = stream
        .decompress_vec(block, &mut content, FlushDecompress::Finish)
        .map_err(|error| format!("a deflated block is damaged: {error}"))?;
    if status != Status::StreamEnd {
        return Err(format!("a deflated block is damaged: it does not end within {room} bytes"));
    }
    match block.len() as u64 - stream.total_in() {
        0 => Ok(content),
        more => Err(format!("a deflated block is damaged: {more} bytes follow its end")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn deflated(content: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(4));
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn noise(bytes: usize) -> Vec<u8> {
        (0..bytes as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x3f).collect()
    }

    #[test]
    fn a_whole_stream_gives_its_content_even_if_it_fills_the_room() {
        for bytes in [0, 1, 2, 1000, 70_000] {
            let content = noise(bytes);
            assert_eq!(inflate(&deflated(&content), bytes), Ok(content));
        }
    }

    #[test]
    fn no_changed_byte_of_a_stream_gives_another_content() {
        let content = noise(900);
        let whole = deflated(&content);
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut block = whole.clone();
                block[at] ^= 1 << bit;
                let given = inflate(&block, content.len());
                assert!(given.as_ref().is_ok_and(|given| *given == content) || given.is_err(), "{at} {bit}");
            }
        }
    }

    #[test]
    fn the_end_of_a_stream_is_needed_and_nothing_may_follow() {
        let whole = deflated(&noise(900));
        for length in 0..whole.len() {
            assert!(inflate(&whole[..length], 900).is_err(), "{length}");
        }
        let longer = [whole, vec![0; 3]].concat();
        assert_eq!(inflate(&longer, 900).unwrap_err(), "a deflated block is damaged: 3 bytes follow its end");
    }

    #[test]
    fn a_stream_of_more_than_the_limit_is_refused() {
        let message = inflate(&deflated(&vec![0; 100_000]), 5000).unwrap_err();
        assert_eq!(message, "a deflated block is damaged: it does not end within 5000 bytes");
    }
}
