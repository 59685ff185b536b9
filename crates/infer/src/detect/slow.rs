//! Departures over days: levels that shift at one step and come back at another, and ramps that end at a step.

use super::FaultKind;
use super::departures::{Departure, Series};
use super::steps::Step;

/// A level that shifts and comes back is looked for within so many hours.
const SHIFT_HOURS: std::ops::Range<usize> = 24..25 * 24;
/// Lengths of the ramps that are looked for, days.
const RAMP_DAYS: [usize; 6] = [4, 7, 10, 15, 21, 30];
/// Smallest log likelihood ratio of a step that may begin or end something.
const SMALLEST_STEP: f64 = 1.0;
/// Standard deviation of the size estimated from one step, standardised.
const STEP_SIGMA: f64 = 0.25;
/// Variance of the mean over days less that of the days around, standardised.
const SLOW_VARIANCE: f64 = 0.7;
/// Hours before and after that a stretch is compared with.
const AROUND_HOURS: usize = 120;

/// Levels that shift at one step and come back at another.
pub(super) fn shifts(steps: &[Step], slow: &Slow) -> Vec<Departure> {
    let large: Vec<&Step> = steps.iter().filter(|step| step.gain > SMALLEST_STEP).collect();
    let from = |(i, first): (usize, &&Step)| {
        let within = large[i + 1..].iter().take_while(|last| last.hour - first.hour < SHIFT_HOURS.end);
        let pairs = within.filter(|last| {
            let ratio = -last.size / first.size;
            last.hour - first.hour >= SHIFT_HOURS.start && (0.4..2.5).contains(&ratio)
        });
        let score = |last: &&Step| {
            let size = 0.5 * (first.size - last.size);
            let mismatch = (first.size + last.size).powi(2) / (4.0 * STEP_SIGMA * STEP_SIGMA);
            let departure = slow.mean(first.hour..last.hour)? - slow.around(first.hour, last.hour);
            let places = ((last.hour - first.hour) as f64 / 24.0).ln();
            let score = first.gain + last.gain - mismatch + Slow::gain(departure, size) - places;
            let (start, end) = (first.hour, last.hour);
            // There are very many pairs that explain nothing.
            (score > 0.0).then_some(Departure { kind: FaultKind::LevelShift, start, end, score, size })
        };
        pairs.filter_map(score).collect::<Vec<_>>()
    };
    large.iter().enumerate().flat_map(from).collect()
}

/// Ramps that end at a step.
pub(super) fn drifts(steps: &[Step], slow: &Slow) -> Vec<Departure> {
    let large = steps.iter().filter(|step| step.gain > SMALLEST_STEP);
    let ending = |step: &Step| {
        let (end, gain, size) = (step.hour, step.gain, -step.size);
        RAMP_DAYS.into_iter().filter_map(move |days| {
            let start = end.checked_sub(days * 24)?;
            let score = gain + Slow::gain(slow.ramp(start, end), size);
            Some(Departure { kind: FaultKind::Drift, start, end, score, size })
        })
    };
    large.flat_map(ending).collect()
}

/// Sums of the standardised hours, for means over days.
pub(super) struct Slow {
    /// Of the hours before each, and of those times their number.
    sums: Vec<f64>,
    moments: Vec<f64>,
    counts: Vec<f64>,
}

impl Slow {
    pub fn of(series: &Series<'_>) -> Slow {
        let mut slow = Slow { sums: vec![0.0], moments: vec![0.0], counts: vec![0.0] };
        let (mut sum, mut moment, mut count) = (0.0, 0.0, 0.0);
        for hour in 0..series.values.len() {
            if !series.values[hour].is_nan() {
                let standardised = f64::from(series.standardised(hour));
                sum += standardised;
                moment += standardised * hour as f64;
                count += 1.0;
            }
            slow.sums.push(sum);
            slow.moments.push(moment);
            slow.counts.push(count);
        }
        slow
    }

    fn mean(&self, hours: std::ops::Range<usize>) -> Option<f64> {
        let (start, end) = (hours.start.min(self.sums.len() - 1), hours.end.min(self.sums.len() - 1));
        let count = self.counts[end] - self.counts[start];
        (count > 0.0).then(|| (self.sums[end] - self.sums[start]) / count)
    }

    /// The mean of the hours before and after.
    fn around(&self, start: usize, end: usize) -> f64 {
        let before = self.mean(start.saturating_sub(AROUND_HOURS)..start);
        let after = self.mean(end..end + AROUND_HOURS);
        match (before, after) {
            (Some(before), Some(after)) => 0.5 * (before + after),
            (Some(mean), None) | (None, Some(mean)) => mean,
            (None, None) => 0.0,
        }
    }

    /// ln of how much more likely a mean departure is with a fault of that size than without.
    fn gain(departure: f64, size: f64) -> f64 {
        (departure * size - 0.5 * size * size) / SLOW_VARIANCE
    }

    /// The height at its end of the ramp that fits the hours best, above those around.
    fn ramp(&self, start: usize, end: usize) -> f64 {
        let around = self.around(start, end);
        let (length, first) = ((end - start) as f64, start as f64);
        let sum = self.sums[end] - self.sums[start];
        let moment = self.moments[end] - self.moments[start] - first * sum;
        (moment / length - around * length / 2.0) / (length / 3.0)
    }
}
