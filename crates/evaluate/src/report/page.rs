//! What the page says, and its template (`page.html`).

use std::path::Path;

use anyhow::Context;
use contract::artifact::FORMAT;
use contract::calendar;
use contract::transform::{Transform, Trend, TrendMethod, TrendShape};
use contract::variable::Variable;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ReportConfig;
use super::pictures::{self, Labels, Picture};
use super::units::{Units, level, number};
use crate::curves::Curves;
use crate::metrics::{Metrics, Row, RowKind, YearList};

/// `source.json`, as `ingest` writes it.
#[derive(Debug, Deserialize)]
pub(crate) struct Source {
    latitude_deg: f64,
    longitude_deg: f64,
    requested_latitude_deg: f64,
    requested_longitude_deg: f64,
    distance_km: f64,
    first: Value,
    last: Value,
    hours: u64,
    filled: Vec<Filled>,
    files: Vec<Digest>,
    attribution: String,
}

#[derive(Debug, Deserialize)]
struct Filled {
    variable: String,
    from: Value,
    to: Value,
    hours: u64,
}

/// A file and the BLAKE3 of its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Digest {
    pub(crate) name: String,
    pub(crate) digest: String,
}

/// The columns of `history.parquet` that the page draws; `[train, validation]`, nats per hour.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) epoch: Vec<f64>,
    pub(crate) loss: [Vec<f64>; 2],
    pub(crate) reconstruction: [Vec<f64>; 2],
    pub(crate) kl: [Vec<f64>; 2],
}

impl History {
    /// # Errors
    /// When the file is not as `train` writes it.
    pub(crate) fn read(path: &Path) -> anyhow::Result<History> {
        let parts = ["loss", "reconstruction", "kl"];
        let names = parts.map(|part| [format!("train_{part}"), format!("validation_{part}")]);
        let columns: Vec<&str> =
            std::iter::once("epoch").chain(names.as_flattened().iter().map(String::as_str)).collect();
        let table = tables::read(path, &columns)?;
        let column = |name: &String| table.f64s(name).map(<[f64]>::to_vec);
        let read = || -> anyhow::Result<History> {
            let [loss, reconstruction, kl] = &names;
            Ok(History {
                epoch: table.i32s("epoch")?.iter().copied().map(f64::from).collect(),
                loss: [column(&loss[0])?, column(&loss[1])?],
                reconstruction: [column(&reconstruction[0])?, column(&reconstruction[1])?],
                kl: [column(&kl[0])?, column(&kl[1])?],
            })
        };
        read().with_context(|| format!("cannot use {}", path.display()))
    }
}

/// Everything that the template shows.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    title: String,
    variable: String,
    verdict: String,
    in_sample: bool,
    comparison: String,
    groups: Vec<Group>,
    tolerance: String,
    first_pictures: Vec<Picture>,
    pictures: Vec<Picture>,
    losses: Vec<Picture>,
    training: String,
    facts: Vec<Fact>,
    notes: Vec<String>,
    settings: String,
    digests: Vec<Digest>,
    attribution: String,
}

#[derive(Debug, Serialize)]
struct Group {
    name: String,
    rows: Vec<Cells>,
}

/// A row of the table of figures.
#[derive(Debug, Serialize)]
struct Cells {
    name: String,
    title: String,
    definition: String,
    source: String,
    is_part: bool,
    real: String,
    generated: String,
    unit: String,
    error: String,
    yardstick: String,
    error_unit: String,
    ratio: String,
    is_within: bool,
}

/// A line of the list about place, years and trend.
#[derive(Debug, Serialize)]
struct Fact {
    name: &'static str,
    text: String,
}

impl Page {
    /// # Errors
    /// When a picture cannot be drawn.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn of(
        config: &ReportConfig,
        metrics: &Metrics,
        curves: &Curves,
        source: &Source,
        transform: &Transform,
        history: &History,
        digests: Vec<Digest>,
    ) -> anyhow::Result<Page> {
        let variable = Variable::named(&metrics.variable);
        let units = Units::of(variable, &metrics.unit);
        let (real, other_real) = match metrics.in_sample {
            true => ("real (all years)", "real (first half)"),
            false => ("real (held-out years)", "real (training years)"),
        };
        let labels = Labels { real: real.to_string(), other_real: other_real.to_string(), units };
        let place = place(source.latitude_deg, source.longitude_deg);
        let files = source.files.iter().map(|file| Digest {
            name: file.name.rsplit(['/', '\\']).next().unwrap_or_default().to_string(),
            digest: file.digest.clone(),
        });
        Ok(Page {
            title: config.title.clone().unwrap_or_else(|| place.clone()),
            variable: variable.map_or(&*metrics.variable, |variable| variable.long_name).to_string(),
            verdict: metrics.verdict(),
            in_sample: metrics.in_sample,
            comparison: comparison(metrics),
            groups: groups(metrics, &labels.units),
            tolerance: number(metrics.tolerance, 1),
            first_pictures: pictures::first(curves, &labels)?,
            pictures: pictures::others(curves, &labels)?,
            losses: pictures::losses(history)?,
            training: training(history),
            facts: facts(metrics, source, transform, &labels.units),
            notes: metrics.notes.clone(),
            settings: config.settings.clone(),
            digests: files.chain(digests).collect(),
            attribution: source.attribution.clone(),
        })
    }

    /// The page's HTML.
    ///
    /// # Errors
    /// When the template does not fit, which a test rules out.
    pub(crate) fn render(&self) -> anyhow::Result<String> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        let template = environment.template_from_str(include_str!("page.html"))?;
        template
            .render(minijinja::value::Serde(self))
            .with_context(|| format!("cannot write the page of format {FORMAT}"))
    }
}

