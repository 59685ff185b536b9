//! The document `curves.json`: everything that the report draws, in the canonical unit, rounded to
//! what a picture can show. A curve that a sample is too short for is empty.

mod days;
mod excerpts;
mod extremes;
mod memory;
mod rounding;
mod seasons;
mod spectrum;
mod spells;
mod statistics;

use contract::artifact::FORMAT;
use contract::variable::Variable;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::evaluate::{EvaluateConfig, Samples};
use crate::figures::{diurnal_profile, diurnal_range, seasonal_profile};
use crate::halves::{BAND_SPLITS, divide, halves};
use crate::sample::Sample;
use crate::series::Series;

pub(crate) use excerpts::{Hours, Sides, Year};
pub(crate) use extremes::Extremes;
pub(crate) use rounding::hundredth;
pub(crate) use seasons::SEASONS;
pub(crate) use spectrum::Spectrum;
pub(crate) use spells::LONGEST_DAYS;
use statistics::{Compared, Statistics};

/// Halves of fewer years say little, so they make no band.
const LEAST_YEARS: usize = 6;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Curves {
    pub(crate) format: u32,
    pub(crate) variable: String,
    pub(crate) unit: String,
    /// Mean by day of year, 365 values.
    pub(crate) seasonal_profile: Curve,
    /// Mean by hour of day, 24 values.
    pub(crate) diurnal_profile: Curve,
    /// Mean diurnal range by month, 12 values.
    pub(crate) diurnal_range: Curve,
    /// Autocorrelation of daily mean anomalies at lags of 1 day and more.
    pub(crate) anomaly_autocorrelation: Curve,
    /// Power of the hourly anomalies by frequency.
    pub(crate) spectrum: Spectrum,
    pub(crate) quantile_levels_percent: Vec<f64>,
    /// Quantiles of the hours of December to February, March to May, June to August, September to
    /// November. The band is that of one half of the real years minus the other.
    pub(crate) season_quantiles: Vec<Curve>,
    /// Standard deviation by month and hour of day, 12 x 24 values.
    pub(crate) month_hour_sd: Curve,
    /// Spells a year that last 1, 2, ... days; the last number is of all longer ones, too.
    pub(crate) warm_spells: Curve,
    pub(crate) cold_spells: Curve,
    pub(crate) annual_maxima: Extremes,
    pub(crate) annual_minima: Extremes,
    /// The year of median mean of each side.
    pub(crate) median_year: Sides<Year>,
    /// Hours of the same years, from the middle of January and of July.
    pub(crate) january: Sides<Hours>,
    pub(crate) july: Sides<Hours>,
}

/// One curve of each side.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Curve {
    /// The held-out years; in-sample all years.
    pub(crate) real: Vec<f64>,
    pub(crate) generated: Vec<f64>,
    /// The training years; in-sample the first half of the years.
    pub(crate) other_real: Vec<f64>,
    /// The middle 90 % of random halves of the real years; empty where there are too few years.
    #[serde(default)]
    pub(crate) band_low: Vec<f64>,
    #[serde(default)]
    pub(crate) band_high: Vec<f64>,
}

impl Curves {
    pub(crate) fn of(samples: &Samples, config: &EvaluateConfig, variable: &Variable) -> Curves {
        let plain = |curve: &dyn Fn(&Sample) -> Option<Vec<f64>>| {
            Curve {
                real: curve(samples.real()).unwrap_or_default(),
                generated: curve(&samples.generated).unwrap_or_default(),
                other_real: curve(&samples.pair[0]).unwrap_or_default(),
                ..Curve::default()
            }
            .rounded(2)
        };
        let of = |series: &Series| Statistics::of(series, config.autocorrelation_days);
        let years = samples.observed.series.year_days().len();
        let splits = if years < LEAST_YEARS { Vec::new() } else { halves(years) };
        let compared = Compared {
            real: of(&samples.real().series),
            generated: of(&samples.generated.series),
            other_real: of(&samples.pair[0].series),
            // Each split by itself, gathered in their order.
            halves: splits
                .par_iter()
                .take(BAND_SPLITS)
                .map(|is_first| divide(&samples.observed.series, is_first).map(|half| of(&half)))
                .collect(),
        };
        let (real, generated) = (&samples.real().series, &samples.generated.series);
        let years = Sides { real: days::median_year(real), generated: days::median_year(generated) };
        let hours = |month| Sides {
            real: Hours::of(real, years.real, month),
            generated: Hours::of(generated, years.generated, month),
        };
        Curves {
            format: FORMAT,
            variable: variable.name.to_string(),
            unit: variable.canonical_unit.to_string(),
            seasonal_profile: plain(&seasonal_profile),
            diurnal_profile: plain(&diurnal_profile),
            diurnal_range: plain(&diurnal_range),
            anomaly_autocorrelation: compared.curve(|one| &one.autocorrelation).rounded(4),
            spectrum: Spectrum::of(compared.curve(|one| &one.spectrum)),
            quantile_levels_percent: seasons::LEVELS_PERCENT.to_vec(),
            season_quantiles: (0..SEASONS.len())
                .map(|season| compared.curve_with_differences(|one| &one.seasons[season]).rounded(2))
                .collect(),
            month_hour_sd: compared.curve(|one| &one.month_hour_sd).rounded(3),
            warm_spells: compared.curve(|one| &one.warm_spells).rounded(4),
            cold_spells: compared.curve(|one| &one.cold_spells).rounded(4),
            annual_maxima: Extremes::of(
                compared.curve(|one| &one.maxima).rounded(2),
                extremes::maximum_level,
            ),
            annual_minima: Extremes::of(
                compared.curve(|one| &one.minima).rounded(2),
                extremes::minimum_level,
            ),
            median_year: Sides {
                real: Year::of(real, years.real),
                generated: Year::of(generated, years.generated),
            },
            january: hours(1),
            july: hours(7),
        }
    }
}
