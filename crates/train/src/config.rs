//! The `[model]` and `[train]` tables.

use contract::config::{Fault, in_range};
use contract::schema::describe;
use model::adam::Adam;
use model::config::{DecoderKernel, MixtureConfig, ModelConfig, NoiseKind, PriorKind, STEP_HOURS};
use model::device::DeviceKind;
use model::noise::HISTORY_HOURS;
use model::path_prior::PathPriorConfig;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::history::Terms;

/// The tables of the pipeline file that this stage reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    #[serde(default)]
    pub model: ModelTable,
    #[serde(default)]
    pub train: TrainTable,
}

/// The model's shape. What is not given is the preset's; beside `preset = "article"` only the sizes can be chosen.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = say_what_presets_set)]
pub struct ModelTable {
    /// What the other keys are, unless they are given.
    preset: Preset,
    /// Channels of each hidden layer of encoder and decoder.
    #[schemars(range(min = 1, max = 1024))]
    filters: Option<usize>,
    /// Channels of a latent step.
    #[schemars(range(min = 1, max = 256))]
    latent_channels: Option<usize>,
    /// Stride of each layer from hours to latent steps, at least two; their product is 96, the hours of a latent step.
    /// The decoder mirrors the encoder.
    #[schemars(length(min = 2), inner(range(min = 1, max = STEP_HOURS)))]
    strides: Option<Vec<usize>>,
    /// How far each decoder layer sees.
    decoder: Option<DecoderKernel>,
    /// What the latents are trained against, and drawn from.
    prior: PriorTable,
    /// The distribution of the hours around the decoder's output.
    noise: NoiseTable,
    /// Whether what the trained model generates is mapped to the marginals of the training years.
    calibrate: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Preset {
    /// The article's model: its prior and its noise, whatever the sizes.
    #[default]
    Article,
    /// A prior and a noise with memory; each can be chosen.
    Isotherm,
}

/// What the latents are trained against, and drawn from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct PriorTable {
    /// What the latents are trained against.
    kind: Option<PriorKind>,
    /// Whether a prior with more memory is fitted to the latents after training, and drawn from.
    refit: Option<bool>,
    /// Order of the refitted prior, latent steps. Only with `refit`.
    #[schemars(range(min = 1, max = 8), extend("default" = PRIOR_ORDER))]
    order: Option<usize>,
    /// Time constants of slow components of the refitted prior, days: at most four, the shortest first. Only with
    /// `refit`.
    #[schemars(length(max = 4), inner(range(min = 32, max = 40000)), extend("default" = Vec::<f64>::new()))]
    slow_days: Option<Vec<f64>>,
}

/// The distribution of the hours around the decoder's output.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct NoiseTable {
    /// Which distribution.
    kind: Option<NoiseName>,
    /// Order of the autoregression, hours. Only for `kind = "ar"`.
    #[schemars(range(min = 1, max = HISTORY_HOURS), extend("default" = AR_ORDER))]
    order: Option<usize>,
    /// Hours that the mixture looks back. Only for `kind = "mixture"`.
    #[schemars(range(min = 2, max = HISTORY_HOURS), extend("default" = MIXTURE.lags))]
    lags: Option<usize>,
    /// Channels that the decoder gives the mixture. Only for `kind = "mixture"`.
    #[schemars(range(min = 1, max = 64), extend("default" = MIXTURE.context))]
    context: Option<usize>,
    /// Units of each of its two hidden layers. Only for `kind = "mixture"`.
    #[schemars(range(min = 1, max = 1024), extend("default" = MIXTURE.hidden))]
    hidden: Option<usize>,
    /// How many Gaussians there are. Only for `kind = "mixture"`.
    #[schemars(range(min = 1, max = 32), extend("default" = MIXTURE.components))]
    components: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum NoiseName {
    /// One variance: the article's.
    White,
    /// A variance for each season and hour.
    Heteroscedastic,
    /// The same, with an autoregression on top, periodic in the hour.
    Ar,
    /// A mixture of Gaussians given the last hours and the decoder's context.
    Mixture,
}

impl Preset {
    /// The sizes, and the prior.
    fn shape(self) -> ModelConfig {
        match self {
            Preset::Article => ModelConfig::article(),
            Preset::Isotherm => ModelConfig {
                filters: 20,
                latent_channels: 12,
                decoder: DecoderKernel::Wide,
                prior: PriorKind::SeasonalVar,
                ..ModelConfig::article()
            },
        }
    }

