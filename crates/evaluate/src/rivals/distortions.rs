//! Real training years, each spoilt in one respect.

use super::{Material, copies};
use crate::climatology::Climatology;
use crate::random::Random;
use crate::series::{Series, standard_deviation};

const LATE_HOURS: usize = 6;
/// `a -> a |a / sd|^0.3`: 1.3 sd become 1.4, 3 sd become 4.2.
const STRETCH: f64 = 0.3;

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
