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
use crate::metrics::{FigureRow, Metrics, YearList};
use crate::scorecard::Candidate;

/// Everything that the template shows.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    title: String,
    variable: String,
    verdict: String,
    in_sample: bool,
    comparison: String,
    figures: Vec<Cells>,
    shown: Vec<Cells>,
    candidates: Vec<CandidateCells>,
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

/// A figure: a row of the scorecard, or of those shown beside it.
#[derive(Debug, Serialize)]
struct Cells {
    key: String,
    row: String,
    title: String,
    definition: String,
    source: String,
    real: String,
    generated: String,
    unit: String,
    error: String,
    real_error: String,
    error_unit: String,
    e: String,
    p: String,
    /// Of the cell with E.
    class: &'static str,
}

/// A candidate: a row of the table of candidates.
#[derive(Debug, Serialize)]
struct CandidateCells {
    name: String,
    title: String,
    mean_e: String,
    below_one: String,
    outside: String,
    /// The titles of the figures outside.
    outside_titles: Vec<String>,
    figures: usize,
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
            figures: cells_where(metrics, &labels.units, |figure| figure.counted),
            shown: cells_where(metrics, &labels.units, |figure| !figure.counted),
            candidates: metrics
                .candidates
                .iter()
                .map(|candidate| candidate_cells(candidate, metrics))
                .collect(),
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

const NONE: &str = "\u{2013}";

fn cells_where(metrics: &Metrics, units: &Units, keep: fn(&FigureRow) -> bool) -> Vec<Cells> {
    metrics.figures.iter().filter(|figure| keep(figure)).map(|figure| cells(figure, metrics, units)).collect()
}

fn cells(figure: &FigureRow, metrics: &Metrics, units: &Units) -> Cells {
    let is_level = figure.kind == Kind::Level;
    let value = |value: Option<f64>| match value {
        None => NONE.to_string(),
        Some(value) if is_level => level(units.level_of(value)),
        Some(value) => number(value, 3),
    };
    let short = |value: Option<f64>| value.map_or(NONE.to_string(), |value| number(value, 2));
    let unit = |unit: &str| if unit == "1" { String::new() } else { unit.to_string() };
    let score = metrics.score("generated", &figure.key);
    Cells {
        key: figure.key.clone(),
        row: figure.row.map_or(String::new(), |row| row.to_string()),
        title: figure.title.clone(),
        definition: figure.definition.clone(),
        source: figure.source.clone(),
        real: value(figure.real(metrics.in_sample)),
        generated: value(figure.values.generated),
        unit: if is_level { units.level.clone() } else { unit(&figure.unit) },
        error: short(score.and_then(|score| score.error)),
        real_error: short(figure.real_error),
        error_unit: unit(&figure.error_unit),
        e: short(score.and_then(|score| score.e)),
        p: short(score.and_then(|score| score.p)),
        class: match score.and_then(|score| score.outside) {
            Some(false) => "within",
            Some(true) => "beyond",
            None => "",
        },
    }
}

fn candidate_cells(candidate: &Candidate, metrics: &Metrics) -> CandidateCells {
    let outside = candidate.rows.iter().filter(|row| row.outside == Some(true));
    let title = |key: &str| {
        metrics.figures.iter().find(|figure| figure.key == key).map(|figure| figure.title.clone())
    };
    let count = |count: Option<usize>| count.map_or(NONE.to_string(), |count| count.to_string());
    CandidateCells {
        name: candidate.name.clone(),
        title: candidate.title.clone(),
        mean_e: candidate.mean_e.map_or(NONE.to_string(), |e| format!("{e:.2}")),
        below_one: count(candidate.below_one),
        outside: count(candidate.outside),
        outside_titles: outside.filter_map(|row| title(&row.key)).collect(),
        figures: candidate.rows.len(),
    }
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
