//! The `[model]` and `[train]` tables.

mod model_table;

use contract::config::{Fault, in_range};
pub use contract::preset::Schedule;
use contract::preset::{Delivery, MarginalsKind, sentence};
use contract::schema::describe;
use model::config::{ModelConfig, STEP_HOURS};
use model::device::DeviceKind;
use model::loss::KlCost;
use model::path_prior::PathPriorConfig;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::history::Terms;
use model_table::Model;
pub use model_table::ModelTable;

/// The tables of the pipeline file that this stage reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    #[serde(default)]
    pub preprocess: MarginalsTable,
    #[serde(default)]
    pub model: ModelTable,
    #[serde(default)]
    pub train: TrainTable,
}

/// The part of `[preprocess]` that the model has to fit.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MarginalsTable {
    /// How adjusted values become standardised ones.
    marginals: Option<MarginalsKind>,
}

/// How the model is trained, with Adam. What is not given is the preset's, or has a default.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = say_what_presets_set)]
pub struct TrainTable {
    /// How many times the training years are gone through.
    #[schemars(range(min = 1, max = MOST_EPOCHS))]
    epochs: Option<u32>,
    /// Windows of a training step.
    #[schemars(range(min = 1, max = 65536))]
    batch: Option<usize>,
    /// Adam's learning rate.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    learning_rate: Option<f64>,
    /// How the learning rate goes.
    schedule: Option<Schedule>,
    /// Which windows are trained on.
    windows: WindowChoice,
    /// Epochs without a better validation loss before training stops; the best weights are kept then. Without it, all
    /// epochs and the last weights.
    #[schemars(range(min = 1, max = MOST_EPOCHS))]
    patience: Option<u32>,
    /// Weight of the latents' KL beside the reconstruction: 1 is the evidence bound, other values a beta-VAE.
    #[schemars(range(min = 0, max = 1000))]
    beta: f64,
    /// Nats per latent step (96 hours) that the latents' KL costs nothing up to.
    #[schemars(range(min = 0, max = 1000))]
    free_nats: Option<f32>,
    /// Adam's memory of squared gradients.
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    beta_2: Option<f64>,
    /// Adam's decoupled weight decay, multiplied by the learning rate in each step.
    #[schemars(range(min = 0, max = 10))]
    weight_decay: Option<f64>,
    /// The largest norm of a parameter's gradient; a larger one is scaled down to it. With 0, none is.
    #[schemars(range(min = 0))]
    clip_norm: Option<f32>,
    /// Which years the delivered model is fitted to: `generated.parquet`, `model/` and the tasks are of it.
    deliver: Option<Delivery>,
    /// The seed of first weights, windows and latents.
    seed: u64,
    /// Where the model is trained.
    device: DeviceKind,
}

/// Why a calibrated model and the scaler do not go together.
pub(crate) const NEEDS_NORMAL_SCORES: &str = "= true maps generated hours to normal scores; set [preprocess] marginals = \
                                   \"normal-scores\", or calibrate = false";
/// The most epochs.
const MOST_EPOCHS: u32 = 1_000_000;

/// Which windows are trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WindowChoice {
    /// From any day of the training years on, drawn anew for each step.
    Random,
    /// Those that `preprocess` laid side by side, shuffled in each epoch.
    Fixed,
}

impl Default for TrainTable {
    fn default() -> TrainTable {
        TrainTable {
            epochs: None,
            batch: None,
            learning_rate: None,
            schedule: None,
            windows: WindowChoice::Random,
            patience: None,
            beta: 1.0,
            free_nats: None,
            beta_2: None,
            weight_decay: None,
            clip_norm: None,
            deliver: None,
            seed: 0,
            device: DeviceKind::Cpu,
        }
    }
}

/// Says in the schema of `[train]` what each preset sets.
fn say_what_presets_set(schema: &mut Schema) {
    let mut say = |key: &str, sentence: String| describe(schema, key, &sentence);
    say("epochs", sentence(|preset| preset.training().epochs));
    say("batch", sentence(|preset| preset.training().batch));
    say("learning_rate", sentence(|preset| preset.training().learning_rate));
    say("schedule", sentence(|preset| preset.training().schedule));
    say("free_nats", sentence(|preset| preset.training().free_nats));
    say("beta_2", sentence(|preset| preset.training().beta_2));
    say("weight_decay", sentence(|preset| preset.training().weight_decay));
    say("clip_norm", sentence(|preset| preset.training().clip_norm));
    say("deliver", sentence(|preset| preset.delivery()));
}

/// Both tables, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// With the article's seasonal degree; the transform's replaces it.
    pub model: ModelConfig,
    pub train: TrainConfig,
    /// How the prior is fitted again after training; `None` to generate from the one trained against.
    pub refit: Option<PathPriorConfig>,
    /// True to map what the trained model generates to the marginals of the training years.
    pub calibrate: bool,
    /// Which years the delivered model is fitted to.
    pub deliver: Delivery,
}

