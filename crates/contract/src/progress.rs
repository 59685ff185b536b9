//! Progress with the time left: a bar at a terminal, plain lines elsewhere.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::log;

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A task of known length.
pub struct Progress {
    what: &'static str,
    total: u64,
    unit: &'static str,
    started: Instant,
    done_at_start: u64,
    last_line: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts to report on `what`, of which `done` of `total` are there already (after a resume).
    pub fn start(what: &'static str, done: u64, total: u64, unit: &'static str) -> Progress {
        let bar = log::draws_bars().then(|| {
            let template = format!("{what:>12} {{bar:30}} {{pos}} of {{len}} {unit}  {{msg}}  {{eta}} left");
            let style =
                ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = bars().add(ProgressBar::new(total).with_style(style).with_position(done));
            bar.reset_eta();
            bar
        });
        let now = Instant::now();
        Progress { what, total, unit, started: now, done_at_start: done, last_line: now, bar }
    }

    /// Reports that `done` of the total are there; `note` says how it goes.
    pub fn advance(&mut self, done: u64, note: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(note());
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let (what, total, unit) = (self.what, self.total, self.unit);
            let note = Some(note()).filter(|note| !note.is_empty()).map(|note| format!(", {note}"));
            let note = note.unwrap_or_default();
            tracing::info!("{what}: {done} of {total} {unit}{note}, {} left", self.time_left(done));
        }
    }

    fn time_left(&self, done: u64) -> String {
        let passed = self.started.elapsed().as_secs_f64();
        let done_now = done.saturating_sub(self.done_at_start).max(1);
        let rest = self.total.saturating_sub(done) as f64;
        describe_seconds(passed / done_now as f64 * rest)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A duration for people: `45 s`, `3 min 20 s`, `2 h 5 min`.
pub fn describe_seconds(seconds: f64) -> String {
    let seconds = seconds.round().max(0.0) as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The bars of this process.
pub(crate) fn bars() -> &'static MultiProgress {
    static BARS: OnceLock<MultiProgress> = OnceLock::new();
    BARS.get_or_init(MultiProgress::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (seconds, text) in
            [(0.4, "0 s"), (59.6, "1 min 0 s"), (200.0, "3 min 20 s"), (7500.0, "2 h 5 min")]
        {
            assert_eq!(describe_seconds(seconds), text);
        }
    }
}
