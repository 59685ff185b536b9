//! The hours after the last one.

use crate::observed::ObservedHours;
use crate::posterior::{Drawn, Draws, Posterior};

/// The longest forecast.
pub const LONGEST_HOURS: usize = 240;
/// Hours before the last one that are read: what is older says nothing more.
const MEMORY_HOURS: usize = 60 * 24;

/// How the hours that follow are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForecastSettings {
    /// 1 to [`LONGEST_HOURS`].
    pub hours: usize,
    pub members: usize,
    pub seed: u64,
}

/// Draws the hours after the last one that is not missing: an ensemble for each. Hours are numbered in the
/// series, so that the first is the one after the last that was seen.
///
/// # Errors
/// When too few hours are there, or the model fails.
pub fn forecast(
    posterior: &Posterior<'_>,
    observed: &ObservedHours,
    settings: ForecastSettings,
) -> anyhow::Result<Drawn> {
    observed.check()?;
    let end = observed.values.iter().rposition(|hour| !hour.is_nan()).map_or(0, |last| last + 1);
    let start = end.saturating_sub(MEMORY_HOURS);
    let recent =
        ObservedHours { first_us: observed.time_us(start), values: observed.values[start..end].to_vec() };
    let ForecastSettings { hours, members, seed } = settings;
    let mut drawn = posterior.draw(&recent, Draws { members, seed, following: hours })?;
    // Gaps in the hours before were drawn too; they are not asked for.
    let before = drawn.hours.partition_point(|&hour| hour < end - start);
    drawn.hours.drain(..before);
    drawn.hours.iter_mut().for_each(|hour| *hour += start);
    drawn.values.drain(..before * members);
    Ok(drawn)
}
