//! What the periodic AR(26) of the training years says of missing and of coming hours: means and
//! standard deviations of normal distributions, exact for the autoregression.

use autoregression::conditional::conditional;
use autoregression::{ORDER, Process, dot};

use super::hours::Hours;
use crate::rivals::autoregression::Fitted;

/// A normal distribution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Normal {
    pub(crate) mean: f64,
    pub(crate) sd: f64,
}

/// The autoregression on the grid of hours.
pub(crate) struct Autoregression<'a> {
    hours: &'a Hours,
    fitted: Fitted,
    /// The hours minus what is usual, by their standard deviation; NaN where no test hour is.
    standardised: Vec<f64>,
}

impl Autoregression<'_> {
    /// `None` where the training years are too few.
    pub(crate) fn of(hours: &Hours) -> Option<Autoregression<'_>> {
        let fitted = Fitted::of(&hours.training)?;
        let mut found = Autoregression { hours, fitted, standardised: Vec::new() };
        let value = |at| hours.test_value(at).map_or(f64::NAN, |value| found.standardise(at, value));
        found.standardised = (0..hours.values.len()).map(value).collect();
        Some(found)
    }

    fn usual(&self, at: usize) -> Normal {
        let (day, hour) = self.hours.day(at);
        Normal { mean: self.fitted.climatology.of_day(day)[hour], sd: self.fitted.scale.at(day, hour) }
    }

    fn standardise(&self, at: usize, value: f64) -> f64 {
        let usual = self.usual(at);
        (value - usual.mean) / usual.sd
    }

    fn restore(&self, at: usize, mean: f64, variance: f64) -> Normal {
        let usual = self.usual(at);
        Normal { mean: usual.mean + usual.sd * mean, sd: usual.sd * variance.max(0.0).sqrt() }
    }

    /// The hour so many hours after `origin`, given all up to it; `None` where one of the last 26 is missing.
    pub(crate) fn forecast(&self, origin: usize, ahead: usize) -> Option<Normal> {
        let last = self.standardised.get((origin + 1).checked_sub(ORDER)?..=origin)?;
        let seen = self.standardised.get(..=origin + ahead)?;
        if last.iter().any(|value| value.is_nan()) {
            return None;
        }
        let coming: Vec<usize> = (origin + 1..=origin + ahead).collect();
        let of = conditional(self, seen, &coming).pop()??;
        Some(self.restore(origin + ahead, of.mean, of.variance))
    }

    /// The hidden hours, which ascend, given all other test hours; a hidden hour that nothing is known of has the
    /// climatology's spread.
    pub(crate) fn smooth(&self, hidden: &[usize]) -> Vec<Option<Normal>> {
        let moments = conditional(self, &self.standardised, hidden).into_iter().zip(hidden);
        moments.map(|(moments, &at)| moments.map(|of| self.restore(at, of.mean, of.variance))).collect()
    }

    /// The innovations of other values on the hours `first..`, by their standard deviation; NaN where
    /// one of the 26 hours before is missing.
    pub(crate) fn innovations(&self, first: usize, values: &[f64]) -> Vec<f64> {
        let standardised: Vec<f64> =
            values.iter().enumerate().map(|(i, &value)| self.standardise(first + i, value)).collect();
        let innovation = |i: usize| {
            let Some(start) = i.checked_sub(ORDER) else { return f64::NAN };
            let expected = dot(self.coefficients(first + i), &standardised[start..i]);
            (standardised[i] - expected) / self.variance(first + i).sqrt()
        };
        (0..values.len()).map(innovation).collect()
    }

    /// The same of the training years, run after run.
    pub(crate) fn training_innovations(&self) -> Vec<Vec<f64>> {
        self.fitted.innovations(&self.hours.training)
    }
}

