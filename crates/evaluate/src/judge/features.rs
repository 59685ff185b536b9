//! What the judge sees of a window of 192 hourly anomalies: the value every 6 hours, the statistics of
//! the steps from hour to hour, the daily range, the spectrum, and the time of year.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use super::windows::{HOURS, SLOTS};
use crate::series::{mean, standard_deviation};

const VALUES: usize = 32;
/// Hours between two of the values.
const VALUE_HOURS: usize = HOURS / VALUES;
/// Quantiles of the absolute steps: the nearest one in order.
const LEVELS: [f64; 6] = [0.1, 0.25, 0.5, 0.75, 0.9, 0.97];
/// Hours between steps whose correlation is taken.
const LAGS: [usize; 6] = [1, 2, 3, 6, 12, 24];
/// Parts of the day of 4 hours.
const BLOCKS: usize = 6;

const BANDS: usize = 16;
/// The first of each band's frequencies, in cycles a window, and the end of the last band: 1 is 8 days,
/// 8 a day, 96 two hours.
const EDGES: [usize; BANDS + 1] = [1, 2, 3, 4, 5, 7, 9, 12, 15, 18, 23, 30, 39, 50, 64, 81, 97];

/// The features of the window of that slot of the year.
pub(crate) fn features(anomalies: &[f64], slot: usize) -> Vec<f64> {
    let steps: Vec<f64> = anomalies.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut features: Vec<f64> = anomalies.iter().step_by(VALUE_HOURS).copied().collect();
    features.extend([mean(anomalies), standard_deviation(anomalies, 0)]);
    features.extend(step_moments(&steps));
    features.extend(step_quantiles(&steps));
    features.extend(LAGS.map(|lag| autocorrelation(&steps, lag)));
    features.extend(step_blocks(&steps));
    let ranges: Vec<f64> = anomalies.chunks_exact(24).map(range).collect();
    features.extend([mean(&ranges), standard_deviation(&ranges, 0)]);
    features.extend(spectrum(anomalies));
    let (sin, cos) = (TAU * slot as f64 / SLOTS as f64).sin_cos();
    features.extend([sin, cos]);
    features
}

/// Mean absolute step, standard deviation, skewness, kurtosis, smallest and largest step.
fn step_moments(steps: &[f64]) -> [f64; 6] {
    let centre = mean(steps);
    let moment = |power: i32| mean(&steps.iter().map(|step| (step - centre).powi(power)).collect::<Vec<_>>());
    let absolute: Vec<f64> = steps.iter().map(|step| step.abs()).collect();
    let variance = moment(2);
    let (low, high) = extremes(steps);
    [
        mean(&absolute),
        variance.sqrt(),
        ratio(moment(3), variance.powf(1.5)),
        ratio(moment(4), variance.powi(2)),
        low,
        high,
    ]
}

fn step_quantiles(steps: &[f64]) -> [f64; 6] {
    let mut absolute: Vec<f64> = steps.iter().map(|step| step.abs()).collect();
    absolute.sort_unstable_by(f64::total_cmp);
    LEVELS.map(|level| absolute[(level * (absolute.len() - 1) as f64).round() as usize])
}

fn autocorrelation(steps: &[f64], lag: usize) -> f64 {
    let centre = mean(steps);
    let product = |(a, b): (&f64, &f64)| (a - centre) * (b - centre);
    let whole: f64 = steps.iter().zip(steps).map(product).sum();
    let lagged: f64 = steps.iter().zip(&steps[lag..]).map(product).sum();
    ratio(lagged, whole)
}

/// The root mean square of the steps that end in each 4 hours of the day.
fn step_blocks(steps: &[f64]) -> [f64; BLOCKS] {
    let (mut squares, mut counts) = ([0.0; BLOCKS], [0.0; BLOCKS]);
    for (index, step) in steps.iter().enumerate() {
        let block = (index + 1) % 24 / (24 / BLOCKS);
        squares[block] += step * step;
        counts[block] += 1.0;
    }
    std::array::from_fn(|block| (squares[block] / counts[block]).sqrt())
}

/// The logarithm of the mean periodogram in each band, of the window minus its mean under a Hann taper,
/// without which the jump from its end to its start would hide the fast bands.
fn spectrum(anomalies: &[f64]) -> [f64; BANDS] {
    let waves = &*WAVES;
    let centre = mean(anomalies);
    let tapered: Vec<f64> =
        anomalies.iter().zip(&waves.taper).map(|(value, weight)| (value - centre) * weight).collect();
    let power = |frequency: usize| {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (hour, value) in tapered.iter().enumerate() {
            let (sin, cos) = waves.turn[frequency * hour % HOURS];
            real += value * cos;
            imaginary += value * sin;
        }
        real * real + imaginary * imaginary
    };
    std::array::from_fn(|band| {
        let powers: Vec<f64> = (EDGES[band]..EDGES[band + 1]).map(power).collect();
        mean(&powers).max(f64::MIN_POSITIVE).ln()
    })
}

struct Waves {
    taper: Vec<f64>,
    /// Sine and cosine of each 192nd of a turn.
    turn: Vec<(f64, f64)>,
}

static WAVES: LazyLock<Waves> = LazyLock::new(|| {
    let turn: Vec<_> = (0..HOURS).map(|hour| (TAU * hour as f64 / HOURS as f64).sin_cos()).collect();
    let taper = (0..HOURS).map(|hour| 0.5 - 0.5 * (TAU * (hour as f64 + 0.5) / HOURS as f64).cos());
    Waves { taper: taper.collect(), turn }
});

fn range(values: &[f64]) -> f64 {
    let (low, high) = extremes(values);
    high - low
}

fn extremes(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::MAX, f64::MIN), |(low, high), &value| (low.min(value), high.max(value)))
}

/// Zero where the divisor is: a window without steps has no shape of them.
fn ratio(value: f64, divisor: f64) -> f64 {
    if divisor > 0.0 { value / divisor } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::tests::Noise;

    #[test]
    fn a_window_has_78_features_and_all_are_finite() {
        let mut noise = Noise(2);
        let noisy: Vec<f64> = (0..HOURS).map(|_| noise.normal()).collect();
        for window in [noisy, vec![0.0; HOURS]] {
            let features = features(&window, 3);
            assert_eq!(features.len(), 78);
            assert!(features.iter().all(|value| value.is_finite()), "{features:?}");
        }
    }

    #[test]
    fn a_wave_is_in_its_band() {
        let wave: Vec<f64> = (0..HOURS).map(|hour| (TAU * 27.0 * hour as f64 / 192.0).sin()).collect();
        let spectrum = spectrum(&wave);
        let band = (0..BANDS).max_by(|&a, &b| spectrum[a].total_cmp(&spectrum[b])).unwrap();
        assert!((EDGES[band]..EDGES[band + 1]).contains(&27));
        // Hann: half of the amplitude at 27, a quarter at 26 and 28; a band of 7 frequencies.
        let (mut expected, half) = (0.0, HOURS as f64 / 2.0);
        for amplitude in [0.5_f64, 0.25, 0.25] {
            expected += (amplitude * half).powi(2) / 7.0;
        }
        assert!((spectrum[band] - expected.ln()).abs() < 1e-9, "{} {}", spectrum[band], expected.ln());
    }
}
