//! The power spectral density of the hourly anomalies: Welch's method with segments of 4096 hours
//! (170 days), half of each shared with the next, Hann's window, gathered in bands of equal width on
//! the logarithmic axis. No segment spans a hole.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Curve;
use super::rounding::significant;
use crate::fourier::welch;
use crate::series::HOURS;

const SEGMENT_HOURS: usize = 4096;
const BANDS_PER_DECADE: f64 = 36.0;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spectrum {
    /// The mean frequency of each band, cycles a day.
    pub(crate) frequency_per_day: Vec<f64>,
    /// The unit's square times days.
    pub(crate) power: Curve,
}

impl Spectrum {
    pub(super) fn of(power: Curve) -> Spectrum {
        let centres = bands().into_iter().map(|band| {
            let bins = band.len() as f64;
            let centre = band.map(|bin| bin as f64).sum::<f64>() / bins;
            significant(centre * HOURS as f64 / SEGMENT_HOURS as f64, 5)
        });
        Spectrum { frequency_per_day: centres.collect(), power: power.rounded_to_digits(4) }
    }
}

/// The bins of each band; the bin k is k / 4096 cycles an hour, and bin 0 is in none.
fn bands() -> Vec<Range<usize>> {
    let last = SEGMENT_HOURS / 2;
    let band = |bin: usize| ((bin as f64).log10() * BANDS_PER_DECADE).floor() as usize;
    let mut bands: Vec<Range<usize>> = Vec::new();
    for bin in 1..=last {
        match bands.last_mut() {
            Some(range) if band(range.start) == band(bin) => range.end = bin + 1,
            _ => bands.push(bin..bin + 1),
        }
    }
    bands
}

/// The mean power of each band; empty without one whole segment.
pub(super) fn power(runs: &[Range<usize>], hourly: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; SEGMENT_HOURS / 2 + 1];
    let mut segments = 0.0;
    for run in runs.iter().filter(|run| run.end * HOURS <= hourly.len()) {
        let values = &hourly[run.start * HOURS..run.end * HOURS];
        let Some((mean, segments_of_run)) = welch(values, SEGMENT_HOURS) else { continue };
        let of_run = segments_of_run as f64;
        sums.iter_mut().zip(mean).for_each(|(sum, power)| *sum += of_run * power);
        segments += of_run;
    }
    if segments == 0.0 {
        return Vec::new();
    }
    // One-sided density with 24 samples a day; the squares of Hann's window add up to 3/8 of n - 1.
    let density = 2.0 / (HOURS as f64 * 0.375 * (SEGMENT_HOURS as f64 - 1.0) * segments);
    bands()
        .into_iter()
        .map(|band| sums[band.clone()].iter().sum::<f64>() / band.len() as f64 * density)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::Noise;

    #[test]
    fn white_noise_has_the_density_of_its_variance_at_every_frequency() {
        // Variance 1 over frequencies up to 12 cycles a day: 1/12 everywhere.
        let mut noise = Noise(5);
        let hourly: Vec<f64> = (0..3000 * 24).map(|_| noise.normal()).collect();
        let power = power(&[0..3000], &hourly);
        let centres = Spectrum::of(Curve { real: power.clone(), ..Curve::default() }).frequency_per_day;
        assert_eq!(centres.len(), power.len());
        assert!((centres[0] - 24.0 / 4096.0).abs() < 1e-6);
        let upper: Vec<f64> =
            centres.iter().zip(&power).filter(|(f, _)| **f > 1.0).map(|(_, p)| *p).collect();
        // Ten bins and more a band, 34 overlapping segments: a standard error of about 6 % and less.
        assert!(upper.iter().all(|power| (power * 12.0 - 1.0).abs() < 0.3), "{upper:?}");
        assert!((upper.iter().sum::<f64>() / upper.len() as f64 * 12.0 - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_series_without_a_whole_segment_has_no_spectrum() {
        assert!(power(&[0..170, 170..340], &vec![0.0; 340 * 24]).is_empty());
    }
}
