//! The rows of the scorecard and its candidates from `metrics.json`: the one place that knows how it is written.

use super::{Candidate, CandidateKind, ScorecardRow};
use crate::figures::Kind;
use crate::metrics::Metrics;

/// In the document's order.
pub(crate) fn rows(metrics: &Metrics) -> Vec<ScorecardRow> {
    let rows = metrics.figures.iter().map(|row| ScorecardRow {
        key: row.name.clone(),
        row: None,
        is_counted: row.part_of.is_none(),
        title: row.title.clone(),
        definition: format!("{} Source: {}.", row.definition, row.source),
        unit: row.unit.clone(),
        is_level: row.kind == Kind::Level,
        held_out: row.real(metrics.in_sample),
        generated: Some(row.generated),
        training: row.training,
        error: Some(row.error),
        real_error: row.yardstick,
        error_unit: row.error_unit.clone(),
        e: row.ratio,
        p: None,
        outside: row.ratio.map(|_| !row.is_within(metrics.tolerance)),
    });
    rows.collect()
}

/// The generators that went through the scorecard.
pub(crate) fn candidates(metrics: &Metrics) -> Vec<Candidate> {
    let rated: Vec<f64> = metrics.figures.iter().filter_map(|row| row.ratio).collect();
    let mean_e = rated.iter().map(|e| e.min(5.0)).sum::<f64>() / rated.len() as f64;
    vec![Candidate {
        name: "generated".to_string(),
        title: "Generated years".to_string(),
        kind: CandidateKind::Model,
        mean_e: Some(mean_e).filter(|e| e.is_finite()),
        outside: Some(rated.iter().filter(|e| **e > metrics.tolerance).count()),
        figures: rated.len(),
        outside_titles: Vec::new(),
        judge_auc: None,
        memorisation: None,
    }]
}