    fn noise(self) -> NoiseName {
        match self {
            Preset::Article => NoiseName::White,
            Preset::Isotherm => NoiseName::Mixture,
        }
    }
}

/// Says in the schema of `[model]` what each preset sets.
fn say_what_presets_set(schema: &mut Schema) {
    fn say(schema: &mut Schema, key: &str, values: [impl Serialize; 2]) {
        let [article, isotherm] =
            values.map(|value| serde_json::to_string(&value).unwrap_or_default().replace(',', ", "));
        let sentence = match article == isotherm {
            true => format!("The presets': `{article}`."),
            false => format!("The preset's: `{article}` in `article`, `{isotherm}` in `isotherm`."),
        };
        describe(schema, key, &sentence);
    }
    let presets = [Preset::Article, Preset::Isotherm];
    let shapes = presets.map(Preset::shape);
    let [one, two] = &shapes;
    say(schema, "filters", [one.filters, two.filters]);
    say(schema, "latent_channels", [one.latent_channels, two.latent_channels]);
    say(schema, "strides", [&one.strides, &two.strides]);
    say(schema, "decoder", [one.decoder, two.decoder]);
    say(schema, "prior/properties/kind", [one.prior, two.prior]);
    say(schema, "noise/properties/kind", presets.map(Preset::noise));
    for key in ["prior/properties/refit", "calibrate"] {
        say(schema, key, presets.map(|preset| preset != Preset::Article));
    }
}

/// Order of the autoregressive noise, unless another is given.
const AR_ORDER: usize = 26;
/// Sizes of the mixture noise, unless others are given.
const MIXTURE: MixtureConfig = MixtureConfig { lags: 26, context: 8, hidden: 32, components: 4 };
/// Order of the refitted prior, unless another is given.
const PRIOR_ORDER: usize = 3;

/// How the model is trained, with Adam.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainTable {
    /// How many times the training years are gone through.
    #[schemars(range(min = 1, max = MOST_EPOCHS))]
    epochs: u32,
    /// Windows of a training step.
    #[schemars(range(min = 1, max = 65536))]
    batch: usize,
    /// Adam's learning rate.
    #[schemars(range(max = 1), extend("exclusiveMinimum" = 0))]
    learning_rate: f64,
    /// How the learning rate goes.
    schedule: Schedule,
    /// Which windows are trained on.
    windows: WindowChoice,
    /// Epochs without a better validation loss before training stops; the best weights are kept then. Without it, all
    /// epochs and the last weights.
    #[schemars(range(min = 1, max = MOST_EPOCHS))]
    patience: Option<u32>,
    /// Nats per latent step (96 hours) that the latents may know about the hours at no cost.
    #[schemars(range(min = 0, max = 1000))]
    free_nats: f32,
    /// Adam's memory of squared gradients.
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    beta_2: f64,
    /// Adam's weight decay, relative to the learning rate.
    #[schemars(range(min = 0, max = 10))]
    weight_decay: f64,
    /// The largest norm of a parameter's gradient; a larger one is scaled down to it. Without it, none is.
    #[schemars(extend("exclusiveMinimum" = 0))]
    clip_norm: Option<f32>,
    /// The seed of first weights, windows and latents.
    seed: u64,
    /// Where the model is trained.
    device: DeviceKind,
}

/// The most epochs.
const MOST_EPOCHS: u32 = 1_000_000;

/// How the learning rate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The same in all steps.
    Constant,
    /// Half a cosine from the given rate to zero, after a short rise to it.
    Cosine,
}

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
            epochs: 1000,
            batch: 32,
            learning_rate: 1e-3,
            schedule: Schedule::Constant,
            windows: WindowChoice::Random,
            patience: None,
            free_nats: 0.0,
            beta_2: Adam::KERAS_BETA_2,
            weight_decay: 0.0,
            clip_norm: None,
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
    /// How the prior is fitted again after training; `None` to generate from the one trained against.
    pub refit: Option<PathPriorConfig>,
    /// True to map what the trained model generates to the marginals of the training years.
    pub calibrate: bool,
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
    /// Nats per hour that the latents' KL costs nothing up to.
    pub fn free_nats_per_hour(&self) -> f64 {
        f64::from(self.free_nats) / STEP_HOURS as f64
    }

    /// What training minimises, of a loss in nats per hour: the KL counts from the free nats on.
    pub fn objective(&self, loss: &Terms) -> f64 {
        loss.reconstruction + loss.kl.max(self.free_nats_per_hour())
    }
}

