//! The calls of the Climate Data Store's API, and what must be in its answers.

use serde_json::{Value, json};

use crate::address::Address;
use crate::ask::lasting;
use crate::checksum::Checksum;
use crate::download::Asset;
use crate::http::{Http, Send};
use crate::problem::{Problem, Service, Words, quote};

/// The longest name of a job; the store's are UUIDs.
const LONGEST_JOB_ID: usize = 64;

/// The API as one dataset sees it.
pub(crate) struct Api<'a> {
    pub(crate) http: &'a Http,
    /// `https://cds.climate.copernicus.eu/api`.
    pub(crate) base: Address,
    pub(crate) dataset: &'static str,
    pub(crate) service: Service,
}

/// The name of a job: letters, digits, `-` and `_` only, because it becomes part of addresses and
/// names of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobId(String);

impl JobId {
    pub(crate) fn new(text: &str) -> Option<JobId> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = (1..=LONGEST_JOB_ID).contains(&text.len()) && text.bytes().all(is_plain);
        fits.then(|| JobId(text.to_string()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Accepted,
    Running,
    Successful,
    Failed,
    Rejected,
    Dismissed,
}

impl State {
    fn from_name(name: &str) -> Option<State> {
        Some(match name {
            "accepted" | "queued" => State::Accepted,
            "running" => State::Running,
            "successful" => State::Successful,
            "failed" => State::Failed,
            "rejected" => State::Rejected,
            "dismissed" | "deleted" => State::Dismissed,
            _ => return None,
        })
    }

    /// For messages: `queued (accepted)`.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            State::Accepted => "queued (accepted)",
            State::Running => "running",
            State::Successful => "successful",
            State::Failed => "failed",
            State::Rejected => "rejected",
            State::Dismissed => "dismissed",
        }
    }
}

/// What a job's status says.
pub(crate) struct Status {
    pub(crate) job: JobId,
    pub(crate) state: State,
    /// The store's notes for the user, in the order of their times.
    pub(crate) notes: Vec<String>,
}

/// What a request costs; it is accepted up to the limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) cost: f64,
    pub(crate) limit: f64,
}

impl Api<'_> {
    /// What a request would cost, or `None` if the store does not say.
    pub(crate) fn cost(&self, inputs: &Value) -> Option<Cost> {
        let address = self.process("costing");
        let answer = self.http.ask(&self.service, &address, Send::Post(&json!({ "inputs": inputs })));
        let number = |name: &str| answer.as_ref().ok()?.get(name)?.as_f64();
        match (number("cost"), number("limit")) {
            (Some(cost), Some(limit)) if limit > 0.0 => Some(Cost { cost, limit }),
            _ => None,
        }
    }

    /// Makes the store start a job.
    pub(crate) fn submit(&self, inputs: &Value) -> Result<Status, Problem> {
        let address = self.process("execution");
        let answer = self.http.ask(&self.service, &address, Send::Post(&json!({ "inputs": inputs })));
        let answer = answer.map_err(|problem| match problem {
            // Here it is the dataset that is not known.
            Problem::Gone(text) => {
                let (dataset, base) = (self.dataset, &self.base);
                Problem::Other(format!("{text}; wanted the dataset {dataset} at {base}: check the url there"))
            }
            other => other,
        })?;
        status_in(&address, &answer)
    }

    /// Where a job is.
    pub(crate) fn status(&self, job: &JobId) -> Result<Status, Problem> {
        let address = self.job(job).with_query("log=true");
        let answer = self.http.ask(&self.service, &address, Send::Get)?;
        status_in(&address, &answer)
    }

    /// The file that a successful job made.
    pub(crate) fn results(&self, job: &JobId) -> Result<Asset, Problem> {
        let address = self.job(job).below("results");
        let answer = self.http.ask(&self.service, &address, Send::Get)?;
        let value = answer.pointer("/asset/value").unwrap_or(&Value::Null);
        let href = value.get("href").and_then(Value::as_str);
        let href = href.ok_or_else(|| lacks(&address, "asset.value.href", &answer))?;
        let bytes = value.get("file:size").and_then(Value::as_u64);
        let bytes = bytes.ok_or_else(|| lacks(&address, "asset.value.file:size", &answer))?;
        let link = address.join(href).map_err(|fault| {
            lasting(&address, &format!("links the file to {:?}, which {fault}", quote(href)))
        })?;
        let checksum =
            value.get("file:checksum").and_then(Value::as_str).and_then(|text| self.checksum(text));
        Ok(Asset { address: link, bytes, checksum })
    }

    /// A checksum of a kind that is not known is told and not compared.
    fn checksum(&self, text: &str) -> Option<Checksum> {
        let checksum = Checksum::parse(text);
        if checksum.is_none() {
            let seen = quote(text);
            self.http.tell(&format!(
                "the checksum {seen:?} is of a kind that is not known here; the size is checked"
            ));
        }
        checksum
    }

    /// Why a job failed or was rejected, as the answer to a request for its results tells it.
    pub(crate) fn reason(&self, job: &JobId) -> String {
        let address = self.job(job).below("results");
        match self.http.ask(&self.service, &address, Send::Get) {
            Err(problem) => problem.to_string(),
            Ok(answer) => Words::of(Some(&answer), "").said(),
        }
    }

    fn process(&self, call: &str) -> Address {
        self.base.below(&format!("retrieve/v1/processes/{}/{call}", self.dataset))
    }

    fn job(&self, job: &JobId) -> Address {
        self.base.below(&format!("retrieve/v1/jobs/{}", job.as_str()))
    }
}

fn status_in(address: &Address, answer: &Value) -> Result<Status, Problem> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let job = text("jobID").and_then(JobId::new).ok_or_else(|| lacks(address, "jobID", answer))?;
    let state = text("status").and_then(State::from_name).ok_or_else(|| lacks(address, "status", answer))?;
    let log = answer.pointer("/metadata/log").and_then(Value::as_array);
    let mut notes: Vec<(&str, &str)> = log
        .into_iter()
        .flatten()
        .filter_map(|note| Some((note.get(0)?.as_str()?, note.get(1)?.as_str()?)))
        .collect();
    notes.sort_unstable();
    Ok(Status { job, state, notes: notes.into_iter().map(|(_, note)| note.to_string()).collect() })
}

/// The sentence for an answer without a member that can be used.
fn lacks(address: &Address, member: &str, answer: &Value) -> Problem {
    let seen = quote(&answer.to_string());
    lasting(address, &format!("answers {} without a usable {member}: {seen}", address.shown()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_named_by_plain_letters() {
        assert!(JobId::new("b1f0c7e2-6c1d-4b7e-9c57-0a8a4d0f5a11").is_some());
        for text in ["", "../x", "a/b", "a?b", "a b", "é", &"a".repeat(65)] {
            assert!(JobId::new(text).is_none(), "{text}");
        }
    }
}
