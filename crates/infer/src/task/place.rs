//! How far a series is from what the model was trained on: in kilometres, and in climate.

use contract::calendar::{DAY_HOURS, HOUR_US, civil};
use contract::place::distance_km;
use tables::Table;

use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;

/// Farther away than this, a series is of another place.
const NEAR_KM: f64 = 30.0;

/// Warns where the series is of another place.
pub(super) fn warn(model: &TrainedModel, table: &Table, observed: &ObservedHours) {
    let degrees = |key: &str| table.metadata.get(key).and_then(|text| text.parse::<f64>().ok());
    let (Some(latitude), Some(longitude)) = (degrees("latitude_deg"), degrees("longitude_deg")) else {
        return;
    };
    let transform = &model.transform;
    let distance = distance_km((latitude, longitude), (transform.latitude_deg, transform.longitude_deg));
    if distance > NEAR_KM {
        tracing::warn!(
            "{}",
            message(model, (latitude, longitude), distance, climate_distance(model, observed))
        );
    }
}

fn message(model: &TrainedModel, place: (f64, f64), distance_km: f64, climate_distance: f64) -> String {
    let transform = &model.transform;
    format!(
        "the series is of {:.3}, {:.3}, which is {distance_km:.0} km from the model's place {:.3}, {:.3}; its months and \
         hours differ from the model's climate by {climate_distance:.2} of the model's standard deviations (root mean \
         square; above 1 the answers are not to be trusted)",
        place.0, place.1, transform.latitude_deg, transform.longitude_deg
    )
}

/// Root mean square, over the months and hours of the day that the series has, of its mean standardised
/// value: 0 is the model's climate, 1 is one of the model's standard deviations away from it. A series of
/// few weeks has a distance by its weather alone.
fn climate_distance(model: &TrainedModel, observed: &ObservedHours) -> f64 {
    let mut cells = vec![(0.0, 0_usize); 12 * DAY_HOURS];
    for (hour, value) in
        observed.standardised(model).into_iter().enumerate().filter(|(_, value)| !value.is_nan())
    {
        let local_us = observed.local_us(model, hour);
        let of_day = local_us.div_euclid(HOUR_US).rem_euclid(DAY_HOURS as i64) as usize;
        let cell = &mut cells[(civil(local_us).month as usize - 1) * DAY_HOURS + of_day];
        *cell = (cell.0 + f64::from(value), cell.1 + 1);
    }
    let means = cells.iter().filter(|cell| cell.1 > 0).map(|(sum, count)| sum / *count as f64);
    let (squares, count) = means.fold((0.0, 0), |(sum, count), mean| (sum + mean * mean, count + 1));
    (squares / f64::from(count.max(1))).sqrt()
}
