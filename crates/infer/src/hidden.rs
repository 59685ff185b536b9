//! Which hours are hidden.

use contract::calendar::DAY_HOURS;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A rule by which hours are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Each hour by itself, one in ten.
    Random,
    /// Gaps of so many hours, one in so many days; the hour of the day at which they begin changes.
    Gaps { hours: usize, every_days: usize },
}

/// All of them, in the order of the file.
pub(crate) const PATTERNS: [Pattern; 6] = [
    Pattern::Random,
    Pattern::Gaps { hours: 6, every_days: 15 },
    Pattern::Gaps { hours: 24, every_days: 15 },
    Pattern::Gaps { hours: 72, every_days: 30 },
    Pattern::Gaps { hours: 168, every_days: 60 },
    Pattern::Gaps { hours: 720, every_days: 120 },
];

/// Before the first gap and after the last one.
const MARGIN_HOURS: usize = 20 * DAY_HOURS;
/// Hours that each gap begins later in the day than the one before.
const TURN_HOURS: usize = 5;

impl Pattern {
    /// The name in the file.
    pub(crate) fn name(self) -> String {
        match self {
            Pattern::Random => "random-10".to_string(),
            Pattern::Gaps { hours, .. } => format!("gap-{hours}"),
        }
    }

    /// Numbers of the hidden hours of a series of so many, ascending.
    pub(crate) fn hidden(self, length: usize, seed: u64) -> Vec<usize> {
        match self {
            Pattern::Random => {
                let mut random = ChaCha8Rng::seed_from_u64(seed);
                (0..length).filter(|_| random.random_range(0..10) == 0).collect()
            }
            Pattern::Gaps { hours, every_days } => {
                let starts = (MARGIN_HOURS..).step_by(every_days * DAY_HOURS).enumerate();
                let starts = starts.map(|(number, start)| start + number * TURN_HOURS % DAY_HOURS);
                let fits = |start: &usize| start + hours + MARGIN_HOURS <= length;
                starts.take_while(fits).flat_map(|start| start..start + hours).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_have_their_length_and_begin_at_every_hour_of_the_day() {
        let hidden = Pattern::Gaps { hours: 6, every_days: 15 }.hidden(2 * 8760, 0);
        let starts: Vec<usize> =
            hidden.iter().copied().filter(|hour| !hidden.contains(&(hour - 1))).collect();
        assert_eq!(hidden.len(), 6 * starts.len());
        assert_eq!(starts[..3], [480, 480 + 360 + 5, 480 + 720 + 10]);
        let mut hours: Vec<usize> = starts.iter().map(|start| start % 24).collect();
        hours.sort_unstable();
        hours.dedup();
        assert_eq!(hours.len(), 24);
        assert!(hidden.last().unwrap() + MARGIN_HOURS < 2 * 8760);
    }

    #[test]
    fn a_tenth_of_the_hours_is_hidden_at_random() {
        let hidden = Pattern::Random.hidden(100_000, 3);
        // The standard deviation of the number is 95.
        assert!(hidden.len().abs_diff(10_000) < 400, "{}", hidden.len());
        assert_ne!(hidden, Pattern::Random.hidden(100_000, 4));
    }

    #[test]
    fn a_series_that_is_too_short_has_no_gap() {
        assert!(Pattern::Gaps { hours: 720, every_days: 120 }.hidden(1679, 0).is_empty());
        assert_eq!(Pattern::Gaps { hours: 720, every_days: 120 }.hidden(1680, 0).len(), 720);
    }
}
