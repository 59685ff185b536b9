//! The `[model]` table: as written, and what becomes of it with its preset.

use contract::config::Fault;
use contract::preset::{Preset, sentence};
use contract::schema::describe;
use model::config::{DecoderKernel, MixtureConfig, ModelConfig, NoiseKind, PriorKind, STEP_HOURS};
use model::noise::HISTORY_HOURS;
use model::path_prior::PathPriorConfig;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

/// The model's shape. What is not given is the preset's; beside `preset = "article"` only the sizes can be chosen.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(transform = say_what_presets_set)]
pub struct ModelTable {
    /// What the other keys are, unless they are given.
    pub(super) preset: Preset,
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

/// The sizes of a preset, and its prior.
fn shape(preset: Preset) -> ModelConfig {
    match preset {
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

fn noise(preset: Preset) -> NoiseName {
    match preset {
        Preset::Article => NoiseName::White,
        Preset::Isotherm => NoiseName::Mixture,
    }
}

/// Says in the schema of `[model]` what each preset sets.
fn say_what_presets_set(schema: &mut Schema) {
    let mut say = |key: &str, sentence: String| describe(schema, key, &sentence);
    say("filters", sentence(|preset| shape(preset).filters));
    say("latent_channels", sentence(|preset| shape(preset).latent_channels));
    say("strides", sentence(|preset| shape(preset).strides));
    say("decoder", sentence(|preset| shape(preset).decoder));
    say("prior/properties/kind", sentence(|preset| shape(preset).prior));
    say("noise/properties/kind", sentence(noise));
    for key in ["prior/properties/refit", "calibrate"] {
        say(key, sentence(|preset| preset != Preset::Article));
    }
}

/// Order of the autoregressive noise, unless another is given.
const AR_ORDER: usize = 26;
/// Sizes of the mixture noise, unless others are given.
const MIXTURE: MixtureConfig = MixtureConfig { lags: 26, context: 8, hidden: 32, components: 4 };
/// Order of the refitted prior, unless another is given.
const PRIOR_ORDER: usize = 3;

/// `[model]`, checked.
pub(super) struct Model {
    pub shape: ModelConfig,
    pub refit: Option<PathPriorConfig>,
    pub calibrate: bool,
}

impl ModelTable {
    pub(super) fn check(self) -> Result<Model, Fault> {
        self.fits_the_preset()?;
        let (is_article, noise) = (self.preset == Preset::Article, noise(self.preset));
        let preset = shape(self.preset);
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
