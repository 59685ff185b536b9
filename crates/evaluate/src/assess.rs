//! From samples to the document `metrics.json`: figures, yardstick, candidates, targets, and a note on
//! whatever is left out.

use contract::variable::Variable;
use rayon::prelude::*;

use crate::evaluate::{EvaluateConfig, Samples};
use crate::examination::{Examination, Examined};
use crate::figures::{Figure, figures};
use crate::likelihood::LikelihoodDocument;
use crate::metrics::{Metrics, Sides, Years};
use crate::rivals::{Material, RIVALS, Rival};
use crate::sample::Sample;
use crate::scorecard::{CandidateKind, Name, Scorecard, Seen, curves};
use crate::targets::Targets;
use crate::yardstick::{LEAST_YEARS, Yardstick};

/// The whole scorecard.
pub(crate) fn assess(
    samples: &Samples,
    years: Years,
    config: &EvaluateConfig,
    variable: &Variable,
    bound: &LikelihoodDocument,
) -> Metrics {
    let is_temperature = variable.canonical_unit == "K";
    let (figures, thresholds): (Vec<Figure>, Vec<Figure>) =
        figures().into_iter().partition(|figure| is_temperature || !figure.only_temperature);
    let whole = WholeYears::of(&samples.generated);
    let generated = whole.sample(&samples.generated);
    let yardstick = Yardstick::of(&samples.observed.series, &figures);
    let scorecard = Scorecard {
        real: curves(&figures, samples.real()),
        yardstick: yardstick.as_ref(),
        figures: &figures,
    };
    let look = Look { scorecard: &scorecard, examination: Examination::of(samples, config) };
    let own = own_candidates(&look, samples, generated);
    let observed = curves(&figures, &samples.observed);
    let seen_of = |kind| own.iter().find(|(of, _)| of.kind == kind).map(|(_, seen)| &seen.curves);
    let sides = Sides {
        observed: Some(&observed),
        training: seen_of(CandidateKind::Training),
        held_out: (!samples.in_sample).then_some(&scorecard.real),
        generated: seen_of(CandidateKind::Model),
    };
    let mut metrics = Metrics::of(&scorecard, &sides, years, samples.in_sample, variable);
    metrics.notes = notes(&scorecard, samples, generated, &thresholds);
    if let Some(examination) = &look.examination {
        let wanted = generated.is_some();
        metrics.judge_yardstick = wanted.then(|| examination.judge_yardstick(&mut metrics.notes)).flatten();
        metrics.likelihood = examination.likelihood(bound, &mut metrics.notes);
    }
    let rivals = rivals(&look, samples, generated, config);
    let own = own.into_iter().map(|(name, seen)| (name, Ok(seen)));
    for (name, result) in own.chain(rivals) {
        add(&mut metrics, &scorecard, name, result);
    }
    metrics.targets = generated.map(|generated| Targets::of(samples.real(), generated, &metrics));
    metrics.notes.extend(catches_note(&metrics));
    metrics
}

/// Everything that is looked at in a candidate's series.
struct Look<'a> {
    scorecard: &'a Scorecard<'a>,
    examination: Option<Examination<'a>>,
}

impl Look<'_> {
    fn see(&self, kind: CandidateKind, sample: &Sample) -> Seen {
        let examine = |examination: &Examination| examination.examine(kind, &sample.series);
        Seen {
            curves: curves(self.scorecard.figures, sample),
            examined: self.examination.as_ref().map_or_else(Examined::default, examine),
        }
    }
}

/// A candidate's rows, or a note why it has none.
fn add(metrics: &mut Metrics, scorecard: &Scorecard, name: Name, result: Result<Seen, String>) {
    match result {
        Ok(seen) => {
            let (candidate, missing) = scorecard.candidate(name, &seen);
            if !missing.is_empty() {
                metrics.notes.push(format!("{} has no value of: {}.", name.title, missing.join("; ")));
            }
            metrics.candidates.push(candidate);
            for note in &seen.examined.notes {
                // The same reason holds for most candidates.
                if !metrics.notes.contains(note) {
                    metrics.notes.push(note.clone());
                }
            }
        }
        Err(reason) => metrics.notes.push(format!("{} is left out: {reason}.", name.title)),
    }
}

