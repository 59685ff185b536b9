//! The stage `evaluate`: generated and rival hours against real ones, with real against real as the
//! yardstick.

use anyhow::Context;
use contract::artifact::{self, Split};
use contract::config::{Fault, in_range};
use contract::stage::{Inputs, Outputs, Stage, read_json};
use contract::transform::Transform;
use contract::variable::{Variable, variable_names};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::assess::assess;
use crate::curves::Curves;
use crate::input::{Generated, Observed};
use crate::likelihood::LikelihoodDocument;
use crate::metrics::Years;
use crate::sample::Sample;
use crate::series::{LEAST_HOURS, REAL_SHARE};

/// The stage; see the module.
pub struct Evaluate;

/// The tables of the pipeline file.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateTables {
    evaluate: EvaluateTable,
}

/// How the generated hours are compared with real ones.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct EvaluateTable {
    /// The longest lag of the anomaly autocorrelation in the pictures, days.
    #[schemars(range(min = 1, max = LONGEST_LAG_DAYS))]
    autocorrelation_days: usize,
    /// Whether rivals are run beside the model.
    rivals: bool,
    /// Whether deliberately broken generators are run, which show what the scorecard can see.
    broken: bool,
    /// Whether a classifier is trained to tell generated from real years.
    judge: bool,
}

/// The longest lag of the anomaly autocorrelation.
const LONGEST_LAG_DAYS: usize = 180;

impl Default for EvaluateTable {
    fn default() -> EvaluateTable {
        EvaluateTable { autocorrelation_days: 60, rivals: true, broken: false, judge: true }
    }
}

/// The same, checked.
#[derive(Clone, Debug)]
pub struct EvaluateConfig {
    /// The longest lag of the anomaly autocorrelation in the pictures, 1 to 180.
    pub(crate) autocorrelation_days: usize,
    /// Whether rivals are run beside the model.
    pub(crate) rivals: bool,
    /// Whether deliberately broken generators are, which show what the scorecard can see.
    pub(crate) broken: bool,
    /// Whether a classifier is trained to tell generated from real years.
    pub(crate) judge: bool,
}

/// What is compared.
pub(crate) struct Samples {
    /// All years.
    pub(crate) observed: Sample,
    /// The training half (with the validation years) and the held-out years; where nothing is out of
    /// sample, the first and the second half of all years.
    pub(crate) pair: [Sample; 2],
    pub(crate) generated: Sample,
    pub(crate) in_sample: bool,
}

impl Samples {
    /// What the generated hours are compared with: the held-out years, or all in-sample.
    pub(crate) fn real(&self) -> &Sample {
        if self.in_sample { &self.observed } else { &self.pair[1] }
    }

    /// What rivals are fitted on: the training half, or all in-sample.
    pub(crate) fn training(&self) -> &Sample {
        if self.in_sample { &self.observed } else { &self.pair[0] }
    }
}

