//! Seeds of the trials' random streams: one for each purpose and number within it, such as the 7th origin, so that
//! none depends on which others are drawn and no two share their numbers.

/// The seed of one stream: the FNV-1a hash of the purpose's name, then the setting and the number, each mixed in by
/// `SplitMix64` (Steele, Lea and Flood 2014).
pub(crate) fn seed_of(setting: u64, purpose: &str, number: u64) -> u64 {
    mix(mix(mix(contract::purpose::hash(purpose)) ^ setting) ^ number)
}

fn mix(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The first three outputs of `SplitMix64` seeded with 1234567, from its reference implementation.
    #[test]
    fn mixing_agrees_with_the_reference() {
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let outputs = [0, 1, 2].map(|number: u64| mix(1_234_567_u64.wrapping_add(step.wrapping_mul(number))));
        assert_eq!(
            outputs,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn settings_purposes_and_numbers_have_seeds_of_their_own() {
        let mut seeds = BTreeSet::new();
        for setting in [0, 1, 2, u64::MAX] {
            for purpose in ["forecast", "hide random-10", "hide gap-6", "draw gap-6"] {
                seeds.extend((0..1000).map(|number| seed_of(setting, purpose, number)));
            }
        }
        assert_eq!(seeds.len(), 4 * 4 * 1000);
        assert_eq!(seed_of(3, "forecast", 5), seed_of(3, "forecast", 5));
    }
}