/// `[train]`, checked.
#[derive(Clone, Copy, Debug)]
pub struct TrainConfig {
    pub epochs: u32,
    pub batch: usize,
    pub learning_rate: f64,
    pub schedule: Schedule,
    pub windows: WindowChoice,
    /// Epochs without a better validation before training stops; the best weights are kept then. What is
    /// compared is [`TrainConfig::objective`]. `None`: all epochs, and the last weights.
    pub patience: Option<u32>,
    /// Weight of the latents' KL.
    pub beta: f64,
    /// Nats per latent step that the latents' KL costs nothing up to.
    pub free_nats: f32,
    /// Adam's memory of squared gradients.
    pub beta_2: f64,
    pub weight_decay: f64,
    /// Largest norm of a parameter's gradient.
    pub clip_norm: Option<f32>,
    pub seed: u64,
    pub device: DeviceKind,
}

impl TrainConfig {
    /// What the latents' KL costs.
    pub fn kl_cost(&self) -> KlCost {
        KlCost { beta: self.beta, free_nats_per_hour: f64::from(self.free_nats) / STEP_HOURS as f64 }
    }

    /// What epochs are compared by, of a loss in nats per hour: the KL counts from the free nats on.
    pub fn objective(&self, loss: &Terms) -> f64 {
        self.kl_cost().objective(loss.reconstruction, loss.kl)
    }
}