/// Whether each figure is outside for one of the broken generators, where they are run.
fn catches_note(metrics: &Metrics) -> Option<String> {
    let broken = || metrics.candidates.iter().filter(|candidate| candidate.kind == CandidateKind::Broken);
    let caught = |key: &str| {
        broken().flat_map(|candidate| &candidate.rows).any(|row| row.key == key && row.outside == Some(true))
    };
    if metrics.splits.count == 0 || broken().next().is_none() {
        return None;
    }
    let figures = metrics.figures.iter().filter(|figure| figure.counted && !caught(&figure.key));
    let titles: Vec<&str> = figures.map(|figure| figure.title.as_str()).collect();
    Some(match titles.is_empty() {
        true => "Each figure is outside for at least one broken generator.".to_string(),
        false => format!("Outside for no broken generator: {}.", titles.join("; ")),
    })
}

const GENERATED: Name = Name { name: "generated", title: "Generated years", kind: CandidateKind::Model };
const TRAINING: Name = Name { name: "training", title: "Training years", kind: CandidateKind::Training };

/// The generated and the training years, where there are any.
fn own_candidates(look: &Look, samples: &Samples, generated: Option<&Sample>) -> Vec<(Name, Seen)> {
    let training = (!samples.in_sample).then_some(&samples.pair[0]);
    let own: Vec<(Name, &Sample)> = [(GENERATED, generated), (TRAINING, training)]
        .into_iter()
        .filter_map(|(name, sample)| Some((name, sample?)))
        .collect();
    own.into_par_iter().map(|(name, sample)| (name, look.see(name.kind, sample))).collect()
}

/// The generated series without years that are not whole, if it has any.
struct WholeYears(Option<Sample>);

impl WholeYears {
    fn of(generated: &Sample) -> WholeYears {
        let whole = generated.series.whole_years();
        let differs = whole.days != generated.series.days;
        WholeYears(differs.then(|| Sample::of(whole)))
    }

    /// `None` without a whole year.
    fn sample<'a>(&'a self, generated: &'a Sample) -> Option<&'a Sample> {
        let sample = self.0.as_ref().unwrap_or(generated);
        Some(sample).filter(|sample| !sample.series.days.is_empty())
    }
}

fn rivals(
    look: &Look,
    samples: &Samples,
    generated: Option<&Sample>,
    config: &EvaluateConfig,
) -> Vec<(Name, Result<Seen, String>)> {
    let wanted = |rival: &&Rival| match rival.name.kind {
        CandidateKind::Broken => config.broken,
        _ => config.rivals,
    };
    let Some(generated) = generated else { return Vec::new() };
    let material = Material::of(&samples.training().series, &generated.series);
    let see = |rival: &Rival| {
        let series = rival.series(&material);
        (rival.name, series.map(|series| look.see(rival.name.kind, &Sample::of(series))))
    };
    RIVALS.iter().filter(wanted).collect::<Vec<_>>().into_par_iter().map(see).collect()
}

fn notes(
    scorecard: &Scorecard,
    samples: &Samples,
    generated: Option<&Sample>,
    thresholds: &[Figure],
) -> Vec<String> {
    let mut notes = Vec::new();
    if samples.in_sample {
        notes.push("In-sample: the model was trained on windows from every year, so no year is held out, and the errors say nothing about years that it has not seen. Rivals are made from the same years. The memorisation audit and the likelihood need unseen years, so they are left out.".to_string());
    }
    notes.extend(left_out(scorecard, thresholds));
    if scorecard.yardstick.is_none() {
        let years = samples.observed.series.year_days().len();
        notes.push(format!(
            "There is no yardstick: it needs {LEAST_YEARS} real years, and there are {years}."
        ));
    }
    notes.extend(generated_notes(samples, generated));
    notes
}

