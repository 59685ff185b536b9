//! The stage: windows to a model folder and its history.

use std::fs;

use anyhow::{Context, bail};
use contract::artifact::{
    DELIVERED_HISTORY, DELIVERY, FORMAT, GENERATOR, HELD_OUT_MODEL, HISTORY, MODEL, MODEL_CONFIG, TRANSFORM,
    WEIGHTS,
};
use contract::config::Fault;
use contract::normal_scores::NormalScores;
use contract::preset::Delivery;
use contract::stage::{Inputs, Outputs, Stage};
use contract::transform::Marginals;
use model::config::ModelConfig;
use model::fast::decoder::Decoder;
use model::latents::LatentSource;
use model::noise::sampler::NoiseSampler;
use model::path_prior::PathPrior;
use model::persistence::Persistence;
use model::vae::Vae;
use model::weights;
use serde::Serialize;

use crate::config::{Config, NEEDS_NORMAL_SCORES, Tables, TrainConfig};
use crate::dataset::Dataset;
use crate::history::Epoch;
use crate::posterior::Posterior;
use crate::{calibrate, history, trainer};

/// The `train` stage.
pub struct Train;

/// `model/config.json`.
#[derive(Serialize)]
struct ModelDocument<'a> {
    format: u32,
    model: &'a ModelConfig,
}

/// `model/generator.json`.
#[derive(Serialize)]
struct GeneratorDocument {
    format: u32,
    path_prior: Option<PathPrior>,
    /// Nats per hour over the training years: what the latents cost by the prior that the model was
    /// trained against, and by the one fitted after training.
    learned_kl: Option<f64>,
    refitted_kl: Option<f64>,
    /// Gains of the bands of generated standardised hours.
    persistence: Option<Persistence>,
    /// From these to the training years' standardised hours.
    calibration: Option<NormalScores>,
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
        let dataset = Dataset::read(inputs, "preprocess")?;
        let trained = fit(config, &dataset, None, outputs, HELD_OUT_MODEL)?;
        if let Some(last) = trained.last() {
            tracing::info!(
                "{} epochs: loss {:.3}, validation {:.3} nats per hour, {} active units",
                last.number,
                last.train.loss,
                last.validation.loss,
                last.active_units
            );
        }
        history::write(&outputs.file(HISTORY), &trained)
    }
}

/// The `deliver` stage: the model that users get. It is fitted again, to all years, with the same settings, after the
/// training that the scorecard is of; or it is that training's model.
pub struct Deliver;

impl Stage for Deliver {
    const NAME: &'static str = "deliver";
    const READS: &'static [&'static str] = &[
        "train/held_out_model/config.json",
        "train/held_out_model/weights.safetensors",
        "train/held_out_model/generator.json",
        "train/held_out_model/transform.json",
        "train/history.parquet",
        "prepare-delivery/delivery/standardised.parquet",
        "prepare-delivery/delivery/season.parquet",
        "prepare-delivery/delivery/windows.parquet",
        "prepare-delivery/delivery/transform.json",
    ];
    type Tables = Tables;
    type Config = Config;

    fn check(tables: Tables) -> Result<Config, Fault> {
        tables.check()
    }

    fn run(config: &Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let history = inputs.path(&format!("{}/{HISTORY}", Train::NAME))?;
        if config.deliver == Delivery::TrainingYears {
            fs::create_dir(outputs.file(MODEL))?;
            for name in [MODEL_CONFIG, WEIGHTS, GENERATOR, TRANSFORM] {
                let held_out = inputs.path(&format!("{}/{HELD_OUT_MODEL}/{name}", Train::NAME))?;
                fs::copy(held_out, outputs.file(MODEL).join(name))?;
            }
            fs::copy(history, outputs.file(DELIVERED_HISTORY))?;
            return Ok(());
        }
        let dataset = Dataset::read(inputs, &format!("prepare-delivery/{DELIVERY}"))?;
        // No year is left that could say when to stop: it is when the first training's weights were best.
        let epochs = match config.train.patience {
            Some(_) => trainer::best(&config.train, &history::read(history)?).map(|epoch| epoch.number),
            None => None,
        };
        let trained = fit(config, &dataset, epochs, outputs, MODEL)?;
        if let Some(last) = trained.last() {
            tracing::info!("{} epochs on all years: loss {:.3} nats per hour", last.number, last.train.loss);
        }
        history::write(&outputs.file(DELIVERED_HISTORY), &trained)
    }
}

