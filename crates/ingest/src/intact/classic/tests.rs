//! A header field by field, each damaged in turn.

use std::collections::BTreeMap;

use super::*;

/// A CDF-1 file of `a(x, y)`, 16-bit, and `b(x)`, floats, with x of size 2 and y of size 3.
struct File {
    bytes: Vec<u8>,
    fields: BTreeMap<&'static str, usize>,
}

impl File {
    fn number(&mut self, field: &'static str, number: u32) {
        self.fields.insert(field, self.bytes.len());
        self.bytes.extend(number.to_be_bytes());
    }

    fn numbers(&mut self, numbers: &[u32]) {
        self.bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    }

    fn set(&mut self, field: &str, number: u32) {
        let at = self.fields[field];
        self.bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }

    fn whole() -> File {
        let mut file = File { bytes: b"CDF\x01\0\0\0\0".to_vec(), fields: BTreeMap::new() };
        file.number("dimensions", 0x0A);
        file.numbers(&[2, 1]);
        file.number("name of x", u32::from_be_bytes(*b"x\0\0\0"));
        file.number("size of x", 2);
        file.numbers(&[1, u32::from_be_bytes(*b"y\0\0\0")]);
        file.number("size of y", 3);
        file.numbers(&[0, 0, 0x0B, 2]);
        file.numbers(&[1, u32::from_be_bytes(*b"a\0\0\0"), 2, 0, 1, 0, 0, 3]);
        file.number("bytes of a", 12);
        file.number("begin of a", 0);
        file.number("name length of b", 1);
        file.number("name of b", u32::from_be_bytes(*b"b\0\0\0"));
        file.numbers(&[1]);
        file.number("dimension of b", 0);
        file.numbers(&[0x0C, 1, 10]);
        file.bytes.extend(b"_FillValue\0\0");
        file.number("type of the fill value", 5);
        file.numbers(&[1, 0x7FC0_0000]);
        file.number("type of b", 5);
        file.number("bytes of b", 8);
        file.number("begin of b", 0);
        let header = file.bytes.len() as u32;
        file.set("begin of a", header);
        file.set("begin of b", header + 12);
        file.bytes.extend([0; 20]);
        file
    }

    fn check(&self) -> Result<u64, String> {
        promised_length(&mut self.bytes.as_slice(), 1).map_err(|error| error.to_string())
    }
}

#[test]
fn each_contradiction_of_a_header_is_named() {
    let whole = File::whole();
    assert_eq!(whole.check(), Ok(whole.bytes.len() as u64));
    let header = whole.bytes.len() as u32 - 20;
    let name = |text: &[u8; 4]| u32::from_be_bytes(*text);
    for (field, number, message) in [
        ("dimensions", 0x0B, "its header has a list of the kind 0xb, wanted 0xa".to_string()),
        ("name of x", name(b"x\0\0\x01"), "its header has padding after a name that is not zero".to_string()),
        ("name of x", name(b"y\0\0\0"), "its header has the name \"y\" twice".to_string()),
        ("name of x", name(b"\x01\0\0\0"), "its header has the name \"\\u{1}\"".to_string()),
        ("name of x", name(b"\xff\0\0\0"), "its header has a name that is no UTF-8".to_string()),
        ("name length of b", 0, "its header has the name \"\"".to_string()),
        ("name length of b", 1 << 31, "its header has a name of 2147483648 bytes".to_string()),
        ("size of y", 4, "a is 12 bytes long by its header and 16 by its dimensions".to_string()),
        ("size of y", 0, "a has the unlimited dimension, but not first".to_string()),
        ("bytes of b", 12, "b is 12 bytes long by its header and 8 by its dimensions".to_string()),
        ("dimension of b", 7, "b has the dimension 7; there are only 2".to_string()),
        ("type of b", 9, "its header has the unknown type 9".to_string()),
        ("type of b", 4, "b and its _FillValue are not both integers or both floats".to_string()),
        ("begin of b", header + 13, format!("b begins at byte {}, which is no multiple of 4", header + 13)),
        (
            "begin of b",
            header + 8,
            format!("b begins at byte {}, before byte {}, where its place begins", header + 8, header + 12),
        ),
        (
            "begin of a",
            header - 4,
            format!("a begins at byte {}, before byte {header}, where its place begins", header - 4),
        ),
    ] {
        let mut file = File::whole();
        file.set(field, number);
        assert_eq!(file.check(), Err(message), "{field} {number:#x}");
    }
}

#[test]
fn records_follow_each_other_without_gaps() {
    let mut file = File::whole();
    file.set("size of x", 0);
    file.set("bytes of a", 6);
    file.set("bytes of b", 4);
    let begin = file.bytes.len() as u32 - 20;
    file.set("begin of b", begin + 8);
    // No records yet.
    assert_eq!(file.check(), Ok(u64::from(begin)));
    file.set("begin of b", begin + 12);
    assert_eq!(file.check(), Err("the first record of b is at the wrong place".to_string()));
    file.set("size of y", 0);
    assert_eq!(file.check(), Err("2 of its dimensions are unlimited, wanted at most one".to_string()));
}

#[test]
fn gaps_between_variables_without_records_are_allowed() {
    let mut file = File::whole();
    let begin = file.bytes.len() as u32 - 20;
    file.set("begin of b", begin + 512);
    assert_eq!(file.check(), Ok(u64::from(begin) + 520));
}
