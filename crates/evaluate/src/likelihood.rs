//! The likelihood of held-out hours: the model's bound, which another stage leaves, beside the density
//! of two autoregressions that are fitted here to the same training years. All of them are
//! negative logarithms of the density of the variable in its canonical unit, in nats an hour, so that
//! lower is better and no scaling can flatter.

mod autoregression;
mod document;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::climatology::Climatology;
use crate::metrics::round;
use crate::series::{Series, present, standard_deviation};
use autoregression::{Autoregression, Scaled};

pub(crate) use document::{LatentCost, LikelihoodDocument};

/// Hours that an hour is explained by.
pub(crate) const ORDER: usize = 26;

/// What the autoregressions reach on held-out hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    /// Held-out hours that have 26 hours before them of which none is missing.
    pub(crate) hours: usize,
    /// The seasonal AR(26): one set of coefficients.
    pub(crate) seasonal_ar26: f64,
    /// The periodic AR(26): a set of coefficients for each season and hour of the day; null where the training years have
    /// less than 10 hours a coefficient for one of them.
    pub(crate) periodic_ar26: Option<f64>,
    /// The logarithm of the training hours' standard deviation: subtracted from any of these figures it
    /// makes the one of the variable divided by that deviation.
    pub(crate) log_scale: f64,
}

/// The model beside the baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Likelihood {
    /// `nat h-1`.
    pub(crate) unit: String,
    /// The model's bound on held-out hours.
    pub(crate) model_bound: Option<f64>,
    /// The same on training and validation hours: a bound that is much better there has been overfitted.
    pub(crate) model_bound_train: Option<f64>,
    pub(crate) model_bound_validation: Option<f64>,
    pub(crate) baseline: Baseline,
    /// The model's bound minus the seasonal AR(26)'s figure: negative where the model is better.
    pub(crate) difference_seasonal_ar26: Option<f64>,
    /// The same from the better of the two autoregressions.
    pub(crate) difference: Option<f64>,
    /// Hours that the model's bound is the mean of.
    pub(crate) hours: usize,
    /// The part of the bound on training hours that is the latents', by the prior that the model was
    /// trained against and by the one fitted after training.
    pub(crate) latents: Option<LatentCost>,
}

/// Fits the autoregressions to the training years and asks them about the held-out ones. `climatology`
/// is that of the training years.
///
/// # Errors
/// When the training years have less than two hours of a month and hour of the day, or no spread
/// there, or no held-out hour has 26 hours before it.
pub(crate) fn baseline(
    climatology: &Climatology,
    training: &Series,
    held_out: &Series,
) -> anyhow::Result<Baseline> {
    let scales = autoregression::scales(climatology, training)?;
    let (training_hours, held_out_hours) =
        (Scaled::of(climatology, training, &scales), Scaled::of(climatology, held_out, &scales));
    let hours = held_out_hours.rows().count();
    ensure!(hours > 0, "no held-out hour has {ORDER} hours before it");
    let figure = |model: Autoregression| model.negative_log_density(&held_out_hours, &scales);
    let [constant, periodic] = autoregression::fit(&training_hours);
    let constant = constant.context("the training years have too few hours for an autoregression")?;
    Ok(Baseline {
        hours,
        seasonal_ar26: figure(constant),
        periodic_ar26: periodic.map(figure),
        log_scale: standard_deviation(&present(&training.values).collect::<Vec<_>>(), 0).ln(),
    })
}

impl Baseline {
    /// The better of the two.
    pub(crate) fn strongest(&self) -> f64 {
        self.periodic_ar26.map_or(self.seasonal_ar26, |periodic| periodic.min(self.seasonal_ar26))
    }

    fn rounded(self) -> Baseline {
        Baseline {
            seasonal_ar26: round(self.seasonal_ar26),
            periodic_ar26: self.periodic_ar26.map(round),
            log_scale: round(self.log_scale),
            ..self
        }
    }
}

