//! How persistent generated weather is, from days to months: gains of four bands of time scales, and
//! the filter that applies them hour by hour. Two fits of equal likelihood differ by some per cent in
//! how days follow each other; the gains make up for it, so that each band varies as much as in the
//! training years.

use serde::{Deserialize, Serialize};

/// Time constants of the running means that divide the bands, in days.
pub const TIME_CONSTANTS_DAYS: [f64; 3] = [1.5, 6.0, 24.0];
/// Bands of time scales, the shortest first.
pub const BANDS: usize = TIME_CONSTANTS_DAYS.len() + 1;
/// Hours in which the running means forget where they began.
pub const SETTLING_HOURS: usize = 48 * 24;

/// The factor of each band; all 1 changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persistence {
    pub gains: [f64; BANDS],
}

/// The running means so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bands {
    means: [f64; TIME_CONSTANTS_DAYS.len()],
}

impl Bands {
    /// The next hour in bands; they add up to it. A running mean follows
    /// `m += (x - m) / tau`, so the bands are differences of neighbouring means.
    pub fn next(&mut self, hour: f64) -> [f64; BANDS] {
        let mut bands = [0.0; BANDS];
        let mut faster = hour;
        for ((band, mean), days) in bands.iter_mut().zip(&mut self.means).zip(TIME_CONSTANTS_DAYS) {
            *mean += (hour - *mean) / (24.0 * days);
            *band = faster - *mean;
            faster = *mean;
        }
        bands[BANDS - 1] = faster;
        bands
    }
}

impl Persistence {
    /// The hour with each of its bands multiplied by its gain.
    pub fn apply(&self, bands: &mut Bands, hour: f64) -> f64 {
        bands.next(hour).iter().zip(self.gains).map(|(band, gain)| band * gain).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series() -> impl Iterator<Item = f64> {
        (0..24 * 500).map(|hour| f64::from(hour * hour % 1009) / 500.0 - 1.0)
    }

    #[test]
    fn gains_of_one_change_nothing() {
        let (mut bands, persistence) = (Bands::default(), Persistence { gains: [1.0; BANDS] });
        for hour in series() {
            assert!((persistence.apply(&mut bands, hour) - hour).abs() < 1e-12);
        }
    }

    #[test]
    fn a_slow_wave_is_in_the_last_band_and_a_fast_one_in_the_first() {
        for (period_days, band) in [(0.5, 0), (1000.0, 3)] {
            let mut bands = Bands::default();
            let wave = |hour: usize| (std::f64::consts::TAU * hour as f64 / (24.0 * period_days)).sin();
            let mut power = [0.0; BANDS];
            for hour in 0..24 * 3000 {
                let found = bands.next(wave(hour));
                power.iter_mut().zip(found).for_each(|(power, value)| *power += value * value);
            }
            let share = power[band] / power.iter().sum::<f64>();
            assert!(share > 0.95, "{share} of a wave of {period_days} days");
        }
    }

    #[test]
    fn running_means_have_the_impulse_response_of_their_time_constant() {
        let mut bands = Bands::default();
        let first = bands.next(1.0);
        let slowest = 1.0 / (24.0 * 24.0);
        assert!((first[3] - slowest).abs() < 1e-15);
        for hour in 1..100 {
            let expected = slowest * (1.0 - slowest).powi(hour);
            assert!((bands.next(0.0)[3] - expected).abs() < 1e-15, "hour {hour}");
        }
    }
}
