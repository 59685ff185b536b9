//! What stands in for missing hours where a figure needs something in their place: what is usual in their
//! month and at their hour, or a straight line between the hours beside them. A series without a missing
//! hour is changed in no bit.

use crate::series::{Day, HOURS, Series, is_complete, is_usable, mean};

const MONTHS: usize = 12;
const CELLS: usize = MONTHS * HOURS;

/// The mean of each month and hour of day over all years: means of what is there are taken of the
/// differences from it, so that a missing winter warms no year and a missing night no day.
pub(crate) struct MonthHours {
    /// NaN where there is no hour.
    means: Vec<f64>,
}

impl MonthHours {
    pub(crate) fn of(series: &Series) -> MonthHours {
        MonthHours::of_each(series, |value| value)
    }

    /// Of something of each hour.
    pub(crate) fn of_each(series: &Series, each: impl Fn(f64) -> f64) -> MonthHours {
        let mut sums = vec![(0.0, 0.0); CELLS];
        for (day, values) in series.iter() {
            let cells = &mut sums[first_cell(day)..][..HOURS];
            for (sum, &value) in cells.iter_mut().zip(values).filter(|(_, value)| !value.is_nan()) {
                *sum = (sum.0 + each(value), sum.1 + 1.0);
            }
        }
        MonthHours { means: sums.into_iter().map(|(sum, count)| sum / count).collect() }
    }

    /// The means of a day's 24 hours.
    pub(crate) fn of_day(&self, day: &Day) -> &[f64] {
        &self.means[first_cell(day)..][..HOURS]
    }

    /// The mean of a day; NaN where it has too few hours.
    pub(crate) fn mean_of_day(&self, day: &Day, values: &[f64]) -> f64 {
        match () {
            () if is_complete(values) => mean(values),
            () if is_usable(values) => self.mean_of(std::iter::once((day, values))),
            () => f64::NAN,
        }
    }

    /// The mean of all hours of some days: of what is usual at each of them, and of how far those that are
    /// there are from it.
    pub(crate) fn mean_of<'a>(&self, days: impl Iterator<Item = (&'a Day, &'a [f64])>) -> f64 {
        let (mut usual, mut hours) = (0.0, 0.0);
        let (mut apart, mut there) = (0.0, 0.0);
        for (day, values) in days {
            for (&expected, &value) in
                self.of_day(day).iter().zip(values).filter(|(usual, _)| !usual.is_nan())
            {
                usual += expected;
                hours += 1.0;
                if !value.is_nan() {
                    apart += value - expected;
                    there += 1.0;
                }
            }
        }
        usual / hours + apart / there
    }
}

/// The place of a month's first hour among 12 x 24.
pub(crate) fn first_cell(day: &Day) -> usize {
    (day.month as usize - 1) * HOURS
}

/// The values with straight lines over the missing ones, and the nearest value before the first and after
/// the last. Nothing of nothing.
pub(crate) fn bridged(values: &[f64]) -> Vec<f64> {
    let mut bridged = values.to_vec();
    let known: Vec<usize> = (0..values.len()).filter(|&at| !values[at].is_nan()).collect();
    let (Some(&first), Some(&last)) = (known.first(), known.last()) else { return bridged };
    bridged[..first].fill(values[first]);
    bridged[last..].fill(values[last]);
    for pair in known.windows(2).filter(|pair| pair[0] + 1 < pair[1]) {
        let (from, to) = (pair[0], pair[1]);
        let step = (values[to] - values[from]) / (to - from) as f64;
        let gap = bridged[from + 1..to].iter_mut();
        gap.zip(1..).for_each(|(value, passed)| *value = values[from] + step * f64::from(passed));
    }
    bridged
}

/// The lengths of gaps, as ranges of places.
pub(crate) fn gaps(values: &[f64]) -> Vec<std::ops::Range<usize>> {
    let mut gaps: Vec<std::ops::Range<usize>> = Vec::new();
    for at in (0..values.len()).filter(|&at| values[at].is_nan()) {
        match gaps.last_mut() {
            Some(gap) if gap.end == at => gap.end += 1,
            _ => gaps.push(at..at + 1),
        }
    }
    gaps
}

/// The quantile of hours in which each month weighs as much as it has hours in a year, whatever is missing
/// of it: the value that the share `probability` of the months' hours lies below, each month's own share
/// interpolated linearly between its ascending hours.
pub(crate) fn month_weighted_quantile(by_month: &[Vec<f64>], weights: &[f64], probability: f64) -> f64 {
    let total: f64 = weights.iter().sum();
    let share_below = |value: f64| {
        let months = by_month.iter().zip(weights).filter(|(hours, _)| !hours.is_empty());
        months.map(|(hours, weight)| weight * level(hours, value)).sum::<f64>() / total
    };
    let ends = || by_month.iter().filter(|hours| !hours.is_empty());
    let mut low = ends().map(|hours| hours[0]).fold(f64::INFINITY, f64::min);
    let mut high = ends().map(|hours| hours[hours.len() - 1]).fold(f64::NEG_INFINITY, f64::max);
    // Halved until nothing is between them.
    loop {
        let middle = 0.5 * (low + high);
        if !(low < middle && middle < high) {
            return middle;
        }
        *(if share_below(middle) < probability { &mut low } else { &mut high }) = middle;
    }
}

