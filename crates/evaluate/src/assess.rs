//! From samples to the document `metrics.json`: figures, yardstick, candidates, targets, and a note on
//! whatever is left out.

use contract::variable::Variable;
use rayon::prelude::*;

use crate::evaluate::{EvaluateConfig, Samples};
use crate::figures::{Figure, figures};
use crate::metrics::{Metrics, Sides, Years};
use crate::rivals::{CandidateKind, Material, RIVALS, Rival};
use crate::sample::Sample;
use crate::scorecard::{FigureCurves, Scorecard, curves};
use crate::targets::Targets;
use crate::yardstick::{LEAST_YEARS, Yardstick};

/// The whole scorecard.
pub(crate) fn assess(
    samples: &Samples,
    years: Years,
    config: &EvaluateConfig,
    variable: &Variable,
) -> Metrics {
    let is_temperature = variable.canonical_unit == "K";
    let (figures, thresholds): (Vec<Figure>, Vec<Figure>) =
        figures().into_iter().partition(|figure| is_temperature || !figure.only_temperature);
    let whole = WholeYears::of(&samples.generated);
    let generated = whole.sample(&samples.generated);
    let sides = sides(samples, generated, &figures);
    let scorecard = Scorecard {
        real: curves(&figures, samples.real()),
        yardstick: Yardstick::of(&samples.observed.series, &figures),
        figures: &figures,
    };
    let mut metrics = Metrics::of(&scorecard, &sides, years, samples.in_sample, variable);
    metrics.targets = generated.and_then(|generated| Targets::of(samples.real(), generated));
    metrics.notes = notes(&scorecard, samples, generated, &thresholds);
    let mut add = |of: (&str, &str, CandidateKind), curves: &FigureCurves| {
        let (candidate, missing) = scorecard.candidate(of, curves);
        if !missing.is_empty() {
            metrics.notes.push(format!("{} has no value of: {}.", candidate.title, missing.join("; ")));
        }
        metrics.candidates.push(candidate);
    };
    if let Some(curves) = &sides.generated {
        add(("generated", "Generated years", CandidateKind::Model), curves);
    }
    if let Some(curves) = &sides.training {
        add(("training", "Training years", CandidateKind::Training), curves);
    }
    let mut failed = Vec::new();
    for (rival, result) in rivals(&scorecard, samples, generated, config) {
        match result {
            Ok(curves) => add((rival.name, rival.title, rival.kind), &curves),
            Err(reason) => failed.push(format!("{} is left out: {reason}.", rival.title)),
        }
    }
    metrics.notes.extend(failed);
    metrics
}

/// The generated series without years that are not whole, if it has any.
struct WholeYears(Option<Sample>);

impl WholeYears {
    fn of(generated: &Sample) -> WholeYears {
        let whole = generated.series.whole_years();
        let shorter = whole.days.len() < generated.series.days.len();
        WholeYears(shorter.then(|| Sample::of(whole)))
    }

    /// `None` without a whole year.
    fn sample<'a>(&'a self, generated: &'a Sample) -> Option<&'a Sample> {
        let sample = self.0.as_ref().unwrap_or(generated);
        Some(sample).filter(|sample| !sample.series.days.is_empty())
    }
}

fn sides(samples: &Samples, generated: Option<&Sample>, figures: &[Figure]) -> Sides {
    let [training, held_out] = &samples.pair;
    let out_of_sample = |sample| (!samples.in_sample).then_some(sample);
    let sides = [Some(&samples.observed), out_of_sample(training), out_of_sample(held_out), generated];
    let curves: Vec<Option<FigureCurves>> =
        sides.par_iter().map(|side| side.map(|sample| curves(figures, sample))).collect();
    let mut curves = curves.into_iter().map(Option::unwrap_or_default).map(Some);
    let mut next = |exists: bool| curves.next().flatten().filter(|_| exists);
    Sides {
        observed: next(true),
        training: next(!samples.in_sample),
        held_out: next(!samples.in_sample),
        generated: next(generated.is_some()),
    }
}

fn rivals(
    scorecard: &Scorecard,
    samples: &Samples,
    generated: Option<&Sample>,
    config: &EvaluateConfig,
) -> Vec<(&'static Rival, Result<FigureCurves, String>)> {
    let wanted = |kind| match kind {
        CandidateKind::Broken => config.broken,
        _ => config.rivals,
    };
    let rivals: Vec<&Rival> = RIVALS.iter().filter(|rival| wanted(rival.kind)).collect();
    let training = if samples.in_sample { &samples.observed } else { &samples.pair[0] };
    let Some(generated) = generated else { return Vec::new() };
    scorecard.rivals(&rivals, &Material::of(&training.series, &generated.series))
}

fn notes(
    scorecard: &Scorecard,
    samples: &Samples,
    generated: Option<&Sample>,
    thresholds: &[Figure],
) -> Vec<String> {
    let mut notes = Vec::new();
    if samples.in_sample {
        notes.push("In-sample: the model was trained on windows from every year, so no year is held out, and the errors say nothing about years that it has not seen. Rivals are made from the same years.".to_string());
    }
    let titles = |figures: &mut dyn Iterator<Item = &Figure>| -> String {
        figures.map(|figure| figure.title.as_str()).collect::<Vec<_>>().join("; ")
    };
    let counted = thresholds.iter().filter(|figure| figure.counted).count();
    if counted > 0 {
        let titles = titles(&mut thresholds.iter().filter(|figure| figure.counted));
        notes.push(format!("Left out, since their thresholds are temperatures: {titles}."));
    }
    let counted = || scorecard.figures.iter().enumerate().filter(|(_, figure)| figure.counted);
    let short: Vec<&Figure> =
        counted().filter(|(i, _)| scorecard.real[*i].is_none()).map(|(_, figure)| figure).collect();
    for group in short.chunk_by(|a, b| a.needs == b.needs) {
        let (needs, titles) = (group[0].needs, titles(&mut group.iter().copied()));
        notes.push(format!("Left out, since the real years have less than is needed ({needs}): {titles}."));
    }
    let undefined = counted().filter(|(i, _)| scorecard.real[*i].is_some() && !scorecard.counts(*i));
    let undefined = titles(&mut undefined.map(|(_, figure)| figure));
    if !undefined.is_empty() {
        notes.push(format!(
            "Left out, since some halves of the real years have nothing of it or none differ: {undefined}."
        ));
    }
    let years = samples.observed.series.year_days().len();
    if scorecard.yardstick.is_none() {
        notes.push(format!(
            "There is no yardstick: it needs {LEAST_YEARS} whole real years, and there are {years}."
        ));
    }
    notes.extend(generated_notes(samples, generated));
    notes
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
