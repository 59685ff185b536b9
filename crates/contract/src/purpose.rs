//! Random streams by what they are for.

/// What tells the stream of a purpose from others: the FNV-1a hash of its name.
pub fn hash(purpose: &str) -> u64 {
    purpose
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the reference's list of test vectors (Fowler, Noll, Vo).
    #[test]
    fn hashes_agree_with_the_reference() {
        assert_eq!(
            [hash(""), hash("a"), hash("foobar")],
            [0xcbf2_9ce4_8422_2325, 0xaf63_dc4c_8601_ec8c, 0x8594_4171_f739_67e8,]
        );
    }
}
