//! The variational autoencoder of David Kyle's "VAE for Time Series" (2024): strided 1-D
//! convolutions from hours to latent steps and back, a prior that depends on the season, and the
//! loss in nats per hour. Tensors in, tensors out: no files, no tables, no training loop.
//!
//! Sequences are `[batch, time, channel]` throughout, and every layer is one matrix product. The model is
//! written down twice: in burn's operations, for every device and as the oracle, and in [`fast`], for the CPU.

pub mod adam;
pub mod conditional;
pub mod config;
pub mod conv;
pub mod device;
pub mod fast;
pub mod gaussian;
pub mod latents;
pub mod linear;
pub mod loss;
pub mod noise;
pub mod parameters;
pub mod path_prior;
pub mod persistence;
pub mod prior;
pub mod simulate;
pub mod transposed;
pub mod vae;
pub mod weights;

mod frames;
mod init;
