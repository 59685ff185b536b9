//! The list about the place, the years and the trend.

use contract::transform::{Transform, Trend, TrendBy, TrendMethod, TrendShape};
use serde::Serialize;

use super::inputs::{Run, Source};
use super::units::{Units, number};
use crate::metrics::{Metrics, YearList};

/// So many runs of hours are listed.
const SHOWN_RUNS: usize = 5;

/// A line of the list about place, years and trend.
#[derive(Debug, Serialize)]
pub(crate) struct Fact {
    name: &'static str,
    text: String,
}

pub(crate) fn facts(metrics: &Metrics, source: &Source, transform: &Transform, units: &Units) -> Vec<Fact> {
    let fact = |name, text| Fact { name, text };
    let observed = metrics.years.observed.as_ref().map_or("none".to_string(), YearList::describe);
    let left_out = transform.years_left_out.join(", ");
    let left_out = (!left_out.is_empty()).then(|| fact("Local years left out", left_out));
    let mut facts = vec![
        site(source),
        fact("Files", format!("{} hours, {} to {} UTC", source.hours, source.first, source.last)),
        fact("Local years", format!("{observed}, local standard time UTC{}", transform.utc_offset)),
    ];
    facts.extend(left_out);
    facts.extend([
        fact("Hours in no file", hours(&source.gaps, &metrics.variable)),
        fact("Flagged hours", hours(&source.flagged, &metrics.variable)),
        fact("Trend", trend(&transform.trend, &units.difference)),
    ]);
    facts
}

/// What the hours are of: a grid point, the place itself between some, or a station.
fn site(source: &Source) -> Fact {
    let here = place(source.latitude_deg, source.longitude_deg);
    match source.site.as_str() {
        "station" => Fact { name: "Station", text: here },
        "between-grid-points" => {
            Fact { name: "Place", text: format!("{here}, interpolated between the grid points around it") }
        }
        _ => {
            let requested = place(source.requested_latitude_deg, source.requested_longitude_deg);
            let distance_km = number(source.distance_km, 2);
            let text = format!("{here}, {distance_km} km from the place asked for ({requested})");
            Fact { name: "Grid point", text }
        }
    }
}

/// The gaps or the flagged hours of the variable: how many of each kind, and the first runs.
fn hours(runs: &[Run], variable: &str) -> String {
    let runs: Vec<&Run> = runs.iter().filter(|run| run.variable == variable).collect();
    let mut kinds: Vec<&str> = Vec::new();
    for run in &runs {
        if !kinds.contains(&run.kind.as_str()) {
            kinds.push(&run.kind);
        }
    }
    let of_kind = |kind: &&str| {
        let hours: u64 = runs.iter().filter(|run| run.kind == **kind).map(|run| run.hours).sum();
        format!("{hours} {}", describe(kind))
    };
    if kinds.is_empty() {
        return "none".to_string();
    }
    let shown = runs.iter().take(SHOWN_RUNS).map(|run| format!("{} to {}", run.from, run.to));
    let mut shown: Vec<_> = shown.collect();
    if runs.len() > SHOWN_RUNS {
        shown.push(format!("and {} more", runs.len() - SHOWN_RUNS));
    }
    let kinds: Vec<String> = kinds.iter().map(of_kind).collect();
    format!("{}: {}", kinds.join(", "), shown.join("; "))
}

fn describe(kind: &str) -> &str {
    match kind {
        "linear" => "interpolated",
        "diurnal" => "filled with the daily course of the days around",
        other => other,
    }
}

fn trend(trend: &Trend, unit: &str) -> String {
    let method = match trend.method {
        TrendMethod::None => return "none removed".to_string(),
        TrendMethod::Ols => "ordinary least squares on yearly means",
        TrendMethod::TheilSen => "Theil-Sen on yearly means",
    };
    let shape = match trend.shape {
        TrendShape::Continuous => "continuous in time",
        TrendShape::YearlySteps => "in yearly steps",
    };
    let by = match trend.by {
        TrendBy::Year => "",
        TrendBy::MonthHour(_) => ", with a slope of its own for each season and hour of the day",
    };
    let [low, high] = trend.interval_per_decade;
    format!(
        "{} {unit} per decade (95 % interval {} to {}), {method}, {shape}{by}; everything here is in the climate of {}",
        number(10.0 * trend.slope_per_year, 2),
        number(low, 2),
        number(high, 2),
        trend.reference_year
    )
}

/// `48.45° N, 5.59° E`.
pub(crate) fn place(latitude_deg: f64, longitude_deg: f64) -> String {
    let north = if latitude_deg < 0.0 { "S" } else { "N" };
    let east = if longitude_deg < 0.0 { "W" } else { "E" };
    // Four decimals are 11 m.
    let rounded = |degrees: f64| (degrees.abs() * 1e4).round() / 1e4;
    format!("{}° {north}, {}° {east}", rounded(latitude_deg), rounded(longitude_deg))
}
