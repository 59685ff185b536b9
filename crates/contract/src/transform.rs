//! The way from canonical values to the standardised ones that the model sees, and back: the trend
//! moved to a reference year, then one mean and one standard deviation or a map to normal scores.
//! `preprocess` fits it, the model folder carries it, `infer` inverts it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::calendar::{MINUTE_US, Moment, UtcOffset, YearClock};
use crate::credit::Credit;
use crate::missing::MissingFlags;
use crate::monotone_cubic::MonotoneCubic;
use crate::normal_scores::NormalScores;
use crate::slope_pattern::SlopePattern;

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
    /// How long after the whole hours of UTC the hours of the series lie: 30 for a station in India, whose hours are
    /// whole on its clock. 0 for ERA5 and in models of earlier versions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub minutes_past_hour: i64,
    pub trend: Trend,
    pub marginals: Marginals,
    /// Length of a training window.
    pub window_hours: usize,
    /// Number of harmonics in the seasonal features.
    pub seasonal_degree: usize,
    /// True where the article's split let every year into the fit, so that nothing is out of sample.
    pub in_sample: bool,
    /// Hours with any of these quality flags are missing; models of earlier versions don't say it.
    #[serde(default)]
    pub exclude: MissingFlags,
    /// What has to be said of the data that it was fitted to; models of earlier versions don't.
    #[serde(default, skip_serializing_if = "Credit::is_empty")]
    pub credit: Credit,
    /// Local years that nothing is made of, because too many of their hours are missing, each with its share.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub years_left_out: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(minutes: &i64) -> bool {
    *minutes == 0
}

impl Transform {
    /// [`Transform::minutes_past_hour`] in microseconds.
    pub fn past_hour_us(&self) -> i64 {
        self.minutes_past_hour * MINUTE_US
    }

    /// The standardised value that the model sees for an hour whose trend is moved to the reference
    /// year.
    pub fn standardise(&self, local_us: i64, adjusted: f64) -> f64 {
        self.marginals.at(&Moment::of(local_us)).standardise(adjusted)
    }

    /// The inverse of [`Transform::standardise`]: a value in the reference year's climate.
    pub fn restore(&self, local_us: i64, standardised: f64) -> f64 {
        self.marginals.at(&Moment::of(local_us)).restore(standardised)
    }

    /// ln(d adjusted / d standardised): a density of standardised values in nats, minus this, is
    /// that of values in the canonical unit.
    pub fn log_slope(&self, local_us: i64, standardised: f64) -> f64 {
        self.marginals.at(&Moment::of(local_us)).log_slope(standardised)
    }

    /// What has to be added at that hour to the reference year's climate to have that of
    /// `target_year`, in the canonical unit.
    pub fn shift_to(&self, target_year: i16, local_us: i64) -> f64 {
        self.trend.shift_to(target_year, local_us)
    }

    /// The same for many hours, faster.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor { transform: self, clock: YearClock::default() }
    }
}

/// Gives the transform of one hour after the other; cheapest where they lie in the same year.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    transform: &'a Transform,
    clock: YearClock,
}

impl Cursor<'_> {
    /// The map between adjusted and standardised values at that hour.
    pub fn at(&mut self, local_us: i64) -> HourMap {
        self.transform.marginals.at(&self.clock.moment(local_us))
    }

    /// As [`Transform::shift_to`].
    pub fn shift_to(&mut self, target_year: i16, local_us: i64) -> f64 {
        self.transform.trend.shift_at(target_year, &self.clock.moment(local_us))
    }
}

/// How adjusted values become standardised ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Marginals {
    /// One mean and one standard deviation for all hours, as in the article.
    Scaler(Scaler),
    /// A monotone map for each day of year and hour of day.
    NormalScores(Box<NormalScores>),
}

impl Marginals {
    /// The map at that moment.
    pub fn at(&self, moment: &Moment) -> HourMap {
        match self {
            Marginals::Scaler(scaler) => HourMap::Scaler(*scaler),
            Marginals::NormalScores(scores) => HourMap::Curve(scores.curve(moment.year_phase, moment.hour)),
        }
    }
}

/// The map between adjusted and standardised values of one hour; NaN stays NaN.
#[derive(Clone, Copy, Debug)]
pub enum HourMap {
    Scaler(Scaler),
    Curve(MonotoneCubic),
}

impl HourMap {
    pub fn standardise(&self, adjusted: f64) -> f64 {
        match self {
            HourMap::Scaler(scaler) => scaler.standardise(adjusted),
            HourMap::Curve(curve) => curve.score(adjusted),
        }
    }

    pub fn restore(&self, standardised: f64) -> f64 {
        match self {
            HourMap::Scaler(scaler) => scaler.restore(standardised),
            HourMap::Curve(curve) => curve.value(standardised),
        }
    }

