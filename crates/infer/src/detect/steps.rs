//! Jumps from one hour to the next: where something lasting may begin or end, and spikes, which come back within
//! hours.

use rayon::prelude::*;

use super::FaultKind;
use super::departures::{Departure, Series};

/// Hours whose likelihood a step or a spike changes.
const ECHO_HOURS: usize = 7;
/// Steps are looked for where an hour is so many standard deviations off.
const ODD_HOUR: f32 = 1.2;
const LONGEST_SPIKE: usize = 3;
/// A spike likelier by so many nats is taken out before slower departures are looked for.
const SURE_SPIKE: f64 = 15.0;
/// Hours after a spike that look odd because it is among the hours before them.
const SPIKE_ECHO_HOURS: usize = 4;

/// A jump from one hour to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub hour: usize,
    /// Standardised.
    pub size: f64,
    /// Log likelihood ratio of a lasting change by that size.
    pub gain: f64,
    /// What explains it if it does not last.
    pub spike: Option<Departure>,
}

impl Series<'_> {
    /// All steps, by their hour.
    pub fn steps(&self) -> Vec<Step> {
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

/// Spikes beyond doubt, none close to another.
pub(super) fn sure_spikes(steps: &[Step]) -> Vec<Departure> {
    let sure = |step: &Step| step.spike.filter(|spike| spike.score > SURE_SPIKE.max(step.gain));
    let mut spikes: Vec<Departure> = steps.iter().filter_map(sure).collect();
    spikes.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.start.cmp(&b.start)));
    let mut taken: Vec<Departure> = Vec::new();
    for spike in spikes {
        let apart = |other: &Departure| {
            spike.end + SPIKE_ECHO_HOURS <= other.start || other.end + SPIKE_ECHO_HOURS <= spike.start
        };
        if taken.iter().all(apart) {
            taken.push(spike);
        }
    }
    taken
}