impl Tables {
    pub(crate) fn check(self) -> Result<Config, Fault> {
        let preset = self.model.preset;
        let Model { shape: model, refit, calibrate } = self.model.check()?;
        let marginals = self.preprocess.marginals.unwrap_or(preset.marginals());
        if calibrate && marginals != MarginalsKind::NormalScores {
            return Err(Fault {
                key: "model.calibrate".to_string(),
                message: NEEDS_NORMAL_SCORES.to_string(),
            });
        }
        let (table, usual) = (self.train, preset.training());
        let learning_rate = table.learning_rate.unwrap_or(usual.learning_rate);
        if !(learning_rate > 0.0 && learning_rate <= 1.0) {
            return Err(Fault::value("train.learning_rate", learning_rate, "more than 0, at most 1"));
        }
        if !(table.beta >= 0.0 && table.beta <= 1000.0) {
            return Err(Fault::value("train.beta", table.beta, "0 to 1000"));
        }
        let free_nats = table.free_nats.unwrap_or(usual.free_nats);
        if !(0.0..=1000.0).contains(&free_nats) {
            return Err(Fault::value("train.free_nats", free_nats, "0 to 1000 nats per latent step"));
        }
        let beta_2 = table.beta_2.unwrap_or(usual.beta_2);
        if !(0.0..1.0).contains(&beta_2) {
            return Err(Fault::value("train.beta_2", beta_2, "0 to below 1"));
        }
        let weight_decay = table.weight_decay.unwrap_or(usual.weight_decay);
        if !(0.0..=10.0).contains(&weight_decay) {
            return Err(Fault::value("train.weight_decay", weight_decay, "0 to 10"));
        }
        let clip_norm = table.clip_norm.unwrap_or(usual.clip_norm);
        if !(clip_norm >= 0.0 && clip_norm.is_finite()) {
            return Err(Fault::value("train.clip_norm", clip_norm, "more than 0, or 0 for none"));
        }
        Ok(Config {
            model,
            refit,
            calibrate,
            deliver: table.deliver.unwrap_or(preset.delivery()),
            train: TrainConfig {
                epochs: in_range("train.epochs", table.epochs.unwrap_or(usual.epochs), 1..=MOST_EPOCHS)?,
                batch: in_range("train.batch", table.batch.unwrap_or(usual.batch), 1..=65_536)?,
                learning_rate,
                schedule: table.schedule.unwrap_or(usual.schedule),
                windows: table.windows,
                patience: table
                    .patience
                    .map(|epochs| in_range("train.patience", epochs, 1..=MOST_EPOCHS))
                    .transpose()?,
                beta: table.beta,
                free_nats,
                beta_2,
                weight_decay,
                clip_norm: (clip_norm > 0.0).then_some(clip_norm),
                seed: table.seed,
                device: table.device,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use contract::config::parse;
    use serde_json::{Value, json};

    use super::*;

    fn check(tables: Value, message: &str) {
        let parsed = parse::<Tables>(tables.as_object().unwrap());
        let fault = parsed.and_then(|tables| tables.check().map(|_| ())).unwrap_err();
        assert_eq!(fault.describe("pipelines/x.toml"), format!("pipelines/x.toml: {message}"));
    }

    #[test]
    fn values_that_cannot_be_used_are_named() {
        check(json!({"train": {"epochs": 0}}), "[train] epochs is 0; wanted 1 to 1000000");
        check(json!({"train": {"batch": 0}}), "[train] batch is 0; wanted 1 to 65536");
        check(json!({"train": {"patience": 0}}), "[train] patience is 0; wanted 1 to 1000000");
        check(
            json!({"train": {"learning_rate": 0.0}}),
            "[train] learning_rate is 0; wanted more than 0, at most 1",
        );
        check(
            json!({"train": {"device": "tpu"}}),
            "[train] device = \"tpu\": unknown variant `tpu`, expected `cpu` or `cuda`",
        );
        check(
            json!({"model": {"strides": [3, 2]}}),
            "[model] strides is [3, 2]; wanted at least two strides whose product is 96, such as [3, 2, 2, 2, 2, 2]",
        );
        check(json!({"model": {"filters": 0}}), "[model] filters is 0; wanted 1 to 1024");
        check(
            json!({"model": {"preset": "article", "noise": {"kind": "ar"}}}),
            "[model] noise.kind is \"ar\"; wanted \"white\" (preset = \"article\" is the article's model; set preset = \"isotherm\" to choose)",
        );
        check(
            json!({"model": {"preset": "article", "prior": {"kind": "seasonal-var"}}}),
            "[model] prior.kind is \"seasonal-var\"; wanted \"seasonal\" (preset = \"article\" is the article's model; set preset = \"isotherm\" to choose)",
        );
        check(
            json!({"model": {"preset": "isotherm", "noise": {"kind": "ar", "hidden": 32}}}),
            "[model] noise.hidden is 32; wanted nothing with kind = \"ar\" (it belongs to kind = \"mixture\")",
        );
        check(
            json!({"model": {"preset": "isotherm", "noise": {"kind": "ar", "order": 49}}}),
            "[model] noise.order is 49; wanted 1 to 48 hours",
        );
        check(
            json!({"model": {"preset": "isotherm", "prior": {"refit": false, "order": 2}}}),
            "[model] prior.order is 2; wanted refit = true beside it (it shapes the prior that is fitted after training)",
        );
        check(
            json!({"model": {"preset": "isotherm", "prior": {"slow_days": [3.0]}}}),
            "[model] prior.slow_days is [3.0]; wanted at most four time constants of 32 to 40000 days, the shortest first",
        );
        check(
            json!({"model": {"preset": "isotherm", "prior": {"order": 9}}}),
            "[model] prior.order is 9; wanted 1 to 8",
        );
        check(
            json!({"train": {"clip_norm": -1.0}}),
            "[train] clip_norm is -1; wanted more than 0, or 0 for none",
        );
        check(json!({"train": {"beta_2": 1.0}}), "[train] beta_2 is 1; wanted 0 to below 1");
        check(json!({"train": {"beta": -1.0}}), "[train] beta is -1; wanted 0 to 1000");
        check(
            json!({"train": {"free_nats": -1.0}}),
            "[train] free_nats is -1; wanted 0 to 1000 nats per latent step",
        );
        check(
            json!({"model": {"filter": 20}}),
            "[model] has no key \"filter\"; its keys are preset, filters, latent_channels, strides, decoder, prior, noise, calibrate; did you mean \"filters\"?",
        );
    }
    fn checked(tables: Value) -> Config {
        parse::<Tables>(tables.as_object().unwrap()).unwrap().check().unwrap()
    }

    #[test]
    fn a_preset_carries_its_training_and_a_key_overrides_it() {
        let text = |train: TrainConfig| format!("{train:?}");
        let isotherm = json!({
            "epochs": 300, "batch": 8, "learning_rate": 3e-3, "schedule": "cosine", "free_nats": 9.0, "beta_2": 0.995,
            "weight_decay": 0.05, "clip_norm": 0.5,
        });
        let article = json!({
            "epochs": 1000, "batch": 32, "learning_rate": 1e-3, "schedule": "constant", "free_nats": 0.0,
            "beta_2": 0.999, "weight_decay": 0.0, "clip_norm": 0.0,
        });
        let usual = [json!({}), json!({"preset": "isotherm"}), json!({"preset": "article"})];
        for (model, train) in usual.into_iter().zip([&isotherm, &isotherm, &article]) {
            let by_default = checked(json!({"model": model}));
            // The other preset's values would win if a key that is given did not.
            for preset in ["article", "isotherm"] {
                let given = checked(json!({"model": {"preset": preset}, "train": train}));
                assert_eq!(text(given.train), text(by_default.train), "{model}");
            }
        }
        assert!(checked(json!({})).calibrate && !checked(json!({"model": {"preset": "article"}})).calibrate);
    }

    #[test]
    fn calibration_wants_normal_scores_before_anything_runs() {
        let sentence = "[model] calibrate = true maps generated hours to normal scores; set [preprocess] marginals = \
                        \"normal-scores\", or calibrate = false";
        let scaler = json!({"marginals": "scaler"});
        check(json!({"preprocess": scaler}), sentence);
        check(json!({"preprocess": scaler, "model": {"preset": "isotherm", "calibrate": true}}), sentence);
        checked(json!({"preprocess": scaler, "model": {"calibrate": false}}));
        checked(json!({"preprocess": scaler, "model": {"preset": "article"}}));
    }
}
