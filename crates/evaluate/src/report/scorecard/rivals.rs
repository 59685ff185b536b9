//! The generator beside its rivals.

use serde::Serialize;

use super::{NOTHING, bar_percent, shown_e};
use crate::audit::PASSES;
use crate::report::units::number;
use crate::scorecard::CandidateKind;

/// What one generator comes to.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// In `metrics.json`.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) kind: CandidateKind,
    pub(crate) mean_e: Option<f64>,
    /// Of so many figures; `None` without a yardstick.
    pub(crate) outside: Option<usize>,
    pub(crate) figures: usize,
    /// The titles of those that are outside.
    pub(crate) outside_titles: Vec<String>,
    /// How well the judge tells it from real years: 0.5 not at all, 1 always.
    pub(crate) judge_auc: Option<f64>,
    /// Distance of its windows to training years by that of held-out windows.
    pub(crate) memorisation: Option<f64>,
}

/// The table.
#[derive(Debug, Serialize)]
pub(crate) struct Rivals {
    groups: Vec<Group>,
    has_judge: bool,
    has_memorisation: bool,
    /// The judge's AUC between two halves of the real years.
    judge_real: Option<String>,
}

#[derive(Debug, Serialize)]
struct Group {
    name: &'static str,
    rows: Vec<Cells>,
}

#[derive(Debug, Serialize)]
struct Cells {
    name: String,
    title: String,
    is_model: bool,
    mean_e: String,
    bar: Option<f64>,
    class: &'static str,
    outside: String,
    outside_titles: Vec<String>,
    judge: String,
    memorisation: String,
    /// What a ratio outside of its range says.
    memory_word: &'static str,
}

impl Rivals {
    pub(crate) fn of(candidates: &[Candidate], judge_real_auc: Option<f64>) -> Rivals {
        let kinds = [
            (CandidateKind::Model, "This run"),
            (CandidateKind::Training, "Real years"),
            (CandidateKind::Rival, "Rivals"),
            (CandidateKind::Broken, "Broken on purpose: each must be found out"),
        ];
        // The yardstick of a candidate: what the real training years have.
        let real = candidates.iter().find(|candidate| candidate.kind == CandidateKind::Training);
        let real_e = real.and_then(|real| real.mean_e);
        let group = |(kind, name)| Group {
            name,
            rows: candidates
                .iter()
                .filter(|candidate| candidate.kind == kind)
                .map(|candidate| Cells::of(candidate, real_e))
                .collect(),
        };
        Rivals {
            groups: kinds.into_iter().map(group).filter(|group| !group.rows.is_empty()).collect(),
            has_judge: candidates.iter().any(|candidate| candidate.judge_auc.is_some()),
            has_memorisation: candidates.iter().any(|candidate| candidate.memorisation.is_some()),
            judge_real: judge_real_auc.map(|auc| format!("{auc:.2}")),
        }
    }
}

impl Cells {
    fn of(candidate: &Candidate, real_e: Option<f64>) -> Cells {
        let two_decimals =
            |value: Option<f64>| value.map_or(NOTHING.to_string(), |value| format!("{value:.2}"));
        let class = match (candidate.mean_e, real_e) {
            (Some(e), Some(real)) if e <= real.max(1.0) => "close",
            (Some(e), None) if e <= 1.0 => "close",
            (Some(e), _) if e <= 2.0 => "inside",
            (Some(_), _) => "outside",
            (None, _) => "unrated",
        };
        let memory_word = match candidate.memorisation {
            Some(ratio) if ratio < *PASSES.start() => "copies",
            Some(ratio) if ratio > *PASSES.end() => "strays",
            _ => "",
        };
        Cells {
            name: candidate.name.clone(),
            title: candidate.title.clone(),
            is_model: candidate.kind == CandidateKind::Model,
            mean_e: candidate.mean_e.map_or(NOTHING.to_string(), shown_e),
            bar: candidate.mean_e.map(bar_percent),
            class,
            outside: candidate
                .outside
                .map_or(NOTHING.to_string(), |outside| format!("{outside} of {}", candidate.figures)),
            outside_titles: candidate.outside_titles.clone(),
            judge: two_decimals(candidate.judge_auc),
            memorisation: candidate.memorisation.map_or(NOTHING.to_string(), |ratio| number(ratio, 3)),
            memory_word,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(kind: CandidateKind, mean_e: f64, memorisation: f64) -> Candidate {
        Candidate {
            name: String::new(),
            title: format!("{kind:?}"),
            kind,
            mean_e: Some(mean_e),
            outside: Some(2),
            figures: 24,
            outside_titles: Vec::new(),
            judge_auc: None,
            memorisation: Some(memorisation),
        }
    }

    #[test]
    fn the_run_comes_first_and_what_no_candidate_has_is_no_column() {
        let rivals = Rivals::of(
            &[
                candidate(CandidateKind::Broken, 4.0, 0.0),
                candidate(CandidateKind::Rival, 1.5, 0.7),
                candidate(CandidateKind::Training, 1.3, 1.0),
                candidate(CandidateKind::Model, 1.2, 1.02),
            ],
            None,
        );
        let names: Vec<&str> = rivals.groups.iter().map(|group| group.name).collect();
        assert_eq!(names[0], "This run");
        assert_eq!(names.len(), 4);
        assert!(!rivals.has_judge && rivals.has_memorisation);
        let all = || rivals.groups.iter().flat_map(|group| &group.rows);
        assert_eq!(all().map(|row| row.class).collect::<Vec<_>>(), ["close", "close", "inside", "outside"]);
        assert_eq!(all().map(|row| row.memory_word).collect::<Vec<_>>(), ["", "", "copies", "copies"]);
    }
}