/// `[model]`, checked.
struct Model {
    shape: ModelConfig,
    refit: Option<PathPriorConfig>,
    calibrate: bool,
}

impl ModelTable {
    fn check(self) -> Result<Model, Fault> {
        self.fits_the_preset()?;
        let (is_article, noise) = (self.preset == Preset::Article, self.preset.noise());
        let preset = self.preset.shape();
        let shape = ModelConfig {
            filters: self.filters.unwrap_or(preset.filters),
            latent_channels: self.latent_channels.unwrap_or(preset.latent_channels),
            strides: self.strides.unwrap_or(preset.strides),
            seasonal_degree: preset.seasonal_degree,
            decoder: self.decoder.unwrap_or(preset.decoder),
            prior: self.prior.kind.unwrap_or(preset.prior),
            noise: self.noise.check(noise)?,
        };
        shape
            .check()
            .map_err(|error| Fault::value(&format!("model.{}", error.key), error.seen, error.wanted))?;
        let refit = self.prior.check(!is_article)?;
        Ok(Model { shape, refit, calibrate: self.calibrate.unwrap_or(!is_article) })
    }

    /// The article's preset is the article's model: nothing but its sizes can be chosen.
    fn fits_the_preset(&self) -> Result<(), Fault> {
        if self.preset != Preset::Article {
            return Ok(());
        }
        let wanted = |value: &str| {
            format!(
                "{value} (preset = \"article\" is the article's model; set preset = \"isotherm\" to choose)"
            )
        };
        if self.decoder == Some(DecoderKernel::Wide) {
            return Err(Fault::value("model.decoder", "\"wide\"", wanted("\"mirrored\"")));
        }
        if let Some(kind) = self.prior.kind.filter(|kind| *kind != PriorKind::Seasonal) {
            let seen = match kind {
                PriorKind::Seasonal => "\"seasonal\"",
                PriorKind::SeasonalVar => "\"seasonal-var\"",
            };
            return Err(Fault::value("model.prior.kind", seen, wanted("\"seasonal\"")));
        }
        if self.prior.refit == Some(true) {
            return Err(Fault::value("model.prior.refit", true, wanted("false")));
        }
        if let Some(kind) = self.noise.kind.filter(|kind| *kind != NoiseName::White) {
            return Err(Fault::value("model.noise.kind", format!("{:?}", kind.name()), wanted("\"white\"")));
        }
        if self.calibrate == Some(true) {
            return Err(Fault::value("model.calibrate", true, wanted("false")));
        }
        Ok(())
    }
}

impl PriorTable {
    fn check(self, refit_by_default: bool) -> Result<Option<PathPriorConfig>, Fault> {
        if !self.refit.unwrap_or(refit_by_default) {
            let without = "refit = true beside it (it shapes the prior that is fitted after training)";
            if let Some(order) = self.order {
                return Err(Fault::value("model.prior.order", order, without));
            }
            return match self.slow_days {
                Some(days) => Err(Fault::value("model.prior.slow_days", format!("{days:?}"), without)),
                None => Ok(None),
            };
        }
        let days_of_step = STEP_HOURS as f64 / 24.0;
        let slow_days = self.slow_days.unwrap_or_default();
        let slow_steps = slow_days.iter().map(|days| days / days_of_step).collect();
        let config = PathPriorConfig { order: self.order.unwrap_or(PRIOR_ORDER), slow_steps };
        match config.check() {
            Ok(()) => Ok(Some(config)),
            Err(error) if error.key == "order" => {
                Err(Fault::value("model.prior.order", error.seen, error.wanted))
            }
            Err(_) => {
                let wanted = "at most four time constants of 32 to 40000 days, the shortest first";
                Err(Fault::value("model.prior.slow_days", format!("{slow_days:?}"), wanted))
            }
        }
    }
}

