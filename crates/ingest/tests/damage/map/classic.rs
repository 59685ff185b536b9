//! The fields of a NetCDF-3 header, after "The NetCDF Classic Format Specification". Written for
//! these tests only: it believes the file, which is valid.

use super::Map;

pub fn map(bytes: &[u8], version: u8) -> Map {
    let map = Map { is_big_endian: true, ..Map::default() };
    let mut walk = Walk { bytes, version, at: 4, map };
    walk.map.edges.extend(1..4);
    walk.count();
    walk.list(|walk| {
        walk.name();
        walk.count();
    });
    walk.attributes();
    let mut begins = Vec::new();
    walk.list(|walk| {
        walk.name();
        for _ in 0..walk.count() {
            walk.count();
        }
        walk.attributes();
        walk.number(4);
        walk.count();
        begins.push(walk.number(if walk.version == 1 { 4 } else { 8 }));
    });
    let Walk { at, mut map, .. } = walk;
    map.edges.extend(begins.iter().map(|begin| *begin as usize));
    map.targets = begins;
    // All values; padding among them is nobody's.
    map.unprotected.push(at..bytes.len());
    map
}

struct Walk<'a> {
    bytes: &'a [u8],
    version: u8,
    at: usize,
    map: Map,
}

impl Walk<'_> {
    fn number(&mut self, width: usize) -> u64 {
        let range = self.at..self.at + width;
        self.map.edges.extend([range.start, range.end]);
        self.map.numbers.push(range.clone());
        self.at = range.end;
        self.bytes[range].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn count(&mut self) -> u64 {
        self.number(if self.version == 5 { 8 } else { 4 })
    }

    /// Names are the only witnesses of themselves.
    fn name(&mut self) {
        let length = self.count() as usize;
        self.unprotected(length);
    }

    fn unprotected(&mut self, length: usize) {
        self.map.unprotected.push(self.at..self.at + length);
        self.at += length.next_multiple_of(4);
        self.map.edges.push(self.at);
    }

    fn attributes(&mut self) {
        self.list(|walk| {
            walk.name();
            // The type and the number of values say what the values are.
            let start = walk.at;
            let kind = walk.number(4);
            let size = [0, 1, 1, 2, 4, 4, 8, 1, 2, 4, 8, 8][kind as usize];
            let values = walk.count() as usize;
            walk.map.unprotected.push(start..walk.at);
            walk.unprotected(values * size);
        });
    }

    fn list(&mut self, mut item: impl FnMut(&mut Self)) {
        self.number(4);
        for _ in 0..self.count() {
            item(self);
        }
    }
}