/// The figures that should count and do not, in a sentence for each reason.
fn left_out(scorecard: &Scorecard, thresholds: &[Figure]) -> Vec<String> {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    let shown =
        thresholds.iter().map(|figure| (figure, Some("their thresholds are temperatures".to_string())));
    let others =
        scorecard.figures.iter().enumerate().map(|(index, figure)| (figure, scorecard.why_not(index)));
    for (figure, reason) in shown.chain(others).filter(|(figure, _)| figure.counted) {
        let Some(reason) = reason else { continue };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, titles)) => titles.push(&figure.title),
            None => reasons.push((reason, vec![&figure.title])),
        }
    }
    let sentence =
        |(reason, titles): (String, Vec<&str>)| format!("Left out, since {reason}: {}.", titles.join("; "));
    reasons.into_iter().map(sentence).collect()
}

fn generated_notes(samples: &Samples, generated: Option<&Sample>) -> Option<String> {
    let all = samples.generated.series.year_days().len();
    match generated.map(|sample| sample.series.year_days().len()) {
        None => Some(
            "The generated series has no whole year, so nothing can be compared; generate at least one."
                .to_string(),
        ),
        Some(whole) if whole < all => {
            Some(format!("Of the {all} generated years, {whole} are whole; only those are compared."))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::{Noise, sample};

    /// Nine years of an autoregression around `level`, real and generated.
    fn assess_at(level: f64, variable: &str) -> Metrics {
        let weather = |seed: u64, first_year: i16, years: i16| {
            let mut noise = Noise(seed);
            let mut state = 0.0;
            let hours = (first_year..first_year + years).map(contract::calendar::hours_in_year).sum();
            sample(first_year, hours, |_| {
                state = 0.996 * state + 0.3 * noise.normal();
                level + state
            })
        };
        let samples = Samples {
            observed: weather(1, 2001, 9),
            pair: [weather(2, 2001, 5), weather(3, 2006, 4)],
            generated: weather(4, 2021, 4),
            in_sample: false,
        };
        let config = EvaluateConfig { autocorrelation_days: 30, rivals: false, broken: false, judge: false };
        let bound = serde_json::json!({"format": 2, "unit": "nat h-1", "train": null, "validation": null,
            "test": {"hours": 9, "bound": 0.5}});
        let bound = serde_json::from_value(bound).unwrap();
        assess(&samples, Years::default(), &config, Variable::named(variable).unwrap(), &bound)
    }

    fn check(level: f64, variable: &str, rows: usize, note: &str) {
        let metrics = assess_at(level, variable);
        assert!(
            metrics.candidates.iter().all(|candidate| candidate.rows.len() == rows),
            "{level} {variable}"
        );
        assert!(metrics.notes.iter().any(|other| other == note), "{:?}", metrics.notes);
        let cooling = metrics.figures.iter().any(|figure| figure.key.starts_with("cooling"));
        assert_eq!(cooling, rows == 24);
    }

    #[test]
    fn a_wind_has_no_degree_hours_and_says_so() {
        let note = "Left out, since their thresholds are temperatures: Cooling degree-hours above 24 °C, mean; Cooling degree-hours above 24 °C, standard deviation.";
        check(4.0, "u10", 22, note);
    }

    #[test]
    fn a_place_without_hours_above_24_degrees_has_no_cooling_and_says_so() {
        let note = "Left out, since some halves of the real years have nothing of it or none differ: Cooling degree-hours above 24 °C, mean; Cooling degree-hours above 24 °C, standard deviation.";
        check(260.0, "t2m", 22, note);
    }

    #[test]
    fn a_warm_place_has_all_24_figures() {
        let metrics = assess_at(297.0, "t2m");
        assert!(metrics.notes.is_empty(), "{:?}", metrics.notes);
        assert_eq!(
            metrics.candidates.iter().map(|candidate| candidate.rows.len()).collect::<Vec<_>>(),
            [24, 24]
        );
        assert!(metrics.verdict().contains(" of 24 figures; mean E "), "{}", metrics.verdict());
        assert!(metrics.targets.is_some());
    }
}
