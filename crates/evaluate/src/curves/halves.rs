//! Random halves of the real years: what they differ by is what a generated series may differ by.

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::series::{HOURS, Hour, Series};
use contract::calendar::{DAY_US, HOUR_US};

const SPLITS: usize = 30;
const SEED: u64 = 1;
/// Halves of fewer years say little.
const LEAST_YEARS: usize = 6;

/// Thirty random divisions of the years into two halves, each as the years of its first one; of an odd
/// number the second half has one more. None for fewer than six years.
pub(super) fn random_halves(series: &Series) -> Vec<BTreeSet<i16>> {
    let years: BTreeSet<i16> = series.days.iter().map(|day| day.year).collect();
    let years: Vec<i16> = years.into_iter().collect();
    let splits = if years.len() < LEAST_YEARS { 0 } else { SPLITS };
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut first_half =
        || shuffled(&years, &mut random)[..years.len() / 2].iter().copied().collect::<BTreeSet<i16>>();
    (0..splits).map(|_| first_half()).collect()
}

/// The days of these years, and all others.
pub(super) fn divide(series: &Series, first: &BTreeSet<i16>) -> [Series; 2] {
    [true, false].map(|is_first| of_years(series, |year| first.contains(&year) == is_first))
}

/// Fisher and Yates's shuffle.
fn shuffled(years: &[i16], random: &mut ChaCha8Rng) -> Vec<i16> {
    let mut years = years.to_vec();
    for last in (1..years.len()).rev() {
        let other = (random.next_u64() % (last as u64 + 1)) as usize;
        years.swap(last, other);
    }
    years
}

fn of_years(series: &Series, keep: impl Fn(i16) -> bool) -> Series {
    let days = series.iter().filter(|(day, _)| keep(day.year));
    Series::of(days.flat_map(|(day, values)| {
        (0..HOURS).map(move |hour| Hour {
            member: day.member,
            local_us: day.number * DAY_US + hour as i64 * HOUR_US,
            value: values[hour],
        })
    }))
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
