//! The `calibrate` stage: what the tasks need beside the model. What the detector finds in the training years, which
//! count as free of faults, is the yardstick of what it finds elsewhere; and an autoregression of the training years is
//! what draws of missing hours are pooled with. No other split is looked at.

use std::ops::Range;

use contract::artifact::{Split, column};
use contract::calendar::HOUR_US;
use contract::config::Fault;
use contract::missing::MissingFlags;
use contract::stage::{Inputs, Outputs, Stage};
use model::device::DeviceKind;
use schemars::JsonSchema;
use serde::Deserialize;
use tables::Table;

use crate::detect::{DETECTOR, Detector, Seen};
use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;
use crate::pooling::{POOLING, Pooling};
use crate::which::Which;

/// The `calibrate` stage.
pub struct Calibrate;

/// It reads no table of the pipeline file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tables {}

impl Stage for Calibrate {
    const NAME: &'static str = "calibrate";
    const READS: &'static [&'static str] = &[
        "deliver/model/config.json",
        "deliver/model/weights.safetensors",
        "deliver/model/generator.json",
        "deliver/model/transform.json",
        "prepare-delivery/delivery/observed.parquet",
    ];
    type Tables = Tables;
    type Config = ();

    fn check(_: Tables) -> Result<(), Fault> {
        Ok(())
    }

    fn run(_: &(), inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        calibrate(inputs, outputs)
    }
}

/// The `calibrate-held-out` stage: the same for the model that held-out years judge, for `trials`.
pub struct CalibrateHeldOut;

impl Stage for CalibrateHeldOut {
    const NAME: &'static str = "calibrate-held-out";
    const READS: &'static [&'static str] = &[
        "train/held_out_model/config.json",
        "train/held_out_model/weights.safetensors",
        "train/held_out_model/generator.json",
        "train/held_out_model/transform.json",
        "preprocess/observed.parquet",
    ];
    type Tables = Tables;
    type Config = ();

    fn check(_: Tables) -> Result<(), Fault> {
        Ok(())
    }

    fn run(_: &(), inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        calibrate(inputs, outputs)
    }
}

fn calibrate(inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
    let which = Which::of(inputs);
    let model = TrainedModel::read(inputs, DeviceKind::Cpu.open()?)?;
    let observed = tables::read(inputs.path(&which.observed())?, &[])?;
    // A straight line that fills a gap says nothing of what the tasks need to know.
    let missing = model.transform.exclude.and_filled();
    let trained = hours_of(&observed, &model, missing, Split::Train, |_| true)?;
    let detector = Detector::learn(&model, &trained, Seen::InTraining)?;
    let pooling = Pooling::learn(&model, &trained);
    let folder = which.folder();
    std::fs::create_dir_all(outputs.file(folder))?;
    outputs.write_json(&format!("{folder}/{POOLING}"), &pooling)?;
    outputs.write_json(&format!("{folder}/{DETECTOR}"), &detector)
}

/// The stretches of consecutive hours of a split as they were observed, NaN where missing, of those hours that `keep`
/// takes.
///
/// # Errors
/// When a column is missing.
pub(crate) fn hours_of(
    observed: &Table,
    model: &TrainedModel,
    missing: MissingFlags,
    split: Split,
    keep: impl Fn(f32) -> bool,
) -> anyhow::Result<Vec<ObservedHours>> {
    let variable = &model.transform.variable;
    let times = observed.times(column::TIME)?;
    let values = missing.values(observed.f32s(variable)?, observed.u8s(&column::flag(variable))?);
    let splits = observed.texts(column::SPLIT)?;
    let is_kept = |row: &usize| splits[*row].as_deref() == Some(split.name()) && keep(values[*row]);
    let stretches = stretches(times, (0..times.len()).filter(is_kept)).into_iter();
    let hours =
        stretches.map(|rows| ObservedHours { first_us: times[rows.start], values: values[rows].to_vec() });
    Ok(hours.collect())
}

/// Rows, ascending, in runs of consecutive hours.
pub(crate) fn stretches(times: &[i64], rows: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for row in rows {
        match found.last_mut() {
            Some(last) if last.end == row && times[row] - times[row - 1] == HOUR_US => last.end = row + 1,
            _ => found.push(row..row + 1),
        }
    }
    found
}
