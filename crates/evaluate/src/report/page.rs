//! What the page says, and its template (`page.html`).

use anyhow::Context;
use contract::artifact::FORMAT;
use contract::variable::Variable;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use super::ReportConfig;
use super::inputs::{Digest, Documents, History};
use super::pictures::{self, Labels, Picture};
use super::place::{Fact, facts, place};
use super::units::{Units, level, number};
use crate::figures::Kind;
use crate::metrics::{Metrics, Row, YearList};

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

impl Page {
    /// # Errors
    /// When a picture cannot be drawn.
    pub(crate) fn of(config: &ReportConfig, documents: &Documents) -> anyhow::Result<Page> {
        let Documents { metrics, curves, source, transform, history, digests } = documents;
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
            digests: files.chain(digests.iter().cloned()).collect(),
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
    let is_level = row.kind == Kind::Level;
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
