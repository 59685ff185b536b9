//! The stage `compare-models`: what the two models of a run make of the training years. The scorecard is of the model
//! that has not seen the held-out years; users get the delivered one, and no year is left to judge it by. Both have seen
//! the training years. So the generated years of each are held against those, as its own `preprocess` has adjusted them,
//! by the scorecard's figures and its yardstick: a delivered model that went wrong is much farther from them.

use std::collections::BTreeSet;

use anyhow::Context;
use contract::artifact::{FORMAT, MODELS, Split};
use contract::config::Fault;
use contract::stage::{Inputs, Outputs, Stage, read_json};
use contract::transform::Transform;
use contract::variable::Variable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::examination::Examined;
use crate::figures::{Figure, figures};
use crate::input::{Generated, Observed};
use crate::sample::Sample;
use crate::scorecard::{CandidateKind, Name, Score, Scorecard, Seen, curves};
use crate::series::Series;
use crate::yardstick::{LEAST_YEARS, Yardstick};

/// The stage; see the module.
pub struct CompareModels;

/// It reads no table of the pipeline file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareModelsTables {}

/// How much farther from the training years the delivered model's mean E may be than the other's. Trainings of one place
/// that differ in nothing but their seed differ by up to 0.2.
const CLOSE: f64 = 0.3;

/// `models.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Models {
    format: u32,
    /// True where the delivered model is the one that the scorecard is of.
    pub(crate) is_one: bool,
    /// How many years each has been fitted to.
    pub(crate) held_out_years: usize,
    pub(crate) delivered_years: usize,
    /// Null where there is no yardstick, or no whole year.
    pub(crate) held_out: Option<Distances>,
    pub(crate) delivered: Option<Distances>,
    /// True if the delivered model is much farther from the training years than the other; null where that is unknown.
    pub(crate) went_wrong: Option<bool>,
}

/// How far generated years are from the training years.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Distances {
    /// As in the scorecard, against training years.
    pub(crate) mean_e: f64,
    pub(crate) outside: usize,
    pub(crate) rows: Vec<Score>,
}

impl Stage for CompareModels {
    const NAME: &'static str = "compare-models";
    const READS: &'static [&'static str] = &[
        "preprocess/observed.parquet",
        "preprocess/transform.json",
        "held-out/held_out.parquet",
        "prepare-delivery/delivery/observed.parquet",
        "prepare-delivery/delivery/transform.json",
        "generate/generated.parquet",
    ];
    type Tables = CompareModelsTables;
    type Config = ();

    fn check(_: CompareModelsTables) -> Result<(), Fault> {
        Ok(())
    }

    fn run(_: &(), inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let held_out = Side::read(inputs, "preprocess", "held-out/held_out.parquet")?;
        let delivered = Side::read(inputs, "prepare-delivery/delivery", "generate/generated.parquet")?;
        let models = Models::of(&held_out, &delivered)?;
        let sentence = models.sentence();
        match models.went_wrong {
            Some(true) => tracing::warn!("{sentence}"),
            _ => tracing::info!("{sentence}"),
        }
        outputs.write_json(MODELS, &models)
    }
}

/// One model's years.
struct Side {
    transform: Transform,
    observed: Observed,
    generated: Series,
    /// Of the generated hours' file.
    digest: String,
}

impl Side {
    /// `prepared` is where the real years are, `generated` the file of the model's: by the stages that left them.
    fn read(inputs: &Inputs, prepared: &str, generated: &str) -> anyhow::Result<Side> {
        let transform: Transform = read_json(inputs.path(&format!("{prepared}/transform.json"))?)?;
        let (stage, name) = generated.split_once('/').unwrap_or((generated, ""));
        let file = inputs.files(stage).iter().find(|file| file.name == name);
        Ok(Side {
            observed: Observed::read(inputs.path(&format!("{prepared}/observed.parquet"))?, &transform)?,
            generated: Generated::read(inputs.path(generated)?, &transform)?.series.whole_years(),
            digest: file.map(|file| file.digest.clone()).unwrap_or_default(),
            transform,
        })
    }

    /// The years that the model was fitted to.
    fn fitted(&self) -> BTreeSet<i16> {
        let series = if self.transform.in_sample {
            self.observed.all()
        } else {
            self.observed.of_splits(&[Split::Train])
        };
        series.days.iter().map(|day| day.year).collect()
    }

