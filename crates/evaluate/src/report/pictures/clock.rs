//! The axis of an excerpt: hours from its first one, with dates.

use contract::calendar::{DAY_US, HOUR_US, civil, parse_date};

use super::MONTHS;
use crate::plot::Axis;

const MOST_TICKS: i64 = 5;

/// Local midnights of an excerpt that begins at `first` (`2004-03-01T07:00`), an hour a unit.
pub(super) fn axis(first: &str, hours: usize) -> Axis {
    let midnight = first.get(..10).and_then(parse_date).unwrap_or(0);
    let hour: i64 = first.get(11..13).and_then(|hour| hour.parse().ok()).unwrap_or(0);
    let days = (hour + hours as i64) / 24;
    let step = (days + MOST_TICKS - 1) / MOST_TICKS;
    let tick = |day: i64| {
        let date = civil(midnight + day * DAY_US);
        let month = MONTHS[(date.month as usize).saturating_sub(1) % MONTHS.len()];
        let at = (day * DAY_US / HOUR_US - hour) as f64;
        (at, format!("{} {month}", date.day))
    };
    let first_day = i64::from(hour > 0);
    let ticks = (first_day..=days).step_by(step.max(1) as usize).map(tick).collect();
    Axis { label: String::new(), range: 0.0..(hours.saturating_sub(1)) as f64, ticks, is_log: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_midnights() {
        let ticks = axis("2004-02-28T07:00", 60).ticks;
        assert_eq!(ticks, [(17.0, "29 Feb".to_string()), (41.0, "1 Mar".to_string())]);
        assert_eq!(axis("2004-12-31T00:00", 24 * 14 + 1).ticks.len(), 5);
    }
}
