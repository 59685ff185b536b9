//! A trained model, read from its folder.

use std::path::Path;

use anyhow::Context;
use burn::tensor::Device;
use contract::artifact::{GENERATOR, MODEL_CONFIG, TRANSFORM, WEIGHTS};
use contract::normal_scores::NormalScores;
use contract::stage::{Inputs, read_json};
use contract::transform::Transform;
use contract::variable::Variable;
use model::config::ModelConfig;
use model::path_prior::PathPrior;
use model::persistence::Persistence;
use model::vae::Vae;
use model::weights;
use serde::{Deserialize, Serialize};

use crate::which::Which;

/// A model and everything needed to use it.
pub struct TrainedModel {
    pub config: ModelConfig,
    pub vae: Vae,
    pub transform: Transform,
    /// The prior fitted after training; `None` to draw from the one trained against.
    pub path_prior: Option<PathPrior>,
    /// `None` where the prior was not fitted again.
    pub latent_cost: Option<LatentCost>,
    /// Gains of the bands of generated standardised hours.
    pub persistence: Option<Persistence>,
    /// From these to the training years' standardised hours.
    pub calibration: Option<NormalScores>,
    pub variable: &'static Variable,
    pub device: Device,
}

/// What the training years' latents cost, in nats per hour.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LatentCost {
    /// By the prior that the model was trained against.
    pub learned: f64,
    /// By the one fitted after training.
    pub refitted: f64,
}

/// `model/generator.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GeneratorDocument {
    #[serde(rename = "format")]
    _format: u32,
    path_prior: Option<PathPrior>,
    learned_kl: Option<f64>,
    refitted_kl: Option<f64>,
    persistence: Option<Persistence>,
    calibration: Option<NormalScores>,
}

/// `model/config.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelDocument {
    #[serde(rename = "format")]
    _format: u32,
    model: ModelConfig,
}

impl TrainedModel {
    /// Reads the model that the request names: the delivered one, or the one that held-out years judge.
    ///
    /// # Errors
    /// When a file is missing, of another format version, or does not fit the others.
    pub fn read(inputs: &Inputs, device: Device) -> anyhow::Result<TrainedModel> {
        let folder = Which::of(inputs).model();
        let path = |name: &str| inputs.path(&format!("{folder}/{name}"));
        TrainedModel::from_files(
            path(MODEL_CONFIG)?,
            path(WEIGHTS)?,
            path(GENERATOR)?,
            path(TRANSFORM)?,
            device,
        )
    }

    fn from_files(
        config: &Path,
        weights: &Path,
        generator: &Path,
        transform: &Path,
        device: Device,
    ) -> anyhow::Result<TrainedModel> {
        let config: ModelDocument = read_json(config)?;
        let generator: GeneratorDocument = read_json(generator)?;
        let transform: Transform = read_json(transform)?;
        let bytes = std::fs::read(weights).with_context(|| format!("cannot read {}", weights.display()))?;
        let named =
            weights::from_bytes(&bytes).with_context(|| format!("cannot read {}", weights.display()))?;
        let vae = Vae::init(&config.model, 0, &device)?.with_parameters(named);
        let vae =
            vae.with_context(|| format!("{} does not fit the model's configuration", weights.display()))?;
        let variable = Variable::named(&transform.variable).with_context(|| {
            format!("this version does not know the model's variable {:?}", transform.variable)
        })?;
        Ok(TrainedModel {
            config: config.model,
            vae,
            transform,
            path_prior: generator.path_prior,
            latent_cost: generator
                .learned_kl
                .zip(generator.refitted_kl)
                .map(|(learned, refitted)| LatentCost { learned, refitted }),
            persistence: generator.persistence,
            calibration: generator.calibration,
            variable,
            device,
        })
    }
}
