//! Mean courses: through the day of each month, the diurnal range, and those that pictures show.

use super::{Distance, Figure, range};
use crate::sample::Sample;
use crate::series::{HOURS, is_usable, mean, standard_deviation};

const DAYS: usize = 365;
const MONTHS: usize = 12;

/// Days on either side that the seasonal profile is smoothed over.
const SMOOTHING_DAYS: usize = 7;

pub(crate) fn figures() -> Vec<Figure> {
    vec![
        Figure {
            source: "VALUE (COST action ES1102), mean by season and hour",
            curve: Box::new(month_hour_mean),
            shown: range,
            ..Figure::counted(
                1,
                "month_hour_mean",
                "Mean by month and hour (range)",
                "Mean by calendar month and hour of day: 288 values. Shown: the largest minus the smallest.",
            )
        },
        Figure {
            source: "VALUE (COST action ES1102), standard deviation by season and hour",
            curve: Box::new(month_hour_sd),
            shown: mean,
            distance: Distance::MeanRelativeDifference,
            ..Figure::counted(
                2,
                "month_hour_sd",
                "Standard deviation by month and hour (mean)",
                "Standard deviation (divisor n) by calendar month and hour of day: 288 values. Shown: their mean.",
            )
        },
        Figure {
            source: "VALUE (COST action ES1102), diurnal temperature range",
            curve: Box::new(diurnal_range),
            shown: mean,
            ..Figure::counted(
                14,
                "diurnal_range",
                "Diurnal range by month (mean)",
                "Mean by calendar month of the day's largest minus its smallest hourly value. Shown: the mean of the 12 months.",
            )
        },
    ]
}

/// Mean by day of year, smoothed: 365 values.
pub(crate) fn seasonal_profile(sample: &Sample) -> Option<Vec<f64>> {
    let mut cells = Cells::new(DAYS);
    for (day, &mean) in sample.series.days.iter().zip(&sample.daily) {
        cells.add((day.day_of_year as usize - 1).min(DAYS - 1), mean);
    }
    let mut smoothed = Cells::new(DAYS);
    for centre in 0..DAYS {
        for shift in 0..=2 * SMOOTHING_DAYS {
            let day = (centre + DAYS + shift - SMOOTHING_DAYS) % DAYS;
            smoothed.sums[centre] += cells.sums[day];
            smoothed.counts[centre] += cells.counts[day];
        }
    }
    smoothed.means()
}

/// Mean by hour of day: 24 values. Where hours are missing, each month weighs as much as it has days.
pub(crate) fn diurnal_profile(sample: &Sample) -> Option<Vec<f64>> {
    if sample.has_gaps {
        return diurnal_profile_by_months(sample);
    }
    let mut cells = Cells::new(HOURS);
    for (_, values) in sample.series.iter() {
        values.iter().enumerate().for_each(|(hour, &value)| cells.add(hour, value));
    }
    cells.means()
}

fn diurnal_profile_by_months(sample: &Sample) -> Option<Vec<f64>> {
    let cells = month_hour_mean(sample)?;
    let mut weights = [0.0; MONTHS];
    sample.series.days.iter().for_each(|day| weights[day.month as usize - 1] += 1.0);
    let at_hour = |hour: usize| -> f64 {
        (0..MONTHS).map(|month| weights[month] * cells[month * HOURS + hour]).sum::<f64>()
    };
    Some((0..HOURS).map(|hour| at_hour(hour) / weights.iter().sum::<f64>()).collect())
}

/// Mean by month and hour of day: 12 x 24 values.
pub(crate) fn month_hour_mean(sample: &Sample) -> Option<Vec<f64>> {
    let mut cells = Cells::new(MONTHS * HOURS);
    for (day, values) in sample.series.iter() {
        let first = (day.month as usize - 1) * HOURS;
        values.iter().enumerate().for_each(|(hour, &value)| cells.add(first + hour, value));
    }
    cells.means()
}

/// Standard deviation (divisor n) by month and hour of day: 12 x 24 values.
fn month_hour_sd(sample: &Sample) -> Option<Vec<f64>> {
    let mut cells = vec![Vec::new(); MONTHS * HOURS];
    for (day, values) in sample.series.iter() {
        let first = (day.month as usize - 1) * HOURS;
        let there = values.iter().enumerate().filter(|(_, value)| !value.is_nan());
        there.for_each(|(hour, &value)| cells[first + hour].push(value));
    }
    let sd = |cell: &Vec<f64>| (!cell.is_empty()).then(|| standard_deviation(cell, 0));
    cells.iter().map(sd).collect()
}

/// Mean by month of the day's largest minus its smallest value: 12 values.
pub(crate) fn diurnal_range(sample: &Sample) -> Option<Vec<f64>> {
    let mut cells = Cells::new(MONTHS);
    for (day, values) in sample.series.iter().filter(|(_, values)| is_usable(values)) {
        cells.add(day.month as usize - 1, range(values));
    }
    cells.means()
}

struct Cells {
    sums: Vec<f64>,
    counts: Vec<u64>,
}

impl Cells {
    fn new(cells: usize) -> Cells {
        Cells { sums: vec![0.0; cells], counts: vec![0; cells] }
    }

    /// Counts a value that is there.
    fn add(&mut self, cell: usize, value: f64) {
        if value.is_nan() {
            return;
        }
        self.sums[cell] += value;
        self.counts[cell] += 1;
    }

    /// The mean of each cell, or `None` if one is empty.
    fn means(&self) -> Option<Vec<f64>> {
        let mean = |(&sum, &count): (&f64, &u64)| (count > 0).then(|| sum / count as f64);
        self.sums.iter().zip(&self.counts).map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::sample;
    use contract::calendar::civil;

    #[test]
    fn the_diurnal_profile_of_a_daily_course_is_that_course() {
        let sample = sample(2001, 365 * 24, |time| f64::from(civil(time).hour).powi(2));
        let profile = diurnal_profile(&sample).unwrap();
        let expected: Vec<f64> = (0..24).map(|hour| f64::from(hour).powi(2)).collect();
        assert_eq!(profile, expected);
        assert_eq!(diurnal_range(&sample).unwrap(), vec![529.0; 12]);
    }

    #[test]
    fn the_seasonal_profile_agrees_with_brute_force() {
        let value = |day: i64| ((day * 37) % 101) as f64;
        let sample = sample(2001, 3 * 365 * 24, |time| value(i64::from(civil(time).day_of_year)));
        let profile = seasonal_profile(&sample).unwrap();
        for centre in 0..365_i64 {
            let days = (centre - 7..=centre + 7).map(|day| value(day.rem_euclid(365) + 1));
            let expected = days.sum::<f64>() / 15.0;
            let got = profile[centre as usize];
            assert!((got - expected).abs() < 1e-9, "day {centre}: {got} is not {expected}");
        }
    }

    #[test]
    fn a_summer_alone_has_no_profile_by_month() {
        let sample = sample(2001, 90 * 24, |_| 1.0);
        assert!(month_hour_mean(&sample).is_none());
        assert!(seasonal_profile(&sample).is_none());
        assert!(diurnal_profile(&sample).is_some());
    }
}
