//! Drawing a member's hours from a trained model, chunk by chunk, in the variable's canonical unit.

use contract::calendar::YearClock;
use contract::season;
use model::config::{NoiseKind, STEP_HOURS};
use model::fast::decoder::Decoder;
use model::latents::{LatentSource, Season};
use model::noise::sampler::NoiseSampler;
use model::simulate::Simulator;

pub use model::simulate::CHUNK_HOURS;

use crate::model_folder::TrainedModel;
use crate::span::Span;

/// Draws the hours of a span.
pub struct Generator<'a> {
    pub model: &'a TrainedModel,
    pub span: Span,
    pub seed: u64,
    /// The year whose climate the hours have.
    pub target_year: i16,
    decoder: Decoder,
    noise: Option<NoiseSampler>,
    latents: LatentSource,
}

impl<'a> Generator<'a> {
    /// A generator of the model's hours, or of the decoder's mean alone.
    ///
    /// # Errors
    /// When the model's noise is what makes its hours, and `noise` is false.
    pub fn new(
        model: &'a TrainedModel,
        span: Span,
        noise: bool,
        seed: u64,
        target_year: i16,
    ) -> anyhow::Result<Generator<'a>> {
        anyhow::ensure!(
            noise || !matches!(model.config.noise, NoiseKind::Mixture(_)),
            "[generate] noise = false: the model's noise is a mixture, which draws each hour whole, and there is no \
             mean without it; leave noise = true"
        );
        let noise = match noise {
            true => Some(NoiseSampler::new(&model.config, &model.vae.parameters()?)?),
            false => None,
        };
        let latents = LatentSource::of(&model.vae, model.path_prior.as_ref())?;
        let decoder = Decoder::new(&model.vae, &model.config)?;
        Ok(Generator { model, span, seed, target_year, decoder, noise, latents })
    }

    /// Number of chunks of each member.
    pub fn chunks(&self) -> usize {
        self.span.hours.div_ceil(CHUNK_HOURS)
    }

    /// Draws one member; `take` gets its chunks in order, the last one ends with the span. While it works
    /// on one, the next is drawn.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn member(
        &self,
        member: i32,
        mut take: impl FnMut(usize, Vec<f32>) -> anyhow::Result<()> + Send,
    ) -> anyhow::Result<()> {
        let simulator = Simulator {
            decoder: &self.decoder,
            latents: &self.latents,
            noise: self.noise.as_ref(),
            persistence: self.model.persistence.as_ref(),
            seed: self.seed,
        };
        let phase = |step| season::phase_of_step(self.span.first_local_us, step, STEP_HOURS);
        let features = |phase| season::features(phase, self.model.config.seasonal_degree).collect();
        let season = Season { phase: &phase, features: &features };
        let mut drawn = simulator.member(u32::try_from(member)?, season);
        let mut draw = |chunk: usize| {
            let left = self.span.hours.saturating_sub(chunk * CHUNK_HOURS);
            let mut hours = if left > 0 { drawn.chunk(left) } else { Vec::new() };
            hours.truncate(left);
            hours
        };
        let mut next = draw(0);
        for chunk in 0..self.chunks() {
            let mut hours = std::mem::take(&mut next);
            let mut finish = || {
                self.restore(chunk * CHUNK_HOURS, &mut hours);
                take(chunk * CHUNK_HOURS, std::mem::take(&mut hours))
            };
            let (following, taken) = rayon::join(|| draw(chunk + 1), &mut finish);
            taken?;
            next = following;
        }
        Ok(())
    }

    /// Takes standardised hours to the canonical unit.
    fn restore(&self, first_hour: usize, hours: &mut [f32]) {
        let mut transform = self.model.transform.cursor();
        let mut clock = YearClock::default();
        let calibration = self.model.calibration.as_ref().filter(|_| self.noise.is_some());
        for (hour, number) in hours.iter_mut().zip(first_hour..) {
            let local_us = self.span.local_us(number);
            let mut standardised = f64::from(*hour);
            if let Some(calibration) = calibration {
                let moment = clock.moment(local_us);
                standardised = calibration.curve(moment.year_phase, moment.hour).score(standardised);
            }
            let restored = transform.at(local_us).restore(standardised);
            *hour = (restored + transform.shift_to(self.target_year, local_us)) as f32;
        }
    }
}
