//! Values that jump away from their neighbours and back, by the rule of HadISD (Dunn et al. 2012,
//! Climate of the Past 8, 1649-1679, the spike check): up to three hours are a spike if, with the
//! critical jump of their month,
//!
//! - the change into them and the change out of them are at least critical, and of opposite sign;
//! - the changes inside them are less than half of it, and the one before and the one after at most.
//!
//! The critical jump of a calendar month is `6 IQR` of all its changes from hour to hour (the factor
//! is a key), at least 5 times the resolution of the values, and at least 2/3 of the same of its
//! changes over two hours. A month with fewer than 100 changes, or with none in half of its hours,
//! has none. Rain and radiation are not looked at: showers and clouds are spikes.

use contract::artifact::flag;
use contract::calendar;
use contract::variable::{Sampling, Variable};

use super::{resolution, usual_step};
use crate::dataset::Hour;

const LONGEST_SPIKE: usize = 3;
const LEAST_CHANGES: usize = 100;
const LEAST_RESOLUTIONS: f64 = 5.0;
const LEAST_OF_TWO_STEPS: f64 = 2.0 / 3.0;

/// Flags spikes in `hours`, which are in order of time.
pub(super) fn flag(variable: &Variable, hours: &mut [Hour], iqr_factor: f64) {
    if variable.sampling != Sampling::Instantaneous {
        return;
    }
    let Some(step_us) = usual_step(hours) else { return };
    let critical = critical_jumps(hours, step_us, iqr_factor);
    let spikes: Vec<(usize, usize)> = hours
        .chunk_by(|a, b| b.time_us - a.time_us == step_us)
        .scan(0, |first, run| {
            let at = *first;
            *first += run.len();
            Some((at, run))
        })
        .flat_map(|(at, run)| {
            in_run(run, &critical).into_iter().map(move |(from, length)| (at + from, length))
        })
        .collect();
    for (from, length) in spikes {
        for hour in &mut hours[from..from + length] {
            hour.flags |= flag::SPIKE;
        }
    }
}

fn month(hour: &Hour) -> usize {
    usize::from(calendar::civil(hour.time_us).month.unsigned_abs()) - 1
}

/// First position and length of each spike in a run without holes.
fn in_run(run: &[Hour], critical: &[Option<f64>; 12]) -> Vec<(usize, usize)> {
    let change = |to: usize| f64::from(run[to].value) - f64::from(run[to - 1].value);
    let mut spikes = Vec::new();
    // Two hours on each side are needed.
    for from in 2..run.len() {
        let into = change(from);
        let Some(critical) = critical[month(&run[from])].filter(|critical| into.abs() >= *critical) else {
            continue;
        };
        let is_calm = |to: usize| change(to).abs() <= critical / 2.0;
        let found = (1..=LONGEST_SPIKE).filter(|length| from + length + 1 < run.len()).find(|length| {
            let out = change(from + length);
            out.abs() >= critical
                && out.signum() != into.signum()
                && (from + 1..from + length).all(|inside| change(inside).abs() < critical / 2.0)
                && is_calm(from - 1)
                && is_calm(from + length + 1)
        });
        spikes.extend(found.map(|length| (from, length)));
    }
    spikes
}

/// The critical jump of each month of the year.
fn critical_jumps(hours: &[Hour], step_us: i64, iqr_factor: f64) -> [Option<f64>; 12] {
    let least = LEAST_RESOLUTIONS * resolution(hours);
    let spread = |steps: usize| {
        changes(hours, step_us, steps).map(|changes| Some(iqr_factor * interquartile_range(changes)?))
    };
    let (one, two) = (spread(1), spread(2));
    std::array::from_fn(|month| {
        let critical = one[month].filter(|critical| *critical > 0.0)?;
        Some(critical.max(least).max(LEAST_OF_TWO_STEPS * two[month].unwrap_or(0.0)))
    })
}

