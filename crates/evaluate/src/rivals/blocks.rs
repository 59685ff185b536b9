//! Blocks of real training days in a row, from the same season, one after another: independent of each
//! other, or each chosen so that it goes on from where the last one ended (k nearest neighbours; Lall
//! and Sharma 1996). Definitions of the project's `scorecard.py`.

use super::Material;
use crate::random::Random;
use crate::series::{Day, HOURS, mean};

/// How far a block's first day may lie from the day to fill, in days of the year.
const WINDOW_DAYS: i32 = 12;
const LONGEST_YEAR: i32 = 366;
const CHAINED_DAYS: usize = 4;
const NEIGHBOURS: usize = 8;

/// Blocks of `DAYS` days, drawn without regard to the day before.
pub(super) fn independent<const DAYS: usize>(
    material: &Material,
    random: &mut Random,
) -> Result<Vec<f64>, String> {
    fill(material, DAYS, |_, starts| random.choose(starts))
}

/// Blocks of 4 days, each one of the 8 whose day before is nearest to the last day so far: by the
/// difference of daily means plus that of the last hours.
pub(super) fn chained(material: &Material, random: &mut Random) -> Result<Vec<f64>, String> {
    fill(material, CHAINED_DAYS, |so_far, starts| {
        let Some(last_day) = so_far.rchunks_exact(HOURS).next() else { return random.choose(starts) };
        let (last_mean, last) = (mean(last_day), last_day[HOURS - 1]);
        let mut ranked: Vec<(f64, usize)> = starts
            .iter()
            .map(|&start| {
                let before = start - 1;
                let last_hour = material.whole.values[before * HOURS + HOURS - 1];
                ((material.daily[before] - last_mean).abs() + (last_hour - last).abs(), start)
            })
            .collect();
        ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        ranked.truncate(NEIGHBOURS);
        random.choose(&ranked).1
    })
}

/// Fills the axis with blocks of training days. `choose` is given the values so far and the first days
/// that a block can have.
fn fill(
    material: &Material,
    block_days: usize,
    mut choose: impl FnMut(&[f64], &[usize]) -> usize,
) -> Result<Vec<f64>, String> {
    let starts = starts(material, block_days);
    let wanted = material.axis.len() * HOURS;
    let mut values = Vec::with_capacity(wanted);
    while values.len() < wanted {
        let day = &material.axis[values.len() / HOURS];
        let starts = &starts[day.day_of_year as usize - 1];
        if starts.is_empty() {
            return Err(format!(
                "no block of {block_days} training days starts within {WINDOW_DAYS} days of day {} of the year",
                day.day_of_year
            ));
        }
        let start = choose(&values, starts) * HOURS;
        let length = (block_days * HOURS).min(wanted - values.len());
        values.extend_from_slice(&material.whole.values[start..start + length]);
    }
    Ok(values)
}

/// For each day of year, the training days that a block can start with: all its days are whole, and so
/// is a day before it. Years are taken one after another as they are; within a year no day is missing.
fn starts(material: &Material, block_days: usize) -> Vec<Vec<usize>> {
    let days = &material.whole.days;
    let last = days.len().saturating_sub(block_days);
    let is_gap = |pair: &[Day]| {
        (pair[0].member, pair[0].year) == (pair[1].member, pair[1].year)
            && pair[0].number + 1 < pair[1].number
    };
    // The number of gaps before each day.
    let mut gaps = vec![0; days.len().min(1)];
    gaps.extend(days.windows(2).scan(0, |gaps, pair| {
        *gaps += usize::from(is_gap(pair));
        Some(*gaps)
    }));
    let near = |a: i32, b: i32| {
        let half = LONGEST_YEAR / 2;
        ((a - b + half).rem_euclid(LONGEST_YEAR) - half).abs() <= WINDOW_DAYS
    };
    let of_day = |day_of_year: i32| {
        let fits = |index: &usize| {
            near(i32::from(days[*index].day_of_year), day_of_year)
                && gaps[*index - 1] == gaps[*index + block_days - 1]
        };
        (1..last).filter(fits).collect()
    };
    (1..=LONGEST_YEAR).map(of_day).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rivals::tests::material;

    #[test]
    fn independent_blocks_are_training_days_of_the_same_season() {
        let material = material();
        let values = independent::<4>(&material, &mut Random::of("test")).unwrap();
        for (index, (day, values)) in material.axis.iter().zip(values.chunks_exact(HOURS)).enumerate() {
            let source = (0..material.daily.len()).find(|&source| material.day(source) == values).unwrap();
            let apart = i32::from(material.whole.days[source].day_of_year) - i32::from(day.day_of_year);
            let apart = (apart + 183).rem_euclid(366) - 183;
            // A block's later days drift by a day where a leap day or the end of a year lies between.
            assert!(apart.abs() <= 13, "day {index} is {apart} days from its season");
        }
    }

    #[test]
    fn chained_blocks_join_better_than_independent_ones() {
        let material = material();
        let joins = |values: &[f64]| -> f64 {
            let joins = (4 * HOURS..values.len()).step_by(4 * HOURS);
            joins.map(|at| (values[at] - values[at - 1]).abs()).sum()
        };
        let independent = joins(&independent::<4>(&material, &mut Random::of("test")).unwrap());
        let chained = joins(&chained(&material, &mut Random::of("test")).unwrap());
        assert!(chained < 0.5 * independent, "{chained} against {independent}");
    }
}