impl Stage for Evaluate {
    const NAME: &'static str = "evaluate";
    const READS: &'static [&'static str] = &[
        "preprocess/observed.parquet",
        "preprocess/transform.json",
        "held-out/held_out.parquet",
        "bound/likelihood.json",
    ];
    type Tables = EvaluateTables;
    type Config = EvaluateConfig;

    fn check(tables: EvaluateTables) -> Result<EvaluateConfig, Fault> {
        let days = tables.evaluate.autocorrelation_days;
        let autocorrelation_days = in_range("evaluate.autocorrelation_days", days, 1..=LONGEST_LAG_DAYS)?;
        let EvaluateTable { rivals, broken, judge, .. } = tables.evaluate;
        Ok(EvaluateConfig { autocorrelation_days, rivals, broken, judge })
    }

    fn run(config: &EvaluateConfig, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let transform_path = inputs.path("preprocess/transform.json")?;
        let transform: Transform = read_json(transform_path)?;
        let variable = Variable::named(&transform.variable).with_context(|| {
            let (path, name) = (transform_path.display(), &transform.variable);
            format!("{path}: variable {name:?} is unknown; known are {}", variable_names())
        })?;
        let observed = Observed::read(inputs.path("preprocess/observed.parquet")?, &transform)?;
        let generated = Generated::read(inputs.path("held-out/held_out.parquet")?, &transform)?;
        let bound = LikelihoodDocument::read(inputs.path("bound/likelihood.json")?)?;
        let moved = generated.moved;
        let unused = observed.unused();
        let (samples, years) = samples(&observed, generated, transform.in_sample);
        drop(observed);

        let mut metrics = assess(&samples, years, config, variable, &bound);
        metrics.credit = transform.credit.clone();
        if let Some((year, shift)) = moved {
            metrics.notes.insert(0, format!(
                "The hours were generated for the climate of {year}; for the comparison they were moved back to {} by {shift:.3} {}.",
                transform.trend.reference_year, variable.canonical_unit,
            ));
        }
        metrics.notes.splice(0..0, unused.iter().map(unused_note));
        for note in &metrics.notes {
            tracing::info!("{note}");
        }
        tracing::info!("{}", metrics.verdict());
        outputs.write_json(artifact::METRICS, &metrics)?;
        outputs.write_json(artifact::CURVES, &Curves::of(&samples, config, variable))
    }
}

/// A sentence about a year that has too few hours for any figure.
fn unused_note(&(year, share): &(i16, f64)) -> String {
    format!(
        "The year {year} is not used: {:.1} % of its days have {LEAST_HOURS} of their hours, and {:.0} % are needed.",
        100.0 * share,
        100.0 * REAL_SHARE
    )
}

fn samples(observed: &Observed, generated: Generated, in_sample: bool) -> (Samples, Years) {
    let all = observed.all();
    let mut years = Years::default();
    let pair = if in_sample {
        let [first, second] = halves(&all);
        [observed.of_years(first), observed.of_years(second)]
    } else {
        let training = [Split::Train, Split::Validation];
        [observed.of_splits(&training), observed.of_splits(&[Split::Test])]
    };
    if in_sample {
        years.first_half = Some((&pair[0]).into());
        years.second_half = Some((&pair[1]).into());
    } else {
        years.training = Some((&observed.of_splits(&[Split::Train])).into());
        years.validation = Some((&observed.of_splits(&[Split::Validation])).into());
        years.held_out = Some((&pair[1]).into());
    }
    years.observed = Some((&all).into());
    years.generated = Some((&generated.series).into());
    let samples = Samples {
        observed: Sample::of(all),
        pair: pair.map(Sample::of),
        generated: Sample::of(generated.series),
        in_sample,
    };
    (samples, years)
}

/// The first and the second half of a series' years; of an odd number, the second half has one more.
fn halves(series: &crate::series::Series) -> [std::ops::RangeInclusive<i16>; 2] {
    let mut years: Vec<i16> = series.days.iter().map(|day| day.year).collect();
    years.dedup();
    match (years.first(), years.get(years.len() / 2), years.last()) {
        (Some(&first), Some(&middle), Some(&last)) => [first..=middle - 1, middle..=last],
        _ => [1..=0, 1..=0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_beyond_180_days_are_refused() {
        let check = |days| {
            let tables = serde_json::json!({"evaluate": {"autocorrelation_days": days}});
            let tables = contract::config::parse(tables.as_object().unwrap()).unwrap();
            Evaluate::check(tables).map_err(|fault| fault.describe("x.toml"))
        };
        assert_eq!(
            check(181).unwrap_err(),
            "x.toml: [evaluate] autocorrelation_days is 181; wanted 1 to 180"
        );
        assert!(check(0).is_err());
        assert_eq!(check(180).unwrap().autocorrelation_days, 180);
    }

    #[test]
    fn the_default_is_sixty_days_with_rivals_and_a_judge_and_without_broken_generators() {
        let config = Evaluate::check(EvaluateTables::default()).unwrap();
        assert_eq!(config.autocorrelation_days, 60);
        assert!(config.rivals && config.judge && !config.broken);
    }
}
