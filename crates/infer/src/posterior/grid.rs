//! Where the model's latent steps lie in a series of hours, and which stretches of it have to be looked at.

use std::ops::Range;

use contract::calendar::{DAY_HOURS, HOUR_US};
use contract::season;
use model::config::STEP_HOURS;

use crate::model_folder::TrainedModel;
use crate::observed::ObservedHours;

/// Steps of hours that were seen, on each side of a stretch with missing ones: what is farther away says
/// nothing more about it.
const AROUND_STEPS: usize = 12;

/// Standardised hours in whole latent steps; NaN where missing, also beyond the series' ends.
pub(super) struct Grid {
    pub hours: Vec<f32>,
    /// Number of the first hour in the series, from the grid's begin.
    pub offset: usize,
    /// Hours of the series.
    pub length: usize,
    /// Steps that hold hours of the series.
    pub core: Range<usize>,
    pub first_local_us: i64,
    degree: usize,
}

impl Grid {
    /// The grid of a series and `following` missing hours after it. A step begins with the day of the
    /// last hour seen, and a margin of missing steps is around all: the decoder's reach.
    pub(super) fn of(model: &TrainedModel, observed: &ObservedHours, following: usize) -> Grid {
        let standardised = observed.standardised(model);
        let length = standardised.len() + following;
        let last = standardised.iter().rposition(|hour| !hour.is_nan()).unwrap_or_default();
        let first_local_us = observed.local_us(model, 0);
        let hour_of_day = |hour: usize| {
            (first_local_us + hour as i64 * HOUR_US).div_euclid(HOUR_US).rem_euclid(DAY_HOURS as i64) as usize
        };
        // From the last midnight back to the grid's begin there are whole steps.
        let to_midnight = last as i64 - hour_of_day(last) as i64;
        let reach = model.config.decoder_reach();
        let lead = (STEP_HOURS as i64 - to_midnight.rem_euclid(STEP_HOURS as i64)) as usize % STEP_HOURS;
        let offset = lead + reach.before * STEP_HOURS;
        let core = reach.before..(offset + length).div_ceil(STEP_HOURS);
        let total = (core.end + reach.after) * STEP_HOURS;
        let mut hours = vec![f32::NAN; total];
        hours[offset..offset + standardised.len()].copy_from_slice(&standardised);
        Grid {
            hours,
            offset,
            length,
            core,
            first_local_us: first_local_us - offset as i64 * HOUR_US,
            degree: model.config.seasonal_degree,
        }
    }

    pub(super) fn steps(&self) -> usize {
        self.hours.len() / STEP_HOURS
    }

    /// Phase of year at the start of a step.
    pub(super) fn phase(&self, step: i64) -> f64 {
        season::phase_of_step(self.first_local_us, step, STEP_HOURS)
    }

    /// The model's seasonal features at a phase of year.
    pub(super) fn features(&self, phase: f64) -> Vec<f32> {
        season::features(phase, self.degree).collect()
    }

    /// The series' part of some hours.
    pub(super) fn inside(&self) -> Range<usize> {
        self.offset..self.offset + self.length
    }

    /// Steps with missing hours of the series, and what is around them: each range is solved by itself.
    pub(super) fn stretches(&self) -> Vec<Range<usize>> {
        let inside = self.inside();
        let is_open = |step: usize| {
            let hours = step * STEP_HOURS..(step + 1) * STEP_HOURS;
            hours.into_iter().any(|hour| inside.contains(&hour) && self.hours[hour].is_nan())
        };
        let mut found: Vec<Range<usize>> = Vec::new();
        for step in (0..self.steps()).filter(|&step| is_open(step)) {
            let around = step.saturating_sub(AROUND_STEPS)..(step + 1 + AROUND_STEPS).min(self.steps());
            match found.last_mut().filter(|last| last.end >= around.start) {
                Some(last) => last.end = around.end,
                None => found.push(around),
            }
        }
        found
    }
}