    /// ln(d adjusted / d standardised).
    pub fn log_slope(&self, standardised: f64) -> f64 {
        match self {
            HourMap::Scaler(scaler) => scaler.standard_deviation.ln(),
            HourMap::Curve(curve) => curve.slope(standardised).ln(),
        }
    }
}

/// A linear trend of the climate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trend {
    pub method: TrendMethod,
    pub shape: TrendShape,
    /// In the variable's canonical unit per year, the mean over the year; 0 for `none`.
    pub slope_per_year: f64,
    pub by: TrendBy,
    /// Ends of the 95 % confidence interval of ten times the slope.
    pub interval_per_decade: [f64; 2],
    /// The year whose climate the adjusted values have.
    pub reference_year: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrendMethod {
    /// Ordinary least squares on yearly means.
    Ols,
    /// The median of the slopes between all pairs of yearly means (Theil 1950, Sen 1968).
    TheilSen,
    /// No trend: the years are taken as they are.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrendShape {
    /// A straight line in time.
    Continuous,
    /// One value for each year, as the article does.
    YearlySteps,
}

/// Whether the slope is the same all the year and all the day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrendBy {
    Year,
    /// The slope's departure from its mean over the year.
    MonthHour(SlopePattern),
}

impl Trend {
    /// How much warmer the trend makes `local_us` than the reference year: the slope times the
    /// time from the middle of the reference year.
    pub fn departure(&self, local_us: i64) -> f64 {
        self.departure_at(&Moment::of(local_us))
    }

    /// [`Trend::departure`] of a moment.
    pub fn departure_at(&self, moment: &Moment) -> f64 {
        let years = f64::from(moment.year) - f64::from(self.reference_year);
        self.slope_at(moment)
            * match self.shape {
                TrendShape::Continuous => years + moment.year_phase - 0.5,
                TrendShape::YearlySteps => years,
            }
    }

    /// What has to be added at that hour to the reference year's climate to have that of
    /// `target_year`.
    pub fn shift_to(&self, target_year: i16, local_us: i64) -> f64 {
        self.shift_at(target_year, &Moment::of(local_us))
    }

    /// [`Trend::shift_to`] of a moment.
    pub fn shift_at(&self, target_year: i16, moment: &Moment) -> f64 {
        self.slope_at(moment) * (f64::from(target_year) - f64::from(self.reference_year))
    }

    /// The mean of [`Trend::shift_to`] over any whole year.
    pub fn mean_shift_to(&self, target_year: i16) -> f64 {
        self.slope_per_year * (f64::from(target_year) - f64::from(self.reference_year))
    }

