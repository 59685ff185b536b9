//! The `bound` stage: the evidence lower bound of the observed years under a trained model, as an upper
//! bound of their negative log density in nats per hour, in the variable's canonical unit. It reads
//! the test years only to measure them, on behalf of `evaluate`.
//!
//! `-ln p(x) <= E_q[-ln p(x | z)] + E_q[ln q(z) - ln p(z)]`, with one draw of the latents from the
//! posterior q; p(z) is the prior fitted after training, or the one trained against where it was not
//! fitted again.

use std::ops::Range;

use anyhow::Context;
use burn::tensor::{Tensor, TensorData};
use contract::artifact::{FORMAT, LIKELIHOOD, SEASON, STANDARDISED, Split, column};
use contract::calendar::{DAY_HOURS, year_phase};
use contract::config::Fault;
use contract::runs::runs;
use contract::stage::{Inputs, Outputs, Stage};
use model::config::STEP_HOURS;
use model::device::DeviceKind;
use model::latents::EncodedRun;
use model::path_prior::Latents;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model_folder::{LatentCost, TrainedModel};

/// The `bound` stage.
pub struct Bound;

/// It reads no table of the pipeline file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tables {}

/// Seed of the posterior draw.
const SEED: u64 = 1;

/// `likelihood.json`.
#[derive(Serialize)]
struct LikelihoodDocument {
    format: u32,
    unit: &'static str,
    train: Option<Measured>,
    validation: Option<Measured>,
    test: Option<Measured>,
    latents: Option<LatentCost>,
}

/// The bound over the hours of one split.
#[derive(Serialize)]
struct Measured {
    hours: usize,
    bound: f64,
}

impl Stage for Bound {
    const NAME: &'static str = "bound";
    const READS: &'static [&'static str] = &[
        "train/held_out_model/config.json",
        "train/held_out_model/weights.safetensors",
        "train/held_out_model/generator.json",
        "train/held_out_model/transform.json",
        "preprocess/standardised.parquet",
        "preprocess/season.parquet",
    ];
    type Tables = Tables;
    type Config = ();

    fn check(_: Tables) -> Result<(), Fault> {
        Ok(())
    }

    fn run(_: &(), inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let model = TrainedModel::read(inputs, DeviceKind::Cpu.open()?)?;
        let observed = Observed::read(inputs, &model)?;
        let of = |split| observed.of_split(split).map(|rows| measure(&model, &observed, &rows)).transpose();
        let document = LikelihoodDocument {
            format: FORMAT,
            unit: "nat h-1",
            train: of(Split::Train)?,
            validation: of(Split::Validation)?,
            test: of(Split::Test)?,
            latents: model.latent_cost,
        };
        for (name, measured) in [("training", &document.train), ("test", &document.test)] {
            if let Some(measured) = measured {
                tracing::info!("likelihood bound on {name} years: {:.4} nats per hour", measured.bound);
            }
        }
        outputs.write_json(LIKELIHOOD, &document)
    }
}

/// The standardised years.
struct Observed {
    values: Vec<f32>,
    local_times: Vec<i64>,
    splits: Vec<Option<Split>>,
    /// Features of each day.
    seasonal: Vec<f32>,
    features: usize,
}

impl Observed {
    fn read(inputs: &Inputs, model: &TrainedModel) -> anyhow::Result<Observed> {
        let read = |name: &str| tables::read(inputs.path(&format!("preprocess/{name}"))?, &[]);
        let (standardised, season) = (read(STANDARDISED)?, read(SEASON)?);
        let degree = model.config.seasonal_degree;
        let names: Vec<String> =
            (1..=degree).map(column::season_sin).chain((1..=degree).map(column::season_cos)).collect();
        let columns = names.iter().map(|name| season.f32s(name)).collect::<anyhow::Result<Vec<_>>>()?;
        let values = standardised.f32s(&model.transform.variable)?.to_vec();
        anyhow::ensure!(
            season.rows() * DAY_HOURS == values.len(),
            "{SEASON} and {STANDARDISED} are not of the same days; run preprocess again"
        );
        let seasonal =
            (0..season.rows()).flat_map(|day| columns.iter().map(move |column| column[day])).collect();
        let splits = standardised.texts(column::SPLIT)?.iter();
        Ok(Observed {
            values,
            local_times: standardised.times(column::LOCAL_TIME)?.to_vec(),
            splits: splits.map(|name| name.as_deref().and_then(Split::from_name)).collect(),
            seasonal,
            features: columns.len(),
        })
    }

