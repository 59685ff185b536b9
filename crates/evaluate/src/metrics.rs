//! The document `metrics.json`: the scorecard, figure by figure and candidate by candidate. Numbers are
//! rounded to seven significant digits; what is undefined is null or left out, and said in the notes.

use contract::artifact::{FORMAT, HELD_OUT};
use contract::credit::Credit;
use contract::variable::Variable;
use serde::{Deserialize, Serialize};

use crate::figures::{Figure, Kind};
use crate::halves::SPLITS;
use crate::judge::JudgeYardstick;
use crate::likelihood::Likelihood;
use crate::random::SEED;
use crate::scorecard::{Candidate, CandidateKind, FigureCurves, Score, Scorecard};
use crate::series::Series;
use crate::targets::Targets;
use crate::yardstick::LEAST_YEARS;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metrics {
    pub(crate) format: u32,
    pub(crate) variable: String,
    /// The variable's canonical unit.
    pub(crate) unit: String,
    /// True where the model has seen every year: nothing here is out of sample.
    pub(crate) in_sample: bool,
    /// The file whose hours `generated` is everywhere below: those of the model that has not seen the held-out years, and
    /// not those of the delivered one.
    pub(crate) generated_is: String,
    /// The years that candidates are compared with: `held_out`, or `observed` in-sample.
    pub(crate) compared_with: String,
    pub(crate) years: Years,
    pub(crate) splits: Splits,
    /// Those that are counted first.
    pub(crate) figures: Vec<FigureRow>,
    /// The generated series first, if it can be compared.
    pub(crate) candidates: Vec<Candidate>,
    /// What the judge tells of two halves of the real years; null where it is not asked.
    pub(crate) judge_yardstick: Option<JudgeYardstick>,
    /// Null in-sample.
    pub(crate) likelihood: Option<Likelihood>,
    /// Null without a whole generated year.
    pub(crate) targets: Option<Targets>,
    pub(crate) notes: Vec<String>,
    /// What has to be said of the data.
    #[serde(default, skip_serializing_if = "Credit::is_empty")]
    pub(crate) credit: Credit,
}

/// The random splits of the real years into halves that the yardstick is taken from.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Splits {
    /// 0 without a yardstick.
    pub(crate) count: usize,
    pub(crate) seed: u64,
}

/// The years of each side; null where a side does not exist.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Years {
    pub(crate) observed: Option<YearList>,
    pub(crate) training: Option<YearList>,
    pub(crate) validation: Option<YearList>,
    pub(crate) held_out: Option<YearList>,
    pub(crate) first_half: Option<YearList>,
    pub(crate) second_half: Option<YearList>,
    pub(crate) generated: Option<YearList>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct YearList {
    /// Years that count, over all members.
    pub(crate) count: usize,
    pub(crate) members: usize,
    /// Days with at least 20 hours.
    pub(crate) whole_days: usize,
    /// First and last year of each stretch, of the first member.
    pub(crate) ranges: Vec<[i16; 2]>,
}

/// One figure. Values are in `unit`, errors in `error_unit` (`1`: without a unit).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FigureRow {
    pub(crate) key: String,
    /// The scorecard's row, 1 to 17; null for figures beside it.
    pub(crate) row: Option<u8>,
    pub(crate) title: String,
    pub(crate) definition: String,
    pub(crate) source: String,
    pub(crate) unit: String,
    pub(crate) error_unit: String,
    pub(crate) kind: Kind,
    /// True for the figures that E and the verdict are about; the others are shown.
    pub(crate) counted: bool,
    /// The mean error between random halves of the real years; null without a yardstick.
    pub(crate) real_error: Option<f64>,
    pub(crate) values: Values,
}

/// A figure's one number, for whole years of each side.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Values {
    pub(crate) observed: Option<f64>,
    /// Training and validation years together.
    pub(crate) training: Option<f64>,
    pub(crate) held_out: Option<f64>,
    pub(crate) generated: Option<f64>,
}

/// The curves of the sides whose values are shown; `None` where a side does not exist.
pub(crate) struct Sides<'a> {
    pub(crate) observed: Option<&'a FigureCurves>,
    pub(crate) training: Option<&'a FigureCurves>,
    pub(crate) held_out: Option<&'a FigureCurves>,
    pub(crate) generated: Option<&'a FigureCurves>,
}

impl Metrics {
    /// A document without candidates yet.
    pub(crate) fn of(
        scorecard: &Scorecard,
        sides: &Sides,
        years: Years,
        in_sample: bool,
        variable: &Variable,
    ) -> Metrics {
        let compared_with = if in_sample { "observed" } else { "held_out" };
        let figures = scorecard.figures.iter().enumerate();
        Metrics {
            format: FORMAT,
            variable: variable.name.to_string(),
            unit: variable.canonical_unit.to_string(),
            in_sample,
            generated_is: HELD_OUT.to_string(),
            compared_with: compared_with.to_string(),
            years,
            splits: Splits { count: if scorecard.yardstick.is_some() { SPLITS } else { 0 }, seed: SEED },
            figures: figures
                .filter_map(|(index, figure)| {
                    FigureRow::of(scorecard, sides, index, figure, variable.canonical_unit)
                })
                .collect(),
            candidates: Vec::new(),
            judge_yardstick: None,
            likelihood: None,
            targets: None,
            notes: Vec::new(),
            credit: Credit::default(),
        }
    }