/// The inverse of the linearly interpolated quantile.
fn level(ascending: &[f64], value: f64) -> f64 {
    let above = ascending.partition_point(|&other| other <= value);
    let last = ascending.len() - 1;
    match above {
        0 => 0.0,
        above if above > last => 1.0,
        above => {
            let (low, high) = (ascending[above - 1], ascending[above]);
            ((above - 1) as f64 + (value - low) / (high - low)) / last as f64
        }
    }
}

#[cfg(test)]
mod tests {
    use contract::calendar::civil;

    use super::*;
    use crate::figures::quantile;
    use crate::sample::tests::{Noise, sample};

    #[test]
    fn a_missing_winter_warms_no_year_and_a_missing_night_no_day() {
        // A pure course of month and hour: a mean of what is there alone would be far off.
        let course = |time: i64| {
            let civil = civil(time);
            -10.0 * f64::from((civil.month - 7).abs()) + f64::from(civil.hour)
        };
        let whole = sample(2001, 2 * 365 * 24, course).series;
        let gappy = sample(2001, 2 * 365 * 24, |time| {
            let civil = civil(time);
            let winter = (civil.year, civil.month) == (2002, 1);
            let night = civil.day == 5 && civil.hour < 4;
            if winter || night { f64::NAN } else { course(time) }
        });
        let series = gappy.series.real_years();
        let usual = MonthHours::of(&series);
        for days in series.year_days() {
            let of_year = |series: &Series| {
                let days = days.clone().map(|day| (&series.days[day], series.day(day)));
                days.map(|(day, values)| (*day, values.to_vec())).collect::<Vec<_>>()
            };
            let brute = mean(&of_year(&whole).into_iter().flat_map(|(_, values)| values).collect::<Vec<_>>());
            let found = usual.mean_of(of_year(&series).iter().map(|(day, values)| (day, values.as_slice())));
            assert!((found - brute).abs() < 1e-9, "{found} {brute}");
        }
        let (daily, expected) = (series.daily_means(), whole.daily_means());
        for (day, (found, expected)) in daily.iter().zip(&expected).enumerate() {
            let january = (series.days[day].year, series.days[day].month) == (2002, 1);
            assert_eq!(found.is_nan(), january, "{day}");
            assert!(january || (found - expected).abs() < 1e-9, "{day}: {found} {expected}");
        }
    }

    #[test]
    fn a_bridge_is_a_straight_line() {
        let nan = f64::NAN;
        assert_eq!(bridged(&[nan, 1.0, nan, nan, 4.0, 2.0, nan]), [1.0, 1.0, 2.0, 3.0, 4.0, 2.0, 2.0]);
        assert!(bridged(&[nan, nan]).iter().all(|value| value.is_nan()));
        assert_eq!(gaps(&[nan, 1.0, nan, nan, 4.0, nan]), [0..1, 2..4, 5..6]);
    }

    #[test]
    fn with_the_weights_of_its_own_hours_a_weighted_quantile_is_the_plain_one() {
        let mut noise = Noise(4);
        let mut by_month: Vec<Vec<f64>> =
            (0..12).map(|month| (0..2000).map(|_| f64::from(month) + noise.normal()).collect()).collect();
        by_month.iter_mut().for_each(|month| month.sort_by(f64::total_cmp));
        let mut all = by_month.concat();
        all.sort_by(f64::total_cmp);
        for probability in [0.001, 0.1, 0.5, 0.999] {
            let found = month_weighted_quantile(&by_month, &[1.0; 12], probability);
            // The places of the months' ends differ by less than an hour each.
            let near =
                [-12.0, 12.0].map(|hours| quantile(&all, (probability + hours / 24_000.0).clamp(0.0, 1.0)));
            assert!(near[0] <= found && found <= near[1], "{probability}: {found} {near:?}");
        }
        // Half of January is gone: the plain quantile is too high, the weighted one stays.
        let plain = quantile(&all, 0.05);
        by_month[0] = by_month[0].iter().copied().step_by(2).collect();
        let mut rest = by_month.concat();
        rest.sort_by(f64::total_cmp);
        let weighted = month_weighted_quantile(&by_month, &[1.0; 12], 0.05);
        assert!((weighted - plain).abs() < 0.02 && quantile(&rest, 0.05) - plain > 0.1, "{weighted} {plain}");
    }
}
