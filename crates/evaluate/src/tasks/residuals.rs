//! The usual test for faults: an hour is odd if the autoregression's innovation is large. Its threshold is the one
//! that the training years exceed as often as false alarms are asked for.

use std::ops::Range;

use autoregression::ORDER;

use super::autoregression::Autoregression;

/// Hours of a year, for rates.
pub(super) const YEAR_HOURS: f64 = 8766.0;
/// Exceedances this close are one alarm.
const APART_HOURS: usize = 24;
/// Halvings of the threshold's bracket.
const HALVINGS: usize = 50;

pub(super) struct Residuals<'a> {
    autoregression: &'a Autoregression<'a>,
    threshold: f64,
}

impl Residuals<'_> {
    /// `None` without training years.
    pub(super) fn of<'a>(
        autoregression: &'a Autoregression<'a>,
        alarms_per_year: f64,
    ) -> Option<Residuals<'a>> {
        let sizes: Vec<Vec<f64>> = autoregression
            .training_innovations()
            .into_iter()
            .map(|run| run.into_iter().map(f64::abs).collect())
            .collect();
        // With the first hours of each run, but without those that a missing hour leaves unknown.
        let known = |run: &Vec<f64>| run.iter().filter(|size| !size.is_nan()).count() + ORDER.min(run.len());
        let hours: usize = sizes.iter().map(known).sum();
        let wanted = alarms_per_year * hours as f64 / YEAR_HOURS;
        let alarms = |threshold: f64| -> usize {
            let of_run = |run: &Vec<f64>| {
                let above = (0..run.len()).filter(|&hour| run[hour] > threshold);
                together(&above.collect::<Vec<_>>()).len()
            };
            sizes.iter().map(of_run).sum()
        };
        // At one standard deviation an alarm follows another, so that there are no more of them below.
        let largest = sizes.iter().flatten().copied().filter(|size| size.is_finite()).fold(1.0, f64::max);
        let (mut low, mut high) = (1.0, largest);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if alarms(middle) as f64 > wanted { low = middle } else { high = middle }
        }
        (hours > 0).then_some(Residuals { autoregression, threshold: high })
    }

    /// The absolute innovations of values at ascending hours of the grid; NaN where one of the 26 hours before is
    /// missing.
    pub(super) fn sizes(&self, hours: &[usize], values: &[f32]) -> Vec<f64> {
        let mut sizes = Vec::with_capacity(hours.len());
        for run in hours.chunk_by(|a, b| a + 1 == *b) {
            let values = &values[sizes.len()..sizes.len() + run.len()];
            let values: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
            sizes.extend(self.autoregression.innovations(run[0], &values).into_iter().map(f64::abs));
        }
        sizes
    }

    /// The alarms, as hours of the grid.
    pub(super) fn alarms(&self, hours: &[usize], sizes: &[f64]) -> Vec<Range<usize>> {
        let above = hours.iter().zip(sizes).filter(|(_, size)| **size > self.threshold);
        together(&above.map(|(hour, _)| *hour).collect::<Vec<_>>())
    }
}

/// Ascending hours, those together that are less than a day apart.
fn together(hours: &[usize]) -> Vec<Range<usize>> {
    let alarms = hours.chunk_by(|a, b| b - a < APART_HOURS);
    alarms.map(|alarm| alarm[0]..alarm[alarm.len() - 1] + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::autoregression::tests::hours;

    #[test]
    fn exceedances_of_a_day_are_one_alarm() {
        assert_eq!(together(&[5, 28, 52, 100]), [5..29, 52..53, 100..101]);
        assert!(together(&[]).is_empty());
    }

    #[test]
    fn the_training_years_have_as_many_alarms_as_were_asked_for() {
        let hours = hours();
        let autoregression = Autoregression::of(&hours).unwrap();
        let residuals = Residuals::of(&autoregression, 12.0).unwrap();
        let runs = autoregression.training_innovations();
        let count = runs.iter().map(|run| {
            let places: Vec<usize> = (0..run.len()).collect();
            residuals.alarms(&places, &run.iter().map(|size| size.abs()).collect::<Vec<_>>()).len()
        });
        // Five years of 365 days, of 365.25 days one alarm less than 60.
        assert_eq!(count.sum::<usize>(), 59);
        // Hours of the model's own kind have innovations of about 1, in every tenth year one of 4.5.
        assert!((2.9..3.6).contains(&residuals.threshold), "{}", residuals.threshold);
    }

    #[test]
    fn an_hour_after_a_hole_has_no_innovation_for_a_day_and_two_hours() {
        let hours = hours();
        let autoregression = Autoregression::of(&hours).unwrap();
        let residuals = Residuals::of(&autoregression, 12.0).unwrap();
        let first = hours.values.len() - 400;
        let grid: Vec<usize> = (first..first + 100).chain(first + 120..first + 220).collect();
        let values: Vec<f32> = grid.iter().map(|&at| hours.values[at] as f32).collect();
        let sizes = residuals.sizes(&grid, &values);
        let missing: Vec<usize> = (0..200).filter(|&row| sizes[row].is_nan()).collect();
        assert_eq!(missing, (0..26).chain(100..126).collect::<Vec<_>>());
        assert_eq!(residuals.alarms(&grid, &sizes).iter().filter(|alarm| alarm.is_empty()).count(), 0);
    }
}
