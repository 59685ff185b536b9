//! Random halves of the real years: what they differ by is what generated years may differ by.

use crate::random::Random;
use crate::series::Series;

/// The number of splits: with 199 the smallest p is 0.005, and p = (k + 1) / (n + 1) has the level that it
/// names. Bands of pictures are drawn from the first [`BAND_SPLITS`] of them.
pub(crate) const SPLITS: usize = 199;
pub(crate) const BAND_SPLITS: usize = 30;

/// For each split, whether each of `count` years is in the first half; of an odd number, the second
/// half has one more.
pub(crate) fn halves(count: usize) -> Vec<Vec<bool>> {
    let mut random = Random::of("splits");
    let mut split = || {
        let mut is_first: Vec<bool> = (0..count).map(|index| index < count / 2).collect();
        random.shuffle(&mut is_first);
        is_first
    };
    (0..SPLITS).map(|_| split()).collect()
}

/// The years of the first half and those of the second, joined in their order.
pub(crate) fn divide(years: &Series, is_first: &[bool]) -> [Series; 2] {
    let mut halves = [Series::default(), Series::default()];
    for (days, is_first) in years.year_days().into_iter().zip(is_first) {
        halves[usize::from(!is_first)].append(years, days);
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;

    #[test]
    fn splits_are_halves_and_differ() {
        let halves = halves(9);
        assert_eq!(halves.len(), 199);
        assert!(halves.iter().all(|split| split.iter().filter(|first| **first).count() == 4));
        assert!(halves.iter().any(|split| split != &halves[0]));
    }

    #[test]
    fn halves_are_disjoint_and_cover_all_years() {
        let series = sample(2001, (7 * 365 + 1) * 24, |_| 1.0).series;
        for split in halves(7) {
            let [first, second] = divide(&series, &split);
            assert_eq!((first.year_days().len(), second.year_days().len()), (3, 4));
            let mut days: Vec<i64> = first.days.iter().chain(&second.days).map(|day| day.number).collect();
            days.sort_unstable();
            assert_eq!(days, series.days.iter().map(|day| day.number).collect::<Vec<_>>());
        }
    }
}
