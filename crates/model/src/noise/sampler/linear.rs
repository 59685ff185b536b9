//! The next hour as a linear function of the hours before it, near one history.

use super::{Given, History, NoiseSampler};

/// Half the distance that slopes are taken over, standardised: wide enough to see what a hour's usual
/// error does and not only a kink.
const STEP: f32 = 0.1;

/// `x ~ N(mean + sum of slopes times departures of the hours before, variance)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinearHour {
    pub mean: f64,
    pub variance: f64,
    /// Of the last hour first.
    pub slopes: Vec<f64>,
}

impl NoiseSampler {
    /// Number of hours before the next one that it depends on.
    pub fn lags(&self) -> usize {
        self.history().hours.len()
    }

    /// Mean and variance of the next standardised hour.
    pub fn moments(&self, history: &mut History, given: Given<'_>) -> (f64, f64) {
        let density = self.density(history, given);
        let parts = density.weights.iter().zip(&density.means).zip(&density.sigmas);
        let (mut mean, mut square) = (0.0, 0.0);
        for ((&weight, &centre), &sigma) in parts {
            let (weight, centre, sigma) = (f64::from(weight), f64::from(centre), f64::from(sigma));
            mean += weight * centre;
            square += weight * (centre * centre + sigma * sigma);
        }
        (mean, square - mean * mean)
    }

    /// How the mean goes with the decoder's channels, by central differences.
    pub fn context_slopes(&self, history: &mut History, given: Given<'_>) -> Vec<f64> {
        let mut decoded = given.decoded.to_vec();
        let mut slopes = Vec::with_capacity(decoded.len());
        for channel in 0..decoded.len() {
            let kept = decoded[channel];
            let mut at = |value: f32| {
                decoded[channel] = value;
                self.moments(history, Given { decoded: &decoded, ..given }).0
            };
            let (above, below) = (at(kept + STEP), at(kept - STEP));
            decoded[channel] = kept;
            slopes.push((above - below) / f64::from(2.0 * STEP));
        }
        slopes
    }

    /// Mean, variance and slopes at that history; slopes by central differences.
    pub fn linearise(&self, history: &mut History, given: Given<'_>) -> LinearHour {
        let (mean, variance) = self.moments(history, given);
        let mut slopes = Vec::with_capacity(history.hours.len());
        for lag in 0..history.hours.len() {
            let kept = history.hours[lag];
            let mut at = |value: f32| {
                history.hours[lag] = value;
                self.moments(history, given).0
            };
            let (above, below) = (at(kept + STEP), at(kept - STEP));
            history.hours[lag] = kept;
            slopes.push((above - below) / f64::from(2.0 * STEP));
        }
        LinearHour { mean, variance, slopes }
    }
}
