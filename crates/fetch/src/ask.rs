//! Asking until there is an answer: waits that a server wants, its passing troubles, and the end of
//! patience.

use serde_json::Value;
use std::time::Duration;

use crate::address::Address;
use crate::http::{Http, Send, Trouble};
use crate::problem::{Problem, Service, Verdict};

/// How often in a row a server may ask to wait.
const MOST_WAITS: u32 = 20;
/// The wait when a server asks for one and does not say how long.
const USUAL_WAIT: Duration = Duration::from_secs(60);

impl Http {
    /// The JSON document that `address` answers with.
    ///
    /// A request whose answer was lost is sent again: at worst a job runs twice, and only the second
    /// is waited for.
    ///
    /// # Errors
    /// When the server refuses, or has trouble for [`crate::Pace::tries`] times in a row.
    pub(crate) fn ask(&self, service: &Service, address: &Address, send: Send) -> Result<Value, Problem> {
        let (mut failures, mut waits) = (0, 0);
        loop {
            let trouble = match self.text(address, send) {
                Ok(reply) => match service.judge(&reply) {
                    Verdict::Fine(document) => return Ok(document),
                    Verdict::Failed(problem) => return Err(problem),
                    Verdict::Wait(seconds) => {
                        waits += 1;
                        self.wait(address, waits, seconds)?;
                        continue;
                    }
                    Verdict::Again(trouble) => trouble,
                },
                Err(Trouble::Passing(trouble)) => trouble,
                Err(Trouble::Lasting(trouble)) => return Err(lasting(address, &trouble)),
            };
            failures += 1;
            self.after_failure(address, failures, &trouble)?;
        }
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    /// After the last attempt.
    pub(crate) fn after_failure(
        &self,
        address: &Address,
        failures: u32,
        trouble: &str,
    ) -> Result<(), Problem> {
        let (host, tries) = (&address.origin.host, self.pace.tries);
        if failures >= tries {
            return Err(Problem::Other(format!(
                "{host} {trouble}, {tries} times in a row; check the network and run this again: it goes on \
                 from where it stopped"
            )));
        }
        let wait = self.pace.backoff(failures);
        self.tell(&format!("{host} {trouble}; trying again in {} s", wait.as_secs()));
        self.pace.clock.sleep(wait);
        Ok(())
    }

    /// Waits as the server wants (429).
    ///
    /// # Errors
    /// When it wants that too often.
    pub(crate) fn wait(&self, address: &Address, waits: u32, seconds: Option<u64>) -> Result<(), Problem> {
        let host = &address.origin.host;
        if waits > MOST_WAITS {
            return Err(Problem::Other(format!(
                "{host} still finds the requests too many (429) after {MOST_WAITS} waits; run this again \
                 later: it goes on from where it stopped"
            )));
        }
        let wait = seconds.map_or(USUAL_WAIT, Duration::from_secs).min(self.pace.longest_wait);
        self.tell(&format!("{host} finds the requests too many (429); waiting {} s", wait.as_secs()));
        self.pace.clock.sleep(wait);
        Ok(())
    }
}

/// The sentence for trouble that does not pass.
pub(crate) fn lasting(address: &Address, trouble: &str) -> Problem {
    Problem::Other(format!("{} {trouble}", address.origin.host))
}
