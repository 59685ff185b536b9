//! Curves with a line for each side.

use super::{HALVES, HEIGHT, Labels, MONTHS, Picture, SMALL_WIDTH, WIDTH, all_values, is_complete, layers};
use crate::curves::{Curve, Curves};
use crate::plot::{self, Axis, Panel};

/// The enlarged part of the autocorrelation begins here.
const ENLARGED_FROM_DAY: usize = 5;

pub(crate) fn autocorrelation(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let curve = &curves.anomaly_autocorrelation;
    if !is_complete(curve) {
        return Ok(None);
    }
    let longest = curve.real.len();
    let panel = |heading: &str, first: usize| {
        let curve = from_lag(curve, first);
        let y = plot::axis("correlation", all_values(&curve), 5)?;
        let ticks = (first..=longest).filter(|day| day % 10 == 0 || *day == first);
        let x = Axis {
            label: "days later".to_string(),
            range: first as f64..longest as f64,
            ticks: ticks.map(|day| (day as f64, day.to_string())).collect(),
            is_log: false,
        };
        let layers = layers(&curve, |index| (first + index) as f64);
        Some(Panel { heading: heading.to_string(), width: WIDTH, height: HEIGHT, x, y, layers })
    };
    let Some(all) = panel("All lags", 0) else { return Ok(None) };
    let mut panels = vec![all];
    if longest > 2 * ENLARGED_FROM_DAY {
        panels.extend(panel("From day 5 on, enlarged", ENLARGED_FROM_DAY));
    }
    let mut picture = Picture::new(
        "autocorrelation",
        "How long the weather remembers",
        "How much of a day's departure from the season's normal is left so many days later (autocorrelation of daily mean anomalies). Look for an orange line inside the blue band: below it, the generated weather forgets too fast; above it, it holds on too long.",
    );
    picture.legend = labels.legend(curve, HALVES);
    picture.draw(&panels)
}

/// The curve of lags from `first` on; lag 0, which it does not hold, is 1.
fn from_lag(curve: &Curve, first: usize) -> Curve {
    let part = |values: &[f64]| -> Vec<f64> {
        let zero = (!values.is_empty()).then_some(1.0);
        zero.into_iter().chain(values.iter().copied()).skip(first).collect()
    };
    Curve {
        real: part(&curve.real),
        generated: part(&curve.generated),
        other_real: part(&curve.other_real),
        band_low: part(&curve.band_low),
        band_high: part(&curve.band_high),
    }
}

pub(crate) fn seasonal_profile(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let starts = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let ticks =
        starts.iter().zip(MONTHS).map(|(&day, name)| (f64::from(day), name[..1].to_string())).collect();
    Course {
        curve: labels.levels(&curves.seasonal_profile),
        x: Axis { label: "first of the month".to_string(), range: 0.0..365.0, ticks, is_log: false },
        first_x: 0.0,
        y_label: format!("mean, {}", labels.units.level),
    }
    .draw(
        labels,
        Picture::new(
            "seasonal-profile",
            "Seasonal profile",
            "Mean by day of year, smoothed over 15 days. The lines should lie on each other.",
        ),
    )
}

pub(crate) fn diurnal_profile(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let ticks = (0..24).step_by(6).map(|hour| (f64::from(hour), hour.to_string())).collect();
    Course {
        curve: labels.levels(&curves.diurnal_profile),
        x: Axis { label: "hour, local standard time".to_string(), range: 0.0..23.0, ticks, is_log: false },
        first_x: 0.0,
        y_label: format!("mean, {}", labels.units.level),
    }
    .draw(
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
    Course {
        curve: curves.diurnal_range.clone(),
        x: Axis { label: "month".to_string(), range: 0.8..12.2, ticks, is_log: false },
        first_x: 1.0,
        y_label: format!("range, {}", labels.units.difference),
    }
    .draw(
        labels,
        Picture::new(
            "diurnal-range",
            "Diurnal range by month",
            "Mean of the day's largest minus its smallest hourly value. A lower orange line means days that are too flat.",
        ),
    )
}

/// One panel with a line for each side.
struct Course {
    curve: Curve,
    x: Axis,
    /// Where the first value lies; the others follow at steps of 1.
    first_x: f64,
    y_label: String,
}

impl Course {
    fn draw(self, labels: &Labels, mut picture: Picture) -> anyhow::Result<Option<Picture>> {
        let Course { curve, x, first_x, y_label } = self;
        let Some(y) = plot::axis(&y_label, all_values(&curve), 5) else { return Ok(None) };
        if !is_complete(&curve) {
            return Ok(None);
        }
        picture.legend = labels.legend(&curve, HALVES);
        let layers = layers(&curve, |index| first_x + index as f64);
        let (width, height) = (SMALL_WIDTH, HEIGHT - 50);
        picture.draw(&[Panel { heading: String::new(), width, height, x, y, layers }])
    }
}