/// Trains a model and leaves its folder. With `epochs`, training ends after so many of the schedule's, and the last
/// weights are kept; without, it ends as `[train]` says.
fn fit(
    config: &Config,
    dataset: &Dataset,
    epochs: Option<u32>,
    outputs: &Outputs,
    name: &str,
) -> anyhow::Result<Vec<Epoch>> {
    // A transform of another pipeline file's: the tables of this one have been checked.
    if config.calibrate && !matches!(dataset.transform.marginals, Marginals::NormalScores(_)) {
        bail!("[model] calibrate {NEEDS_NORMAL_SCORES}");
    }
    let shape = ModelConfig { seasonal_degree: dataset.transform.seasonal_degree, ..config.model.clone() };
    let train = TrainConfig { patience: config.train.patience.filter(|_| epochs.is_none()), ..config.train };
    let trained = trainer::train(&train, &shape, dataset, epochs.unwrap_or(train.epochs), &outputs.work)?;
    let folder = outputs.file(name);
    fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join(WEIGHTS);
    fs::write(&path, weights::to_bytes(&trained.model.parameters()?)?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    outputs
        .write_json(&format!("{name}/{MODEL_CONFIG}"), &ModelDocument { format: FORMAT, model: &shape })?;
    outputs.write_json(&format!("{name}/{TRANSFORM}"), &dataset.transform)?;
    let generator = after_training(config, &shape, dataset, &trained.model)?;
    outputs.write_json(&format!("{name}/{GENERATOR}"), &generator)?;
    Ok(trained.history)
}

/// Fits what generating needs besides the weights.
fn after_training(
    config: &Config,
    shape: &ModelConfig,
    dataset: &Dataset,
    model: &Vae,
) -> anyhow::Result<GeneratorDocument> {
    let refitted = match &config.refit {
        Some(refit) => Some(
            Posterior::draw(model, shape, dataset, config.train.seed)?
                .refit(refit)
                .context("the prior cannot be fitted to the training years ([model.prior] refit = true)")?,
        ),
        None => None,
    };
    if let Some(refitted) = &refitted {
        tracing::info!(
            "prior fitted to the training years: the latents cost {:.4} nats per hour, {:.4} by the prior trained against",
            refitted.refitted_kl,
            refitted.learned_kl
        );
    }
    let latents = LatentSource::of(model, refitted.as_ref().map(|refitted| &refitted.prior))?;
    let calibration = match config.calibrate {
        true => {
            let noise = NoiseSampler::new(shape, &model.parameters()?)?;
            let decoder = Decoder::new(model, shape)?;
            Some(calibrate::fit(&decoder, &latents, &noise, dataset, config.train.seed)?)
        }
        false => None,
    };
    if let Some(calibration) = &calibration {
        tracing::info!("gains of the bands of time scales: {:.3?}", calibration.persistence.gains);
    }
    Ok(GeneratorDocument {
        format: FORMAT,
        learned_kl: refitted.as_ref().map(|refitted| refitted.learned_kl),
        refitted_kl: refitted.as_ref().map(|refitted| refitted.refitted_kl),
        path_prior: refitted.map(|refitted| refitted.prior),
        persistence: calibration.as_ref().map(|calibration| calibration.persistence),
        calibration: calibration.map(|calibration| calibration.marginals),
    })
}
