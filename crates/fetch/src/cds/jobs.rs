//! The jobs that were started and whose files are not here yet, remembered on disk, so that a run
//! after a kill goes on with them instead of queueing anew.

use std::path::PathBuf;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::api::JobId;
use crate::files::write_whole;

const FORMAT: u32 = 1;

/// `jobs.json` in the work folder.
pub(crate) struct Jobs {
    path: PathBuf,
    store: String,
    jobs: Vec<Job>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: u32,
    jobs: Vec<Job>,
}

/// A job and what it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    /// The API's address.
    store: String,
    dataset: String,
    inputs: Value,
    id: String,
}

impl Jobs {
    /// Reads what earlier runs remembered. A file that cannot be understood is as good as none: it
    /// costs time in the queue, and nothing else.
    pub(crate) fn read(path: PathBuf, store: String) -> Jobs {
        let jobs =
            std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Document>(&bytes).ok());
        let jobs =
            jobs.filter(|document| document.format == FORMAT).map_or(Vec::new(), |document| document.jobs);
        Jobs { path, store, jobs }
    }

    /// The job that was started for this request, or `None`.
    pub(crate) fn find(&self, dataset: &str, inputs: &Value) -> Option<JobId> {
        self.jobs.iter().find(|job| self.is_for(job, dataset, inputs)).and_then(|job| JobId::new(&job.id))
    }

    /// Remembers a job in the place of an earlier one for the same request.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn remember(&mut self, dataset: &str, inputs: &Value, id: &JobId) -> anyhow::Result<()> {
        let (store, id) = (self.store.clone(), id.as_str().to_string());
        let job = Job { store, dataset: dataset.to_string(), inputs: inputs.clone(), id };
        let mut jobs = std::mem::take(&mut self.jobs);
        jobs.retain(|job| !self.is_for(job, dataset, inputs));
        jobs.push(job);
        self.jobs = jobs;
        self.write()
    }

    /// Forgets the job of this request.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn forget(&mut self, dataset: &str, inputs: &Value) -> anyhow::Result<()> {
        let mut jobs = std::mem::take(&mut self.jobs);
        jobs.retain(|job| !self.is_for(job, dataset, inputs));
        self.jobs = jobs;
        self.write()
    }

    fn is_for(&self, job: &Job, dataset: &str, inputs: &Value) -> bool {
        job.store == self.store && job.dataset == dataset && job.inputs == *inputs
    }

    fn write(&self) -> anyhow::Result<()> {
        let document = Document { format: FORMAT, jobs: self.jobs.clone() };
        let mut bytes = serde_json::to_vec_pretty(&document).context("cannot serialise the jobs")?;
        bytes.push(b'\n');
        write_whole(&self.path, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_job_is_remembered_for_its_request_at_its_store() {
        let folder = tempfile::tempdir().unwrap();
        let read = |store: &str| Jobs::read(folder.path().join("jobs.json"), store.to_string());
        let (inputs, other) = (json!({"year": ["1970"]}), json!({"year": ["1971"]}));
        let id = |text| JobId::new(text).unwrap();
        let mut jobs = read("https://a.org/api");
        jobs.remember("grid", &inputs, &id("one")).unwrap();
        jobs.remember("grid", &other, &id("two")).unwrap();
        jobs.remember("grid", &inputs, &id("three")).unwrap();
        let jobs = read("https://a.org/api");
        assert_eq!(jobs.find("grid", &inputs), Some(id("three")));
        assert_eq!(jobs.find("grid", &other), Some(id("two")));
        assert_eq!(jobs.find("points", &inputs), None);
        assert_eq!(read("https://b.org/api").find("grid", &inputs), None);
        read("https://a.org/api").forget("grid", &inputs).unwrap();
        assert_eq!(read("https://a.org/api").find("grid", &inputs), None);
        assert_eq!(read("https://a.org/api").find("grid", &other), Some(id("two")));
    }

    #[test]
    fn a_damaged_memory_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jobs.json");
        for text in ["", "{", "{\"format\": 2, \"jobs\": []}", "[]"] {
            std::fs::write(&path, text).unwrap();
            assert!(Jobs::read(path.clone(), String::new()).jobs.is_empty(), "{text}");
        }
    }
}
