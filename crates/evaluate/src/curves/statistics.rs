//! What is drawn with a band: the same statistics of each side and of random halves of the real years.

use super::{Curve, extremes, memory, seasons, spectrum, spells};
use crate::climatology;
use crate::sample::daily_means;
use crate::series::Series;

/// Empty where the series is too short.
pub(super) struct Statistics {
    pub(super) autocorrelation: Vec<f64>,
    pub(super) spectrum: Vec<f64>,
    pub(super) seasons: [Vec<f64>; 4],
    pub(super) month_hour_sd: Vec<f64>,
    pub(super) warm_spells: Vec<f64>,
    pub(super) cold_spells: Vec<f64>,
    pub(super) maxima: Vec<f64>,
    pub(super) minima: Vec<f64>,
}

impl Statistics {
    /// With an autocorrelation up to a lag of so many days.
    pub(super) fn of(series: &Series, longest_lag_days: usize) -> Statistics {
        let anomalies = climatology::anomalies(series).unwrap_or_default();
        let daily = daily_means(&anomalies);
        let [warm_spells, cold_spells] = spells::spells(series);
        let [maxima, minima] = extremes::extremes(series);
        Statistics {
            autocorrelation: memory::autocorrelation(&series.runs, &daily, longest_lag_days),
            spectrum: spectrum::power(&series.runs, &anomalies),
            seasons: seasons::quantiles(series),
            month_hour_sd: seasons::month_hour_sd(series),
            warm_spells,
            cold_spells,
            maxima,
            minima,
        }
    }
}

/// The statistics of all sides.
pub(super) struct Compared {
    pub(super) real: Statistics,
    pub(super) generated: Statistics,
    pub(super) other_real: Statistics,
    pub(super) halves: Vec<[Statistics; 2]>,
}

impl Compared {
    /// One statistic, with the band of its values in the halves.
    pub(super) fn curve(&self, of: impl Fn(&Statistics) -> &Vec<f64>) -> Curve {
        let halves = self.halves.as_flattened().iter().map(|half| of(half).clone()).collect();
        self.with_band(of, halves)
    }

    /// One statistic, with the band of one half's values minus the other half's.
    pub(super) fn curve_with_differences(&self, of: impl Fn(&Statistics) -> &Vec<f64>) -> Curve {
        let minus = |a: &Statistics, b: &Statistics| of(a).iter().zip(of(b)).map(|(a, b)| a - b).collect();
        let differences = self.halves.iter().flat_map(|[a, b]| [minus(a, b), minus(b, a)]).collect();
        self.with_band(&of, differences)
    }

    fn with_band(&self, of: impl Fn(&Statistics) -> &Vec<f64>, halves: Vec<Vec<f64>>) -> Curve {
        let [band_low, band_high] = band(&halves);
        Curve {
            real: of(&self.real).clone(),
            generated: of(&self.generated).clone(),
            other_real: of(&self.other_real).clone(),
            band_low,
            band_high,
        }
    }
}

/// The middle 90 % of curves, value by value: the smallest and the largest twentieth are left out.
/// Curves of another length than the first (an odd number of years) are, too.
fn band(curves: &[Vec<f64>]) -> [Vec<f64>; 2] {
    let length = curves.first().map_or(0, Vec::len);
    let curves: Vec<_> = curves.iter().filter(|curve| curve.len() == length).collect();
    let left_out = curves.len() / 20;
    let mut band = [Vec::with_capacity(length), Vec::with_capacity(length)];
    for index in 0..length {
        let mut values: Vec<f64> = curves.iter().map(|curve| curve[index]).collect();
        values.sort_unstable_by(f64::total_cmp);
        band[0].push(values[left_out]);
        band[1].push(values[values.len() - 1 - left_out]);
    }
    band
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_leaves_out_a_twentieth_at_each_end() {
        let curves: Vec<Vec<f64>> = (0..60).rev().map(|i| vec![f64::from(i), f64::from(-i)]).collect();
        assert_eq!(band(&curves), [vec![3.0, -56.0], vec![56.0, -3.0]]);
    }

    #[test]
    fn curves_of_another_length_are_left_out_and_no_curve_has_no_band() {
        assert_eq!(band(&[vec![1.0], vec![2.0], vec![9.0, 9.0]]), [vec![1.0], vec![2.0]]);
        assert!(band(&[]).iter().all(Vec::is_empty));
    }
}