    /// The runs of a split, or `None` if it has none.
    fn of_split(&self, split: Split) -> Option<Vec<Range<usize>>> {
        let is_in = |(row, value): (usize, &f32)| self.splits[row] == Some(split) && !value.is_nan();
        let keep: Vec<bool> = self.values.iter().enumerate().map(is_in).collect();
        let found = runs(&keep, &self.local_times, STEP_HOURS);
        // The noise of a run is scored from its third day on.
        let found: Vec<_> = found.into_iter().filter(|rows| rows.len() >= 2 * STEP_HOURS).collect();
        (!found.is_empty()).then_some(found)
    }

    fn features_of(&self, rows: Range<usize>) -> Vec<f32> {
        let days = rows.step_by(STEP_HOURS).map(|row| row / DAY_HOURS);
        days.flat_map(|day| &self.seasonal[day * self.features..(day + 1) * self.features]).copied().collect()
    }
}

fn measure(model: &TrainedModel, observed: &Observed, runs: &[Range<usize>]) -> anyhow::Result<Measured> {
    let hours: usize = runs.iter().map(Range::len).sum();
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let (mut nats, mut log_posterior, mut learned_kl) = (0.0, 0.0, 0.0);
    let (mut path, mut phase, mut number) = (Vec::new(), Vec::new(), Vec::new());
    for (run, rows) in (0_u32..).zip(runs) {
        let features = observed.features_of(rows.clone());
        let values = &observed.values[rows.clone()];
        let encoded = EncodedRun::of(&model.vae, values, &features)?;
        let normal: Vec<f64> = StandardNormal.sample_iter(&mut random).take(encoded.mean.len()).collect();
        let latents = encoded.sample(&normal);
        log_posterior += encoded.log_density(&normal);
        learned_kl += encoded.kl;
        nats += rows.len() as f64 * reconstruction(model, values, &features, &latents)?;
        let mut transform = model.transform.cursor();
        for (local_us, value) in observed.local_times[rows.clone()].iter().zip(values) {
            nats += transform.at(*local_us).log_slope(f64::from(*value));
        }
        phase.extend(rows.clone().step_by(STEP_HOURS).map(|row| year_phase(observed.local_times[row])));
        number.extend(std::iter::repeat_n(run, rows.len() / STEP_HOURS));
        path.extend(latents);
    }
    nats += match &model.path_prior {
        None => learned_kl,
        Some(prior) => {
            let channels = model.config.latent_channels;
            let latents = Latents { values: &path, channels, phase: &phase, run: &number };
            log_posterior - prior.log_density(&latents)
        }
    };
    Ok(Measured { hours, bound: nats / hours as f64 })
}

/// The noise's mean negative log density given the latents, in standardised units.
fn reconstruction(
    model: &TrainedModel,
    values: &[f32],
    features: &[f32],
    latents: &[f64],
) -> anyhow::Result<f64> {
    let steps = values.len() / STEP_HOURS;
    let tensor = |values: Vec<f32>| {
        let channels = values.len() / steps;
        Tensor::<3>::from_data(TensorData::new(values, [1, steps, channels]), &model.device)
    };
    let hours = Tensor::<2>::from_data(TensorData::new(values.to_vec(), [1, values.len()]), &model.device);
    let decoded = model.vae.decode(tensor(latents.iter().map(|&value| value as f32).collect()));
    let nats = model.vae.noise.negative_log_likelihood(hours, decoded, tensor(features.to_vec()));
    let nats = nats.into_data().try_to_vec::<f32>().ok().and_then(|values| values.first().copied());
    nats.map(f64::from).context("the device failed to score a run of hours")
}