    /// The generated series, if it can be compared.
    pub(crate) fn model(&self) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| candidate.kind == CandidateKind::Model)
    }

    /// The candidate of that name.
    pub(crate) fn candidate(&self, name: &str) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| candidate.name == name)
    }

    /// What the scorecard comes to, in a sentence.
    pub(crate) fn verdict(&self) -> String {
        let real = if self.in_sample { "the observed years (in-sample)" } else { "held-out years" };
        let Some(generated) = self.model().filter(|generated| !generated.rows.is_empty()) else {
            return format!("No figure can be compared with {real}; the notes say why.");
        };
        let (Some(mean_e), Some(outside)) = (generated.mean_e, generated.outside) else {
            return format!(
                "{} figures are compared with {real}, without a yardstick: that needs {LEAST_YEARS} years.",
                generated.rows.len()
            );
        };
        let training = self.candidate("training").and_then(|training| training.mean_e);
        let training = training.map(|e| format!(" (training years themselves {e:.2})")).unwrap_or_default();
        let in_sample = if self.in_sample { ", in-sample" } else { "" };
        format!(
            "Inside what real years differ by on {} of {} figures{in_sample}; mean E {mean_e:.2}{training}.",
            generated.rows.len() - outside,
            generated.rows.len()
        )
    }

    /// The score of a candidate's figure.
    pub(crate) fn score(&self, candidate: &str, key: &str) -> Option<&Score> {
        self.candidate(candidate)?.rows.iter().find(|row| row.key == key)
    }
}

impl FigureRow {
    /// `None` for a figure that should count and is undefined here, and for one that no side has.
    fn of(
        scorecard: &Scorecard,
        sides: &Sides,
        index: usize,
        figure: &Figure,
        unit: &str,
    ) -> Option<FigureRow> {
        if figure.counted && !scorecard.counts(index) {
            return None;
        }
        let shown = |side: Option<&FigureCurves>| {
            let curve = side?[index].as_deref()?;
            Some((figure.shown)(curve)).filter(|value| value.is_finite()).map(round)
        };
        let values = Values {
            observed: shown(sides.observed),
            training: shown(sides.training),
            held_out: shown(sides.held_out),
            generated: shown(sides.generated),
        };
        let real_error = scorecard.yardstick.as_ref().and_then(|yardstick| yardstick.real_error(index));
        let is_curve = scorecard.real[index].as_ref().is_some_and(|curve| curve.len() > 1);
        let error =
            if figure.counted { format!(" {}", figure.distance.describe(is_curve)) } else { String::new() };
        let (unit, error_unit) = units(figure, unit);
        values.any().then_some(FigureRow {
            key: figure.key.clone(),
            row: figure.row,
            title: figure.title.clone(),
            definition: format!("{}{error}", figure.definition),
            source: figure.source.to_string(),
            unit,
            error_unit,
            kind: figure.kind,
            counted: figure.counted,
            real_error: real_error.filter(|_| figure.counted).map(round),
            values,
        })
    }

    /// The real value that `generated` is compared with.
    pub(crate) fn real(&self, in_sample: bool) -> Option<f64> {
        if in_sample { self.values.observed } else { self.values.held_out }
    }
}

impl Values {
    fn any(&self) -> bool {
        [self.observed, self.training, self.held_out, self.generated].iter().any(Option::is_some)
    }
}

/// The unit of a figure's number and of its error; `1` without one.
fn units(figure: &Figure, unit: &str) -> (String, String) {
    let of_number = match figure.kind {
        Kind::Number => "1".to_string(),
        Kind::Level | Kind::Difference => unit.to_string(),
        Kind::Days => "d".to_string(),
        Kind::PerYear => "per year".to_string(),
        Kind::DegreeHours => format!("{unit} h per year"),
    };
    let error = if figure.distance.has_unit() { of_number.clone() } else { "1".to_string() };
    (of_number, error)
}

/// Seven significant digits.
pub(crate) fn round(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

impl From<&Series> for YearList {
    fn from(series: &Series) -> YearList {
        let mut years: Vec<(i32, i16)> = series.days.iter().map(|day| (day.member, day.year)).collect();
        years.dedup();
        let first = years.first().map(|&(member, _)| member);
        let mut members: Vec<i32> = years.iter().map(|&(member, _)| member).collect();
        members.dedup();
        let mut ranges: Vec<[i16; 2]> = Vec::new();
        for &(_, year) in years.iter().filter(|(member, _)| Some(*member) == first) {
            match ranges.last_mut() {
                Some(range) if range[1] + 1 == year => range[1] = year,
                _ => ranges.push([year, year]),
            }
        }
        YearList { count: years.len(), members: members.len(), whole_days: series.usable_days(), ranges }
    }
}

impl YearList {
    /// `20 years (1999-2009, 2015-2023)`, or with members `100 years (4 members of 2021-2045)`.
    pub(crate) fn describe(&self) -> String {
        let years = if self.count == 1 { "year" } else { "years" };
        let range = |[first, last]: &[i16; 2]| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        let ranges: Vec<_> = self.ranges.iter().map(range).collect();
        match (self.count, self.members) {
            (0, _) => "none".to_string(),
            (count, 1) => format!("{count} {years} ({})", ranges.join(", ")),
            (count, members) => format!("{count} {years} ({members} members of {})", ranges.join(", ")),
        }
    }
}
