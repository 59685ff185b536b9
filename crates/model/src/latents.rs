//! Drawing latent paths. Each step of each member has random numbers of its own, so that a path does
//! not depend on where one begins to read it.

use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::config::STEP_HOURS;
use crate::gaussian::LN_TWO_PI;
use crate::parameters::ParameterError;
use crate::path_prior::PathPrior;
use crate::prior::Prior;
use crate::vae::Vae;

/// The season along a path: what the caller's calendar says of each latent step.
#[derive(Clone, Copy)]
pub struct Season<'a> {
    /// Phase of year at the start of a step, 0 to 1.
    pub phase: &'a (dyn Fn(i64) -> f64 + Sync),
    /// The model's seasonal features at a phase.
    pub features: &'a (dyn Fn(f64) -> Vec<f32> + Sync),
}

impl Season<'_> {
    /// The features at the start of a step.
    pub fn features_of(&self, step: i64) -> Vec<f32> {
        (self.features)((self.phase)(step))
    }
}

/// Where latents come from.
#[derive(Clone, Debug)]
pub enum LatentSource {
    /// Independent steps, given the season.
    Seasonal(Kernel),
    /// The autoregression that the model was trained against.
    Var { kernel: Kernel, transition: Vec<f32> },
    /// The prior that was fitted to the training years after training.
    Path(PathPrior),
}

/// The posterior of one stretch of hours.
#[derive(Clone, Debug)]
pub struct EncodedRun {
    /// `[step, latent]`.
    pub mean: Vec<f32>,
    /// `[step, latent]`.
    pub log_var: Vec<f32>,
    /// KL from the prior that the model was trained against, summed over steps and channels.
    pub kl: f64,
}

impl EncodedRun {
    /// Encodes standardised hours, a multiple of 96; `features` are the seasonal ones of each latent
    /// step, `[step, feature]`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn of(vae: &Vae, hours: &[f32], features: &[f32]) -> Result<EncodedRun, ParameterError> {
        let device = vae.device();
        let steps = hours.len() / STEP_HOURS;
        let shape = [1, steps, features.len() / steps.max(1)];
        let values = Tensor::<2>::from_data(TensorData::new(hours.to_vec(), [1, hours.len()]), &device);
        let seasonal = Tensor::<3>::from_data(TensorData::new(features.to_vec(), shape), &device);
        let posterior = if device == Device::flex() { vae.encode_fused(values) } else { vae.encode(values) };
        let read = |tensor: Tensor<3>, name: &str| {
            let values = tensor.into_data().try_to_vec::<f32>();
            values.map_err(|_| ParameterError::Unreadable(name.to_string()))
        };
        let kl = read(vae.prior.kl(&posterior, seasonal), "the latents' KL")?;
        Ok(EncodedRun {
            kl: kl.into_iter().map(f64::from).sum(),
            mean: read(posterior.mean, "the latents' mean")?,
            log_var: read(posterior.log_var, "the latents' variance")?,
        })
    }

    /// `mean + exp(log_var / 2) * normal`.
    pub fn sample(&self, normal: &[f64]) -> Vec<f64> {
        let moments = self.mean.iter().zip(&self.log_var);
        moments
            .zip(normal)
            .map(|((mean, log_var), normal)| f64::from(*mean) + (0.5 * f64::from(*log_var)).exp() * normal)
            .collect()
    }

    /// ln q of that sample.
    pub fn log_density(&self, normal: &[f64]) -> f64 {
        let of = |(log_var, normal): (&f32, &f64)| {
            -0.5 * (f64::from(LN_TWO_PI) + f64::from(*log_var) + normal * normal)
        };
        self.log_var.iter().zip(normal).map(of).sum()
    }
}

/// `[rows, 2 * latent]`: means, then log variances.
#[derive(Clone, Debug)]
pub struct Kernel {
    values: Vec<f32>,
    latents: usize,
    has_constant: bool,
}

/// Steps that an autoregression runs before the first one that is read.
const BURN_IN_STEPS: i64 = 256;
/// The earliest step that can be read.
pub const EARLIEST_STEP: i64 = -64;

