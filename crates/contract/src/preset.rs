//! What belongs to a preset of `[model]` in other tables: how hours are standardised, and how the model is trained.
//! This is the one place of these values; the stages' defaults and `new` take them from here. The model's own shape is
//! in `train`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A model with what belongs to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The article's model: its prior and its noise, whatever the sizes.
    Article,
    /// A prior and a noise with memory; each can be chosen.
    #[default]
    Isotherm,
}

/// How adjusted values become standardised ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MarginalsKind {
    /// The article's one mean and one standard deviation.
    Scaler,
    /// A monotone map of each day of year and hour of day to normal scores.
    NormalScores,
}

/// How the learning rate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The same in all steps.
    Constant,
    /// Half a cosine from the given rate to zero, after a short rise to it.
    Cosine,
}

/// Which years the delivered model is fitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// All years, the held-out ones included, by a second training with the same settings. The scorecard stays that of
    /// the first.
    AllYears,
    /// The training years: it is the model that the scorecard is of.
    TrainingYears,
}

/// The keys of `[train]` that follow the preset.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Training {
    pub epochs: u32,
    pub batch: usize,
    pub learning_rate: f64,
    pub schedule: Schedule,
    /// Nats per latent step that the latents' KL costs nothing up to.
    pub free_nats: f32,
    pub beta_2: f64,
    pub weight_decay: f64,
    /// Largest norm of a parameter's gradient; 0 for none.
    pub clip_norm: f32,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Preset; 2] = [Preset::Article, Preset::Isotherm];

    /// As in the pipeline file.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Article => "article",
            Preset::Isotherm => "isotherm",
        }
    }

    /// `[preprocess] marginals`, unless they are given.
    pub fn marginals(self) -> MarginalsKind {
        match self {
            Preset::Article => MarginalsKind::Scaler,
            Preset::Isotherm => MarginalsKind::NormalScores,
        }
    }

    /// `[train] deliver`, unless it is given.
    pub fn delivery(self) -> Delivery {
        match self {
            Preset::Article => Delivery::TrainingYears,
            Preset::Isotherm => Delivery::AllYears,
        }
    }

    /// `[train]`, as far as it is not given.
    pub fn training(self) -> Training {
        match self {
            // Keras's defaults, which the article trains with.
            Preset::Article => Training {
                epochs: 1000,
                batch: 32,
                learning_rate: 1e-3,
                schedule: Schedule::Constant,
                free_nats: 0.0,
                beta_2: 0.999,
                weight_decay: 0.0,
                clip_norm: 0.0,
            },
            // What the published numbers are made with.
            Preset::Isotherm => Training {
                epochs: 300,
                batch: 8,
                learning_rate: 3e-3,
                schedule: Schedule::Cosine,
                free_nats: 9.0,
                beta_2: 0.995,
                weight_decay: 0.05,
                clip_norm: 0.5,
            },
        }
    }
}

/// What is said of a key whose default follows the preset: its value in each.
pub fn sentence<T: Serialize + PartialEq>(value: impl Fn(Preset) -> T) -> String {
    let text = |preset| serde_json::to_string(&value(preset)).unwrap_or_default().replace(',', ", ");
    let [article, isotherm] = Preset::ALL.map(text);
    match article == isotherm {
        true => format!("The presets': `{article}`."),
        false => format!("The preset's: `{article}` in `article`, `{isotherm}` in `isotherm`."),
    }
}

/// The part of `[model]` that other stages than `train` see.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PresetTable {
    /// What the other keys are, unless they are given.
    pub preset: Preset,
}

/// The part of `[train]` that other stages than `train` and `deliver` see.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeliveryTable {
    /// Which years the delivered model is fitted to.
    pub deliver: Option<Delivery>,
}
