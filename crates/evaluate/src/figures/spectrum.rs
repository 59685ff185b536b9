//! The power spectrum of the hourly anomalies.

use super::{Figure, Kind};
use crate::fourier::welch;
use crate::sample::Sample;
use crate::series::mean;

/// About half a year.
const SEGMENT_HOURS: usize = 4096;
const BANDS: usize = 24;

pub(crate) fn figures() -> Vec<Figure> {
    vec![Figure {
        kind: Kind::Number,
        source: "Welch 1967; wxgen (variance by time scale)",
        curve: Box::new(spectrum),
        shown: mean,
        ..Figure::counted(
            8,
            "spectrum",
            "Power spectrum (log10, mean of bands)",
            "Log10 of the power of the hourly anomalies, by Welch's method (segments of 4096 hours that overlap by half, Hann window), averaged in 24 bands of equal width in the logarithm of frequency between 1/4096 and 1/2 per hour. The two lowest bands hold no frequency of their own and are left out. Shown: the mean over the bands.",
        )
    }]
}

/// Log10 of the mean power of each band that is not empty: 22 values.
fn spectrum(sample: &Sample) -> Option<Vec<f64>> {
    let (power, _) = welch(&sample.anomalies.as_ref()?.hourly, SEGMENT_HOURS)?;
    let bands: Vec<f64> = (0..BANDS)
        .filter_map(|band| {
            let inside: Vec<f64> =
                (2..power.len()).filter(|&k| band_of(k) == band).map(|k| power[k]).collect();
            (!inside.is_empty()).then(|| mean(&inside).log10())
        })
        .collect();
    bands.iter().all(|band| band.is_finite()).then_some(bands)
}

/// The band of a frequency `k / 4096`. Edges are at `2^(11 i / 24) / 4096`. Frequency 1 lies on the
/// lowest edge, which the reference puts a rounding error above it: it is in no band there, nor here.
fn band_of(k: usize) -> usize {
    let exponent = (k as f64).log2() / (SEGMENT_HOURS as f64 / 2.0).log2();
    ((exponent * BANDS as f64) as usize).min(BANDS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_those_of_numpys_logspace() {
        let last = |band: usize| (2..=2048).filter(|&k| band_of(k) == band).max();
        let lasts: Vec<usize> = (0..BANDS).filter_map(last).collect();
        let expected =
            [2, 3, 4, 6, 9, 12, 17, 23, 32, 45, 62, 85, 117, 161, 221, 304, 418, 574, 789, 1084, 1490, 2048];
        assert_eq!(lasts, expected);
    }
}
