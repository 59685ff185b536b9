//! Curves with a line for each side.

use super::{HEIGHT, Labels, MONTHS, Picture};
use crate::curves::{Curve, Curves};
use crate::plot::{self, Axis, Colour, Line, Panel};

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
    };
    let days = curve.real.len().max(curve.generated.len()).saturating_sub(1);
    let Some(mut x) = plot::axis("days later", [0.0, days as f64].into_iter(), 6) else { return Ok(None) };
    x.range.start = 0.0;
    comparison(
        &curve,
        x,
        "correlation",
        0.0,
        labels,
        Picture::new(
            "autocorrelation",
            "How long the weather remembers",
            "Autocorrelation of daily mean anomalies: how much of today's departure from the season's normal is left so many days later.",
        ),
    )
}

pub(crate) fn seasonal_profile(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let starts = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let ticks =
        starts.iter().zip(MONTHS).map(|(&day, name)| (f64::from(day), name[..1].to_string())).collect();
    let x = Axis { label: "first of the month".to_string(), range: 0.0..365.0, ticks };
    let y = format!("mean, {}", labels.units.level);
    comparison(
        &labels.levels(&curves.seasonal_profile),
        x,
        &y,
        0.0,
        labels,
        Picture::new("seasonal-profile", "Seasonal profile", "Mean by day of year, smoothed over 15 days."),
    )
}

pub(crate) fn diurnal_profile(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let ticks = (0..24).step_by(3).map(|hour| (f64::from(hour), hour.to_string())).collect();
    let x = Axis { label: "hour, local standard time".to_string(), range: 0.0..23.0, ticks };
    let y = format!("mean, {}", labels.units.level);
    comparison(
        &labels.levels(&curves.diurnal_profile),
        x,
        &y,
        0.0,
        labels,
        Picture::new("diurnal-profile", "Diurnal profile", "Mean by hour of day over the whole year."),
    )
}

pub(crate) fn diurnal_range(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let ticks =
        MONTHS.iter().enumerate().map(|(month, name)| (month as f64 + 1.0, name[..1].to_string())).collect();
    let x = Axis { label: "month".to_string(), range: 0.8..12.2, ticks };
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
            "Mean of the day's largest minus its smallest hourly value.",
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
    let sides = [
        (Colour::OtherReal, &curve.other_real),
        (Colour::Real, &curve.real),
        (Colour::Generated, &curve.generated),
    ];
    let all = sides.iter().flat_map(|(_, values)| values.iter().copied());
    let Some(y) = plot::axis(y_label, all, 5) else { return Ok(None) };
    let mut lines = Vec::new();
    for (colour, values) in sides.into_iter().filter(|(_, values)| !values.is_empty()) {
        let points = values.iter().enumerate().map(|(i, &value)| (first_x + i as f64, value)).collect();
        lines.push(Line { colour, dashed: colour == Colour::OtherReal, points });
    }
    let shown = [Colour::Real, Colour::Generated, Colour::OtherReal];
    let shown = shown.into_iter().filter(|&colour| lines.iter().any(|line| line.colour == colour));
    picture.legend = shown.map(|colour| labels.key(colour)).collect();
    picture.svg = plot::svg(&[Panel { heading: String::new(), height: HEIGHT, x, y, lines }])?;
    Ok(Some(picture))
}
