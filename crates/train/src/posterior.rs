//! The latents of the training years, drawn from the posterior of the trained model, and the prior of
//! paths that is fitted to them.

use model::config::ModelConfig;
use model::latents::EncodedRun;
use model::path_prior::{Latents, PathPrior, PathPriorConfig};
use model::vae::Vae;
use rand_distr::{Distribution, StandardNormal};

use crate::dataset::{Dataset, Purpose, stream};

/// A path of latents through all training runs, one after the other.
pub(crate) struct Posterior {
    values: Vec<f64>,
    phase: Vec<f64>,
    run: Vec<u32>,
    channels: usize,
    /// Sum of ln q(z) over the path.
    log_density: f64,
    /// KL from the prior that the model was trained against, summed over all steps.
    learned_kl: f64,
}

/// The prior fitted after training, and what it costs.
pub(crate) struct Refitted {
    pub prior: PathPrior,
    /// Nats per hour over the training years that the latents cost by the prior trained against, and by
    /// the one fitted after training.
    pub learned_kl: f64,
    pub refitted_kl: f64,
}

impl Posterior {
    /// Encodes every training run and draws its latents.
    ///
    /// # Errors
    /// When the device fails.
    pub(crate) fn draw(
        model: &Vae,
        config: &ModelConfig,
        dataset: &Dataset,
        seed: u64,
    ) -> anyhow::Result<Posterior> {
        let mut posterior = Posterior {
            values: Vec::new(),
            phase: Vec::new(),
            run: Vec::new(),
            channels: config.latent_channels,
            log_density: 0.0,
            learned_kl: 0.0,
        };
        let random = &mut stream(seed, Purpose::Posterior, 0);
        for (number, rows) in (0_u32..).zip(&dataset.training_runs) {
            let features = dataset.features_of(rows.clone());
            let encoded = EncodedRun::of(model, dataset.hours(rows.clone()), &features)?;
            let normal: Vec<f64> =
                StandardNormal.sample_iter(&mut *random).take(encoded.mean.len()).collect();
            let sample = encoded.sample(&normal);
            posterior.log_density += encoded.log_density(&normal);
            posterior.learned_kl += encoded.kl;
            let phases = dataset.step_phases(rows.clone());
            posterior.run.extend(phases.iter().map(|_| number));
            posterior.phase.extend(phases);
            posterior.values.extend(sample);
        }
        Ok(posterior)
    }

    /// Fits the prior of paths.
    ///
    /// # Errors
    /// When there are too few training years for it.
    pub(crate) fn refit(&self, config: &PathPriorConfig) -> anyhow::Result<Refitted> {
        let latents =
            Latents { values: &self.values, channels: self.channels, phase: &self.phase, run: &self.run };
        let prior = PathPrior::fit(&latents, config)?;
        let hours = (self.phase.len() * model::config::STEP_HOURS) as f64;
        let refitted_kl = (self.log_density - prior.log_density(&latents)) / hours;
        Ok(Refitted { prior, learned_kl: self.learned_kl / hours, refitted_kl })
    }
}