impl NoiseTable {
    fn check(self, preset: NoiseName) -> Result<NoiseKind, Fault> {
        let kind = self.kind.unwrap_or(preset);
        let sizes = [
            ("model.noise.order", self.order, NoiseName::Ar),
            ("model.noise.lags", self.lags, NoiseName::Mixture),
            ("model.noise.context", self.context, NoiseName::Mixture),
            ("model.noise.hidden", self.hidden, NoiseName::Mixture),
            ("model.noise.components", self.components, NoiseName::Mixture),
        ];
        for (key, value, of) in sizes {
            if let Some(value) = value.filter(|_| of != kind) {
                let wanted =
                    format!("nothing with kind = {:?} (it belongs to kind = {:?})", kind.name(), of.name());
                return Err(Fault::value(key, value, wanted));
            }
        }
        Ok(match kind {
            NoiseName::White => NoiseKind::White,
            NoiseName::Heteroscedastic => NoiseKind::Heteroscedastic,
            NoiseName::Ar => NoiseKind::Ar { order: self.order.unwrap_or(AR_ORDER) },
            NoiseName::Mixture => NoiseKind::Mixture(MixtureConfig {
                lags: self.lags.unwrap_or(MIXTURE.lags),
                context: self.context.unwrap_or(MIXTURE.context),
                hidden: self.hidden.unwrap_or(MIXTURE.hidden),
                components: self.components.unwrap_or(MIXTURE.components),
            }),
        })
    }
}

impl NoiseName {
    fn name(self) -> &'static str {
        match self {
            NoiseName::White => "white",
            NoiseName::Heteroscedastic => "heteroscedastic",
            NoiseName::Ar => "ar",
            NoiseName::Mixture => "mixture",
        }
    }
}

impl Tables {
    pub(crate) fn check(self) -> Result<Config, Fault> {
        let Model { shape: model, refit, calibrate } = self.model.check()?;
        let table = self.train;
        if !(table.learning_rate > 0.0 && table.learning_rate <= 1.0) {
            return Err(Fault::value("train.learning_rate", table.learning_rate, "more than 0, at most 1"));
        }
        if !(table.free_nats >= 0.0 && table.free_nats <= 1000.0) {
            return Err(Fault::value("train.free_nats", table.free_nats, "0 to 1000 nats per latent step"));
        }
        if !(table.beta_2 >= 0.0 && table.beta_2 < 1.0) {
            return Err(Fault::value("train.beta_2", table.beta_2, "0 to below 1"));
        }
        if !(table.weight_decay >= 0.0 && table.weight_decay <= 10.0) {
            return Err(Fault::value("train.weight_decay", table.weight_decay, "0 to 10"));
        }
        if let Some(norm) = table.clip_norm.filter(|norm| !(*norm > 0.0 && norm.is_finite())) {
            return Err(Fault::value("train.clip_norm", norm, "more than 0"));
        }
        Ok(Config {
            model,
            refit,
            calibrate,
            train: TrainConfig {
                epochs: in_range("train.epochs", table.epochs, 1..=MOST_EPOCHS)?,
                batch: in_range("train.batch", table.batch, 1..=65_536)?,
                learning_rate: table.learning_rate,
                schedule: table.schedule,
                windows: table.windows,
                patience: table
                    .patience
                    .map(|epochs| in_range("train.patience", epochs, 1..=MOST_EPOCHS))
                    .transpose()?,
                free_nats: table.free_nats,
                beta_2: table.beta_2,
                weight_decay: table.weight_decay,
                clip_norm: table.clip_norm,
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
            json!({"model": {"noise": {"kind": "ar"}}}),
            "[model] noise.kind is \"ar\"; wanted \"white\" (preset = \"article\" is the article's model; set preset = \"isotherm\" to choose)",
        );
        check(
            json!({"model": {"prior": {"kind": "seasonal-var"}}}),
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
        check(json!({"train": {"beta_2": 1.0}}), "[train] beta_2 is 1; wanted 0 to below 1");
        check(
            json!({"train": {"free_nats": -1.0}}),
            "[train] free_nats is -1; wanted 0 to 1000 nats per latent step",
        );
        check(
            json!({"model": {"filter": 20}}),
            "[model] has no key \"filter\"; its keys are preset, filters, latent_channels, strides, decoder, prior, noise, calibrate; did you mean \"filters\"?",
        );
    }
}
