//! Curves with a line for each side.

use super::{HALVES, HEIGHT, Labels, MONTHS, Picture, WIDTH, all_values, is_complete, layers};
use crate::curves::{Curve, Curves, LONGEST_LAG_DAYS};
use crate::plot::{self, Axis, Panel};

pub(crate) fn autocorrelation(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let at_zero = |values: &[f64]| {
        let one = (!values.is_empty()).then_some(1.0);
        one.into_iter().chain(values.iter().copied()).collect()
    };
    let curve = &curves.anomaly_autocorrelation;
    let curve = Curve {
        real: at_zero(&curve.real),
        generated: at_zero(&curve.generated),
        other_real: at_zero(&curve.other_real),
        band_low: at_zero(&curve.band_low),
        band_high: at_zero(&curve.band_high),
    };
    let ticks = (0..=LONGEST_LAG_DAYS).step_by(10).map(|day| (day as f64, day.to_string())).collect();
    let range = 0.0..LONGEST_LAG_DAYS as f64;
    let x = Axis { label: "days later".to_string(), range, ticks, is_log: false };
    comparison(
        &curve,
        x,
        "correlation",
        0.0,
        labels,
        Picture::new(
            "autocorrelation",
            "How long the weather remembers",
            "How much of a day's departure from the season's normal is left so many days later. Look for an orange line inside the blue band: below it, the generated weather forgets too fast; above it, spells last too long.",
        ),
    )
}

pub(crate) fn seasonal_profile(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let starts = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let ticks =
        starts.iter().zip(MONTHS).map(|(&day, name)| (f64::from(day), name[..1].to_string())).collect();
    let x = Axis { label: "first of the month".to_string(), range: 0.0..365.0, ticks, is_log: false };
    let y = format!("mean, {}", labels.units.level);
    comparison(
        &labels.levels(&curves.seasonal_profile),
        x,
        &y,
        0.0,
        labels,
        Picture::new(
            "seasonal-profile",
            "Seasonal profile",
            "Mean by day of year, smoothed over 15 days. The lines should lie on each other.",
        ),
    )
}

pub(crate) fn diurnal_profile(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let ticks = (0..24).step_by(3).map(|hour| (f64::from(hour), hour.to_string())).collect();
    let x = Axis { label: "hour, local standard time".to_string(), range: 0.0..23.0, ticks, is_log: false };
    let y = format!("mean, {}", labels.units.level);
    comparison(
        &labels.levels(&curves.diurnal_profile),
        x,
        &y,
        0.0,
        labels,
        Picture::new(
            "diurnal-profile",
            "Diurnal profile",
            "Mean by hour of day over the whole year. The lines should lie on each other, with the peak at the same hour.",
        ),
    )
}

pub(crate) fn diurnal_range(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let ticks =
        MONTHS.iter().enumerate().map(|(month, name)| (month as f64 + 1.0, name[..1].to_string())).collect();
    let x = Axis { label: "month".to_string(), range: 0.8..12.2, ticks, is_log: false };
    let y = format!("range, {}", labels.units.difference);
    comparison(
        &curves.diurnal_range,
        x,
        &y,
        1.0,
        labels,
        Picture::new(
            "diurnal-range",
            "Diurnal range by month",
            "Mean of the day's largest minus its smallest hourly value. A lower orange line means days that are too flat.",
        ),
    )
}

/// One panel with a line for each side; the first value lies at `first_x`.
fn comparison(
    curve: &Curve,
    x: Axis,
    y_label: &str,
    first_x: f64,
    labels: &Labels,
    mut picture: Picture,
) -> anyhow::Result<Option<Picture>> {
    let Some(y) = plot::axis(y_label, all_values(curve), 5) else { return Ok(None) };
    if !is_complete(curve) {
        return Ok(None);
    }
    picture.legend = labels.legend(curve, HALVES);
    let layers = layers(curve, |index| first_x + index as f64);
    picture.draw(&[Panel { heading: String::new(), width: WIDTH, height: HEIGHT, x, y, layers }])
}
