//! The document `metrics.json`: every figure with its yardstick. Numbers are rounded to seven
//! significant digits; what is undefined is null or left out, and said in the notes.

use contract::artifact::FORMAT;
use contract::variable::Variable;
use serde::{Deserialize, Serialize};

use crate::evaluate::Samples;
use crate::figures::{Figure, Kind};
use crate::series::Series;

/// A figure counts as within the yardstick if its error is at most so many times it.
pub(crate) const TOLERANCE: f64 = 2.0;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metrics {
    pub(crate) format: u32,
    pub(crate) variable: String,
    /// The variable's canonical unit.
    pub(crate) unit: String,
    /// True where the model has seen every year: nothing here is out of sample.
    pub(crate) in_sample: bool,
    /// The column that `generated` is compared with: `held_out`, or `observed` in-sample.
    pub(crate) compared_with: String,
    /// What the yardstick is the distance of.
    pub(crate) yardstick: String,
    /// A figure is within the yardstick if `ratio` is at most this.
    pub(crate) tolerance: f64,
    pub(crate) years: Years,
    pub(crate) figures: Vec<Row>,
    pub(crate) notes: Vec<String>,
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
    /// Years with at least one whole day, over all members.
    pub(crate) count: usize,
    pub(crate) members: usize,
    pub(crate) whole_days: usize,
    /// First and last year of each stretch, of the first member.
    pub(crate) ranges: Vec<[i16; 2]>,
}

/// One figure. Values are in `unit`, distances in `error_unit` (`1`: without a unit).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) group: String,
    pub(crate) title: String,
    /// The figure whose curve this is one value of; parts do not count in the verdict.
    pub(crate) part_of: Option<String>,
    pub(crate) unit: String,
    pub(crate) error_unit: String,
    /// `level` for values of the variable, `difference` for differences of them, `number`.
    pub(crate) kind: Kind,
    pub(crate) definition: String,
    pub(crate) source: String,
    pub(crate) observed: Option<f64>,
    pub(crate) training: Option<f64>,
    pub(crate) held_out: Option<f64>,
    pub(crate) first_half: Option<f64>,
    pub(crate) second_half: Option<f64>,
    pub(crate) generated: f64,
    pub(crate) error: f64,
    pub(crate) yardstick: Option<f64>,
    pub(crate) ratio: Option<f64>,
}

impl Metrics {
    pub(crate) fn of(samples: &Samples, years: Years, figures: &[Figure], variable: &Variable) -> Metrics {
        let (compared_with, yardstick) = match samples.in_sample {
            true => ("observed", "the first half of the years against the second half"),
            false => ("held_out", "training years against held-out years"),
        };
        let mut metrics = Metrics {
            format: FORMAT,
            variable: variable.name.to_string(),
            unit: variable.canonical_unit.to_string(),
            in_sample: samples.in_sample,
            compared_with: compared_with.to_string(),
            yardstick: yardstick.to_string(),
            tolerance: TOLERANCE,
            years,
            figures: Vec::new(),
            notes: Vec::new(),
        };
        let mut left_out = LeftOut::default();
        for figure in figures {
            metrics.figures.extend(row(samples, figure, variable.canonical_unit, &mut left_out));
        }
        if samples.in_sample {
            metrics.notes.push("In-sample: the model was trained on windows from every year, so no year is held out, and the errors say nothing about years that it has not seen.".to_string());
        }
        metrics.notes.extend(left_out.sentences(samples.in_sample));
        metrics.notes.push("The yardstick is one division of the years: by chance it can be small, and a single ratio large. What counts is how many figures lie within it.".to_string());
        metrics
    }

    /// How many figures lie within the yardstick, in a sentence; parts of a figure are not counted.
    pub(crate) fn verdict(&self) -> String {
        let rated = || self.figures.iter().filter(|row| row.part_of.is_none() && row.ratio.is_some());
        let within = rated().filter(|row| row.is_within(self.tolerance)).count();
        let rated = rated().count();
        let (real, yardstick) = match self.in_sample {
            true => ("the observed years (in-sample)", "the two halves of the years differ from each other"),
            false => ("held-out years", "training years differ from held-out years"),
        };
        if rated == 0 {
            return format!("No figure can be compared with {real}; the notes say why.");
        }
        format!(
            "{within} of {rated} figures differ from {real} by no more than {} times what {yardstick}.",
            self.tolerance
        )
    }
}

