//! The ends of the series, real above generated.

use contract::calendar;

use super::{HEIGHT, Key, Labels, MONTHS, Picture};
use crate::curves::{Curves, Excerpt, Excerpts};
use crate::plot::{self, Axis, Colour, Line, Panel};

pub(crate) fn last_weeks(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let days = curves.last_weeks.generated.values.len() / 24;
    excerpts(
        &curves.last_weeks,
        24.0,
        labels,
        Picture::new(
            "last-weeks",
            "The last weeks, hour by hour",
            &format!(
                "The last {days} generated days, and the last real ones of the same season (of all years, moved to the reference year's climate)."
            ),
        ),
    )
}

pub(crate) fn last_year(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    excerpts(
        &curves.last_year,
        1.0,
        labels,
        Picture::new(
            "last-year",
            "The last year, day by day",
            "Daily means of the last generated days, and of the last real ones of the same season (of all years, moved to the reference year's climate).",
        ),
    )
}

/// Two panels with the same vertical axis.
fn excerpts(
    excerpts: &Excerpts,
    values_per_day: f64,
    labels: &Labels,
    mut picture: Picture,
) -> anyhow::Result<Option<Picture>> {
    let (real, generated) = (labels.level(&excerpts.real.values), labels.level(&excerpts.generated.values));
    let both = real.iter().chain(&generated).copied();
    let Some(y) = plot::axis(&labels.units.level, both, 5) else { return Ok(None) };
    let panel = |excerpt: &Excerpt, values: &[f64], colour, name: &str| {
        let points =
            values.iter().enumerate().map(|(i, &value)| (i as f64 / values_per_day, value)).collect();
        Panel {
            heading: format!("{name}, {} to {}", excerpt.first, excerpt.last),
            height: HEIGHT / 2,
            x: dates(excerpt, values.len() as f64 / values_per_day),
            y: y.clone(),
            lines: vec![Line { colour, dashed: false, points }],
        }
    };
    let mut panels = Vec::new();
    if !real.is_empty() {
        panels.push(panel(&excerpts.real, &real, Colour::Real, "Real"));
    }
    if !generated.is_empty() {
        // Only the lower panel names the axis, and is so much higher.
        if let Some(upper) = panels.first_mut() {
            upper.x.label.clear();
            upper.height -= 9;
        }
        let mut lower = panel(&excerpts.generated, &generated, Colour::Generated, "Generated");
        lower.height += 9;
        panels.push(lower);
    }
    picture.legend =
        vec![Key { name: "real".to_string(), ..labels.key(Colour::Real) }, labels.key(Colour::Generated)];
    picture.svg = plot::svg(&panels)?;
    Ok(Some(picture))
}

/// An axis of days since the excerpt's first date: ticks a week, or a month beyond ten weeks.
fn dates(excerpt: &Excerpt, days: f64) -> Axis {
    let first = calendar::parse_date(&excerpt.first).unwrap_or(0);
    let date = |day: usize| calendar::civil(first + day as i64 * calendar::DAY_US);
    let month = |day: usize| MONTHS[(date(day).month as usize - 1) % 12];
    let all = 0..days.ceil() as usize;
    let (label, ticks): (_, Vec<(f64, String)>) = if days > 70.0 {
        let months = all.filter(|&day| date(day).day == 1);
        ("first of the month", months.map(|day| (day as f64, month(day)[..1].to_string())).collect())
    } else {
        let name = |day: usize| format!("{} {}", date(day).day, month(day));
        ("local standard time", all.step_by(7).map(|day| (day as f64, name(day))).collect())
    };
    Axis { label: label.to_string(), range: 0.0..days.max(1.0), ticks }
}