impl Process for Autoregression<'_> {
    fn coefficients(&self, at: usize) -> &[f64] {
        let (day, hour) = self.hours.day(at);
        self.fitted.coefficients(day, hour)
    }

    fn variance(&self, at: usize) -> f64 {
        let (day, hour) = self.hours.day(at);
        self.fitted.variance(day, hour)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use autoregression::cholesky;
    use contract::artifact::Split;
    use contract::calendar::{HOUR_US, civil, year_start_us};

    use super::*;
    use crate::sample::tests::Noise;

    /// Six years with a memory of two hours, of which the last is a test year.
    pub(in crate::tasks) fn hours() -> Hours {
        let times: Vec<i64> = (0..6 * 365 * 24 + 24).map(|i| year_start_us(2001) + i * HOUR_US).collect();
        let (mut noise, mut last) = (Noise(7), [0.0; 2]);
        let values: Vec<f32> = times
            .iter()
            .map(|_| {
                let value = 1.2 * last[1] - 0.3 * last[0] + noise.normal();
                last = [last[1], value];
                value as f32
            })
            .collect();
        let split = |time: &i64| Some(if civil(*time).year < 2006 { Split::Train } else { Split::Test });
        let splits: Vec<_> = times.iter().map(split).collect();
        Hours::of(&times, &times, &values, &splits).unwrap()
    }

    /// Means and variances of the last of `count` hours from `first`, given those that are not hidden
    /// and the 26 before, by the dense inverse of the precision of all of them.
    fn dense(found: &Autoregression, first: usize, count: usize, hidden: &[usize]) -> Vec<(f64, f64)> {
        let n = hidden.len();
        let (mut matrix, mut right) = (vec![vec![0.0; n]; n], vec![0.0; n]);
        for at in first..first + count {
            let mut row = vec![0.0; n];
            let mut rest = 0.0;
            for lag in 0..=ORDER {
                let factor = if lag == 0 { 1.0 } else { -found.coefficients(at)[ORDER - lag] };
                match hidden.iter().position(|&hidden| hidden == at - lag) {
                    Some(place) => row[place] = factor,
                    None => rest -= factor * found.standardised[at - lag],
                }
            }
            for i in 0..n {
                right[i] += row[i] * rest / found.variance(at);
                (0..n).for_each(|j| matrix[i][j] += row[i] * row[j] / found.variance(at));
            }
        }
        let means = cholesky::solve(&mut matrix.clone(), right).unwrap();
        let variance = |i: usize| {
            let unit = (0..n).map(|j| f64::from(u8::from(i == j))).collect();
            cholesky::solve(&mut matrix.clone(), unit).unwrap()[i]
        };
        means.iter().enumerate().map(|(i, &mean)| (mean, variance(i))).collect()
    }

    fn check(normal: &Normal, expected: Normal) {
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(
            close(normal.mean, expected.mean) && close(normal.sd, expected.sd),
            "{normal:?} {expected:?}"
        );
    }

    #[test]
    fn smoothing_is_conditioning_on_all_other_hours() {
        let hours = hours();
        let found = Autoregression::of(&hours).unwrap();
        let first = 5 * 365 * 24 + 24 + 1000;
        let hidden: Vec<usize> =
            (first..first + 40).chain([first + 45, first + 58, first + 90, first + 91]).collect();
        let expected = dense(&found, first - 60, 260, &hidden);
        for ((&at, normal), (mean, variance)) in hidden.iter().zip(found.smooth(&hidden)).zip(expected) {
            check(&normal.unwrap(), found.restore(at, mean, variance));
        }
    }

    #[test]
    fn a_forecast_is_conditioning_on_the_hours_before() {
        let hours = hours();
        let found = Autoregression::of(&hours).unwrap();
        let origin = 5 * 365 * 24 + 24 + 2000;
        let coming: Vec<usize> = (origin + 1..=origin + 60).collect();
        let expected = dense(&found, origin + 1, 60, &coming);
        for (&at, (mean, variance)) in coming.iter().zip(expected) {
            check(&found.forecast(origin, at - origin).unwrap(), found.restore(at, mean, variance));
        }
    }
}