    /// How far its generated years are from those real ones.
    fn distances(
        &self,
        years: &BTreeSet<i16>,
        figures: &[Figure],
        yardstick: Option<&Yardstick>,
    ) -> Option<Distances> {
        let real = Sample::of(self.observed.among(years));
        let generated = Sample::of(self.generated.clone());
        let scorecard = Scorecard { figures, real: curves(figures, &real), yardstick };
        let seen = Seen { curves: curves(figures, &generated), examined: Examined::default() };
        let name = Name { name: "model", title: "Model", kind: CandidateKind::Model };
        let (candidate, _) = scorecard.candidate(name, &seen);
        Some(Distances { mean_e: candidate.mean_e?, outside: candidate.outside?, rows: candidate.rows })
    }
}

impl Models {
    fn of(held_out: &Side, delivered: &Side) -> anyhow::Result<Models> {
        let name = &held_out.transform.variable;
        let variable = Variable::named(name).with_context(|| format!("variable {name:?} is unknown"))?;
        let is_temperature = variable.canonical_unit == "K";
        let figures: Vec<Figure> = figures()
            .into_iter()
            .filter(|figure| figure.counted && (is_temperature || !figure.only_temperature))
            .collect();
        let years = held_out.fitted();
        let is_one = !held_out.digest.is_empty() && held_out.digest == delivered.digest;
        let yardstick = Yardstick::of(&held_out.observed.all(), &figures);
        let of = |side: &Side| side.distances(&years, &figures, yardstick.as_ref());
        let first = of(held_out);
        let second = if is_one { of(held_out) } else { of(delivered) };
        let went_wrong =
            first.as_ref().zip(second.as_ref()).map(|(first, second)| second.mean_e > first.mean_e + CLOSE);
        Ok(Models {
            format: FORMAT,
            is_one,
            held_out_years: years.len(),
            delivered_years: delivered.fitted().len(),
            held_out: first,
            delivered: second,
            went_wrong,
        })
    }

    /// What there is to say of the delivered model.
    pub(crate) fn sentence(&self) -> String {
        let (held_out_years, delivered_years) = (self.held_out_years, self.delivered_years);
        if self.is_one {
            return format!(
                "The delivered model is the one that is judged here, fitted to {held_out_years} years."
            );
        }
        let to = match delivered_years > held_out_years {
            true => format!("to all {delivered_years} years, not to {held_out_years}"),
            // Where windows and not years are dealt, both have seen all years.
            false => format!("to all windows of the {delivered_years} years, not to four of five"),
        };
        let fitted = format!("The delivered model is another than the one that is judged here: fitted {to}.");
        let Some((first, second)) = self.held_out.as_ref().zip(self.delivered.as_ref()) else {
            return format!(
                "{fitted} The two cannot be compared: that needs a whole generated year and {LEAST_YEARS} real ones."
            );
        };
        let beside = format!(
            "against the years that both have seen it has a mean E of {:.2}, the one judged here {:.2}",
            second.mean_e, first.mean_e
        );
        match self.went_wrong {
            Some(true) => format!("{fitted} It went wrong: {beside}. Try another [train] seed."),
            _ => format!("{fitted} As a check, {beside}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(held_out: f64, delivered: f64) -> Models {
        let distances = |mean_e| Some(Distances { mean_e, outside: 1, rows: Vec::new() });
        Models {
            format: FORMAT,
            is_one: false,
            held_out_years: 9,
            delivered_years: 20,
            held_out: distances(held_out),
            delivered: distances(delivered),
            went_wrong: Some(delivered > held_out + CLOSE),
        }
    }

    #[test]
    fn a_delivered_model_that_went_wrong_is_said_to_have() {
        assert_eq!(
            models(0.9, 1.0).sentence(),
            "The delivered model is another than the one that is judged here: fitted to all 20 years, not to 9. As a \
             check, against the years that both have seen it has a mean E of 1.00, the one judged here 0.90."
        );
        assert_eq!(
            models(0.9, 2.0).sentence(),
            "The delivered model is another than the one that is judged here: fitted to all 20 years, not to 9. It went \
             wrong: against the years that both have seen it has a mean E of 2.00, the one judged here 0.90. Try \
             another [train] seed."
        );
        let few = Models { held_out: None, ..models(0.9, 1.0) };
        assert_eq!(
            few.sentence(),
            "The delivered model is another than the one that is judged here: fitted to all 20 years, not to 9. The two \
             cannot be compared: that needs a whole generated year and 8 real ones."
        );
    }
}
