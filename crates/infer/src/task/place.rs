//! How far a series is from what the model has learned: in kilometres, and in climate.

use std::collections::BTreeMap;

use contract::calendar::civil;
use contract::place::distance_km;

use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;

/// Nearer than this is the same place.
const SAME_PLACE_KM: f64 = 1.0;

/// What there is to say of a series from elsewhere; `None` where it is of the model's place, or does not say.
pub(super) fn sentence(
    metadata: &BTreeMap<String, String>,
    model: &TrainedModel,
    observed: &ObservedHours,
) -> Option<String> {
    let degrees = |key: &str| metadata.get(key)?.parse::<f64>().ok();
    let there = (degrees("latitude_deg")?, degrees("longitude_deg")?);
    let here = (model.transform.latitude_deg, model.transform.longitude_deg);
    let distance_km = distance_km(here, there);
    (distance_km > SAME_PLACE_KM).then(|| describe(distance_km, climate_distance(model, observed)))
}

fn describe(distance_km: f64, climate_distance: f64) -> String {
    format!(
        "the series is from a place {distance_km:.1} km from the model's; their climates are {climate_distance:.2} apart (at \
         1, the mean of an hour of day in a month is one standard deviation off), and what the model says holds for \
         its own"
    )
}

/// The root mean square, over months and hours of day, of the mean distance between the series and the model's
/// centre (a score of 0, with the trend), in standard deviations (half of what lies between scores -1 and 1).
fn climate_distance(model: &TrainedModel, observed: &ObservedHours) -> f64 {
    let mut cells: BTreeMap<(i8, i8), (f64, f64)> = BTreeMap::new();
    let mut cursor = model.transform.cursor();
    for (hour, value) in observed.values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
        let local_us = observed.local_us(model, hour);
        let map = cursor.at(local_us);
        let deviation = (map.restore(1.0) - map.restore(-1.0)) / 2.0;
        let centre = map.restore(0.0) + model.transform.trend.departure(local_us);
        let moment = civil(local_us);
        let cell = cells.entry((moment.month, moment.hour)).or_default();
        cell.0 += (f64::from(*value) - centre) / deviation.max(f64::MIN_POSITIVE);
        cell.1 += 1.0;
    }
    root_mean_square(cells.values().map(|(sum, count)| sum / count))
}

fn root_mean_square(means: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = means.len().max(1) as f64;
    (means.map(|mean| mean * mean).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_elsewhere_is_told_in_kilometres_and_in_climate() {
        assert_eq!(
            describe(8421.26, 3.141),
            "the series is from a place 8421.3 km from the model's; their climates are 3.14 apart (at 1, the mean of an \
             hour of day in a month is one standard deviation off), and what the model says holds for its own"
        );
        assert_eq!(root_mean_square([3.0, -3.0].into_iter()), 3.0);
    }
}
