//! How well missing hours, coming hours and faults are found: scores, and the baselines beside them.
//! Knows nothing of the model, only tables.

// The stage that uses them is still to be written.
#![allow(dead_code)]

mod autoregression;
mod banded;
mod chi_square;
mod climatology;
mod ensemble;
mod gaussian;
mod hours;
mod precision;