impl LatentSource {
    /// The prior fitted after training, or the one that the model was trained against where it was not
    /// fitted again.
    ///
    /// # Errors
    /// When the device fails.
    pub fn of(vae: &Vae, fitted: Option<&PathPrior>) -> Result<LatentSource, ParameterError> {
        match fitted {
            Some(prior) => Ok(LatentSource::Path(prior.clone())),
            None => LatentSource::learned(vae),
        }
    }

    /// The prior that the model was trained against.
    ///
    /// # Errors
    /// When the device fails.
    pub fn learned(vae: &Vae) -> Result<LatentSource, ParameterError> {
        let read = |tensor: Tensor<2>, name: &str| {
            let values = tensor.into_data().try_to_vec::<f32>();
            values.map_err(|_| ParameterError::Unreadable(name.to_string()))
        };
        let kernel = |tensor: Tensor<2>, has_constant| {
            let latents = tensor.dims()[1] / 2;
            Ok::<_, ParameterError>(Kernel { values: read(tensor, "prior.kernel")?, latents, has_constant })
        };
        Ok(match &vae.prior {
            Prior::Seasonal(prior) => LatentSource::Seasonal(kernel(prior.kernel.val(), false)?),
            Prior::SeasonalVar(prior) => LatentSource::Var {
                kernel: kernel(prior.kernel.val(), true)?,
                transition: read(prior.transition(), "prior.transition")?,
            },
        })
    }

    /// The latents of one member from `first_step` on, at least [`EARLIEST_STEP`].
    pub fn path<'a>(
        &'a self,
        seed: u64,
        member: u32,
        first_step: i64,
        season: Season<'a>,
    ) -> Box<dyn Iterator<Item = Vec<f32>> + Send + 'a> {
        match self {
            LatentSource::Seasonal(kernel) => Box::new((first_step..).map(move |step| {
                let (mean, sigma) = kernel.at(&season.features_of(step));
                let normal = normals(seed, member, step, mean.len());
                mean.iter()
                    .zip(sigma)
                    .zip(normal)
                    .map(|((mean, sigma), normal)| mean + sigma * normal)
                    .collect()
            })),
            LatentSource::Var { kernel, transition } => {
                let mut departure = vec![0.0; kernel.latents];
                let path = (EARLIEST_STEP - BURN_IN_STEPS..).map(move |step| {
                    let (mean, sigma) = kernel.at(&season.features_of(step));
                    let normal = normals(seed, member, step, mean.len());
                    let carried = transition.chunks_exact(mean.len()).map(|row| {
                        row.iter().zip(&departure).map(|(weight, departure)| weight * departure).sum::<f32>()
                    });
                    departure = carried.zip(sigma).zip(normal).map(|((c, sigma), e)| c + sigma * e).collect();
                    mean.iter().zip(&departure).map(|(mean, departure)| mean + departure).collect()
                });
                Box::new(path.skip((first_step - (EARLIEST_STEP - BURN_IN_STEPS)) as usize))
            }
            LatentSource::Path(prior) => {
                Box::new(prior.sampler(seed, member, first_step, move |step| (season.phase)(step)))
            }
        }
    }
}

impl Kernel {
    /// Latent channels of a step.
    pub(crate) fn latents(&self) -> usize {
        self.latents
    }

    /// Mean and standard deviation of each channel.
    pub(crate) fn at(&self, features: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let constant = self.has_constant.then_some(&1.0);
        let mut pair = vec![0.0_f32; 2 * self.latents];
        let rows = self.values.chunks_exact(2 * self.latents);
        for (feature, row) in constant.into_iter().chain(features).zip(rows) {
            for (sum, weight) in pair.iter_mut().zip(row) {
                *sum += feature * weight;
            }
        }
        let (mean, log_var) = pair.split_at(self.latents);
        (mean.to_vec(), log_var.iter().map(|log_var| (0.5 * log_var).exp()).collect())
    }
}

/// Standard normal numbers of one step of one member.
fn normals(seed: u64, member: u32, step: i64, count: usize) -> impl Iterator<Item = f32> {
    /// Words of the generator that a step may use.
    const WORDS: u128 = 1 << 16;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(u64::from(member) << 2);
    random.set_word_pos((step - EARLIEST_STEP + BURN_IN_STEPS) as u128 * WORDS);
    (0..count).map(move |_| StandardNormal.sample(&mut random))
}
