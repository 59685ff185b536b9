//! Damage of every kind, made from a number: the same number, the same damage.

use std::fmt;
use std::ops::Range;

use hdf5_reader::checksum::jenkins_lookup3;

use crate::map::Map;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Truncated,
    BitsFlipped,
    BytesChanged,
    Garbage,
    Zeroed,
    Swapped,
    Repeated,
    HostileNumber,
    Redirected,
    /// A hostile number under a checksum that is right again.
    Resealed,
}

const KINDS: [Kind; 10] = [
    Kind::Truncated,
    Kind::BitsFlipped,
    Kind::BytesChanged,
    Kind::Garbage,
    Kind::Zeroed,
    Kind::Swapped,
    Kind::Repeated,
    Kind::HostileNumber,
    Kind::Redirected,
    Kind::Resealed,
];

/// Splitmix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() { None } else { Some(&items[self.below(items.len())]) }
    }
}

/// A damaged file, and what was done.
pub struct Damaged {
    pub kind: Kind,
    pub bytes: Vec<u8>,
    /// In numbers, to find it again.
    pub detail: String,
    /// Whether the damage is one that nothing in the file can show.
    pub is_unprotected: bool,
}

impl Damaged {
    /// Whether it can put a whole block, checksum and all, where another one was.
    pub fn moves_blocks(&self) -> bool {
        matches!(self.kind, Kind::Swapped | Kind::Repeated | Kind::Redirected)
    }
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.kind, self.detail)
    }
}

pub fn mutate(whole: &[u8], map: &Map, random: &mut Random) -> Damaged {
    let kind = KINDS[random.below(KINDS.len())];
    let mut bytes = whole.to_vec();
    let detail = match kind {
        Kind::Truncated => truncate(&mut bytes, map, random),
        Kind::BitsFlipped => change(&mut bytes, map, random, |byte, random| byte ^ (1 << random.below(8))),
        Kind::BytesChanged => change(&mut bytes, map, random, |_, random| random.next() as u8),
        Kind::Garbage => block(&mut bytes, map, random, |random| random.next() as u8),
        Kind::Zeroed => block(&mut bytes, map, random, |_| 0),
        Kind::Swapped | Kind::Repeated => move_block(&mut bytes, map, random, kind == Kind::Swapped),
        Kind::HostileNumber => hostile_number(&mut bytes, map, random),
        Kind::Redirected => redirect(&mut bytes, map, random),
        Kind::Resealed => reseal(&mut bytes, map, random),
    };
    let is_unprotected = kind == Kind::Resealed
        || (kind == Kind::Zeroed && map.zeros_pass)
        || map.is_unprotected(whole, &bytes);
    Damaged { kind, bytes, detail, is_unprotected }
}

fn truncate(bytes: &mut Vec<u8>, map: &Map, random: &mut Random) -> String {
    let edge = match random.below(4) {
        0 => random.below(bytes.len()),
        _ => random.of(&map.edges).copied().unwrap_or(0),
    };
    let length = (edge + random.below(3)).saturating_sub(1).min(bytes.len() - 1);
    bytes.truncate(length);
    format!("to {length}")
}

/// Most damage goes near structures: elsewhere there are only values.
fn place(bytes: &[u8], map: &Map, random: &mut Random) -> usize {
    match random.below(4) {
        0 => random.below(bytes.len()),
        1 => random.of(&map.edges).copied().unwrap_or(0).min(bytes.len() - 1),
        _ => number(map, random).map_or(0, |range| range.start + random.below(range.len())),
    }
}

fn number(map: &Map, random: &mut Random) -> Option<Range<usize>> {
    let unsealed = if random.below(2) == 0 { random.of(&map.unsealed_numbers) } else { None };
    unsealed.or_else(|| random.of(&map.numbers)).cloned()
}

fn change(
    bytes: &mut [u8],
    map: &Map,
    random: &mut Random,
    changed: impl Fn(u8, &mut Random) -> u8,
) -> String {
    let mut places = Vec::new();
    // Often one only, which is the hardest to notice.
    for _ in 0..[1, 1, 1, 2, 5][random.below(5)] {
        let at = place(bytes, map, random);
        bytes[at] = changed(bytes[at], random);
        places.push(at);
    }
    format!("at {places:?}")
}

