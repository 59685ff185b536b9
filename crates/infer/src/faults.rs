//! Faults put into a series, to see whether they are found: five kinds, three sizes each, at places that a seed
//! decides. The sizes are in units of the standard deviation of the hours around their climatology:
//!
//! | kind | sizes 1, 2, 3 |
//! |---|---|
//! | spike | one hour, 1, 2, 4 sd up or down |
//! | stuck | 6, 12, 24 hours repeat the value of the hour before them |
//! | drift | a ramp to 1, 2, 4 sd after 15 days, which then ends |
//! | level shift | 0.5, 1, 2 sd up or down for 10 days |
//! | wrong phase | 10 days of the values of 1, 3, 6 hours earlier |

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::detect::FaultKind;

/// About so many hours lie between the starts of two faults.
const SPACING_HOURS: usize = 30 * 24;
const DRIFT_HOURS: usize = 15 * 24;
const SHIFT_HOURS: usize = 10 * 24;
const SIZES: usize = 3;

/// A series with faults in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Faulty {
    pub values: Vec<f32>,
    /// 0 where there is no fault, else 1 to 3.
    pub sizes: Vec<i32>,
}

/// Puts faults of one kind into consecutive hours of one unit; NaN stays NaN. `sd` is that of the hours around
/// their climatology, in that unit.
pub fn inject(values: &[f32], kind: FaultKind, sd: f64, seed: u64) -> Faulty {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(kind as u64);
    let mut faulty = Faulty { values: values.to_vec(), sizes: vec![0; values.len()] };
    let mut period = 0;
    while period + SPACING_HOURS <= values.len() {
        // Somewhere in the first half of the period: the longest fault is half of it.
        let start = period + 24 + random.random_range(0..SPACING_HOURS / 2 - 48);
        let sign = if random.random_bool(0.5) { 1.0 } else { -1.0 };
        let size = (period / SPACING_HOURS) % SIZES;
        let hours = hours_of(kind, size);
        for hour in start..start + hours {
            faulty.values[hour] = faulty_hour(values, kind, size, start, hour, sign * sd);
            faulty.sizes[hour] = size as i32 + 1;
        }
        period += SPACING_HOURS;
    }
    faulty
}

fn hours_of(kind: FaultKind, size: usize) -> usize {
    match kind {
        FaultKind::Spike => 1,
        FaultKind::Stuck => [6, 12, 24][size],
        FaultKind::Drift => DRIFT_HOURS,
        FaultKind::LevelShift | FaultKind::WrongPhase => SHIFT_HOURS,
    }
}

fn faulty_hour(values: &[f32], kind: FaultKind, size: usize, start: usize, hour: usize, sd: f64) -> f32 {
    let plus = |departure: f64| (f64::from(values[hour]) + departure * sd) as f32;
    match kind {
        FaultKind::Spike => plus([1.0, 2.0, 4.0][size]),
        FaultKind::Stuck => values[start - 1],
        FaultKind::Drift => plus([1.0, 2.0, 4.0][size] * (hour + 1 - start) as f64 / DRIFT_HOURS as f64),
        FaultKind::LevelShift => plus([0.5, 1.0, 2.0][size]),
        FaultKind::WrongPhase => values[hour - [1, 3, 6][size]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_each_size_comes_every_thirty_days_and_nothing_else_changes() {
        let values: Vec<f32> = (0..SPACING_HOURS * 6).map(|hour| hour as f32).collect();
        for kind in FaultKind::ALL {
            let faulty = inject(&values, kind, 2.0, 5);
            assert_eq!(faulty, inject(&values, kind, 2.0, 5));
            for (number, period) in faulty.sizes.chunks(SPACING_HOURS).enumerate() {
                let size = number % 3;
                let hours = period.iter().filter(|found| **found == size as i32 + 1).count();
                assert_eq!(hours, hours_of(kind, size), "{kind:?}");
                assert_eq!(period.iter().filter(|size| **size == 0).count(), SPACING_HOURS - hours);
            }
            for hour in 0..values.len() {
                assert_eq!(faulty.values[hour] == values[hour], faulty.sizes[hour] == 0, "{kind:?} {hour}");
            }
        }
        let slipped = inject(&values, FaultKind::WrongPhase, 2.0, 5);
        let first = slipped.sizes.iter().position(|size| *size == 2).unwrap();
        assert_eq!(slipped.values[first], values[first] - 3.0);
        let drift = inject(&values, FaultKind::Drift, 2.0, 5);
        let last = drift.sizes.iter().rposition(|size| *size == 3).unwrap();
        assert_eq!((drift.values[last] - values[last]).abs(), 8.0);
    }
}