impl Row {
    /// True where the error is at most `tolerance` times the yardstick.
    pub(crate) fn is_within(&self, tolerance: f64) -> bool {
        self.ratio.is_some_and(|ratio| ratio <= tolerance)
    }

    /// The real value that `generated` is compared with.
    pub(crate) fn real(&self, in_sample: bool) -> Option<f64> {
        if in_sample { self.observed } else { self.held_out }
    }
}

fn row(samples: &Samples, figure: &Figure, unit: &str, left_out: &mut LeftOut) -> Option<Row> {
    let shown = |curve: &Option<Vec<f64>>| {
        curve.as_deref().map(figure.shown).filter(|value| value.is_finite()).map(round)
    };
    let [first, second] = [(figure.curve)(&samples.pair[0]), (figure.curve)(&samples.pair[1])];
    let observed = (figure.curve)(&samples.observed);
    let generated = (figure.curve)(&samples.generated);
    let real = if samples.in_sample { &observed } else { &second };
    let distance =
        |a: &Option<Vec<f64>>, b: &Option<Vec<f64>>| figure.distance.between(a.as_deref()?, b.as_deref()?);
    let error = distance(real, &generated);
    let (Some(error), Some(shown_generated)) = (error, shown(&generated)) else {
        left_out.figure(figure, real.is_some(), generated.is_some());
        return None;
    };
    let yardstick = distance(&first, &second);
    if yardstick.is_none() {
        left_out.yardsticks.push(figure.title.clone());
    }
    let out_of_sample = |value: Option<f64>| value.filter(|_| !samples.in_sample);
    let in_sample = |value: Option<f64>| value.filter(|_| samples.in_sample);
    let is_curve = generated.as_ref().is_some_and(|curve| curve.len() > 1);
    let (unit, error_unit) = units(figure, unit);
    Some(Row {
        name: figure.name.clone(),
        group: figure.group.to_string(),
        title: figure.title.clone(),
        part_of: figure.part_of.map(str::to_string),
        unit,
        error_unit,
        kind: figure.kind,
        definition: format!("{} {}", figure.definition, figure.distance.describe(is_curve)),
        source: figure.source.to_string(),
        observed: shown(&observed),
        training: out_of_sample(shown(&first)),
        held_out: out_of_sample(shown(&second)),
        first_half: in_sample(shown(&first)),
        second_half: in_sample(shown(&second)),
        generated: shown_generated,
        error: round(error),
        yardstick: yardstick.map(round),
        ratio: yardstick.filter(|&yardstick| yardstick > 0.0).map(|yardstick| round(error / yardstick)),
    })
}

/// The units of a figure's values and of its distances.
fn units(figure: &Figure, unit: &str) -> (String, String) {
    let of = |has_unit: bool| if has_unit { unit } else { "1" }.to_string();
    let has_unit = figure.kind != Kind::Number;
    (of(has_unit), of(has_unit && figure.distance.has_unit()))
}

/// Seven significant digits.
fn round(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

/// The figures that cannot be computed, gathered for one sentence a reason.
#[derive(Default)]
struct LeftOut {
    reasons: Vec<(String, Vec<String>)>,
    yardsticks: Vec<String>,
}

impl LeftOut {
    fn figure(&mut self, figure: &Figure, has_real: bool, has_generated: bool) {
        let short = match (has_real, has_generated) {
            (false, false) => "the real and the generated years have",
            (false, true) => "the real years have",
            (true, false) => "the generated years have",
            (true, true) => {
                self.push("its distance is undefined (a value is zero)".to_string(), &figure.title);
                return;
            }
        };
        self.push(format!("{short} less than is needed ({})", figure.needs), &figure.title);
    }

    fn push(&mut self, reason: String, title: &str) {
        match self.reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, titles)) => titles.push(title.to_string()),
            None => self.reasons.push((reason, vec![title.to_string()])),
        }
    }

    fn sentences(self, in_sample: bool) -> impl Iterator<Item = String> {
        let pair = if in_sample { "one half of the years" } else { "the training or the held-out years" };
        let yardsticks = (!self.yardsticks.is_empty()).then(|| {
            format!("Without a yardstick, since {pair} are too few: {}.", self.yardsticks.join("; "))
        });
        let left_out = self.reasons.into_iter();
        left_out
            .map(|(reason, titles)| format!("Left out, since {reason}: {}.", titles.join("; ")))
            .chain(yardsticks)
    }
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
        YearList { count: years.len(), members: members.len(), whole_days: series.days.len(), ranges }
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