fn block(bytes: &mut [u8], map: &Map, random: &mut Random, byte: impl Fn(&mut Random) -> u8) -> String {
    let at = place(bytes, map, random);
    let length = (1 << random.below(12)).min(bytes.len() - at);
    bytes[at..at + length].fill_with(|| byte(random));
    format!("{length} bytes at {at}")
}

fn move_block(bytes: &mut [u8], map: &Map, random: &mut Random, both_ways: bool) -> String {
    let (one, other) = (place(bytes, map, random), place(bytes, map, random));
    let (one, other) = (one.min(other), one.max(other));
    let length = (1 << random.below(12)).min(bytes.len() - other).min(other - one);
    let (head, tail) = bytes.split_at_mut(other);
    if both_ways {
        head[one..one + length].swap_with_slice(&mut tail[..length]);
    } else {
        tail[..length].copy_from_slice(&head[one..one + length]);
    }
    format!("{length} bytes at {one} and {other}")
}

fn hostile(bytes: &[u8], before: u64, random: &mut Random) -> u64 {
    let length = bytes.len() as u64;
    let near = [before.wrapping_add(1), before.wrapping_sub(1), before.wrapping_mul(2), before / 2];
    let lengths = [length, length + 1, length - 1, length * 1000];
    let bounds = [7, 8, 15, 16, 24, 31, 32, 33, 40, 62, 63].map(|bits: u32| 1_u64 << bits);
    match random.below(5) {
        0 => near[random.below(4)],
        1 => lengths[random.below(4)],
        2 => [0, 1, 2, u64::MAX, u64::MAX - 1][random.below(5)],
        3 => bounds[random.below(11)],
        _ => bounds[random.below(11)] - 1,
    }
}

/// Puts a number where there is one.
fn put(bytes: &mut [u8], range: Range<usize>, is_big_endian: bool, number: u64) {
    let width = range.len();
    if is_big_endian {
        bytes[range].copy_from_slice(&number.to_be_bytes()[8 - width..]);
    } else {
        bytes[range].copy_from_slice(&number.to_le_bytes()[..width]);
    }
}

fn get(bytes: &[u8], is_big_endian: bool) -> u64 {
    let more = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    if is_big_endian { bytes.iter().fold(0, more) } else { bytes.iter().rev().fold(0, more) }
}

fn hostile_number(bytes: &mut [u8], map: &Map, random: &mut Random) -> String {
    let Some(range) = number(map, random) else { return String::new() };
    let before = get(&bytes[range.clone()], map.is_big_endian);
    let number = hostile(bytes, before, random);
    put(bytes, range.clone(), map.is_big_endian, number);
    format!("{before} to {number:#x} at {range:?}")
}

fn redirect(bytes: &mut [u8], map: &Map, random: &mut Random) -> String {
    // Those numbers that are offsets now.
    let is_offset = |range: &&Range<usize>| {
        let number = get(&bytes[(*range).clone()], map.is_big_endian);
        range.len() >= 4 && map.targets.contains(&number)
    };
    let offsets: Vec<_> =
        map.numbers.iter().chain(&map.unsealed_numbers).filter(is_offset).cloned().collect();
    let (Some(range), Some(target)) = (random.of(&offsets).cloned(), random.of(&map.targets)) else {
        return String::new();
    };
    let target = target.wrapping_add([0, 0, 0, 4, 8][random.below(5)]);
    put(bytes, range.clone(), map.is_big_endian, target);
    format!("to {target} at {range:?}")
}

fn reseal(bytes: &mut [u8], map: &Map, random: &mut Random) -> String {
    let Some(sealed) = random.of(&map.sealed).cloned() else { return hostile_number(bytes, map, random) };
    let width = [1, 2, 4, 8][random.below(4)];
    let end = sealed.end - 4;
    let at = sealed.start + 4 + random.below(end - sealed.start - 4);
    let range = at..(at + width).min(end);
    let number = hostile(bytes, get(&bytes[range.clone()], false), random);
    put(bytes, range.clone(), false, number);
    let seal = jenkins_lookup3(&bytes[sealed.start..end]);
    bytes[end..sealed.end].copy_from_slice(&seal.to_le_bytes());
    format!("{number:#x} at {range:?}")
}
