//! How long a download waits and how often it tries again. A value, so that tests need not wait;
//! what is downloaded does not depend on it.

use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;
    fn sleep(&self, duration: Duration);
}

/// The time of this machine.
struct MachineClock(Instant);

impl Clock for MachineClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// Waits and tries.
#[derive(Clone)]
pub struct Pace {
    pub clock: Arc<dyn Clock>,
    /// For a connection to be made.
    pub connect_timeout: Duration,
    /// For the next byte of an answer.
    pub read_timeout: Duration,
    /// A download that brings less than [`Pace::slowest_bytes`] in this time is broken off and
    /// continued over a new connection.
    pub slow_window: Duration,
    pub slowest_bytes: u64,
    /// Attempts in a row without success before something counts as failed.
    pub tries: u32,
    /// The longest single wait that a server can ask for (429).
    pub longest_wait: Duration,
    /// How long a job may stay in one state.
    pub patience: Duration,
}

impl Pace {
    /// For the real world.
    pub fn of_machine() -> Pace {
        Pace {
            clock: Arc::new(MachineClock(Instant::now())),
            connect_timeout: Duration::from_secs(30),
            read_timeout: Duration::from_secs(60),
            slow_window: Duration::from_secs(120),
            slowest_bytes: 16 * 1024,
            tries: 5,
            longest_wait: Duration::from_secs(600),
            patience: Duration::from_secs(24 * 3600),
        }
    }

    /// The wait after the `failures`-th failure in a row: 1, 2, 4, 8 s, at most a minute.
    pub(crate) fn backoff(&self, failures: u32) -> Duration {
        Duration::from_secs(1 << failures.saturating_sub(1).min(6)).min(Duration::from_secs(60))
    }
}
