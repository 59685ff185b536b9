//! The rows of the scorecard and its candidates from `metrics.json`: the one place that knows how it is
//! written.

use super::{Candidate, ScorecardRow};
use crate::figures::Kind;
use crate::metrics::Metrics;
use crate::scorecard::{CandidateKind, Score};

/// In the document's order.
pub(crate) fn rows(metrics: &Metrics) -> Vec<ScorecardRow> {
    let rows = metrics.figures.iter().map(|figure| {
        let score = metrics.score("generated", &figure.key);
        ScorecardRow {
            key: figure.key.clone(),
            row: figure.row,
            is_counted: figure.counted,
            title: figure.title.clone(),
            definition: format!("{} Source: {}.", figure.definition, figure.source),
            unit: figure.unit.clone(),
            is_level: figure.kind == Kind::Level,
            held_out: figure.real(metrics.in_sample),
            generated: figure.values.generated,
            training: figure.values.training,
            error: score.and_then(|score| score.error),
            real_error: figure.real_error,
            error_unit: figure.error_unit.clone(),
            e: score.and_then(|score| score.e),
            p: score.and_then(|score| score.p),
            outside: score.and_then(|score| score.outside),
        }
    });
    rows.collect()
}

/// The generators that went through the scorecard.
pub(crate) fn candidates(metrics: &Metrics) -> Vec<Candidate> {
    let candidates = metrics.candidates.iter().map(|candidate| Candidate {
        name: candidate.name.clone(),
        title: title(&candidate.title, candidate.kind),
        kind: candidate.kind,
        mean_e: candidate.mean_e,
        outside: candidate.outside,
        figures: candidate.rows.len(),
        outside_titles: outside(metrics, &candidate.rows),
        judge_auc: candidate.judge.as_ref().map(|judged| judged.auc),
        // That training years are their own copies is no news.
        memorisation: (candidate.kind != CandidateKind::Training)
            .then(|| candidate.memorisation.as_ref().map(|audit| audit.ratio))
            .flatten(),
    });
    candidates.collect()
}

/// The titles of the figures that are outside.
fn outside(metrics: &Metrics, rows: &[Score]) -> Vec<String> {
    let outside = rows.iter().filter(|row| row.outside == Some(true));
    let figure = |row: &Score| metrics.figures.iter().find(|figure| figure.key == row.key);
    outside.filter_map(figure).map(|figure| figure.title.clone()).collect()
}

/// Without what its group's heading says.
fn title(title: &str, kind: CandidateKind) -> String {
    let rest = title.strip_prefix("Broken: ").filter(|_| kind == CandidateKind::Broken);
    let Some(rest) = rest else { return title.to_string() };
    let mut letters = rest.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
