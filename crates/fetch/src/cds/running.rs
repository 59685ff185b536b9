//! A piece whose job is at the store: what is known of it, what of that is told, and when to look
//! again.

use std::time::Duration;

use contract::progress::describe_seconds;
use serde_json::Value;

use super::api::{JobId, State, Status};
use super::plan::Piece;
use crate::http::Http;
use crate::pace::Pace;
use crate::problem::quote;

/// Waits between two looks at a job.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(120);
const WAIT_FACTOR: f64 = 1.5;
/// Time between two lines about waiting.
const REMIND_EVERY: Duration = Duration::from_secs(600);

pub(super) struct Running {
    pub(super) piece: Piece,
    pub(super) inputs: Value,
    pub(super) job: JobId,
    /// When to look at it.
    pub(super) next_look: Duration,
    /// Looks in a row at which the store did not know it.
    pub(super) unknown: u32,
    /// An earlier run started it: if it came to nothing, it is started once more.
    pub(super) is_remembered: bool,
    /// Which of all pieces, from 1, for messages.
    number: usize,
    state: Option<State>,
    /// When it came into this state.
    since: Duration,
    reminded: Duration,
    wait: Duration,
    notes_seen: usize,
}

impl Running {
    /// A job to be looked at now.
    pub(super) fn new(piece: Piece, inputs: Value, job: JobId, number: usize, now: Duration) -> Running {
        Running {
            piece,
            inputs,
            job,
            next_look: now,
            unknown: 0,
            is_remembered: false,
            number,
            state: None,
            since: now,
            reminded: now,
            wait: FIRST_WAIT,
            notes_seen: 0,
        }
    }

    /// For messages: `job 1b2c (1970)`.
    pub(super) fn name(&self) -> String {
        format!("job {} ({})", self.job.as_str(), self.piece.days.label())
    }

    /// Tells a new state and new notes of the store, and now and then that it still waits.
    pub(super) fn note(&mut self, http: &Http, status: &Status, total: usize) {
        let now = http.pace.clock.now();
        let (number, label, state) = (self.number, self.piece.days.label(), status.state.describe());
        if self.state != Some(status.state) {
            http.tell(&format!("job {number} of {total} ({label}) is {state}: {}", self.job.as_str()));
            (self.state, self.since, self.reminded) = (Some(status.state), now, now);
        } else if now.saturating_sub(self.reminded) >= REMIND_EVERY {
            let waited = describe_seconds(now.saturating_sub(self.since).as_secs_f64());
            http.tell(&format!("job {number} ({label}) is {state} since {waited}"));
            self.reminded = now;
        }
        for note in status.notes.iter().skip(self.notes_seen) {
            let line = format!("the store on {label}: {}", quote(note));
            if note.starts_with("WARN") || note.starts_with("ERROR") {
                http.warn(&line)
            } else {
                http.tell(&line)
            }
        }
        self.notes_seen = self.notes_seen.max(status.notes.len());
    }

    /// Sets the time of the next look.
    ///
    /// # Errors
    /// When the job has been in one state for too long.
    pub(super) fn wait(&mut self, pace: &Pace) -> anyhow::Result<()> {
        let now = pace.clock.now();
        let waited = now.saturating_sub(self.since);
        if waited >= pace.patience {
            anyhow::bail!(
                "{} is {} since {}; run this again to go on waiting for it, or delete it at the store to start it \
                 anew",
                self.name(),
                self.state.map_or("unknown", State::describe),
                describe_seconds(waited.as_secs_f64())
            );
        }
        self.next_look = now + self.wait;
        self.wait = self.wait.mul_f64(WAIT_FACTOR).min(LONGEST_WAIT);
        Ok(())
    }
}
