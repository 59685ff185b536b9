//! The `trials` stage: the tasks on the held-out years, where what was hidden is known. Hours are hidden in
//! gaps and filled, forecasts are made from many origins, and faults are put in and looked for; what comes of it is
//! left for `evaluate` to score.
//! Nothing is fitted here, and only hours of the split `test` are read.

mod forecasts;
mod imputations;

use contract::artifact::{Split, column};
use contract::config::Fault;
use contract::stage::{Inputs, Outputs, Stage};
use model::device::DeviceKind;
use schemars::JsonSchema;
use serde::Deserialize;
use tables::{Column, Values};

use crate::calibrate::hours_of;
use crate::detect::Detector;
use crate::model_folder::TrainedModel;
use crate::observed::{ObservedHours, SHORTEST_HOURS};
use crate::pooling::Pooling;
use crate::posterior::Posterior;
use crate::trial_detection;

/// The `trials` stage.
pub struct Trials;

/// The tables of the pipeline file that this stage reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    trials: TrialsTable,
}

/// Trials of imputation, forecasts and detection on the held-out years, scored in the report.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialsTable {
    /// The seed of what is hidden and of all draws.
    #[serde(default)]
    seed: u64,
}

/// Consecutive held-out hours, all of them seen.
struct TestRun {
    observed: ObservedHours,
}

impl TestRun {
    /// UTC of each hour, and its value in the reference year's climate.
    fn adjusted<'a>(&'a self, model: &'a TrainedModel) -> impl Iterator<Item = (i64, f32)> + 'a {
        self.observed.values.iter().enumerate().map(|(hour, &value)| {
            let mut value = [value];
            adjust(model, self.observed.local_us(model, hour), &mut value);
            (self.observed.time_us(hour), value[0])
        })
    }
}

impl Stage for Trials {
    const NAME: &'static str = "trials";
    const READS: &'static [&'static str] = &[
        "train/held_out_model/config.json",
        "train/held_out_model/weights.safetensors",
        "train/held_out_model/generator.json",
        "train/held_out_model/transform.json",
        "calibrate-held-out/held_out_model/pooling.json",
        "calibrate-held-out/held_out_model/detector.json",
        "preprocess/observed.parquet",
    ];
    type Tables = Tables;
    type Config = TrialsTable;

    fn check(tables: Tables) -> Result<TrialsTable, Fault> {
        Ok(tables.trials)
    }

    fn run(config: &TrialsTable, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let model = TrainedModel::read(inputs, DeviceKind::Cpu.open()?)?;
        let runs = test_runs(inputs, &model)?;
        anyhow::ensure!(
            !runs.is_empty(),
            "no {SHORTEST_HOURS} hours of the split `test` follow each other without a hole, so there is nothing to try \
             the tasks on; leave [trials] out, or give preprocess more years"
        );
        let posterior = Posterior::new(&model, Some(Pooling::read(inputs)?))?;
        imputations::write(&posterior, &runs, config.seed, outputs)?;
        forecasts::write(&posterior, &runs, config.seed, outputs)?;
        let detector = Detector::read(inputs)?;
        let (times, adjusted): (Vec<_>, Vec<_>) = runs.iter().flat_map(|run| run.adjusted(&model)).unzip();
        trial_detection::run(&model, &detector, &times, &adjusted, outputs)
    }
}

/// The stretches of held-out hours that are long enough for a task.
fn test_runs(inputs: &Inputs, model: &TrainedModel) -> anyhow::Result<Vec<TestRun>> {
    let variable = model.variable.name;
    let flag = column::flag(variable);
    let columns = [column::TIME, variable, &flag, column::SPLIT];
    let table = tables::read(inputs.path("preprocess/observed.parquet")?, &columns)?;
    let hours =
        hours_of(&table, model, model.transform.exclude, Split::Test, |value| !value.is_nan())?.into_iter();
    let mut runs: Vec<TestRun> = hours.map(|observed| TestRun { observed }).collect();
    runs.retain(|run| run.observed.values.len() >= SHORTEST_HOURS);
    Ok(runs)
}

/// The columns of members, each with its hours in the canonical unit.
fn member_columns(model: &TrainedModel, members: Vec<Vec<f32>>) -> impl Iterator<Item = Column> {
    let unit = model.variable.canonical_unit;
    let of = move |(number, values)| Column::with_unit(column::member(number), unit, Values::Float32(values));
    members.into_iter().enumerate().map(of)
}

/// Takes draws of one hour to the reference year's climate.
fn adjust(model: &TrainedModel, local_us: i64, draws: &mut [f32]) {
    let departure = model.transform.trend.departure(local_us);
    draws.iter_mut().for_each(|draw| *draw = (f64::from(*draw) - departure) as f32);
}
