//! The way from canonical values to the standardised ones that the model sees, and back: the trend
//! moved to a reference year, then one mean and one standard deviation. `preprocess` fits it,
//! the model folder carries it, `infer` inverts it.

use serde::{Deserialize, Serialize};

use crate::calendar::{UtcOffset, decimal_year, year};

/// Everything that was fitted before the model, and the place it holds for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// [`crate::artifact::FORMAT`].
    pub format: u32,
    /// The variable's short name.
    pub variable: String,
    pub latitude_deg: f64,
    pub longitude_deg: f64,
    pub utc_offset: UtcOffset,
    pub trend: Trend,
    pub scaler: Scaler,
    /// Length of a training window.
    pub window_hours: usize,
    /// Number of harmonics in the seasonal features.
    pub seasonal_degree: usize,
    /// True where the article's split let every year into the fit, so that nothing is out of sample.
    pub in_sample: bool,
}

/// A linear trend of the climate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trend {
    pub method: TrendMethod,
    pub shape: TrendShape,
    /// In the variable's canonical unit per year; 0 for `none`.
    pub slope_per_year: f64,
    /// Ends of the 95 % confidence interval of ten times the slope.
    pub interval_per_decade: [f64; 2],
    /// The year whose climate the adjusted values have.
    pub reference_year: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrendMethod {
    /// Ordinary least squares on yearly means.
    Ols,
    /// The median of the slopes between all pairs of yearly means (Theil 1950, Sen 1968).
    TheilSen,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrendShape {
    /// A straight line in time.
    Continuous,
    /// One value for each year, as the article does.
    YearlySteps,
}

impl Trend {
    /// How much warmer the trend makes `local_us` than the reference year: the slope times the
    /// time from the middle of the reference year.
    pub fn departure(&self, local_us: i64) -> f64 {
        let reference = f64::from(self.reference_year);
        self.slope_per_year
            * match self.shape {
                TrendShape::Continuous => decimal_year(local_us) - reference - 0.5,
                TrendShape::YearlySteps => f64::from(year(local_us)) - reference,
            }
    }

    /// What has to be added to the reference year's climate to have that of `target_year`.
    pub fn shift_to(&self, target_year: i16) -> f64 {
        self.slope_per_year * (f64::from(target_year) - f64::from(self.reference_year))
    }
}

/// One mean and one standard deviation, in the variable's canonical unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaler {
    pub mean: f64,
    pub standard_deviation: f64,
}

impl Scaler {
    pub fn standardise(&self, value: f64) -> f64 {
        (value - self.mean) / self.standard_deviation
    }

    pub fn restore(&self, standardised: f64) -> f64 {
        standardised * self.standard_deviation + self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{DAY_US, year_start_us};

    fn trend(shape: TrendShape) -> Trend {
        Trend {
            method: TrendMethod::Ols,
            shape,
            slope_per_year: 0.1,
            interval_per_decade: [0.5, 1.5],
            reference_year: 2010,
        }
    }

    #[test]
    fn a_continuous_trend_has_no_jump_at_new_year() {
        let trend = trend(TrendShape::Continuous);
        let new_year = year_start_us(2001);
        let jump = trend.departure(new_year) - trend.departure(new_year - 1);
        assert!(jump.abs() < 1e-12, "{jump}");
        let middle = (year_start_us(2010) + year_start_us(2011)) / 2;
        assert_eq!(trend.departure(middle), 0.0);
    }

    #[test]
    fn yearly_steps_are_constant_within_a_year() {
        let trend = trend(TrendShape::YearlySteps);
        let start = year_start_us(2000);
        assert_eq!(trend.departure(start), trend.departure(start + 365 * DAY_US));
        assert!((trend.departure(start) + 1.0).abs() < 1e-12);
        assert!((trend.shift_to(2000) + 1.0).abs() < 1e-12);
    }
}
