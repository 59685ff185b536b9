//! What is asked of a candidate beside the figures of the scorecard: whether a classifier can tell it
//! from real years, and whether it copies its training years. Both see every series through the
//! climatology of the training years. In-sample there are no other real years than those of the
//! training, so the judge compares with them, and there is no audit.

use crate::audit::{Audit, audit};
use crate::climatology::Climatology;
use crate::evaluate::{EvaluateConfig, Samples};
use crate::judge::{JudgeYardstick, Judged, judge, yardstick};
use crate::likelihood::{Likelihood, LikelihoodDocument, baseline};
use crate::scorecard::CandidateKind;
use crate::series::Series;

/// Examines one candidate after the other.
pub(crate) struct Examination<'a> {
    climatology: Climatology,
    training: &'a Series,
    real: &'a Series,
    all: &'a Series,
    in_sample: bool,
    judges: bool,
}

/// What is found.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    pub(crate) judge: Option<Judged>,
    pub(crate) memorisation: Option<Audit>,
    /// Why one of them is missing, a sentence each.
    pub(crate) notes: Vec<String>,
}

impl<'a> Examination<'a> {
    /// `None` where the training years have less than 365 days.
    pub(crate) fn of(samples: &'a Samples, config: &EvaluateConfig) -> Option<Examination<'a>> {
        let training = &samples.training().series;
        Some(Examination {
            climatology: Climatology::fit(training)?,
            training,
            real: &samples.real().series,
            all: &samples.observed.series,
            in_sample: samples.in_sample,
            judges: config.judge,
        })
    }

    /// The training years are not judged: windows of the years that their own climatology was fitted to
    /// can be told from others by that.
    pub(crate) fn examine(&self, kind: CandidateKind, candidate: &Series) -> Examined {
        let mut examined = Examined::default();
        if self.judges && kind != CandidateKind::Training {
            let judged = judge(&self.climatology, self.real, candidate);
            examined.judge = note(judged, &mut examined.notes);
        }
        if !self.in_sample {
            let audited = audit(&self.climatology, self.training, self.real, candidate);
            examined.memorisation = note(audited, &mut examined.notes);
        }
        examined
    }

    /// What the judge tells of two halves of the real years, if it is asked at all.
    pub(crate) fn judge_yardstick(&self, notes: &mut Vec<String>) -> Option<JudgeYardstick> {
        let found = self.judges.then(|| yardstick(&self.climatology, self.all, self.real))?;
        note(found, notes)
    }

    /// The model's bound on the held-out hours beside autoregressions; none in-sample.
    pub(crate) fn likelihood(
        &self,
        bound: &LikelihoodDocument,
        notes: &mut Vec<String>,
    ) -> Option<Likelihood> {
        let found = (!self.in_sample).then(|| baseline(&self.climatology, self.training, self.real))?;
        let likelihood = Likelihood::of(note(found, notes)?, Some(bound));
        if likelihood.model_bound.is_none() {
            notes.push("The model has no bound on the likelihood of the held-out hours.".to_string());
        }
        Some(likelihood)
    }
}

/// The value, or the reason as a sentence for the notes.
fn note<T>(found: anyhow::Result<T>, notes: &mut Vec<String>) -> Option<T> {
    found.map_err(|error| notes.push(sentence(&format!("{error:#}")))).ok()
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    format!("{}{}.", first.into_iter().flatten().collect::<String>(), letters.as_str())
}
