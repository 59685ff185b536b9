//! The list of figures: the 24 of the scorecard, which are counted, and others that are shown. Each is
//! a curve (or one number) computed from a sample, a way to show it as one number, and an error of one
//! curve against another. To add one, write it in a file of its own and add its group to [`GROUPS`].

mod autocorrelation;
mod degree_hours;
mod distance;
mod distribution;
mod extremes;
mod increments;
mod profiles;
mod quantiles;
mod slopes;
mod spectrum;
mod spells;
mod variability;

use serde::{Deserialize, Serialize};

use crate::sample::Sample;

pub(crate) use autocorrelation::anomaly_autocorrelation;
pub(crate) use distance::Distance;
pub(crate) use extremes::yearly_extremes;
pub(crate) use profiles::{diurnal_profile, diurnal_range, seasonal_profile};
pub(crate) use quantiles::quantile;
pub(crate) use variability::{monthly_anomalies, yearly_anomalies};

/// Every group of figures.
const GROUPS: &[fn() -> Vec<Figure>] = &[
    profiles::figures,
    distribution::figures,
    increments::figures,
    autocorrelation::figures,
    spectrum::figures,
    variability::figures,
    spells::figures,
    degree_hours::figures,
    extremes::figures,
    slopes::figures,
];

/// All figures, those that are counted first, by their row of the scorecard.
pub(crate) fn figures() -> Vec<Figure> {
    let mut figures: Vec<Figure> = GROUPS.iter().flat_map(|group| group()).collect();
    figures.sort_by_key(|figure| (!figure.counted, figure.row.unwrap_or(u8::MAX)));
    figures
}

/// One figure of the scorecard.
pub(crate) struct Figure {
    /// The key in `metrics.json`; never changes.
    pub(crate) key: String,
    /// The scorecard's row, 1 to 17; several figures can share one. `None` for figures beside it.
    pub(crate) row: Option<u8>,
    /// True for the 24 figures that E and the verdict are about.
    pub(crate) counted: bool,
    pub(crate) title: String,
    pub(crate) kind: Kind,
    /// What it is and what its one number says, in sentences.
    pub(crate) definition: String,
    /// Where the definition comes from.
    pub(crate) source: &'static str,
    /// What a series needs for it, for the sentence about one that is left out.
    pub(crate) needs: &'static str,
    /// True where it has a threshold in degrees, which other variables do not have.
    pub(crate) only_temperature: bool,
    /// What is compared; `None` if the sample is too short for it.
    pub(crate) curve: Box<dyn Fn(&Sample) -> Option<Vec<f64>> + Send + Sync>,
    /// The one number of a curve that tables show.
    pub(crate) shown: fn(&[f64]) -> f64,
    pub(crate) distance: Distance,
}

impl Figure {
    /// A figure that is counted, without its curve's particulars.
    fn counted(row: u8, key: &str, title: &str, definition: &str) -> Figure {
        Figure {
            key: key.to_string(),
            row: Some(row),
            counted: true,
            title: title.to_string(),
            kind: Kind::Difference,
            definition: definition.to_string(),
            source: "",
            needs: "one whole year",
            only_temperature: false,
            curve: Box::new(|_| None),
            shown: first,
            distance: Distance::MeanAbsoluteDifference,
        }
    }

