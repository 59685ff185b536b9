//! What each kind of fault would leave in a series, looked for hour by hour: departures, each a stretch of
//! hours and the log likelihood ratio of the series with the departure taken out against the series as it is.
//! How large such ratios are without faults is not known here.

use contract::calendar::HOUR_US;

use super::FaultKind;
use super::clock::{Clock, Score, Scorer};
use super::slips::slips;
use super::slow::{Slow, drifts, shifts};
use super::steps::sure_spikes;

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

impl Departures {
    /// Looks for all kinds in hours in canonical units, NaN where missing, whose first has the local time
    /// `first_local_us`. Spikes beyond doubt are taken out before what lasts longer is looked for: what the model
    /// expects of the day after one is so far off that anything seems to begin or end there.
    ///
    /// # Errors
    /// When the model fails.
    pub fn of(scorer: &Scorer<'_>, values: &[f32], first_local_us: i64) -> anyhow::Result<Departures> {
        let series = Series::of(scorer, values, first_local_us)?;
        let steps = series.steps();
        let spikes = sure_spikes(&steps);
        // By far the most come first, so that they are not copied.
        let mut found = if spikes.is_empty() {
            series.slow_kinds(scorer)?
        } else {
            let without = series.without(scorer, &spikes);
            Series::of(scorer, &without, first_local_us)?.slow_kinds(scorer)?
        };
        found.extend(series.stuck());
        found.extend(steps.iter().filter_map(|step| step.spike));
        found.retain(|departure| departure.score > 0.0);
        Ok(Departures { found })
    }
}

/// A series by the right clock.
pub(super) struct Series<'a> {
    /// In canonical units, NaN where missing.
    pub values: &'a [f32],
    pub first_local_us: i64,
    pub clock: Clock<'a>,
    /// Of the series' own hours.
    pub scores: Vec<Score>,
}

impl<'a> Series<'a> {
    fn of(scorer: &'a Scorer<'_>, values: &'a [f32], first_local_us: i64) -> anyhow::Result<Series<'a>> {
        let clock = scorer.clock(values, first_local_us, first_local_us)?;
        let scores = clock.own_scores(values.len());
        Ok(Series { values, first_local_us, clock, scores })
    }

    /// Departures that last.
    fn slow_kinds(&self, scorer: &Scorer<'_>) -> anyhow::Result<Vec<Departure>> {
        let (steps, slow) = (self.steps(), Slow::of(self));
        let mut found = shifts(&steps, &slow);
        found.extend(drifts(&steps, &slow));
        found.extend(slips(self, scorer)?);
        Ok(found)
    }

    /// The values with spikes taken out.
    fn without(&self, scorer: &Scorer<'_>, spikes: &[Departure]) -> Vec<f32> {
        let transform = &scorer.model.transform;
        let mut values = self.values.to_vec();
        for spike in spikes {
            for hour in spike.start..spike.end {
                let local_us = self.first_local_us + hour as i64 * HOUR_US;
                let corrected = f64::from(self.standardised(hour)) - spike.size;
                let restored = transform.restore(local_us, corrected) + transform.trend.departure(local_us);
                if !values[hour].is_nan() {
                    values[hour] = restored as f32;
                }
            }
        }
        values
    }

    /// A standardised hour of the series, filled where it is missing.
    pub fn standardised(&self, hour: usize) -> f32 {
        self.clock.hours[self.clock.lead + hour]
    }

    /// Runs of equal values. What a repeat weighs is how improbable one is within the values' resolution.
    fn stuck(&self) -> Vec<Departure> {
        let values = self.values;
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
