//! The list of figures. Each is a curve (or one number) computed from a sample, a way to show it as
//! one number, and a distance between two curves. To add one, write it in a file of its own and add
//! its group to [`GROUPS`].

mod anomalies;
mod autocorrelation;
mod distance;
mod profiles;
mod quantiles;
mod slopes;

use serde::{Deserialize, Serialize};

use crate::evaluate::EvaluateConfig;
use crate::sample::Sample;

pub(crate) use autocorrelation::anomaly_autocorrelation;
pub(crate) use distance::Distance;
pub(crate) use profiles::{diurnal_profile, diurnal_range, seasonal_profile};
pub(crate) use quantiles::quantile;

/// Every group of figures, in the report's order.
const GROUPS: &[fn(&EvaluateConfig) -> Vec<Figure>] =
    &[slopes::figures, profiles::figures, quantiles::figures, autocorrelation::figures, anomalies::figures];

/// All figures.
pub(crate) fn figures(config: &EvaluateConfig) -> Vec<Figure> {
    GROUPS.iter().flat_map(|group| group(config)).collect()
}

/// One figure of the scorecard.
pub(crate) struct Figure {
    /// The key in `metrics.json`; never changes.
    pub(crate) name: String,
    pub(crate) group: &'static str,
    pub(crate) title: String,
    /// The figure whose curve this is one value of; parts are shown, and not counted in the verdict.
    pub(crate) part_of: Option<&'static str>,
    pub(crate) kind: Kind,
    /// What it is and what its one number says, in sentences.
    pub(crate) definition: String,
    /// Where the definition comes from.
    pub(crate) source: &'static str,
    /// What a series needs for it, for the sentence about one that is left out.
    pub(crate) needs: &'static str,
    /// What is compared; `None` if the sample is too short for it.
    pub(crate) curve: Box<dyn Fn(&Sample) -> Option<Vec<f64>>>,
    /// The one number of a curve that tables show.
    pub(crate) shown: fn(&[f64]) -> f64,
    pub(crate) distance: Distance,
}

/// What the shown number is, which decides its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Without a unit.
    Number,
    /// A value of the variable, such as a quantile.
    Level,
    /// A difference or a standard deviation of values.
    Difference,
}

/// The first value: for figures of one number.
fn first(curve: &[f64]) -> f64 {
    curve[0]
}

/// Largest minus smallest value.
fn range(curve: &[f64]) -> f64 {
    let (low, high) =
        curve.iter().fold((f64::MAX, f64::MIN), |(low, high), &value| (low.min(value), high.max(value)));
    high - low
}

#[cfg(test)]
mod tests {
    //! Against `metrics()` of the project's `scorecard_reference.py` (numpy 2), which was given
    //! the same four years. Its autocorrelation divides by the number of days, ours by the number of
    //! pairs, so the literals are its values times n / (n - lag). The slopes are `numpy.polyfit`'s.

    use std::f64::consts::TAU;

    use contract::calendar::civil;

    use super::*;
    use crate::sample::tests::{Noise, sample};

    /// 2001 to 2004: two harmonics, a slow and a fast autoregression.
    fn four_years() -> Sample {
        let mut noise = Noise(7);
        let (mut slow, mut fast) = (0.0, 0.0);
        sample(2001, (4 * 365 + 1) * 24, |time| {
            slow = 0.99 * slow + 0.3 * noise.normal();
            fast = 0.8 * fast + 0.4 * noise.normal();
            let civil = civil(time);
            let year = TAU * (f64::from(civil.day_of_year) - 200.0) / 365.0;
            let day = TAU * (f64::from(civil.hour) - 3.0) / 24.0;
            285.0 + 8.0 * year.cos() - 4.0 * day.cos() + slow + fast
        })
    }

    fn check(name: &str, index: usize, expected: f64) {
        let config = EvaluateConfig { autocorrelation_days: 30 };
        let sample = four_years();
        let figure = figures(&config).into_iter().find(|figure| figure.name == name).expect(name);
        let got = (figure.curve)(&sample).expect(name)[index];
        // The literals have six decimals or more.
        assert!((got - expected).abs() < 1e-6, "{name}[{index}] is {got}, the reference has {expected}");
    }

    #[test]
    fn profiles_agree_with_the_reference() {
        check("month_hour_mean", 0, 273.679_735_5);
        check("month_hour_mean", 6 * 24 + 15, 296.666_611);
        check("month_hour_mean", 11 * 24 + 23, 275.627_016);
        check("diurnal_range", 0, 8.691_558_5);
        check("diurnal_range", 6, 8.752_791_3);
        check("diurnal_range", 11, 8.635_855);
        check("quantile_0_1", 0, 269.010_41);
        check("quantile_99_9", 0, 300.455_942);
    }

    #[test]
    fn anomalies_agree_with_the_reference() {
        for (lag, expected) in
            [(1, 0.819_922_633), (5, 0.293_378_325), (10, 0.043_653_493), (30, 0.082_769_529)]
        {
            check("anomaly_autocorrelation", lag - 1, expected);
            check(&format!("anomaly_autocorrelation_day_{lag}"), 0, expected);
        }
        check("sd_monthly_anomaly", 0, 0.902_377_170_7);
        check("sd_yearly_anomaly", 0, 0.446_112_502_5);
        check("sd_hourly_increment", 0, 0.537_802_47);
        check("sd_hourly_increment", 12, 0.515_294_28);
        check("sd_hourly_increment", 23, 0.520_713_2);
    }

    #[test]
    fn slopes_agree_with_polyfit() {
        check("slope_hourly", 0, 0.990_818_383_7);
        check("slope_daily", 0, 0.979_784_918_0);
        check("slope_monthly", 0, 0.831_516_924_6);
    }

    #[test]
    fn names_are_unique_and_snake_case() {
        let config = EvaluateConfig { autocorrelation_days: 180 };
        let names: Vec<String> = figures(&config).into_iter().map(|figure| figure.name).collect();
        let unique: std::collections::BTreeSet<&String> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(names.iter().all(|name| name.chars().all(plain)), "{names:?}");
    }

    #[test]
    fn a_sample_against_itself_has_no_error() {
        let sample = four_years();
        for figure in figures(&EvaluateConfig { autocorrelation_days: 30 }) {
            let curve = (figure.curve)(&sample).expect(&figure.name);
            assert_eq!(figure.distance.between(&curve, &curve), Some(0.0), "{}", figure.name);
        }
    }
}
