//! Missing hours from the hours around them.

use crate::observed::ObservedHours;
use crate::posterior::{Drawn, Draws, Posterior};

/// How missing hours are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImputeSettings {
    pub members: usize,
    pub seed: u64,
}

/// Draws all missing hours: an ensemble for each, of which a member is one draw of all of them together.
///
/// # Errors
/// When too few hours are there, or the model fails.
pub fn impute(
    posterior: &Posterior<'_>,
    observed: &ObservedHours,
    settings: ImputeSettings,
) -> anyhow::Result<Drawn> {
    observed.check()?;
    let ImputeSettings { members, seed } = settings;
    posterior.draw(observed, Draws { members, seed, following: 0 })
}
