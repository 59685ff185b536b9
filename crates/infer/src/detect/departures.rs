//! What each kind of fault would leave in a series, looked for hour by hour: departures, each a stretch of
//! hours and the log likelihood ratio of the series with the departure taken out against the series as it is.
//! How large such ratios are without faults is not known here.

use contract::calendar::HOUR_US;
use rayon::prelude::*;

use super::FaultKind;
use super::clock::{Clock, Score, Scorer};

/// A stretch of hours that one kind of fault would explain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Departure {
    pub kind: FaultKind,
    pub start: usize,
    /// The hour after the last.
    pub end: usize,
    /// Log likelihood ratio in nats, more or less.
    pub score: f64,
    /// Standardised size; hours for a wrong phase.
    pub size: f64,
}

/// All departures of a series.
pub(super) struct Departures {
    pub found: Vec<Departure>,
}

/// Hours that the clock may be wrong by.
const SLIPS: [i64; 12] = [-12, -8, -6, -3, -2, -1, 1, 2, 3, 6, 8, 12];
/// Hours whose likelihood a step or a spike changes.
const ECHO_HOURS: usize = 7;
/// Steps are looked for where an hour is so many standard deviations off.
const ODD_HOUR: f32 = 1.2;
const LONGEST_SPIKE: usize = 3;
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
/// A slip ends where so much of its evidence is lost again.
const SLIP_END: f64 = 20.0;

impl Departures {
    /// Looks for all kinds.
    pub fn of(scorer: &Scorer<'_>, values: &[f32], first_local_us: i64) -> anyhow::Result<Departures> {
        let clock = scorer.clock(values, first_local_us, first_local_us)?;
        let scores = clock.scores();
        let series = Series { clock: &clock, scores: &scores[clock.lead..clock.lead + values.len()] };
        let mut found = series.stuck(values);
        let steps = series.steps();
        found.extend(steps.iter().filter_map(|step| step.spike));
        let slow = Slow::of(&series, values);
        found.extend(shifts(&steps, &slow));
        found.extend(drifts(&steps, &slow));
        for slip in SLIPS {
            let slipped = scorer.clock(values, first_local_us, first_local_us - slip * HOUR_US)?;
            let slipped_scores = slipped.scores();
            let slipped = &slipped_scores[slipped.lead..slipped.lead + values.len()];
            found.extend(slips(series.scores, slipped, slip));
        }
        found.retain(|departure| departure.score > 0.0);
        Ok(Departures { found })
    }
}

struct Series<'a> {
    clock: &'a Clock<'a>,
    /// Of the series' own hours.
    scores: &'a [Score],
}

/// A jump from one hour to the next.
#[derive(Clone, Copy, Debug)]
struct Step {
    hour: usize,
    size: f64,
    gain: f64,
    spike: Option<Departure>,
}

impl Series<'_> {
    /// Runs of equal values. What a repeat weighs is how improbable one is within the values' resolution.
    fn stuck(&self, values: &[f32]) -> Vec<Departure> {
        let resolution = 2.0 * resolution(values);
        let mut found = Vec::new();
        let mut start = 1;
        while start < values.len() {
            let equal = |hour: &usize| is_repeat(values[*hour - 1], values[*hour]);
            let end = (start..values.len()).find(|hour| !equal(hour)).unwrap_or(values.len());
            let weight = |hour: usize| (-f64::from(self.scores[hour].log_density) - resolution.ln()).max(1.0);
            if end > start {
                let score = (start..end).map(weight).sum();
                found.push(Departure { kind: FaultKind::Stuck, start, end, score, size: 0.0 });
            }
            start = end.max(start) + 1;
        }
        found
    }

    fn steps(&self) -> Vec<Step> {
        let odd = |hour: &usize| {
            let score = self.scores[*hour];
            score.sigma > 0.0 && score.residual.abs() > ODD_HOUR * score.sigma
        };
        let odd: Vec<usize> = (0..self.scores.len()).filter(odd).collect();
        odd.into_par_iter().map(|hour| self.step(hour)).collect()
    }

    fn step(&self, hour: usize) -> Step {
        let first = self.clock.lead + hour;
        let end = (first + ECHO_HOURS).min(self.clock.hours.len());
        let seen = &self.clock.hours[first..end];
        let ends = (hour + seen.len()).min(self.scores.len());
        let as_it_is: f32 = self.scores[hour..ends].iter().map(|score| score.log_density).sum();
        let mut step = Step { hour, size: 0.0, gain: 0.0, spike: None };
        for part in [1.0, 0.75] {
            let size = part * self.scores[hour].residual;
            let gain = |hours: usize| {
                let correct = |(i, value): (usize, &f32)| if i < hours { value - size } else { *value };
                let corrected: Vec<f32> = seen[..ends - hour].iter().enumerate().map(correct).collect();
                f64::from(self.clock.log_density_of(first, &corrected) - as_it_is)
            };
            let lasting = gain(ECHO_HOURS);
            if lasting > step.gain {
                (step.size, step.gain) = (f64::from(size), lasting);
            }
            for hours in 1..=LONGEST_SPIKE {
                // A longer spike has as many more ways to be there.
                let score = gain(hours) - (hours as f64).ln();
                if score > step.spike.map_or(0.0, |spike| spike.score) {
                    let (start, end) = (hour, (hour + hours).min(self.scores.len()));
                    step.spike =
                        Some(Departure { kind: FaultKind::Spike, start, end, score, size: f64::from(size) });
                }
            }
        }
        step
    }
}

