//! Real training years, each spoilt in one respect.

use super::{Material, copies};
use crate::climatology::Climatology;
use crate::random::Random;
use crate::series::{HOURS, Series, mean, standard_deviation};

const LATE_HOURS: usize = 6;
/// `a -> a |a / sd|^0.3`: 1.3 sd become 1.4, 3 sd become 4.2.
const STRETCH: f64 = 0.3;
const LASTING_DAYS: usize = 3;

/// Every hour's value 6 hours late.
pub(super) fn shifted_phase(material: &Material, random: &mut Random) -> Result<Vec<f64>, String> {
    let mut values = copies::copied_years(material, random)?;
    let length = values.len();
    values.rotate_right(LATE_HOURS.min(length));
    Ok(values)
}

/// Large anomalies larger, small ones smaller.
pub(super) fn wrong_tails(material: &Material, random: &mut Random) -> Result<Vec<f64>, String> {
    with_anomalies(material, random, |_, anomalies| {
        let sd = standard_deviation(anomalies, 0);
        if sd > 0.0 {
            anomalies.iter_mut().for_each(|value| *value *= (*value / sd).abs().powf(STRETCH));
        }
    })
}

/// Every day's anomalies last three days.
pub(super) fn lasting_weather(material: &Material, random: &mut Random) -> Result<Vec<f64>, String> {
    with_anomalies(material, random, |_, anomalies| {
        for day in (0..anomalies.len() / HOURS).rev() {
            let source = day / LASTING_DAYS * HOURS;
            anomalies.copy_within(source..source + HOURS, day * HOURS);
        }
    })
}

/// No month is warmer or colder than usual: each loses its mean anomaly.
pub(super) fn equal_months(material: &Material, random: &mut Random) -> Result<Vec<f64>, String> {
    with_anomalies(material, random, |series, anomalies| {
        let mut start = 0;
        for month in series.days.chunk_by(|a, b| (a.year, a.month) == (b.year, b.month)) {
            let hours = &mut anomalies[start..start + month.len() * HOURS];
            let mean = mean(hours);
            hours.iter_mut().for_each(|value| *value -= mean);
            start += hours.len();
        }
    })
}

/// Training years in random order, with their anomalies from the training years' climatology changed.
fn with_anomalies(
    material: &Material,
    random: &mut Random,
    change: impl Fn(&Series, &mut [f64]),
) -> Result<Vec<f64>, String> {
    let Some(climatology) = Climatology::fit(&material.training) else {
        return Err("the training years have less than a year of whole days".to_string());
    };
    let series = Series::on_days(&material.axis, &copies::copied_years(material, random)?);
    let mut anomalies = climatology.anomalies(&series);
    let usual: Vec<f64> =
        series.values.iter().zip(&anomalies).map(|(value, anomaly)| value - anomaly).collect();
    change(&series, &mut anomalies);
    Ok(usual.iter().zip(&anomalies).map(|(usual, anomaly)| usual + anomaly).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rivals::tests::material;
    use crate::sample::Sample;

    fn anomalies(make: fn(&Material, &mut Random) -> Result<Vec<f64>, String>) -> (Vec<f64>, Series) {
        let material = material();
        let values = make(&material, &mut Random::of("test")).unwrap();
        let series = Series::on_days(&material.axis, &values);
        (Climatology::fit(&material.training).unwrap().anomalies(&series), series)
    }

    #[test]
    fn lasting_anomalies_are_the_same_on_three_days() {
        let (anomalies, _) = anomalies(lasting_weather);
        for hour in 0..HOURS {
            let at = |day: usize| anomalies[day * HOURS + hour];
            assert!((at(3) - at(4)).abs() < 1e-9 && (at(3) - at(5)).abs() < 1e-9 && at(3) != at(6));
        }
    }

    #[test]
    fn equal_months_have_a_mean_anomaly_of_zero() {
        let (anomalies, series) = anomalies(equal_months);
        let days = series.days.iter().take_while(|day| day.month == 1).count();
        assert!(mean(&anomalies[..days * HOURS]).abs() < 1e-9);
    }

    #[test]
    fn stretched_anomalies_have_heavier_tails() {
        let kurtosis = |values: &[f64]| {
            let sd = standard_deviation(values, 0);
            values.iter().map(|value| (value / sd).powi(4)).sum::<f64>() / values.len() as f64
        };
        let (stretched, _) = anomalies(wrong_tails);
        let (usual, _) = anomalies(copies::copied_years);
        assert!(kurtosis(&stretched) > 1.4 * kurtosis(&usual));
    }

    #[test]
    fn a_late_series_is_six_hours_behind() {
        let material = material();
        let make = |make: fn(&Material, &mut Random) -> _| -> Vec<f64> {
            let values: Result<Vec<f64>, String> = make(&material, &mut Random::of("test"));
            values.unwrap()
        };
        let (late, copies) = (make(shifted_phase), make(copies::copied_years));
        assert_eq!(late[6..], copies[..copies.len() - 6]);
        assert!(Sample::of(Series::on_days(&material.axis, &late)).anomalies.is_some());
    }
}
