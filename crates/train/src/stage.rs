//! The stage: windows to a model folder and its history.

use std::fs;

use anyhow::Context;
use contract::artifact::{FORMAT, HISTORY, MODEL, MODEL_CONFIG, TRANSFORM, WEIGHTS};
use contract::config::Fault;
use contract::stage::{Inputs, Outputs, Stage};
use model::config::ModelConfig;
use model::weights;
use serde::Serialize;

use crate::config::{Config, Tables};
use crate::dataset::Dataset;
use crate::{history, trainer};

/// The `train` stage.
pub struct Train;

/// `model/config.json`.
#[derive(Serialize)]
struct ModelDocument<'a> {
    format: u32,
    model: &'a ModelConfig,
}

impl Stage for Train {
    const NAME: &'static str = "train";
    const READS: &'static [&'static str] = &[
        "preprocess/standardised.parquet",
        "preprocess/season.parquet",
        "preprocess/windows.parquet",
        "preprocess/transform.json",
    ];
    type Tables = Tables;
    type Config = Config;

    fn check(tables: Tables) -> Result<Config, Fault> {
        tables.check()
    }

    fn run(config: &Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let dataset = Dataset::read(inputs)?;
        let shape =
            ModelConfig { seasonal_degree: dataset.transform.seasonal_degree, ..config.model.clone() };
        let trained = trainer::train(&config.train, &shape, &dataset, &outputs.work)?;
        if let Some(last) = trained.history.last() {
            tracing::info!(
                "{} epochs: loss {:.3}, validation {:.3} nats per hour, {} active units",
                last.number,
                last.train.loss,
                last.validation.loss,
                last.active_units
            );
        }
        let folder = outputs.file(MODEL);
        fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join(WEIGHTS);
        fs::write(&path, weights::to_bytes(&trained.model.parameters()?)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        outputs.write_json(
            &format!("{MODEL}/{MODEL_CONFIG}"),
            &ModelDocument { format: FORMAT, model: &shape },
        )?;
        outputs.write_json(&format!("{MODEL}/{TRANSFORM}"), &dataset.transform)?;
        history::write(&outputs.file(HISTORY), &trained.history)
    }
}
