//! The fast path on the CPU: encoder, decoder, noise and prior with their gradients, written out over
//! chunks of sequences that stay in the cache. Matrix products are the `gemm` crate's; everything between
//! them is fused into few passes. It takes and gives all weights as one slice ([`layout::Layout`]).
//!
//! The same model in burn's operations ([`crate::vae`]) is what it is tested against.

pub mod adam;
pub mod decoder;
pub mod encoder;
pub mod engine;
pub mod lanes;
pub mod layout;

mod density;
mod divergence;
mod layer;
mod matrix;
mod network;
mod operation;
mod stream;
pub(crate) mod vector;

/// Parts that a batch is split into, whatever the machine, and so the most threads that can work on it.
const LANES: usize = 8;
