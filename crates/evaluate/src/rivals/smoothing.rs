//! Weather without its hours: a running mean of the chained blocks.

use super::{Material, blocks};
use crate::random::Random;
use crate::series::HOURS;

/// The mean over the 24 hours around each hour.
pub(super) fn too_smooth(material: &Material, random: &mut Random) -> Result<Vec<f64>, String> {
    let values = blocks::chained(material, random)?;
    let mut sums = vec![0.0];
    sums.extend(values.iter().scan(0.0, |sum, value| {
        *sum += value;
        Some(*sum)
    }));
    let mean = |at: usize| {
        let (start, end) = (at.saturating_sub(HOURS / 2), (at + HOURS / 2).min(values.len()));
        (sums[end] - sums[start]) / (end - start) as f64
    };
    Ok((0..values.len()).map(mean).collect())
}