    /// A figure that is shown beside the scorecard.
    fn shown(key: &str, title: &str, definition: &str) -> Figure {
        Figure { row: None, counted: false, ..Figure::counted(0, key, title, definition) }
    }
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
    /// Days.
    Days,
    /// A number a year.
    PerYear,
    /// The variable's unit times hours a year.
    DegreeHours,
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

/// The root of the mean square.
fn root_mean_square(curve: &[f64]) -> f64 {
    (curve.iter().map(|value| value * value).sum::<f64>() / curve.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    //! Against `comp()` of the project's `scorecard_reference.py` (numpy 2.4), which was given the same
    //! eight years, four of them against the other four. The slopes are `numpy.polyfit`'s.

    use std::f64::consts::TAU;

    use contract::calendar::civil;

    use super::*;
    use crate::sample::tests::{Noise, sample};
    use crate::series::Series;

    /// 2001 to 2008: two harmonics, a slow and a fast autoregression.
    fn eight_years() -> Series {
        let mut noise = Noise(7);
        let (mut slow, mut fast) = (0.0, 0.0);
        let sample = sample(2001, (8 * 365 + 2) * 24, |time| {
            slow = 0.99 * slow + 0.3 * noise.normal();
            fast = 0.8 * fast + 0.4 * noise.normal();
            let civil = civil(time);
            let year = TAU * (f64::from(civil.day_of_year) - 200.0) / 365.0;
            let day = TAU * (f64::from(civil.hour) - 3.0) / 24.0;
            285.0 + 8.0 * year.cos() - 4.0 * day.cos() + slow + fast
        });
        sample.series
    }

    /// Two years in turn each; the reference joins them across the gaps.
    fn halves() -> [Sample; 2] {
        let years = eight_years();
        [0, 1].map(|half| {
            let mut chosen = Series::default();
            for (_, days) in years.year_days().into_iter().enumerate().filter(|(i, _)| i / 2 % 2 == half) {
                chosen.append(&years, days);
            }
            Sample::of(chosen)
        })
    }

    #[test]
    fn all_24_errors_agree_with_the_reference() {
        let [a, b] = halves();
        let expected = [
            ("month_hour_mean", 0.526_309_322_6),
            ("month_hour_sd", 0.186_848_535_1),
            ("monthly_distribution", 0.627_476_243_6),
            ("tail_quantiles", 0.873_217_451_1),
            ("increment_sd_by_hour", 0.023_405_091_4),
            ("hourly_autocorrelation", 0.076_161_606_2),
            ("daily_autocorrelation_1_10", 0.043_184_196_4),
            ("daily_autocorrelation_11_30", 0.047_354_290_8),
            ("spectrum", 0.048_815_003_3),
            ("sd_monthly_anomaly", 0.165_804_534_3),
            ("sd_yearly_anomaly", 0.081_687_906_2),
            ("sd_running_mean_7_days", 0.095_573_776_4),
            ("sd_running_mean_31_days", 0.121_060_851_3),
            ("sd_running_mean_91_days", 0.045_514_665_0),
            ("warm_spell_length", 0.002_366_242_7),
            ("warm_spells_per_year", 0.405_465_108_1),
            ("cold_spell_length", 0.094_026_454_2),
            ("cold_spells_per_year", 0.0),
            ("diurnal_range", 0.112_184_480_3),
            ("day_to_day_change", 0.031_005_050_1),
            ("cooling_degree_hours_mean", 0.206_659_289_9),
            ("cooling_degree_hours_sd", 0.519_426_784_1),
            ("annual_maximum", 1.239_375_512_3),
            ("return_level_20_years", 5.469_646_294_1),
        ];
        let counted: Vec<Figure> = figures().into_iter().filter(|figure| figure.counted).collect();
        assert_eq!(counted.len(), expected.len());
        for (figure, (key, expected)) in counted.iter().zip(expected) {
            assert_eq!(figure.key, key);
            let (a, b) = ((figure.curve)(&a).unwrap(), (figure.curve)(&b).unwrap());
            let got = figure.distance.between(&a, &b).unwrap();
            assert!((got - expected).abs() < 1e-6, "{key} is {got}, the reference has {expected}");
        }
    }

    #[test]
    fn keys_are_unique_and_snake_case() {
        let keys: Vec<String> = figures().into_iter().map(|figure| figure.key).collect();
        let unique: std::collections::BTreeSet<&String> = keys.iter().collect();
        assert_eq!(unique.len(), keys.len());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(keys.iter().all(|key| key.chars().all(plain)), "{keys:?}");
    }

    #[test]
    fn every_figure_has_a_definition_and_a_source() {
        for figure in figures() {
            assert!(figure.definition.ends_with('.') && !figure.source.is_empty(), "{}", figure.key);
        }
        let rows: std::collections::BTreeSet<u8> = figures().iter().filter_map(|figure| figure.row).collect();
        assert_eq!(rows.into_iter().collect::<Vec<_>>(), (1..=17).collect::<Vec<_>>());
    }

    #[test]
    fn a_sample_against_itself_has_no_error() {
        let [sample, _] = halves();
        for figure in figures() {
            let curve = (figure.curve)(&sample).expect(&figure.key);
            assert_eq!(figure.distance.between(&curve, &curve), Some(0.0), "{}", figure.key);
        }
    }
}
