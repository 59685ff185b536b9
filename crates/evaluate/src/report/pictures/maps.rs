//! Maps of the standard deviation by month and hour of day.

use super::{Key, Labels, MONTHS, Picture, SMALL_WIDTH, is_complete};
use crate::curves::Curves;
use crate::plot::{Axis, Cell, Layer, Panel, Scale};
use crate::report::units::number;
use crate::series::HOURS;

const HEIGHT: u32 = 290;
/// Ratios beyond 1 plus or minus this have the scale's last colour.
const LARGEST_DEPARTURE: f64 = 0.3;

pub(crate) fn month_hour_sd(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let sd = &curves.month_hour_sd;
    if !is_complete(sd) {
        return Ok(None);
    }
    let both = || sd.real.iter().chain(&sd.generated).copied();
    let (low, high) = both().fold((f64::MAX, f64::MIN), |(low, high), sd| (low.min(sd), high.max(sd)));
    let magnitude = |values: &[f64]| -> Vec<f64> {
        values.iter().map(|value| (value - low) / (high - low).max(1e-9)).collect()
    };
    let ratios: Vec<f64> = sd.real.iter().zip(&sd.generated).map(|(real, other)| other / real).collect();
    let departures: Vec<f64> =
        ratios.iter().map(|ratio| 0.5 + (ratio - 1.0) / (2.0 * LARGEST_DEPARTURE)).collect();
    let near = ratios.iter().filter(|ratio| (*ratio - 1.0).abs() <= 0.1).count();
    let mut picture = Picture::new(
        "month-hour-sd",
        "How much each hour varies",
        &format!(
            "Standard deviation of the values by month and hour of day, and the generated one divided by the real one. The left maps should show the same pattern; the right one should be pale: blue where the generated hours vary too little, red where they vary too much. {near} of {} cells are within 10 % of the real one.",
            ratios.len()
        ),
    );
    let unit = &labels.units.difference;
    let shown = |sd: f64| format!("{} {unit}", number(sd, 2));
    let ratio = |ratio: f64, more: &str| format!("{ratio:.1} times or {more}");
    picture.legend = vec![
        Key::scale(Scale::Magnitude, &shown(low), &shown(high)),
        Key::scale(
            Scale::Departure,
            &ratio(1.0 - LARGEST_DEPARTURE, "less"),
            &ratio(1.0 + LARGEST_DEPARTURE, "more"),
        ),
    ];
    picture.draw(&[
        map(&format!("Real, {}", labels.real), Scale::Magnitude, &magnitude(&sd.real)),
        map("Generated", Scale::Magnitude, &magnitude(&sd.generated)),
        map("Generated divided by real", Scale::Departure, &departures),
    ])
}

/// A map with January at its top.
fn map(heading: &str, scale: Scale, shares: &[f64]) -> Panel {
    let cell = |(index, &share): (usize, &f64)| {
        let (row, hour) = ((12 - index / HOURS) as f64, (index % HOURS) as f64);
        Cell { corners: [(hour, row - 1.0), (hour + 1.0, row)], shade: scale.shade(share) }
    };
    let months = MONTHS.iter().enumerate();
    Panel {
        heading: heading.to_string(),
        width: SMALL_WIDTH,
        height: HEIGHT,
        x: Axis {
            label: "hour, local standard time".to_string(),
            range: 0.0..24.0,
            ticks: (0..24).step_by(6).map(|hour| (f64::from(hour) + 0.5, hour.to_string())).collect(),
            is_log: false,
        },
        y: Axis {
            label: String::new(),
            range: 0.0..12.0,
            ticks: months.map(|(month, name)| (11.5 - month as f64, name.to_string())).collect(),
            is_log: false,
        },
        layers: vec![Layer::Cells(shares.iter().enumerate().map(cell).collect())],
    }
}