    fn slope_at(&self, moment: &Moment) -> f64 {
        match &self.by {
            TrendBy::Year => self.slope_per_year,
            TrendBy::MonthHour(pattern) => {
                self.slope_per_year + pattern.at(moment.year_phase, moment.day_phase)
            }
        }
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
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::{DAY_US, HOUR_US, year_start_us};
    use crate::normal_scores::tests::skewed;
    use crate::slope_pattern::PATTERN_TERMS;

    fn trend(shape: TrendShape) -> Trend {
        Trend {
            method: TrendMethod::Ols,
            shape,
            slope_per_year: 0.1,
            by: TrendBy::Year,
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
        assert!((trend.shift_to(2000, start) + 1.0).abs() < 1e-12);
    }

    fn by_month_and_hour(shape: TrendShape) -> Trend {
        let mut coefficients = [[0.0; PATTERN_TERMS]; PATTERN_TERMS];
        (coefficients[1][0], coefficients[0][3], coefficients[4][2]) = (0.03, -0.02, 0.01);
        Trend { by: TrendBy::MonthHour(SlopePattern { coefficients }), ..trend(shape) }
    }

    fn transform(marginals: Marginals, trend: Trend) -> Transform {
        Transform {
            format: crate::artifact::FORMAT,
            variable: "t2m".to_string(),
            latitude_deg: 1.0,
            longitude_deg: 2.0,
            utc_offset: "+05:30".parse().unwrap(),
            minutes_past_hour: 30,
            trend,
            marginals,
            window_hours: 1536,
            seasonal_degree: 3,
            in_sample: false,
            exclude: MissingFlags::default(),
            credit: Credit::default(),
            years_left_out: Vec::new(),
        }
    }

    fn both_marginals() -> [Marginals; 2] {
        let scaler = Scaler { mean: 285.0, standard_deviation: 8.0 };
        [Marginals::Scaler(scaler), Marginals::NormalScores(Box::new(skewed()))]
    }

    #[test]
    fn a_trend_by_month_and_hour_moves_a_whole_year_by_its_mean() {
        let trend = by_month_and_hour(TrendShape::Continuous);
        for year in [2003, 2004] {
            let hours = (year_start_us(year)..year_start_us(year + 1)).step_by(HOUR_US as usize);
            let shifts: Vec<f64> = hours.map(|local_us| trend.shift_to(2060, local_us)).collect();
            let mean = shifts.iter().sum::<f64>() / shifts.len() as f64;
            assert!((mean - trend.mean_shift_to(2060)).abs() < 1e-10, "{mean}");
            assert!((mean - 5.0).abs() < 1e-10, "{mean}");
            assert!(shifts.iter().any(|shift| (shift - mean).abs() > 1.0));
        }
    }

    #[test]
    fn what_the_trend_takes_out_of_a_year_is_what_it_puts_back_for_it() {
        for hour in [0, 4000, 8759] {
            let local_us = year_start_us(2003) + hour * HOUR_US;
            let steps = by_month_and_hour(TrendShape::YearlySteps);
            assert_eq!(steps.departure(local_us), steps.shift_to(2003, local_us));
            // A continuous trend goes on within the year, from half a year's slope below.
            let line = by_month_and_hour(TrendShape::Continuous);
            let slope = line.shift_to(2011, local_us);
            let within = slope * (hour as f64 / 8760.0 - 0.5);
            assert!((line.departure(local_us) - line.shift_to(2003, local_us) - within).abs() < 1e-12);
        }
    }

    #[test]
    fn a_continuous_trend_by_month_and_hour_has_no_jump() {
        let trend = by_month_and_hour(TrendShape::Continuous);
        // New Year, the end of a month, midnight, and the turn of an hour.
        for local_us in [0, 31 * DAY_US, 40 * DAY_US, 77 * HOUR_US].map(|after| year_start_us(2001) + after) {
            let jump = trend.departure(local_us) - trend.departure(local_us - 1);
            assert!(jump.abs() < 1e-9, "{jump}");
        }
    }

    #[test]
    fn a_cursor_agrees_with_the_transform() {
        for marginals in both_marginals() {
            let transform = transform(marginals, by_month_and_hour(TrendShape::Continuous));
            let mut cursor = transform.cursor();
            for hour in (0..30_000).step_by(517).chain([3]) {
                let local_us = year_start_us(2003) + hour * HOUR_US + HOUR_US / 2;
                let map = cursor.at(local_us);
                assert_eq!(map.restore(0.7), transform.restore(local_us, 0.7));
                assert_eq!(map.standardise(290.0), transform.standardise(local_us, 290.0));
                assert_eq!(map.log_slope(-1.2), transform.log_slope(local_us, -1.2));
                assert_eq!(cursor.shift_to(2050, local_us), transform.shift_to(2050, local_us));
            }
        }
    }

    proptest! {
        #[test]
        fn restoring_undoes_standardising(hours in 0_i64..876_000, score in -6.0..6.0_f64) {
            let local_us = year_start_us(1950) + hours * HOUR_US;
            for marginals in both_marginals() {
                let transform = transform(marginals, trend(TrendShape::Continuous));
                let value = transform.restore(local_us, score);
                let back = transform.standardise(local_us, value);
                prop_assert!((back - score).abs() < 1e-9, "{back} is not {score}");
                prop_assert!((transform.restore(local_us, back) - value).abs() < 1e-9);
            }
        }

        #[test]
        fn the_log_slope_is_that_of_secants(hours in 0_i64..876_000, score in -6.0..6.0_f64) {
            let (local_us, step) = (year_start_us(1950) + hours * HOUR_US, 1e-5);
            for marginals in both_marginals() {
                let transform = transform(marginals, trend(TrendShape::Continuous));
                let rise = transform.restore(local_us, score + step) - transform.restore(local_us, score - step);
                let log_slope = transform.log_slope(local_us, score);
                prop_assert!((log_slope - (rise / (2.0 * step)).ln()).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn marginals_and_trend_are_named_in_the_document() {
        let [scaler, scores] = both_marginals();
        let scaler = serde_json::to_value(transform(scaler, trend(TrendShape::Continuous))).unwrap();
        assert_eq!(scaler["marginals"]["scaler"]["mean"], 285.0);
        assert_eq!(scaler["trend"]["by"], "year");
        let scores = transform(scores, by_month_and_hour(TrendShape::Continuous));
        let document = serde_json::to_value(&scores).unwrap();
        assert_eq!(document["marginals"]["normal-scores"]["minimum_step"], 0.01);
        assert_eq!(document["trend"]["by"]["month-hour"]["coefficients"][1][0], 0.03);
        assert_eq!(serde_json::from_value::<Transform>(document).unwrap(), scores);
    }
}