/// The changes over so many steps, by month; those of hours with any flag but preliminary are left
/// out.
fn changes(hours: &[Hour], step_us: i64, steps: usize) -> [Vec<f64>; 12] {
    let mut of_month: [Vec<f64>; 12] = Default::default();
    for pair in hours.windows(steps + 1) {
        let (first, last) = (&pair[0], &pair[steps]);
        let is_clean = (first.flags | last.flags) & !flag::PRELIMINARY == 0;
        if is_clean && last.time_us - first.time_us == steps as i64 * step_us {
            of_month[month(last)].push(f64::from(last.value) - f64::from(first.value));
        }
    }
    of_month
}

fn interquartile_range(mut values: Vec<f64>) -> Option<f64> {
    if values.len() < LEAST_CHANGES {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    Some(values[values.len() * 3 / 4] - values[values.len() / 4])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{flagged, series};
    use super::*;

    fn t2m() -> &'static Variable {
        Variable::named("t2m").unwrap()
    }

    /// A daily wave of 5 K: its steepest change is 1.3 K an hour, and the range between the
    /// quartiles of its changes over two hours 3.66 K, so that a jump of 14.6 K is critical.
    fn wave() -> Vec<f32> {
        (0..24 * 31).map(|hour| 285.0 + 5.0 * (std::f32::consts::TAU * hour as f32 / 24.0).sin()).collect()
    }

    fn spikes(values: Vec<f32>) -> Vec<usize> {
        let mut hours = series(values);
        flag(t2m(), &mut hours, 6.0);
        flagged(&hours, flag::SPIKE)
    }

    proptest! {
        #[test]
        fn jumps_there_and_back_of_up_to_three_hours_are_found_and_nothing_else(
            at in 10_usize..700, length in 1_usize..6, up: bool, size in 16.0_f32..40.0,
        ) {
            let mut values = wave();
            for value in &mut values[at..at + length] {
                *value += if up { size } else { -size };
            }
            let expected: Vec<usize> = if length <= 3 { (at..at + length).collect() } else { Vec::new() };
            prop_assert_eq!(spikes(values), expected);
        }

        #[test]
        fn jumps_below_the_critical_one_are_not(at in 10_usize..700, size in 0.0_f32..13.2) {
            let mut values = wave();
            values[at] += size;
            prop_assert_eq!(spikes(values), Vec::<usize>::new());
        }
    }

    #[test]
    fn a_front_is_no_spike() {
        let values =
            wave().into_iter().enumerate().map(|(hour, value)| if hour > 300 { value - 20.0 } else { value });
        assert_eq!(spikes(values.collect()), Vec::<usize>::new());
    }

    #[test]
    fn beside_a_missing_hour_nothing_is_judged() {
        let mut values = wave();
        values[300] += 20.0;
        let mut hours = series(values);
        hours.remove(299);
        flag(t2m(), &mut hours, 6.0);
        assert_eq!(flagged(&hours, flag::SPIKE), Vec::<usize>::new());
    }

    #[test]
    fn showers_are_no_spikes() {
        let mut hours =
            series((0..744).map(|hour| if hour % 97 == 0 { 30.0 } else { 0.1 * (hour % 3) as f32 }));
        flag(Variable::named("tp").unwrap(), &mut hours, 6.0);
        assert_eq!(flagged(&hours, flag::SPIKE), Vec::<usize>::new());
    }

    #[test]
    fn values_in_steps_must_jump_five_of_them() {
        // Whole degrees that change by one every other hour: quartiles 0 and 1.
        let values = |jump: f32| {
            let mut values: Vec<f32> = (0..744).map(|hour| 280.0 + (hour / 2 % 9) as f32).collect();
            values[400] += jump;
            values
        };
        assert_eq!(spikes(values(4.0)), Vec::<usize>::new());
        assert_eq!(spikes(values(20.0)), [400]);
    }

    #[test]
    fn series_too_short_to_know_their_changes_are_not_judged() {
        let mut values = wave();
        values.truncate(100);
        values[50] += 30.0;
        assert_eq!(spikes(values), Vec::<usize>::new());
        assert_eq!(spikes(Vec::new()), Vec::<usize>::new());
    }
}
