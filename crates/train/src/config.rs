//! The `[model]` and `[train]` tables.

use contract::config::{Fault, in_range};
use model::config::ModelConfig;
use model::device::DeviceKind;
use serde::Deserialize;

/// The tables of the pipeline file that this stage reads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    #[serde(default)]
    pub model: ModelTable,
    #[serde(default)]
    pub train: TrainTable,
}

/// `[model]` as written; what is not given is the preset's.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelTable {
    preset: Preset,
    filters: Option<usize>,
    latent_channels: Option<usize>,
    strides: Option<Vec<usize>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Preset {
    #[default]
    Article,
}

/// `[train]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainTable {
    epochs: u32,
    batch: usize,
    learning_rate: f64,
    schedule: Schedule,
    windows: WindowChoice,
    patience: Option<u32>,
    seed: u64,
    device: DeviceKind,
}

/// How the learning rate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    Constant,
    /// Half a cosine from the given rate to zero.
    Cosine,
}

/// Which windows are trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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
            epochs: 1000,
            batch: 32,
            learning_rate: 1e-3,
            schedule: Schedule::Constant,
            windows: WindowChoice::Random,
            patience: None,
            seed: 0,
            device: DeviceKind::Cpu,
        }
    }
}

/// Both tables, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// With the article's seasonal degree; the transform's replaces it.
    pub model: ModelConfig,
    pub train: TrainConfig,
}

/// `[train]`, checked.
#[derive(Clone, Copy, Debug)]
pub struct TrainConfig {
    pub epochs: u32,
    pub batch: usize,
    pub learning_rate: f64,
    pub schedule: Schedule,
    pub windows: WindowChoice,
    /// Epochs without a better validation loss before training stops; the best weights are kept
    /// then. `None`: all epochs, and the last weights.
    pub patience: Option<u32>,
    pub seed: u64,
    pub device: DeviceKind,
}

impl Tables {
    pub(crate) fn check(self) -> Result<Config, Fault> {
        let Preset::Article = self.model.preset;
        let preset = ModelConfig::article();
        let model = ModelConfig {
            filters: self.model.filters.unwrap_or(preset.filters),
            latent_channels: self.model.latent_channels.unwrap_or(preset.latent_channels),
            strides: self.model.strides.unwrap_or(preset.strides),
            seasonal_degree: preset.seasonal_degree,
        };
        model
            .check()
            .map_err(|error| Fault::value(&format!("model.{}", error.key), error.seen, error.wanted))?;
        let table = self.train;
        if !(table.learning_rate > 0.0 && table.learning_rate <= 1.0) {
            return Err(Fault::value("train.learning_rate", table.learning_rate, "more than 0, at most 1"));
        }
        Ok(Config {
            model,
            train: TrainConfig {
                epochs: in_range("train.epochs", table.epochs, 1..=1_000_000)?,
                batch: in_range("train.batch", table.batch, 1..=65_536)?,
                learning_rate: table.learning_rate,
                schedule: table.schedule,
                windows: table.windows,
                patience: table
                    .patience
                    .map(|epochs| in_range("train.patience", epochs, 1..=1_000_000))
                    .transpose()?,
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
            json!({"model": {"filter": 20}}),
            "[model] has no key \"filter\"; its keys are preset, filters, latent_channels, strides; did you mean \"filters\"?",
        );
    }
}
