//! The distribution of the hours by season, and their standard deviation by month and hour.

use crate::figures::quantile;
use crate::series::{HOURS, Series, present, standard_deviation};

/// The three months of each season, in the pictures' order.
pub(crate) const SEASONS: [(&str, [i8; 3]); 4] = [
    ("December to February", [12, 1, 2]),
    ("March to May", [3, 4, 5]),
    ("June to August", [6, 7, 8]),
    ("September to November", [9, 10, 11]),
];

/// Fewer days of a season say nothing about a quantile of 0.1 %.
const LEAST_DAYS: usize = 80;
/// Fewer days of a month say nothing about its variability.
const LEAST_DAYS_OF_MONTH: usize = 25;

pub(super) const LEVELS_PERCENT: [f64; 29] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 70.0, 75.0, 80.0,
    85.0, 90.0, 92.5, 95.0, 97.0, 98.0, 99.0, 99.5, 99.8, 99.9,
];

/// The quantiles of each season's hours; empty where its days are too few.
pub(super) fn quantiles(series: &Series) -> [Vec<f64>; 4] {
    SEASONS.map(|(_, months)| {
        let days = series.iter().filter(|(day, _)| months.contains(&day.month));
        let mut hours: Vec<f64> = days.flat_map(|(_, values)| present(values)).collect();
        if hours.len() < LEAST_DAYS * HOURS {
            return Vec::new();
        }
        hours.sort_unstable_by(f64::total_cmp);
        LEVELS_PERCENT.iter().map(|level| quantile(&hours, level / 100.0)).collect()
    })
}

/// Standard deviation (divisor n) by month and hour of day, 12 x 24 values; empty if a month has too
/// few days.
pub(super) fn month_hour_sd(series: &Series) -> Vec<f64> {
    let mut cells = vec![Vec::new(); 12 * HOURS];
    for (day, values) in series.iter() {
        let first = (day.month as usize - 1) * HOURS;
        let there = values.iter().enumerate().filter(|(_, value)| !value.is_nan());
        there.for_each(|(hour, &value)| cells[first + hour].push(value));
    }
    if cells.iter().any(|cell| cell.len() < LEAST_DAYS_OF_MONTH) {
        return Vec::new();
    }
    cells.iter().map(|cell| standard_deviation(cell, 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;
    use contract::calendar::civil;

    #[test]
    fn each_season_has_the_quantiles_of_its_own_hours() {
        // Every hour of month m is 100 m + the hour of day.
        let series = sample(2001, 365 * 24, |time| {
            let civil = civil(time);
            100.0 * f64::from(civil.month) + f64::from(civil.hour)
        });
        let quantiles = quantiles(&series.series);
        let median = |season: usize| quantiles[season][14];
        // 31 days at 100, 28 at 200 and 31 at 1200: the middle of 90 days is one at 200.
        assert!((200.0..224.0).contains(&median(0)), "{}", median(0));
        assert!((400.0..424.0).contains(&median(1)) && (700.0..724.0).contains(&median(2)));
        assert!(quantiles[3][0] >= 900.0 && quantiles[3][28] <= 1123.0);
    }

    #[test]
    fn the_standard_deviation_of_a_month_and_hour_is_of_its_days_alone() {
        // In February at 6 o'clock odd days are 3 and even days 1: sd 1; everything else is constant.
        let series = sample(2001, 365 * 24, |time| {
            let civil = civil(time);
            let odd = f64::from(civil.day % 2);
            if (civil.month, civil.hour) == (2, 6) { 1.0 + 2.0 * odd } else { f64::from(civil.month) }
        });
        let sd = month_hour_sd(&series.series);
        assert!((sd[24 + 6] - 1.0).abs() < 1e-12);
        assert!(sd.iter().enumerate().all(|(cell, sd)| cell == 30 || sd.abs() < 1e-9));
    }

    #[test]
    fn half_a_year_has_neither_all_seasons_nor_a_map() {
        let series = sample(2001, 181 * 24, |_| 1.0).series;
        let has = quantiles(&series).map(|season| !season.is_empty());
        assert_eq!(has, [false, true, false, false]);
        assert!(month_hour_sd(&series).is_empty());
    }
}
