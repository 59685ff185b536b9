//! What the page says, and its template (`page.html`).

use anyhow::Context;
use contract::artifact::FORMAT;
use contract::credit::{Credit, NOT_STATED, licence_url};
use contract::variable::Variable;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use super::ReportConfig;
use super::delivered::Delivered;
use super::findings::{Line, findings, lines};
use super::inputs::{Digest, Documents, History};
use super::pictures::{self, Gallery, Labels, Picture};
use super::place::{Fact, facts, place};
use super::scorecard::{Rivals, Scorecard, candidates, rows};
use super::stages::Stages;
use super::targets;
use super::tasks::Tasks;
use super::units::{Units, number};
use crate::metrics::{Metrics, YearList};

/// Everything that the template shows.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    title: String,
    variable: String,
    verdict: String,
    /// What the judge, the audit and the likelihood say.
    findings: Vec<String>,
    delivered: Delivered,
    in_sample: bool,
    comparison: String,
    scorecard: Scorecard,
    rivals: Rivals,
    targets: Vec<targets::Row>,
    likelihood: Vec<Line>,
    gallery: Gallery,
    /// `None` in pipelines without trials.
    tasks: Option<Tasks>,
    losses: Vec<Picture>,
    /// `None` if every hour was there.
    gaps: Option<Picture>,
    training: String,
    facts: Vec<Fact>,
    notes: Vec<String>,
    /// `None` where the request does not list them.
    stages: Option<Stages>,
    settings: String,
    digests: Vec<Digest>,
    credit: Shown,
}

/// What has to be said of the data, or that nobody has.
#[derive(Debug, Serialize)]
struct Shown {
    licences: Vec<Licence>,
    attribution: String,
    source: String,
    references: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Licence {
    name: String,
    /// `None` where its text is not known.
    url: Option<String>,
}

impl Shown {
    fn of(credit: &Credit) -> Shown {
        let shown = |text: Option<String>| text.unwrap_or_else(|| NOT_STATED.to_string());
        let licence =
            |name: &str| Licence { name: name.to_string(), url: licence_url(name).map(str::to_string) };
        let licences: Vec<Licence> = credit.licences.iter().map(|name| licence(name)).collect();
        Shown {
            licences: if licences.is_empty() { vec![licence(NOT_STATED)] } else { licences },
            attribution: shown(credit.attribution()),
            source: shown(credit.source()),
            references: credit.references.iter().cloned().collect(),
        }
    }
}

impl Page {
    /// # Errors
    /// When a picture cannot be drawn.
    pub(crate) fn of(config: &ReportConfig, documents: &Documents) -> anyhow::Result<Page> {
        let Documents { metrics, curves, models, tasks, source, transform, history, digests } = documents;
        let variable = Variable::named(&metrics.variable);
        let units = Units::of(variable, &metrics.unit);
        let (real, other_real) = match metrics.in_sample {
            true => ("all years", "first half of the years"),
            false => ("held-out years", "training years"),
        };
        let labels = Labels {
            real: real.to_string(),
            real_short: if metrics.in_sample { "real" } else { "held-out" }.to_string(),
            other_real: other_real.to_string(),
            units,
        };
        let judge_real = metrics.judge_yardstick.as_ref().map(|yardstick| yardstick.mean);
        let place = place(source.latitude_deg, source.longitude_deg);
        let files = source.files.iter().map(|file| Digest {
            name: file.name.rsplit(['/', '\\']).next().unwrap_or_default().to_string(),
            digest: file.digest.clone(),
        });
        Ok(Page {
            title: config.title.clone().unwrap_or_else(|| place.clone()),
            variable: variable.map_or(&*metrics.variable, |variable| variable.long_name).to_string(),
            verdict: metrics.verdict(),
            findings: findings(metrics),
            delivered: Delivered::of(models, metrics),
            in_sample: metrics.in_sample,
            comparison: comparison(metrics),
            scorecard: Scorecard::of(&rows(metrics), &labels.units),
            rivals: Rivals::of(&candidates(metrics), judge_real),
            targets: targets::targets(metrics, &labels.units),
            likelihood: lines(metrics.likelihood.as_ref()),
            gallery: Gallery::of(curves, &labels)?,
            tasks: tasks.as_ref().map(|scores| Tasks::of(scores, &labels)).transpose()?,
            losses: pictures::losses(history)?,
            gaps: pictures::gap_map(source, &metrics.variable)?,
            training: training(history),
            facts: facts(metrics, source, transform, &labels.units),
            notes: metrics.notes.clone(),
            stages: config.stages.as_ref().map(Stages::of),
            settings: config.settings.clone(),
            digests: files.chain(digests.iter().cloned()).collect(),
            credit: Shown::of(&source.credit),
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
