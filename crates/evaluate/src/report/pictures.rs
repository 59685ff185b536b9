//! The report's pictures.

use contract::calendar;
use serde::Serialize;

use super::page::History;
use super::units::Units;
use crate::curves::{Curve, Curves, Excerpt, Excerpts};
use crate::plot::{self, Axis, Colour, Line, Panel};

const HEIGHT: u32 = 330;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Points of the loss history that a picture can show.
const MOST_POINTS: usize = 480;

/// A picture with its caption.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Picture {
    /// Anchor in the page.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    /// What it shows, for people and screen readers.
    pub(crate) caption: String,
    pub(crate) legend: Vec<Key>,
    pub(crate) svg: String,
}

/// An entry of the legend.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Key {
    colour: String,
    dashed: bool,
    name: String,
}

/// What the sides are called, and the units.
pub(crate) struct Labels {
    pub(crate) real: String,
    pub(crate) other_real: String,
    pub(crate) units: Units,
}

impl Labels {
    fn key(&self, colour: Colour) -> Key {
        let (name, dashed) = match colour {
            Colour::Real => (self.real.clone(), false),
            Colour::Generated => ("generated".to_string(), false),
            Colour::OtherReal => (self.other_real.clone(), true),
            Colour::Training => ("training".to_string(), false),
            Colour::Ink => ("equal".to_string(), true),
        };
        Key { colour: colour.css(), dashed, name }
    }

    fn level(&self, values: &[f64]) -> Vec<f64> {
        values.iter().map(|&value| self.units.level_of(value)).collect()
    }

    fn levels(&self, curve: &Curve) -> Curve {
        Curve {
            real: self.level(&curve.real),
            generated: self.level(&curve.generated),
            other_real: self.level(&curve.other_real),
        }
    }
}

/// The two pictures that say most.
pub(crate) fn first(curves: &Curves, labels: &Labels) -> anyhow::Result<Vec<Picture>> {
    gather([last_weeks(curves, labels)?, autocorrelation(curves, labels)?])
}

/// All others of the series.
pub(crate) fn others(curves: &Curves, labels: &Labels) -> anyhow::Result<Vec<Picture>> {
    gather([
        last_year(curves, labels)?,
        seasonal_profile(curves, labels)?,
        diurnal_profile(curves, labels)?,
        diurnal_range(curves, labels)?,
        quantiles(curves, labels)?,
        quantile_differences(curves, labels)?,
    ])
}

fn gather<const N: usize>(pictures: [Option<Picture>; N]) -> anyhow::Result<Vec<Picture>> {
    Ok(pictures.into_iter().flatten().collect())
}

fn last_weeks(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let days = curves.last_weeks.generated.values.len() / 24;
    excerpts(
        &curves.last_weeks,
        24.0,
        labels,
        Picture {
            id: "last-weeks",
            title: "The last weeks, hour by hour".to_string(),
            caption: format!(
                "The last {days} generated days, and the last real ones of the same season (of all years, moved to the reference year's climate)."
            ),
            legend: Vec::new(),
            svg: String::new(),
        },
    )
}

fn last_year(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    excerpts(&curves.last_year, 1.0, labels, Picture {
        id: "last-year",
        title: "The last year, day by day".to_string(),
        caption: "Daily means of the last generated days, and of the last real ones of the same season (of all years, moved to the reference year's climate).".to_string(),
        legend: Vec::new(),
        svg: String::new(),
    })
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

fn autocorrelation(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
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
    comparison(&curve, x, "correlation", 0.0, labels, Picture {
        id: "autocorrelation",
        title: "How long the weather remembers".to_string(),
        caption: "Autocorrelation of daily mean anomalies: how much of today's departure from the season's normal is left so many days later.".to_string(),
        legend: Vec::new(),
        svg: String::new(),
    })
}

fn seasonal_profile(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
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
        Picture {
            id: "seasonal-profile",
            title: "Seasonal profile".to_string(),
            caption: "Mean by day of year, smoothed over 15 days.".to_string(),
            legend: Vec::new(),
            svg: String::new(),
        },
    )
}

fn diurnal_profile(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let ticks = (0..24).step_by(3).map(|hour| (f64::from(hour), hour.to_string())).collect();
    let x = Axis { label: "hour, local standard time".to_string(), range: 0.0..23.0, ticks };
    let y = format!("mean, {}", labels.units.level);
    comparison(
        &labels.levels(&curves.diurnal_profile),
        x,
        &y,
        0.0,
        labels,
        Picture {
            id: "diurnal-profile",
            title: "Diurnal profile".to_string(),
            caption: "Mean by hour of day over the whole year.".to_string(),
            legend: Vec::new(),
            svg: String::new(),
        },
    )
}

