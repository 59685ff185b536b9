//! What the pure reader leaves unchecked about the chunks of a NetCDF-4 variable. Their usual index,
//! a B-tree of version 1, has no checksum: a damaged one can send the reader to the wrong place,
//! or have it leave out a filter. The later kinds of index have checksums, which the crate
//! verifies. The content of the chunks is the filters' to judge.

use anyhow::{anyhow, bail};
use hdf5_reader::Hdf5File;
use hdf5_reader::btree_v1::{BTreeV1Key, collect_btree_v1_leaves_storage};
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::layout::DataLayout;

/// Checks the chunks of a variable of the root group.
///
/// Returns the length of a decoded chunk in bytes; 0 for a variable that has no chunks.
///
/// # Errors
/// When the index is damaged: what was seen, as a sentence about the variable.
pub(crate) fn check(file: &Hdf5File, variable: &str) -> anyhow::Result<usize> {
    let dataset = file.dataset(variable)?;
    let header = file.get_or_parse_header(dataset.address())?;
    let layout = header.messages.iter().find_map(|message| match message {
        HdfMessage::DataLayout(message) => Some(&message.layout),
        _ => None,
    });
    let Some(DataLayout::Chunked { address, dims, chunk_indexing, .. }) = layout else { return Ok(0) };
    let bytes = dims
        .iter()
        .try_fold(dataset.raw_element_size()?, |bytes, size| bytes.checked_mul(usize::try_from(*size).ok()?));
    let bytes =
        bytes.ok_or_else(|| anyhow!("{variable} has chunks of the size {dims:?}, which no memory holds"))?;
    if chunk_indexing.is_some() {
        return Ok(bytes);
    }
    let superblock = file.superblock();
    let leaves = collect_btree_v1_leaves_storage(
        file.storage(),
        *address,
        superblock.offset_size,
        superblock.length_size,
        Some(u32::try_from(dims.len())?),
        dims,
        None,
    )?;
    let is_filtered = header.messages.iter().any(|message| matches!(message, HdfMessage::FilterPipeline(_)));
    let index = Index { chunk_dims: dims, chunk_bytes: bytes as u64, is_filtered };
    let chunks = leaves.iter().map(|(key, address)| chunk(key, *address)).collect::<Option<Vec<_>>>();
    let chunks = chunks.ok_or_else(|| anyhow!("the index of the chunks of {variable} is one of groups"))?;
    let damaged = |seen| anyhow!("the index of the chunks of {variable} is damaged: {seen}");
    index.check(&chunks).map_err(damaged)?;

    let is_filled = dataset.fill_value().is_some_and(|fill| fill.value.is_some());
    let (present, wanted) = (index.count_within(&chunks, dataset.shape()), index.count_of(dataset.shape()));
    if present < wanted && !is_filled {
        bail!("{variable} has {present} of its {wanted} chunks and no fill value for the others");
    }
    Ok(bytes)
}

/// What the index says of one chunk.
struct Chunk<'a> {
    address: u64,
    /// As stored.
    bytes: u64,
    /// The filters that it was stored without.
    mask: u32,
    /// Where it begins in the variable, and a zero.
    offsets: &'a [u64],
}

fn chunk(key: &BTreeV1Key, address: u64) -> Option<Chunk<'_>> {
    match key {
        BTreeV1Key::RawData { chunk_size, filter_mask, offsets } => {
            Some(Chunk { address, bytes: u64::from(*chunk_size), mask: *filter_mask, offsets })
        }
        BTreeV1Key::Group { .. } => None,
    }
}

struct Index<'a> {
    chunk_dims: &'a [u32],
    /// Decoded.
    chunk_bytes: u64,
    is_filtered: bool,
}

impl Index<'_> {
    fn check(&self, chunks: &[Chunk<'_>]) -> Result<(), String> {
        for chunk in chunks {
            self.check_one(chunk)?;
        }
        if let Some([_, next]) = chunks.array_windows().find(|[one, next]| one.offsets >= next.offsets) {
            return Err(format!("the chunk at {:?} is out of order", next.offsets));
        }
        let mut by_address: Vec<&Chunk<'_>> = chunks.iter().collect();
        by_address.sort_by_key(|chunk| chunk.address);
        let overlap = by_address.array_windows().find(|[one, next]| next.address - one.address < one.bytes);
        match overlap {
            Some([one, next]) => {
                Err(format!("the chunks at {:?} and {:?} overlap", one.offsets, next.offsets))
            }
            None => Ok(()),
        }
    }

    fn check_one(&self, chunk: &Chunk<'_>) -> Result<(), String> {
        let at = chunk.offsets;
        if chunk.mask != 0 {
            // No NetCDF library writes such chunks.
            return Err(format!("the chunk at {at:?} was stored without some of its filters"));
        }
        if !self.is_filtered && chunk.bytes != self.chunk_bytes {
            return Err(format!(
                "the chunk at {at:?} has {} bytes, wanted {}",
                chunk.bytes, self.chunk_bytes
            ));
        }
        let sizes = self.chunk_dims.iter().map(|size| u64::from(*size)).chain([u64::MAX]);
        if sizes.zip(at).any(|(size, offset)| size == 0 || offset % size != 0) {
            return Err(format!("it has a chunk at {at:?}, between those of the size {:?}", self.chunk_dims));
        }
        Ok(())
    }

    /// How many chunks begin within a variable of that shape.
    fn count_within(&self, chunks: &[Chunk<'_>], shape: &[u64]) -> u64 {
        let within = |chunk: &&Chunk<'_>| chunk.offsets.iter().zip(shape).all(|(offset, size)| offset < size);
        chunks.iter().filter(within).count() as u64
    }

    /// How many chunks a variable of that shape has.
    fn count_of(&self, shape: &[u64]) -> u64 {
        let along =
            shape.iter().zip(self.chunk_dims).map(|(size, chunk)| size.div_ceil(u64::from(*chunk).max(1)));
        along.fold(1, u64::saturating_mul)
    }
}
