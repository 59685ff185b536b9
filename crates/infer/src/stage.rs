//! The `generate` stage: a trained model to years of hours.

use contract::artifact::{GENERATED, HELD_OUT};
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

/// Members that are drawn at the same time.
const MEMBERS_AT_ONCE: usize = 8;
/// Hours in memory, at most, of members that are drawn at the same time.
const HOURS_AT_ONCE: usize = 16_000_000;

impl Stage for Generate {
    const NAME: &'static str = "generate";
    const READS: &'static [&'static str] = &[
        "deliver/model/config.json",
        "deliver/model/weights.safetensors",
        "deliver/model/generator.json",
        "deliver/model/transform.json",
    ];
    type Tables = Tables;
    type Config = Config;

    fn check(tables: Tables) -> Result<Config, Fault> {
        tables.generate.check()
    }

    fn run(config: &Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        generate(config, GENERATED, inputs, outputs)
    }
}

/// The `held-out` stage: the same hours of the model that has not seen the held-out years, for the scorecard.
pub struct HeldOut;

impl Stage for HeldOut {
    const NAME: &'static str = "held-out";
    const READS: &'static [&'static str] = &[
        "train/held_out_model/config.json",
        "train/held_out_model/weights.safetensors",
        "train/held_out_model/generator.json",
        "train/held_out_model/transform.json",
    ];
    type Tables = Tables;
    type Config = Config;

    fn check(tables: Tables) -> Result<Config, Fault> {
        tables.generate.check()
    }

    fn run(config: &Config, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let without_exports = Config { exports: Vec::new(), unit: None, ..config.clone() };
        generate(&without_exports, HELD_OUT, inputs, outputs)
    }
}

fn generate(config: &Config, name: &str, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
    let model = TrainedModel::read(inputs, DeviceKind::Cpu.open()?)?;
    let transform = &model.transform;
    let span = config
        .span(transform.utc_offset, transform.past_hour_us())
        .map_err(|fault| anyhow::anyhow!("[generate] {}", fault.message))?;
    let target_year = config.target_year.unwrap_or(transform.trend.reference_year);
    let generator = Generator::new(&model, span, config.noise, config.seed, target_year)?;
    let series = Series {
        variable: model.variable,
        latitude_deg: transform.latitude_deg,
        longitude_deg: transform.longitude_deg,
        span,
        members: config.members,
        target_year: config.target_year,
        unit: unit(config, &model)?,
        credit: transform.credit.clone(),
    };
    let mut sinks = export::open(&series, name, &config.exports, &outputs.folder)?;
    write_all(&generator, config.members, &mut sinks)?;
    for sink in sinks {
        sink.finish()?;
    }
    tracing::info!("{} member(s) of {} hours, {}", config.members, span.hours, span.describe());
    Ok(())
}

/// Draws all members and hands them to the sinks, in order. Long members go to the sinks chunk by
/// chunk, short ones are drawn side by side.
///
/// # Errors
/// Those of the generator and the sinks.
pub fn write_all(generator: &Generator<'_>, members: i32, sinks: &mut [Box<dyn Sink>]) -> anyhow::Result<()> {
    let at_once = (HOURS_AT_ONCE / generator.span.hours.max(1)).clamp(1, MEMBERS_AT_ONCE) as i32;
    let chunks = generator.chunks() as u64;
    let mut progress = Progress::start("generate", 0, members as u64 * chunks, "chunks");
    let mut done = 0;
    let mut write = |member: i32, first_hour: usize, values: &[f32]| -> anyhow::Result<()> {
        let part = Part { member, first_hour, values };
        sinks.iter_mut().try_for_each(|sink| sink.append(part))?;
        done += 1;
        progress.advance(done, String::new);
        Ok(())
    };
    for first in (0..members).step_by(at_once as usize) {
        let group = first..(first + at_once).min(members);
        if group.len() == 1 {
            generator.member(first, |first_hour, values| write(first, first_hour, &values))?;
            continue;
        }
        let draw = |member| -> anyhow::Result<Vec<Vec<f32>>> {
            let mut drawn = Vec::with_capacity(chunks as usize);
            generator.member(member, |_, values| {
                drawn.push(values);
                Ok(())
            })?;
            Ok(drawn)
        };
        let drawn: Vec<anyhow::Result<Vec<Vec<f32>>>> = group.clone().into_par_iter().map(draw).collect();
        for (member, drawn) in group.zip(drawn) {
            for (chunk, values) in drawn?.iter().enumerate() {
                write(member, chunk * CHUNK_HOURS, values)?;
            }
        }
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
