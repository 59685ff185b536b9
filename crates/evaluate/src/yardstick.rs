//! How much real years differ from real years: the error of one random half of the years against the
//! other, for each figure, over 199 splits. What is generated is measured in it: `E` is its error by the
//! mean of those, `p = (k + 1) / (n + 1)` with the number `k` of the `n` splits whose error is at least as
//! large: what is generated counts as one of them, so that p is never zero and keeps its level.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::figures::Figure;
use crate::halves::halves;
use crate::sample::YearPool;
use crate::series::Series;

/// Fewer whole years do not make two halves that say something.
pub(crate) const LEAST_YEARS: usize = 8;
/// The largest E that counts in a mean: one figure that is far off says no more than that.
pub(crate) const LARGEST_E: f64 = 5.0;
/// A figure is outside of what real years differ by if its p is below this.
pub(crate) const OUTSIDE_SHARE: f64 = 0.05;

/// The errors of all splits, by figure.
pub(crate) struct Yardstick {
    /// `None` where a figure is not counted, undefined in one of the splits, or zero in all of them.
    errors: Vec<Option<Errors>>,
}

struct Errors {
    splits: Vec<f64>,
    mean: f64,
}

/// An error measured by the yardstick.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) e: f64,
    pub(crate) p: f64,
    pub(crate) outside: bool,
}

impl Yardstick {
    /// From all real years, or `None` for fewer than [`LEAST_YEARS`].
    pub(crate) fn of(years: &Series, figures: &[Figure]) -> Option<Yardstick> {
        let count = years.year_days().len();
        if count < LEAST_YEARS {
            return None;
        }
        let pool = YearPool::of(years);
        let splits: Vec<Vec<Option<f64>>> = halves(count)
            .par_iter()
            .map(|is_first| {
                let [a, b] = pool.divide(is_first);
                let error = |figure: &Figure| {
                    let curve = |sample| figure.counted.then(|| (figure.curve)(sample)).flatten();
                    figure.distance.between(&curve(&a)?, &curve(&b)?)
                };
                figures.iter().map(error).collect()
            })
            .collect();
        let of_figure = |index: usize| {
            let errors: Option<Vec<f64>> =
                splits.iter().map(|split| split[index].filter(|error| error.is_finite())).collect();
            Errors::of(errors?)
        };
        Some(Yardstick { errors: (0..figures.len()).map(of_figure).collect() })
    }

    /// The mean error between real halves of that figure; `None` where it is undefined.
    pub(crate) fn real_error(&self, figure: usize) -> Option<f64> {
        self.errors[figure].as_ref().map(|errors| errors.mean)
    }

    /// An error of that figure by the yardstick. One that is infinite has an E of [`LARGEST_E`].
    pub(crate) fn measure(&self, figure: usize, error: f64) -> Option<Measured> {
        self.errors[figure].as_ref().map(|errors| errors.measure(error))
    }
}

impl Errors {
    fn of(splits: Vec<f64>) -> Option<Errors> {
        let mean = crate::series::mean(&splits);
        (mean > 0.0).then_some(Errors { splits, mean })
    }

    fn measure(&self, error: f64) -> Measured {
        let at_least = self.splits.iter().filter(|&&split| split >= error).count();
        let p = (at_least + 1) as f64 / (self.splits.len() + 1) as f64;
        let e = if error.is_finite() { error / self.mean } else { LARGEST_E };
        Measured { e, p, outside: p < OUTSIDE_SHARE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::figures;
    use crate::sample::tests::autoregression;

    #[test]
    fn e_is_the_error_by_the_mean_and_p_counts_larger_errors() {
        let errors = Errors::of((1..=199).map(f64::from).collect()).unwrap();
        assert_eq!(errors.measure(200.0), Measured { e: 2.0, p: 0.005, outside: true });
        assert_eq!(errors.measure(199.0).p, 0.01);
        // Nine splits are as large or larger: p is exactly 0.05, which is inside.
        assert!(errors.measure(192.0).outside && !errors.measure(191.0).outside);
        assert_eq!(errors.measure(191.0).p, 0.05);
        assert_eq!(errors.measure(100.5), Measured { e: 1.005, p: 0.5, outside: false });
        assert_eq!(errors.measure(0.0).p, 1.0);
        assert_eq!(errors.measure(f64::INFINITY), Measured { e: LARGEST_E, p: 0.005, outside: true });
        assert!(Errors::of(vec![0.0; 199]).is_none());
    }

    #[test]
    fn seven_years_have_no_yardstick() {
        let sample = autoregression(0.9, (7 * 365 + 1) * 24);
        assert!(Yardstick::of(&sample.series, &figures()).is_none());
    }
}
