//! Amounts that are accumulated since midnight UTC, as ERA5-Land's are, made amounts of each hour. In
//! ERA5 itself they are those of each hour already; no attribute tells the two apart, so the values
//! have to.

use contract::calendar::{DAY_US, HOUR_US};

use crate::dataset::Hour;

/// At least so many days with rain or sun decide.
const FEWEST_DAYS: usize = 5;
/// Of them at least this share must never fall: a sum never does, and hourly amounts do nearly every
/// day.
const LEAST_SHARE: f64 = 0.9;

/// True if the values grow through each day, from 01:00 to 24:00 UTC, and start again after it.
pub(crate) fn is_since_midnight(hours: &[Hour]) -> bool {
    let days = hours.chunk_by(|a, b| day(a) == day(b)).filter(|day| day.len() == 24);
    let wet: Vec<&[Hour]> = days.filter(|day| day.iter().any(|hour| hour.value > 0.0)).collect();
    // Packing moves equal sums by its step, far less than a thousandth of a day's amount.
    let grows = |day: &&&[Hour]| {
        let most = day.iter().fold(0.0_f32, |most, hour| most.max(hour.value));
        day.windows(2).all(|pair| pair[1].value >= pair[0].value - 1e-3 * most)
    };
    wet.len() >= FEWEST_DAYS && wet.iter().filter(grows).count() as f64 >= LEAST_SHARE * wet.len() as f64
}

/// The amount of each hour; missing where the hour before is.
pub(crate) fn of_each_hour(hours: &[Hour]) -> Vec<Hour> {
    let mut before: Option<&Hour> = None;
    let mut amounts = Vec::with_capacity(hours.len());
    for hour in hours {
        let is_first_of_day = (hour.time_us - HOUR_US).rem_euclid(DAY_US) == 0;
        let follows = before.filter(|before| hour.time_us - before.time_us == HOUR_US);
        let since = if is_first_of_day { Some(0.0) } else { follows.map(|before| f64::from(before.value)) };
        if let Some(since) = since {
            // A sum that falls by the step of its packing stands for nothing.
            amounts.push(Hour { value: (f64::from(hour.value) - since).max(0.0) as f32, ..*hour });
        }
        before = Some(hour);
    }
    amounts
}

/// The day whose sum an hour belongs to: 00:00 is the last hour of the day before.
fn day(hour: &Hour) -> i64 {
    (hour.time_us - HOUR_US).div_euclid(DAY_US)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn series(amounts: &[f32]) -> Vec<Hour> {
        let hour = |(hour, value): (usize, &f32)| Hour {
            time_us: (hour as i64 + 1) * HOUR_US,
            value: *value,
            flags: 0,
        };
        amounts.iter().enumerate().map(hour).collect()
    }

    fn sums(amounts: &[f32]) -> Vec<Hour> {
        let of_day = |day: &[f32]| -> Vec<f32> {
            let mut sum = 0.0;
            day.iter()
                .map(|amount| {
                    sum += amount;
                    sum
                })
                .collect()
        };
        series(&amounts.chunks(24).flat_map(of_day).collect::<Vec<_>>())
    }

    proptest! {
        /// Whole numbers, whose sums are exact.
        #[test]
        fn sums_since_midnight_come_back_as_the_amounts(
            amounts in prop::collection::vec((0_u8..40).prop_map(|x| f32::from(x.saturating_sub(25))), 24 * 12),
        ) {
            prop_assert!(is_since_midnight(&sums(&amounts)));
            prop_assert_eq!(of_each_hour(&sums(&amounts)), series(&amounts));
            prop_assert!(!is_since_midnight(&series(&amounts)));
        }
    }

    #[test]
    fn the_sun_of_each_hour_is_no_sum() {
        let sun = |hour: usize| (-(std::f64::consts::TAU * hour as f64 / 24.0).cos()).max(0.0) as f32 * 800.0;
        let amounts: Vec<f32> = (1..=24 * 30).map(sun).collect();
        assert!(!is_since_midnight(&series(&amounts)));
        assert!(is_since_midnight(&sums(&amounts)));
        assert!(!is_since_midnight(&series(&[0.0; 24 * 30])));
        assert!(!is_since_midnight(&sums(&amounts[..24 * 3])));
    }

    #[test]
    fn an_hour_after_a_hole_is_missing_but_for_the_first_of_a_day() {
        let mut hours = sums(&[1.0; 48]);
        hours.remove(30);
        hours.remove(23);
        let amounts = of_each_hour(&hours);
        let times: Vec<i64> = amounts.iter().map(|hour| hour.time_us / HOUR_US).collect();
        let expected: Vec<i64> = (1..=48).filter(|hour| ![24, 31, 32].contains(hour)).collect();
        assert_eq!(times, expected);
        assert!(amounts.iter().all(|hour| hour.value == 1.0));
    }
}
