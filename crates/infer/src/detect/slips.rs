//! Stretches that a wrong clock explains.

use contract::calendar::HOUR_US;

use super::FaultKind;
use super::clock::{Score, Scorer};
use super::departures::{Departure, Series};

/// Hours that the clock may be wrong by.
const SLIPS: [i64; 12] = [-12, -8, -6, -3, -2, -1, 1, 2, 3, 6, 8, 12];
/// A slip ends where so much of its evidence is lost again.
const SLIP_END: f64 = 20.0;

/// Stretches that another clock makes likelier.
///
/// # Errors
/// When the model fails.
pub(super) fn slips(series: &Series<'_>, scorer: &Scorer<'_>) -> anyhow::Result<Vec<Departure>> {
    let mut found = Vec::new();
    for slip in SLIPS {
        let first = series.first_local_us;
        let slipped = scorer.clock(series.values, first, first - slip * HOUR_US)?;
        found.extend(likelier(&series.scores, &slipped.own_scores(series.values.len()), slip));
    }
    Ok(found)
}

/// Stretches with a clock that is so many hours behind.
fn likelier(right: &[Score], slipped: &[Score], slip: i64) -> Vec<Departure> {
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
