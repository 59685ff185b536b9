//! Random numbers for splits, rivals and resampling: one seed for all, one stream for each purpose, so
//! that none of them depends on which others are drawn.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The seed of everything that `evaluate` draws; it is no setting.
pub(crate) const SEED: u64 = 20_260_101;

/// A stream of random numbers.
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    /// The stream of that purpose: the FNV-1a hash of its name.
    pub(crate) fn of(purpose: &str) -> Random {
        let mut random = ChaCha8Rng::seed_from_u64(SEED);
        random.set_stream(contract::purpose::hash(purpose));
        Random(random)
    }

    /// One of 0 to `count` - 1; `count` is at least 1.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0.random_range(0..count)
    }

    /// One of the values, of which there is at least one.
    pub(crate) fn choose<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        values.shuffle(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_has_its_own_stream_and_repeats() {
        let draw = |purpose| {
            let mut random = Random::of(purpose);
            [0; 8].map(|_| random.below(1_000_000))
        };
        assert_eq!(draw("splits"), draw("splits"));
        assert_ne!(draw("splits"), draw("knn"));
    }
}
