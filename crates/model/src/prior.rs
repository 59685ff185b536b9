//! Priors of the latents, one file each.

mod seasonal;

pub use seasonal::SeasonalPrior;