fn diurnal_range(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
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
        Picture {
            id: "diurnal-range",
            title: "Diurnal range by month".to_string(),
            caption: "Mean of the day's largest minus its smallest hourly value.".to_string(),
            legend: Vec::new(),
            svg: String::new(),
        },
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

fn quantiles(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let curve = labels.levels(&curves.quantiles);
    let unit = &labels.units.level;
    let mut picture = quantile_picture(&curve, &format!("generated, {unit}"), |_, value| value, labels)?;
    if let Some(picture) = &mut picture {
        picture.id = "quantiles";
        picture.title = "Quantile against quantile".to_string();
        picture.caption = format!(
            "Quantiles from 0.1 to 99.9 % of all hours against those of the {}. On the line of equality both have the same distribution.",
            labels.real
        );
    }
    Ok(picture)
}

fn quantile_differences(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let curve = labels.levels(&curves.quantiles);
    let label = format!("difference, {}", labels.units.difference);
    let mut picture = quantile_picture(&curve, &label, |real, value| value - real, labels)?;
    if let Some(picture) = &mut picture {
        picture.id = "quantile-differences";
        picture.title = "Quantile minus quantile".to_string();
        picture.caption = format!(
            "The same, with the quantiles of the {} subtracted, so that small differences show.",
            labels.real
        );
    }
    Ok(picture)
}

/// Something of the real quantile and another side's, against the real one.
fn quantile_picture(
    curve: &Curve,
    y_label: &str,
    of: impl Fn(f64, f64) -> f64,
    labels: &Labels,
) -> anyhow::Result<Option<Picture>> {
    let against = |values: &[f64]| -> Vec<(f64, f64)> {
        curve.real.iter().zip(values).map(|(&real, &value)| (real, of(real, value))).collect()
    };
    let sides = [
        (Colour::Ink, against(&curve.real)),
        (Colour::OtherReal, against(&curve.other_real)),
        (Colour::Generated, against(&curve.generated)),
    ];
    let all = || sides.iter().flat_map(|(_, points)| points);
    let x = plot::axis(&format!("{}, {}", labels.real, labels.units.level), all().map(|point| point.0), 6);
    let y = plot::axis(y_label, all().map(|point| point.1), 6);
    let (Some(x), Some(y), false) = (x, y, curve.generated.is_empty()) else { return Ok(None) };
    let legend = sides.iter().rev().filter(|(_, points)| !points.is_empty());
    let legend = legend.map(|(colour, _)| labels.key(*colour)).collect();
    let line = |(colour, points)| Line { colour, dashed: colour != Colour::Generated, points };
    let lines = sides.into_iter().map(line).collect();
    let svg = plot::svg(&[Panel { heading: String::new(), height: HEIGHT, x, y, lines }])?;
    Ok(Some(Picture { id: "", title: String::new(), caption: String::new(), legend, svg }))
}

/// The loss and its two parts by epoch.
pub(crate) fn losses(history: &History) -> anyhow::Result<Vec<Picture>> {
    let parts = [
        (
            "loss",
            "Loss",
            "The training loss, the negative bound on the log-likelihood, by epoch.",
            &history.loss,
        ),
        (
            "reconstruction",
            "Reconstruction",
            "Its first part: the negative log-likelihood of the hours given the latents.",
            &history.reconstruction,
        ),
        ("kl", "Kullback-Leibler term", "Its second part: what the latents cost.", &history.kl),
    ];
    let picture = |(id, title, caption, [train, validation]): (&'static str, &str, &str, &[Vec<f64>; 2])| {
        let both = || train.iter().chain(validation).copied();
        let (Some(x), Some(y)) =
            (plot::axis("epoch", history.epoch.iter().copied(), 6), plot::axis("nats per hour", both(), 5))
        else {
            return Ok(None);
        };
        let mut lines = Vec::new();
        let mut legend = Vec::new();
        for (values, colour, name) in
            [(train, Colour::Training, "training"), (validation, Colour::Ink, "validation")]
        {
            if !values.iter().any(|value| value.is_finite()) {
                continue;
            }
            let step = values.len().div_ceil(MOST_POINTS).max(1);
            let points = history.epoch.iter().copied().zip(values.iter().copied()).step_by(step).collect();
            lines.push(Line { colour, dashed: false, points });
            legend.push(Key { colour: colour.css(), dashed: false, name: name.to_string() });
        }
        let svg = plot::svg(&[Panel { heading: String::new(), height: HEIGHT, x, y, lines }])?;
        Ok(Some(Picture { id, title: title.to_string(), caption: caption.to_string(), legend, svg }))
    };
    let pictures = parts.into_iter().map(picture).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(pictures.into_iter().flatten().collect())
}
