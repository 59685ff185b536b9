//! The `generate` stage: a trained model to years of hours.

use contract::config::Fault;
use contract::progress::Progress;
use contract::stage::{Inputs, Outputs, Stage};
use contract::variable::AcceptedUnit;
use model::device::DeviceKind;
use rayon::prelude::*;

use crate::config::{Config, Tables};
use crate::export::{self, Part, Series, Sink};
use crate::generator::{CHUNK_HOURS, Generator};
use crate::model_folder::TrainedModel;

/// The `generate` stage.
pub struct Generate;

/// Chunks in memory at a time.
const CHUNKS_AT_ONCE: usize = 8;

impl Stage for Generate {
    const NAME: &'static str = "generate";
    const READS: &'static [&'static str] =
        &["train/model/config.json", "train/model/weights.safetensors", "train/model/transform.json"];
    type Tables = Tables;
    type Config = Config;

    fn check(tables: Tables) -> Result<Config, Fault> {
        tables.generate.check()
    }

    fn run(config: &Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let model = TrainedModel::read(inputs, DeviceKind::Cpu.open()?)?;
        let transform = &model.transform;
        let span = config
            .span(transform.utc_offset)
            .map_err(|fault| anyhow::anyhow!("[generate] {}", fault.message))?;
        let generator = Generator {
            model: &model,
            span,
            noise: config.noise,
            seed: config.seed,
            target_year: config.target_year.unwrap_or(transform.trend.reference_year),
        };
        let series = Series {
            variable: model.variable,
            latitude_deg: transform.latitude_deg,
            longitude_deg: transform.longitude_deg,
            span,
            members: config.members,
            target_year: config.target_year,
            unit: unit(config, &model)?,
        };
        let mut sinks = export::open(series, &config.exports, &outputs.folder)?;
        write_all(&generator, config.members, &mut sinks)?;
        for sink in sinks {
            sink.finish()?;
        }
        tracing::info!("{} member(s) of {} hours, {}", config.members, span.hours, span.describe());
        Ok(())
    }
}

/// Draws all members and hands them to the sinks, in order; few chunks are in memory at a time.
///
/// # Errors
/// Those of the generator and the sinks.
pub fn write_all(generator: &Generator<'_>, members: i32, sinks: &mut [Box<dyn Sink>]) -> anyhow::Result<()> {
    let chunks = generator.chunks();
    let total = members as usize * chunks;
    let job = |number: usize| ((number / chunks) as i32, number % chunks);
    let mut progress = Progress::start("generate", 0, total as u64, "chunks");
    for first in (0..total).step_by(CHUNKS_AT_ONCE) {
        let batch = first..(first + CHUNKS_AT_ONCE).min(total);
        let draw = |number| {
            let (member, chunk) = job(number);
            generator.chunk(member, chunk)
        };
        let drawn: Vec<anyhow::Result<Vec<f32>>> = batch.clone().into_par_iter().map(draw).collect();
        for (number, values) in batch.clone().zip(drawn) {
            let ((member, chunk), values) = (job(number), values?);
            let part = Part { member, first_hour: chunk * CHUNK_HOURS, values: &values };
            for sink in sinks.iter_mut() {
                sink.append(part)?;
            }
        }
        progress.advance(batch.end as u64, String::new);
    }
    Ok(())
}

/// The unit of the exports.
fn unit(config: &Config, model: &TrainedModel) -> anyhow::Result<AcceptedUnit> {
    let variable = model.variable;
    let name = config.unit.as_deref().unwrap_or(variable.canonical_unit);
    variable.unit(name).ok_or_else(|| {
        anyhow::anyhow!(
            "[generate] unit = {name:?} is no unit of {}; wanted one of {}",
            variable.name,
            variable.accepted_unit_names()
        )
    })
}