/// Sums of the standardised hours, for means over days.
struct Slow {
    /// Of the hours before each, and of those times their number.
    sums: Vec<f64>,
    moments: Vec<f64>,
    counts: Vec<f64>,
}

impl Slow {
    fn of(series: &Series<'_>, values: &[f32]) -> Slow {
        let mut slow = Slow { sums: vec![0.0], moments: vec![0.0], counts: vec![0.0] };
        let (mut sum, mut moment, mut count) = (0.0, 0.0, 0.0);
        for (hour, value) in values.iter().enumerate() {
            if !value.is_nan() {
                let standardised = f64::from(series.clock.hours[series.clock.lead + hour]);
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

/// Levels that shift at one step and come back at another.
fn shifts(steps: &[Step], slow: &Slow) -> Vec<Departure> {
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
            Some(Departure { kind: FaultKind::LevelShift, start, end, score, size })
        };
        pairs.filter_map(score).collect::<Vec<_>>()
    };
    large.iter().enumerate().flat_map(from).collect()
}

/// Ramps that end at a step.
fn drifts(steps: &[Step], slow: &Slow) -> Vec<Departure> {
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

/// Stretches that another clock makes likelier.
fn slips(right: &[Score], slipped: &[Score], slip: i64) -> Vec<Departure> {
    let gain = |hour: usize| {
        let both = right[hour].sigma > 0.0 && slipped[hour].sigma > 0.0;
        let gain = f64::from(slipped[hour].log_density - right[hour].log_density);
        if both { gain.clamp(-3.0, 3.0) } else { 0.0 }
    };
    let mut found = Vec::new();
    let (mut start, mut hour, mut sum, mut peak) = (0, 0, 0.0, (0.0, 0));
    while hour <= right.len() {
        sum += if hour < right.len() { gain(hour) } else { f64::NEG_INFINITY };
        hour += 1;
        if sum > peak.0 {
            peak = (sum, hour);
        }
        if sum <= 0.0 || sum < peak.0 - SLIP_END {
            if peak.0 > 0.0 {
                let (score, end) = peak;
                found.push(Departure { kind: FaultKind::WrongPhase, start, end, score, size: slip as f64 });
                if hour <= right.len() {
                    hour = end;
                }
            }
            start = hour;
            (sum, peak) = (0.0, (0.0, hour));
        }
    }
    found
}

/// Equal but for how a 32-bit float was rounded.
fn is_repeat(before: f32, value: f32) -> bool {
    (value - before).abs() <= 4.0 * f32::EPSILON * value.abs()
}

/// About the smallest change from one hour to the next.
fn resolution(values: &[f32]) -> f64 {
    let pairs = values.windows(2).filter(|pair| !pair[0].is_nan() && !pair[1].is_nan());
    let changes = pairs.filter(|pair| !is_repeat(pair[0], pair[1])).map(|pair| (pair[1] - pair[0]).abs());
    let mut changes: Vec<f32> = changes.collect();
    changes.sort_by(f32::total_cmp);
    changes.get(changes.len() / 200).map_or(1.0, |change| f64::from(*change))
}