fn comparison(metrics: &Metrics) -> String {
    let years = &metrics.years;
    let describe = |years: &Option<YearList>| years.as_ref().map_or("none".to_string(), YearList::describe);
    let real = if metrics.in_sample {
        format!("Real: {}.", describe(&years.observed))
    } else {
        format!(
            "Held out: {}. Training: {}. Validation: {}.",
            describe(&years.held_out),
            describe(&years.training),
            describe(&years.validation)
        )
    };
    format!("{real} Generated: {}.", describe(&years.generated))
}

fn groups(metrics: &Metrics, units: &Units) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for row in &metrics.figures {
        let cells = cells(row, metrics, units);
        match groups.last_mut() {
            Some(group) if group.name == row.group => group.rows.push(cells),
            _ => groups.push(Group { name: row.group.clone(), rows: vec![cells] }),
        }
    }
    groups
}

fn cells(row: &Row, metrics: &Metrics, units: &Units) -> Cells {
    let is_level = row.kind == RowKind::Level;
    let value = |value: Option<f64>| match value {
        None => "\u{2013}".to_string(),
        Some(value) if is_level => level(units.level_of(value)),
        Some(value) => number(value, 3),
    };
    let distance = |value: Option<f64>| value.map_or("\u{2013}".to_string(), |value| number(value, 2));
    let unit = |unit: &str| if unit == "1" { String::new() } else { unit.to_string() };
    Cells {
        name: row.name.clone(),
        title: row.title.clone(),
        definition: row.definition.clone(),
        source: row.source.clone(),
        is_part: row.part_of.is_some(),
        real: value(row.real(metrics.in_sample)),
        generated: value(Some(row.generated)),
        unit: if is_level { units.level.clone() } else { unit(&row.unit) },
        error: distance(Some(row.error)),
        yardstick: distance(row.yardstick),
        error_unit: unit(&row.error_unit),
        ratio: row.ratio.map_or("\u{2013}".to_string(), ratio),
        is_within: row.is_within(metrics.tolerance),
    }
}

fn ratio(ratio: f64) -> String {
    if ratio >= 100.0 { "> 100".to_string() } else { number(ratio, 3) }
}

fn facts(metrics: &Metrics, source: &Source, transform: &Transform, units: &Units) -> Vec<Fact> {
    let fact = |name, text| Fact { name, text };
    let requested = place(source.requested_latitude_deg, source.requested_longitude_deg);
    let hour = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(time) => time.as_i64().map(calendar::format_hour).unwrap_or_default(),
        other => other.to_string(),
    };
    let observed = metrics.years.observed.as_ref().map_or("none".to_string(), YearList::describe);
    let filled = source.filled.iter().filter(|gap| gap.variable == metrics.variable);
    let filled: Vec<_> =
        filled.map(|gap| (gap.hours, format!("{} to {}", hour(&gap.from), hour(&gap.to)))).collect();
    let filled_hours: u64 = filled.iter().map(|(hours, _)| hours).sum();
    const SHOWN_GAPS: usize = 5;
    let mut gaps: Vec<_> = filled.iter().take(SHOWN_GAPS).map(|(_, gap)| gap.clone()).collect();
    if filled.len() > SHOWN_GAPS {
        gaps.push(format!("and {} more", filled.len() - SHOWN_GAPS));
    }
    vec![
        fact(
            "Grid point",
            format!(
                "{}, {} km from the place asked for ({requested})",
                place(source.latitude_deg, source.longitude_deg),
                number(source.distance_km, 2)
            ),
        ),
        fact(
            "Files",
            format!("{} hours, {} to {} UTC", source.hours, hour(&source.first), hour(&source.last)),
        ),
        fact("Local years", format!("{observed}, local standard time UTC{}", transform.utc_offset)),
        fact(
            "Filled hours",
            match filled_hours {
                0 => "none".to_string(),
                1 => format!("1, interpolated: {}", gaps.join("; ")),
                hours => format!("{hours}, interpolated: {}", gaps.join("; ")),
            },
        ),
        fact("Trend", trend(&transform.trend, &units.difference)),
    ]
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
    let [low, high] = trend.interval_per_decade;
    format!(
        "{} {unit} per decade (95 % interval {} to {}), {method}, {shape}; everything here is in the climate of {}",
        number(10.0 * trend.slope_per_year, 2),
        number(low, 2),
        number(high, 2),
        trend.reference_year
    )
}

fn training(history: &History) -> String {
    let last = |values: &[f64]| values.last().copied().filter(|value| value.is_finite());
    let [train, validation] = &history.loss;
    let epochs = history.epoch.len();
    let (Some(train), Some(validation)) = (last(train), last(validation)) else {
        return format!("{epochs} epochs.");
    };
    let best = history.loss[1].iter().copied().filter(|value| value.is_finite()).fold(validation, f64::min);
    format!(
        "{epochs} epochs. At the end the training loss is {} and the validation loss {} nats per hour; the smallest validation loss was {}.",
        number(train, 3),
        number(validation, 3),
        number(best, 3)
    )
}

/// `48.45° N, 5.59° E`.
fn place(latitude_deg: f64, longitude_deg: f64) -> String {
    let north = if latitude_deg < 0.0 { "S" } else { "N" };
    let east = if longitude_deg < 0.0 { "W" } else { "E" };
    // Four decimals are 11 m.
    let rounded = |degrees: f64| (degrees.abs() * 1e4).round() / 1e4;
    format!("{}° {north}, {}° {east}", rounded(latitude_deg), rounded(longitude_deg))
}