impl Likelihood {
    /// The baseline alone, or with what the model reaches.
    pub(crate) fn of(baseline: Baseline, model: Option<&LikelihoodDocument>) -> Likelihood {
        let test = model.and_then(|model| model.test.as_ref());
        let bound = |part: Option<&document::Bound>| part.and_then(|part| part.bound).map(round);
        let model_bound = bound(test);
        Likelihood {
            unit: document::UNIT.to_string(),
            model_bound,
            model_bound_train: bound(model.and_then(|model| model.train.as_ref())),
            model_bound_validation: bound(model.and_then(|model| model.validation.as_ref())),
            difference_seasonal_ar26: model_bound.map(|bound| round(bound - baseline.seasonal_ar26)),
            difference: model_bound.map(|bound| round(bound - baseline.strongest())),
            hours: test.map_or(0, |test| test.hours),
            latents: model
                .and_then(|model| model.latents)
                .map(|cost| LatentCost { learned: round(cost.learned), refitted: round(cost.refitted) }),
            baseline: baseline.rounded(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use contract::calendar::civil;

    use super::*;
    use crate::sample::tests::{Noise, sample};

    /// The years 2001 to 2004: two harmonics, and an autoregression that changes with month and hour.
    fn four_years() -> [Series; 2] {
        let (mut noise, mut fast) = (Noise(7), 0.0);
        let values: Vec<f64> = sample(2001, (4 * 365 + 1) * 24, |time| {
            let civil = civil(time);
            let memory = if civil.hour < 12 { 0.9 } else { 0.7 };
            fast = memory * fast + 0.4 * (1.0 + f64::from(civil.month) / 12.0) * noise.normal();
            let year = TAU * (f64::from(civil.day_of_year) - 200.0) / 365.0;
            let day = TAU * (f64::from(civil.hour) - 3.0) / 24.0;
            285.0 + 8.0 * year.cos() - 4.0 * day.cos() + fast
        })
        .series
        .values;
        let part = |first_year: i16, values: &[f64]| {
            let mut values = values.iter();
            sample(first_year, values.len() as i64, |_| *values.next().unwrap()).series
        };
        [part(2001, &values[..3 * 8760]), part(2004, &values[3 * 8760..])]
    }

    #[test]
    fn figures_agree_with_numpy() {
        let [training, test] = four_years();
        let climatology = Climatology::fit(&training).unwrap();
        let baseline = baseline(&climatology, &training, &test).unwrap();
        assert_eq!(baseline.hours, 8758);
        let check = |found: f64, expected: f64| {
            // The same normal equations with the same ridge, summed in another order.
            assert!((found - expected).abs() < 1e-7, "{found}, numpy has {expected}");
        };
        check(baseline.seasonal_ar26, 0.943_519_708_843_290_2);
        check(baseline.periodic_ar26.unwrap(), 1.003_643_694_675_869_6);
        check(baseline.log_scale, 1.863_234_252_938_304_4);
        check(baseline.strongest(), baseline.seasonal_ar26);
    }

    /// `x[t+1] = 0.8 x[t] + e`, e with a standard deviation of 0.5.
    fn autoregression(seed: u64, years: i64) -> Series {
        let (mut noise, mut value) = (Noise(seed), 0.0);
        sample(2001, years * 365 * 24, |_| {
            value = 0.8 * value + 0.5 * noise.normal();
            value
        })
        .series
    }

    #[test]
    fn an_autoregression_reaches_its_entropy() {
        let training = autoregression(3, 10);
        let climatology = Climatology::fit(&training).unwrap();
        let baseline = baseline(&climatology, &training, &autoregression(4, 4)).unwrap();
        let entropy = 0.5 * (TAU * 1.0_f64.exp() * 0.25).ln();
        // 288 variances of 300 hours each cost 1/600 each, 26 coefficients less, a set of 26 for each
        // of 96 cells 26 / (2 * 900); 35,000 hours have an error of 0.004.
        assert!((baseline.seasonal_ar26 - entropy).abs() < 0.015, "{} {entropy}", baseline.seasonal_ar26);
        let periodic = baseline.periodic_ar26.unwrap();
        assert!((periodic - entropy - 0.015).abs() < 0.015, "{periodic} {entropy}");
    }

    #[test]
    fn another_unit_adds_the_logarithm_of_its_factor() {
        let [training, test] = four_years();
        let scaled = |series: &Series| Series {
            days: series.days.clone(),
            values: series.values.iter().map(|value| value * 1.8 - 459.67).collect(),
            runs: series.runs.clone(),
        };
        let figures = |training: &Series, test: &Series| {
            let found = baseline(&Climatology::fit(training).unwrap(), training, test).unwrap();
            [found.seasonal_ar26, found.periodic_ar26.unwrap(), found.log_scale]
        };
        let kelvin = figures(&training, &test);
        let fahrenheit = figures(&scaled(&training), &scaled(&test));
        for (kelvin, fahrenheit) in kelvin.iter().zip(fahrenheit) {
            assert!((fahrenheit - kelvin - 1.8_f64.ln()).abs() < 1e-6, "{kelvin} {fahrenheit}");
        }
    }

    #[test]
    fn no_lag_crosses_a_hole() {
        let training = autoregression(3, 3);
        let climatology = Climatology::fit(&training).unwrap();
        let hole = contract::calendar::year_start_us(2001) + 100 * contract::calendar::DAY_US;
        let test =
            sample(2001, 200 * 24, |time| if time == hole { f64::NAN } else { time as f64 % 7.0 }).series;
        let found = baseline(&climatology, &training, &test).unwrap();
        // The first 26 hours, the missing one and the 26 after it.
        assert_eq!(found.hours, 200 * 24 - 2 * ORDER - 1);
    }

    #[test]
    fn few_years_have_no_periodic_autoregression() {
        let training = autoregression(3, 2);
        let climatology = Climatology::fit(&training).unwrap();
        let baseline = baseline(&climatology, &training, &autoregression(4, 1)).unwrap();
        assert_eq!(baseline.periodic_ar26, None);
        assert_eq!(baseline.strongest(), baseline.seasonal_ar26);
    }

    #[test]
    fn a_month_without_hours_is_named() {
        let training = autoregression(3, 2);
        let climatology = Climatology::fit(&training).unwrap();
        let short = sample(2001, 40 * 24, |time| time as f64 % 7.0).series;
        let error = baseline(&climatology, &short, &training).unwrap_err().to_string();
        assert!(error.starts_with("the training years have 0 hours of month 3 at 00:00"), "{error}");
    }

    #[test]
    fn the_difference_is_negative_where_the_model_is_better() {
        let baseline = Baseline { hours: 10, seasonal_ar26: 1.0, periodic_ar26: Some(0.9), log_scale: 2.0 };
        let model = serde_json::json!({"format": 2, "unit": "nat h-1", "train": null,
            "validation": {"hours": 5, "bound": 0.8}, "test": {"hours": 9, "bound": 0.75},
            "latents": null});
        let model: LikelihoodDocument = serde_json::from_value(model).unwrap();
        let found = Likelihood::of(baseline.clone(), Some(&model));
        assert_eq!((found.model_bound, found.hours), (Some(0.75), 9));
        assert_eq!((found.difference_seasonal_ar26, found.difference), (Some(-0.25), Some(-0.15)));
        assert_eq!((found.model_bound_train, found.model_bound_validation), (None, Some(0.8)));
        assert_eq!(Likelihood::of(baseline, None).difference, None);
    }
}
