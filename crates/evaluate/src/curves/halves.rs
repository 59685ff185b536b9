//! Random halves of the real years: what they differ by is what a generated series may differ by.

use std::collections::BTreeSet;

use crate::random::Random;
use crate::series::Series;
use crate::yardstick::SPLITS;

/// Halves of fewer years say little.
const LEAST_YEARS: usize = 6;

/// Thirty random divisions of the years into two halves, each as the years of its first one; of an odd
/// number the second half has one more. None for fewer than six years.
pub(super) fn random_halves(series: &Series) -> Vec<BTreeSet<i16>> {
    let years: BTreeSet<i16> = series.days.iter().map(|day| day.year).collect();
    let years: Vec<i16> = years.into_iter().collect();
    let splits = if years.len() < LEAST_YEARS { 0 } else { SPLITS };
    let mut random = Random::of("bands");
    let mut first_half = || {
        let mut shuffled = years.clone();
        random.shuffle(&mut shuffled);
        shuffled[..years.len() / 2].iter().copied().collect()
    };
    (0..splits).map(|_| first_half()).collect()
}

/// The days of these years, and all others.
pub(super) fn divide(series: &Series, first: &BTreeSet<i16>) -> [Series; 2] {
    let mut halves = [Series::default(), Series::default()];
    let mut start = 0;
    for group in series.days.chunk_by(|a, b| (a.member, a.year) == (b.member, b.year)) {
        let half = usize::from(!first.contains(&group[0].year));
        halves[half].append(series, start..start + group.len());
        start += group.len();
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;

    fn years(series: &Series) -> BTreeSet<i16> {
        series.days.iter().map(|day| day.year).collect()
    }

    #[test]
    fn halves_are_disjoint_cover_all_years_and_differ_from_split_to_split() {
        let series = sample(2001, 7 * 8766, |_| 1.0).series;
        let all = years(&series);
        let mut seen = BTreeSet::new();
        for half in random_halves(&series) {
            let [first, second] = divide(&series, &half).map(|half| years(&half));
            assert_eq!(first.len(), 3);
            assert!(first.is_disjoint(&second));
            assert_eq!(first.union(&second).copied().collect::<BTreeSet<_>>(), all);
            seen.insert(first);
        }
        // 35 halves are possible; 30 draws of them have about 20 distinct ones.
        assert!(seen.len() > 10, "{}", seen.len());
    }

    #[test]
    fn five_years_are_too_few() {
        let series = sample(2001, 5 * 8766 - 48, |_| 1.0).series;
        assert!(random_halves(&series).is_empty());
    }
}
