//! Several runs at once: as many stages as there are workers, never two that would make the same entry
//! of the cache.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use contract::progress::describe_seconds;

use crate::builder::Binaries;
use crate::console::Console;
use crate::interrupt;
use crate::run::Runner;

/// How long a worker sleeps at most before it looks for Ctrl-C.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// A run that is done with.
pub(super) struct Outcome {
    /// The stages that were not taken from the cache, or why it failed.
    pub ran: Result<Vec<&'static str>, String>,
    pub position: usize,
}

/// A run that no worker has.
struct Waiting {
    position: usize,
    runner: Runner,
    /// The fingerprint that another run is about to make and that this one needs.
    needs: Option<String>,
}

struct State {
    waiting: Vec<Waiting>,
    /// Fingerprints that workers are making.
    busy: BTreeSet<String>,
    at_work: usize,
    outcomes: Vec<Outcome>,
}

pub(super) struct Queue<'a> {
    state: Mutex<State>,
    changed: Condvar,
    binaries: &'a Binaries,
    console: &'a Console,
    count: usize,
    started: Instant,
}

impl<'a> Queue<'a> {
    pub fn new(runners: Vec<Runner>, binaries: &'a Binaries, console: &'a Console) -> Queue<'a> {
        let count = runners.len();
        let waiting = runners.into_iter().enumerate();
        let waiting = waiting.map(|(position, runner)| Waiting { position, runner, needs: None }).collect();
        let state = State { waiting, busy: BTreeSet::new(), at_work: 0, outcomes: Vec::new() };
        let (state, changed) = (Mutex::new(state), Condvar::new());
        Queue { state, changed, binaries, console, count, started: Instant::now() }
    }

    /// Runs all, and says how each ended, in their order.
    pub fn work(self, workers: usize) -> Vec<Outcome> {
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.worker());
            }
        });
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut outcomes = state.outcomes;
        outcomes.sort_by_key(|outcome| outcome.position);
        outcomes
    }

    fn worker(&self) {
        while let Some(mut waiting) = self.pick() {
            let stepped = self.step(&mut waiting);
            let mut state = self.lock();
            state.at_work -= 1;
            match stepped {
                Ok(true) => state.waiting.insert(0, waiting),
                Ok(false) => self.end(&mut state, &waiting, Ok(waiting.runner.ran())),
                Err(error) => self.end(&mut state, &waiting, Err(format!("{error:#}"))),
            }
            self.changed.notify_all();
        }
    }

    /// A run that can go on, once there is one; `None` when there is nothing left to do.
    fn pick(&self) -> Option<Waiting> {
        let mut state = self.lock();
        loop {
            if interrupt::happened() || state.waiting.is_empty() && state.at_work == 0 {
                return None;
            }
            let can_go_on =
                |waiting: &Waiting| waiting.needs.as_ref().is_none_or(|needed| !state.busy.contains(needed));
            if let Some(position) = state.waiting.iter().position(can_go_on) {
                state.at_work += 1;
                return Some(state.waiting.remove(position));
            }
            let waited = self.changed.wait_timeout(state, LONGEST_PAUSE);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Brings a run one stage on; false when it is finished and published.
    fn step(&self, waiting: &mut Waiting) -> anyhow::Result<bool> {
        waiting.needs = None;
        let Some(next) = waiting.runner.advance()? else {
            waiting.runner.publish(Some(self.binaries))?;
            return Ok(false);
        };
        if !self.lock().busy.insert(next.fingerprint.clone()) {
            waiting.needs = Some(next.fingerprint);
            return Ok(true);
        }
        let executed = waiting.runner.execute(next.stage, self.binaries);
        self.lock().busy.remove(&next.fingerprint);
        executed.map(|()| true)
    }

    fn end(&self, state: &mut State, waiting: &Waiting, ran: Result<Vec<&'static str>, String>) {
        if let (Err(error), false) = (&ran, interrupt::happened()) {
            waiting.runner.console.note(&format!("error: {error}"));
        }
        state.outcomes.push(Outcome { ran, position: waiting.position });
        let done = state.outcomes.len();
        let left = self.started.elapsed().as_secs_f64() / done as f64 * (self.count - done) as f64;
        let rest =
            if done < self.count { format!(", {} left", describe_seconds(left)) } else { String::new() };
        self.console.note(&format!("{done} of {} runs done{rest}", self.count));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
