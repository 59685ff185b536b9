//! Means over seeds with their uncertainty, and differences of two.

use super::student::two_sided_95;

/// The mean of some values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Estimate {
    pub count: usize,
    pub mean: f64,
    /// Of half of the 95 % interval; `None` with one value, which says nothing of chance.
    pub half_width: Option<f64>,
    /// The unbiased variance; 0 with one value.
    variance: f64,
}

/// A difference of two means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Change {
    pub mean: f64,
    /// Of half of the 95 % interval; `None` where a side has one value.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// `None` without values.
    pub fn of(values: &[f64]) -> Option<Estimate> {
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let variance = if count > 1 { squares / (count as f64 - 1.0) } else { 0.0 };
        let half_width =
            (count > 1).then(|| two_sided_95(count as f64 - 1.0) * (variance / count as f64).sqrt());
        Some(Estimate { count, mean, half_width, variance })
    }

    pub fn interval(&self) -> Option<[f64; 2]> {
        self.half_width.map(|half| [self.mean - half, self.mean + half])
    }

    /// This mean minus another, with Welch's interval (Welch 1947; degrees of freedom by Satterthwaite).
    pub fn minus(&self, other: &Estimate) -> Change {
        let mean = self.mean - other.mean;
        if self.count < 2 || other.count < 2 {
            return Change { mean, half_width: None };
        }
        let parts = [self, other].map(|side| (side.variance / side.count as f64, side.count as f64 - 1.0));
        let variance: f64 = parts.iter().map(|(part, _)| part).sum();
        if variance == 0.0 {
            return Change { mean, half_width: Some(0.0) };
        }
        let degrees =
            variance.powi(2) / parts.iter().map(|(part, degrees)| part.powi(2) / degrees).sum::<f64>();
        Change { mean, half_width: Some(two_sided_95(degrees) * variance.sqrt()) }
    }
}

impl Change {
    pub fn interval(&self) -> Option<[f64; 2]> {
        self.half_width.map(|half| [self.mean - half, self.mean + half])
    }

    /// True if chance between seeds does not explain it: the interval leaves out 0.
    pub fn is_beyond_chance(&self) -> bool {
        self.half_width.is_some_and(|half| self.mean.abs() > half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 5e-4 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    #[test]
    fn an_interval_is_that_of_a_calculation_by_hand() {
        // Mean 3, variance 2.5, standard error 0.70711, times 2.776.
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        let [low, high] = estimate.interval().unwrap();
        near(low, 3.0 - 1.9632);
        near(high, 3.0 + 1.9632);
    }

    #[test]
    fn one_value_has_no_interval_and_none_no_mean() {
        let one = Estimate::of(&[2.0]).unwrap();
        assert_eq!((one.mean, one.interval()), (2.0, None));
        assert_eq!(Estimate::of(&[]), None);
        let two = Estimate::of(&[1.0, 2.0]).unwrap();
        assert_eq!(one.minus(&two), Change { mean: 0.5, half_width: None });
        assert!(!one.minus(&two).is_beyond_chance());
    }

    /// R's `t.test(extra ~ group, data = sleep)`, Student's own data: t = -1.8608, df = 17.776, 95 percent
    /// confidence interval -3.3654832 to 0.2054832.
    #[test]
    fn welchs_interval_is_that_of_students_sleep_data() {
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let change = Estimate::of(&first).unwrap().minus(&Estimate::of(&second).unwrap());
        let [low, high] = change.interval().unwrap();
        assert!((low + 3.365_483_2).abs() < 1e-6 && (high - 0.205_483_2).abs() < 1e-6, "{low} {high}");
        assert!(!change.is_beyond_chance());
    }

    #[test]
    fn without_chance_every_difference_counts() {
        let same = |value: f64| Estimate::of(&[value, value]).unwrap();
        assert!(same(2.0).minus(&same(1.0)).is_beyond_chance());
        assert!(!same(1.0).minus(&same(1.0)).is_beyond_chance());
    }
}
