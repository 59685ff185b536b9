//! The scorecard: candidates against real years that none of them has seen, each figure's error in
//! units of what real years differ by.

use serde::{Deserialize, Serialize};

use crate::audit::Audit;
use crate::examination::Examined;
use crate::figures::Figure;
use crate::judge::Judged;
use crate::metrics::round;
use crate::sample::Sample;
use crate::yardstick::{LARGEST_E, Measured, Yardstick};

/// The curve of each figure; `None` where a sample is too short for it.
pub(crate) type FigureCurves = Vec<Option<Vec<f64>>>;

/// All figures of a sample.
pub(crate) fn curves(figures: &[Figure], sample: &Sample) -> FigureCurves {
    figures.iter().map(|figure| (figure.curve)(sample)).collect()
}

/// What a candidate of the scorecard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CandidateKind {
    /// The generated series.
    Model,
    /// Real years that the model was trained on.
    Training,
    /// A simple generator fitted on the training half of the years.
    Rival,
    /// A generator spoilt on purpose.
    Broken,
}

/// How a candidate is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    /// In `metrics.json`; never changes.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) kind: CandidateKind,
}

/// What is looked at in a candidate's series.
pub(crate) struct Seen {
    pub(crate) curves: FigureCurves,
    pub(crate) examined: Examined,
}

/// A candidate's rows and what they come to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) kind: CandidateKind,
    /// The figures that are counted.
    pub(crate) rows: Vec<Score>,
    /// The mean over the rows of E, none of which counts for more than 5; null without a yardstick.
    pub(crate) mean_e: Option<f64>,
    /// The number of rows with E below 1.
    pub(crate) below_one: Option<usize>,
    /// The number of rows outside of what real years differ by.
    pub(crate) outside: Option<usize>,
    /// Whether a classifier can tell it from real years; null for the training years.
    pub(crate) judge: Option<Judged>,
    /// Whether it copies the training years; null in-sample.
    pub(crate) memorisation: Option<Audit>,
}

/// A figure of a candidate. `e`, `p` and `outside` are null without a yardstick.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Score {
    pub(crate) key: String,
    /// In the figure's `error_unit`; null where it is infinite (nothing against something).
    pub(crate) error: Option<f64>,
    /// The error by the mean error of real halves.
    pub(crate) e: Option<f64>,
    /// (k + 1) / (n + 1), with k of n real splits with an error at least as large.
    pub(crate) p: Option<f64>,
    /// True where p is below 0.05.
    pub(crate) outside: Option<bool>,
}

/// What candidates are held against.
pub(crate) struct Scorecard<'a> {
    pub(crate) figures: &'a [Figure],
    /// Of the years that candidates are compared with.
    pub(crate) real: FigureCurves,
    pub(crate) yardstick: Option<&'a Yardstick>,
}

impl Scorecard<'_> {
    /// True where a figure is counted and defined at this place.
    pub(crate) fn counts(&self, figure: usize) -> bool {
        self.figures[figure].counted && self.why_not(figure).is_none()
    }

    /// Why a figure that should count is undefined at this place: in the real years, or in a split.
    pub(crate) fn why_not(&self, figure: usize) -> Option<String> {
        if self.real[figure].is_none() {
            let needs = self.figures[figure].needs;
            return Some(format!("the real years have less than is needed ({needs})"));
        }
        let in_splits = |yardstick: &Yardstick| yardstick.real_error(figure).is_some();
        let defined = self.yardstick.is_none_or(in_splits);
        (!defined).then(|| "some halves of the real years have nothing of it or none differ".to_string())
    }

    /// The candidate of that name, and the titles of the rows that it has no value for.
    pub(crate) fn candidate(&self, name: Name, seen: &Seen) -> (Candidate, Vec<&str>) {
        let (mut rows, mut missing, mut measured) = (Vec::new(), Vec::new(), Vec::new());
        for (index, figure) in self.figures.iter().enumerate().filter(|(index, _)| self.counts(*index)) {
            let real = self.real[index].as_deref().unwrap_or_default();
            let error = seen.curves[index].as_deref().and_then(|curve| figure.distance.between(real, curve));
            let Some(error) = error else {
                missing.push(figure.title.as_str());
                continue;
            };
            let by_yardstick = self.yardstick.and_then(|yardstick| yardstick.measure(index, error));
            measured.extend(by_yardstick);
            rows.push(Score::of(figure, error, by_yardstick));
        }
        let has_yardstick = !measured.is_empty();
        let mean = || measured.iter().map(|row| row.e.min(LARGEST_E)).sum::<f64>() / measured.len() as f64;
        let count = |is: fn(&Measured) -> bool| measured.iter().filter(|row| is(row)).count();
        let candidate = Candidate {
            name: name.name.to_string(),
            title: name.title.to_string(),
            kind: name.kind,
            rows,
            mean_e: has_yardstick.then(|| round(mean())),
            below_one: has_yardstick.then(|| count(|row| row.e < 1.0)),
            outside: has_yardstick.then(|| count(|row| row.outside)),
            judge: seen.examined.judge.clone(),
            memorisation: seen.examined.memorisation.clone(),
        };
        (candidate, missing)
    }
}

impl Score {
    fn of(figure: &Figure, error: f64, measured: Option<Measured>) -> Score {
        Score {
            key: figure.key.clone(),
            error: error.is_finite().then(|| round(error)),
            e: measured.map(|row| round(row.e)),
            p: measured.map(|row| round(row.p)),
            outside: measured.map(|row| row.outside),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::figures;
    use crate::sample::tests::sample;

    /// A figure that real years have, and a candidate has nothing of.
    #[test]
    fn a_candidate_without_any_spell_has_an_e_of_five() {
        let hours = 8 * 366 * 24;
        let mut noise = crate::sample::tests::Noise(2);
        let mut state = 0.0;
        let real = sample(2001, hours, |_| {
            state = 0.996 * state + noise.normal();
            state
        });
        let years = real.series.whole_years();
        let figures: Vec<_> =
            figures().into_iter().filter(|figure| figure.key == "warm_spells_per_year").collect();
        let yardstick = Yardstick::of(&years, &figures);
        let scorecard =
            Scorecard { real: curves(&figures, &real), yardstick: yardstick.as_ref(), figures: &figures };
        let constant = sample(2001, hours, |_| 1.0);
        let name = Name { name: "constant", title: "Constant", kind: CandidateKind::Broken };
        let seen = Seen { curves: curves(&figures, &constant), examined: Examined::default() };
        let (candidate, missing) = scorecard.candidate(name, &seen);
        let row = &candidate.rows[0];
        assert_eq!((row.error, row.e, row.p, row.outside), (None, Some(5.0), Some(0.005), Some(true)));
        assert_eq!((candidate.mean_e, candidate.outside, missing.len()), (Some(5.0), Some(1), 0));
    }
}
