//! The store itself: its datasets, its one user, and its jobs.

use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

use crate::data::{ServedFile, served_file};
use crate::message::{Request, Response};

const DATASETS: [&str; 2] = ["reanalysis-era5-single-levels", "reanalysis-era5-single-levels-timeseries"];
const LICENCE: &str = "cc-by";
/// The trace that the store adds to its errors.
const TRACE: &str = "7b0f8c2e-0000-4000-8000-000000000000";
/// A moment for the members that tell one; this server has no clock.
const MOMENT: &str = "2024-01-01T00:00:00";

/// How the store is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The user's key.
    pub key: String,
    pub licence_accepted: bool,
    /// Looks at a job until it runs, and from then until it ends.
    pub looks: [u32; 2],
    pub ending: Ending,
    /// What a request may cost: values of the gridded dataset, days of the time series. `None`: any,
    /// and the store does not tell costs.
    pub limit: Option<f64>,
    /// Whether costs are told.
    pub tells_costs: bool,
    /// Variables that the time series do not have.
    pub missing_variables: Vec<&'static str>,
    /// Notes in a job's log: time and text.
    pub notes: Vec<(&'static str, String)>,
    /// What every job makes, in the place of made-up weather.
    pub file: Option<Vec<u8>>,
    /// The link to the file; `{path}` in it is its path. The usual one is relative.
    pub link: String,
    /// The checksum that results state, if not the right one.
    pub checksum: Option<String>,
    /// Members that results lack.
    pub results_lack: Option<&'static str>,
}

/// What becomes of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    Successful,
    /// With a traceback.
    Failed(String),
    Rejected(String),
    Dismissed,
    Never,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            key: "0a1b2c3d-key-of-the-test".to_string(),
            licence_accepted: true,
            looks: [1, 1],
            ending: Ending::Successful,
            limit: None,
            tells_costs: true,
            missing_variables: Vec::new(),
            notes: Vec::new(),
            file: None,
            link: "{path}".to_string(),
            checksum: None,
            results_lack: None,
        }
    }
}

/// The store's memory.
pub(crate) struct Store {
    pub(crate) settings: Settings,
    jobs: Vec<Job>,
    /// `http://127.0.0.1:1234`.
    origin: String,
}

struct Job {
    id: String,
    dataset: String,
    inputs: Value,
    looks: u32,
    file: ServedFile,
    is_deleted: bool,
}

impl Store {
    pub(crate) fn new(settings: Settings, origin: String) -> Store {
        Store { settings, jobs: Vec::new(), origin }
    }

    /// Forgets every job.
    pub(crate) fn forget_jobs(&mut self) {
        for job in &mut self.jobs {
            job.is_deleted = true;
        }
    }

    /// Answers a request to `/api/...` or `/files/...`.
    pub(crate) fn answer(&mut self, request: &Request) -> Response {
        let path = request.path().to_string();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET" | "HEAD", ["files", job, _]) => self.file(request, job),
            ("GET", ["api", "catalogue", "v1", rest @ ..]) => catalogue(rest),
            ("GET", ["api", "retrieve", "v1", "processes"]) => {
                let processes: Vec<Value> = DATASETS.iter().map(|dataset| json!({"id": dataset})).collect();
                Response::json(200, &json!({"processes": processes, "links": []}))
            }
            ("GET", ["api", "retrieve", "v1", "processes", dataset]) => self.process(dataset),
            ("POST", ["api", "retrieve", "v1", "processes", dataset, call]) => {
                self.call(request, dataset, call)
            }
            (method, ["api", "retrieve", "v1", "jobs", rest @ ..]) => {
                if let Some(refusal) = self.refuse_user(request) {
                    return refusal;
                }
                self.jobs(method, rest, request)
            }
            (method, ["api", "profiles", "v1", "account", rest @ ..]) => {
                if let Some(refusal) = self.refuse_user(request) {
                    return refusal;
                }
                self.account(method, rest)
            }
            _ => error(404, "not found", "no such path", None),
        }
    }

    fn refuse_user(&self, request: &Request) -> Option<Response> {
        match request.header("private-token") {
            None => Some(error(401, "permission denied", "authentication required", None)),
            Some(key) if key == self.settings.key => None,
            Some(_) => Some(error(401, "authentication failed", "Operation not allowed", None)),
        }
    }

    fn process(&self, dataset: &str) -> Response {
        if !DATASETS.contains(&dataset) {
            return no_dataset(dataset);
        }
        let href = format!("{}/api/retrieve/v1/processes/{dataset}/execution", self.origin);
        let links = json!([{"href": href, "rel": "execute", "type": "application/json"}]);
        let document = json!({
            "title": dataset, "id": dataset, "version": "1.0.0", "jobControlOptions": ["async-execute"],
            "outputTransmission": ["reference"], "links": links, "inputs": {}, "outputs": {}, "message": null,
        });
        Response::json(200, &document)
    }

    fn call(&mut self, request: &Request, dataset: &str, call: &str) -> Response {
        if !DATASETS.contains(&dataset) {
            return no_dataset(dataset);
        }
        let document = request.json();
        let Some(inputs) = document.get("inputs") else {
            return error(422, "invalid parameter", "body.inputs: field required", None);
        };
        match call {
            "costing" if self.settings.tells_costs => {
                let limit = self.settings.limit.unwrap_or(120_000.0);
                Response::json(200, &json!({"id": "size", "cost": cost(inputs), "limit": limit}))
            }
            "constraints" => Response::json(200, inputs),
            "execution" => self.execute(request, dataset, inputs),
            _ => error(404, "not found", "no such call", None),
        }
    }

    fn execute(&mut self, request: &Request, dataset: &str, inputs: &Value) -> Response {
        if let Some(refusal) = self.refuse_user(request) {
            return refusal;
        }
        if self.settings.limit.is_some_and(|limit| cost(inputs) > limit) {
            let detail = "Your request is too large, please reduce your selection.";
            return error(403, "cost limits exceeded", detail, None);
        }
        if !self.settings.licence_accepted {
            let site = &self.origin;
            let detail = format!(
                "Not all the required licences have been accepted; please visit \
                 {site}/datasets/{dataset}?tab=download#manage-licences to accept the required licence(s)."
            );
            return error(403, "required licences not accepted", &detail, None);
        }
        let variables = inputs.get("variable").and_then(Value::as_array);
        let missing =
            variables.into_iter().flatten().filter_map(Value::as_str).find(|name| {
                dataset.ends_with("-timeseries") && self.settings.missing_variables.contains(name)
            });
        if let Some(missing) = missing {
            let detail = format!("invalid value for variable: '{missing}'");
            return error(400, "invalid request", &detail, None);
        }
        let file = match served_file(dataset, inputs) {
            Ok(file) => file,
            Err(fault) => return error(400, "invalid request", &fault.to_string(), None),
        };
        let file = match &self.settings.file {
            Some(bytes) => ServedFile { bytes: bytes.clone(), ..file },
            None => file,
        };
        let id = format!("00000000-0000-4000-8000-{:012}", self.jobs.len() + 1);
        let (dataset, inputs) = (dataset.to_string(), inputs.clone());
        self.jobs.push(Job { id, dataset, inputs, looks: 0, file, is_deleted: false });
        let index = self.jobs.len() - 1;
        Response::json(201, &self.status_document(index, "monitor", false))
    }

    fn jobs(&mut self, method: &str, parts: &[&str], request: &Request) -> Response {
        let (job, rest) = match parts {
            [] => {
                let listed = (0..self.jobs.len()).filter(|index| !self.jobs[*index].is_deleted);
                let jobs: Vec<Value> =
                    listed.map(|index| self.status_document(index, "self", false)).collect();
                return Response::json(200, &json!({"jobs": jobs, "links": []}));
            }
            ["delete"] => return self.delete(request),
            [job, rest @ ..] => (*job, rest),
        };
        let found = self.jobs.iter().position(|known| known.id == job && !known.is_deleted);
        let Some(index) = found else {
            return error(404, "job not found", &format!("job {job} not found"), None);
        };
        match (method, rest) {
            ("GET", []) => {
                self.jobs[index].looks += 1;
                let with_log = request.query("log").is_some_and(|value| value.eq_ignore_ascii_case("true"));
                Response::json(200, &self.status_document(index, "self", with_log))
            }
            ("DELETE", []) => {
                let document = self.status_document(index, "self", false);
                self.jobs[index].is_deleted = true;
                Response::json(200, &document)
            }
            ("GET", ["results"]) => self.results(index),
            ("GET", ["receipt"]) => Response::json(200, &json!({"request_uid": job})),
            _ => error(404, "not found", "no such path", None),
        }
    }

    fn delete(&mut self, request: &Request) -> Response {
        let document = request.json();
        let ids = document.get("job_ids").and_then(Value::as_array);
        let ids: Vec<&str> = ids.into_iter().flatten().filter_map(Value::as_str).collect();
        for job in &mut self.jobs {
            job.is_deleted |= ids.contains(&job.id.as_str());
        }
        Response::json(200, &json!({"jobs": ids, "links": []}))
    }

    fn status(&self, index: usize) -> &'static str {
        let [until_running, until_end] = self.settings.looks;
        let looks = self.jobs[index].looks;
        if looks < until_running {
            return "accepted";
        }
        if looks < until_running + until_end {
            return "running";
        }
        match self.settings.ending {
            Ending::Successful => "successful",
            Ending::Failed(_) => "failed",
            Ending::Rejected(_) => "rejected",
            Ending::Dismissed => "dismissed",
            Ending::Never => "running",
        }
    }

    fn status_document(&self, index: usize, rel: &str, with_log: bool) -> Value {
        let job = &self.jobs[index];
        let status = self.status(index);
        let href = format!("{}/api/retrieve/v1/jobs/{}", self.origin, job.id);
        let mut links = vec![json!({"href": href, "rel": rel, "type": "application/json"})];
        if matches!(status, "successful" | "failed" | "rejected") {
            links.push(json!({"href": format!("{href}/results"), "rel": "results"}));
        }
        let mut metadata = Map::new();
        metadata.insert("request".to_string(), json!({"ids": job.inputs, "labels": {}}));
        if with_log {
            let log: Vec<Value> =
                self.settings.notes.iter().map(|(time, note)| json!([time, note])).collect();
            metadata.insert("log".to_string(), Value::Array(log));
        }
        json!({
            "processID": job.dataset, "type": "process", "jobID": job.id, "status": status,
            "created": MOMENT, "started": MOMENT, "finished": null, "updated": MOMENT,
            "links": links, "metadata": metadata,
        })
    }

    fn results(&self, index: usize) -> Response {
        let job = &self.jobs[index];
        let settings = &self.settings;
        match self.status(index) {
            "successful" => {}
            "failed" | "rejected" => {
                let (Ending::Failed(traceback) | Ending::Rejected(traceback)) = &settings.ending else {
                    return error(400, "The job has failed", "", None);
                };
                return error(400, "The job has failed", "", Some(traceback));
            }
            status => {
                let detail = format!("status of {} is '{status}'", job.id);
                return error(404, "job results not ready", &detail, None);
            }
        }
        let path = format!("/files/{}/{}.{}", job.id, job.dataset, job.file.extension);
        let digest = Md5::digest(&job.file.bytes);
        // As the store writes it: a number, without its leading zeros.
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = digest.trim_start_matches('0').to_string();
        let mut value = Map::new();
        value.insert("type".to_string(), json!(job.file.media_type));
        value.insert("href".to_string(), json!(settings.link.replace("{path}", &path)));
        value.insert("file:checksum".to_string(), json!(settings.checksum.as_ref().unwrap_or(&digest)));
        value.insert("file:size".to_string(), json!(job.file.bytes.len()));
        value.insert("file:local_path".to_string(), json!(format!("s3://cache{path}")));
        if let Some(member) = settings.results_lack {
            value.remove(member);
        }
        Response::json(200, &json!({"asset": {"value": value}}))
    }

    fn file(&self, request: &Request, job: &str) -> Response {
        let Some(job) = self.jobs.iter().find(|known| known.id == job) else {
            return Response::text(404, "application/xml", "<Error><Code>NoSuchKey</Code></Error>");
        };
        let bytes = &job.file.bytes;
        let whole = Response {
            status: 200,
            headers: vec![
                ("Content-Type".to_string(), job.file.media_type.to_string()),
                ("Accept-Ranges".to_string(), "bytes".to_string()),
            ],
            body: bytes.clone(),
        };
        let Some(range) = request.header("range") else { return whole };
        let parsed = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
        let Some((first, last)) = parsed else { return whole };
        let Ok(first) = first.parse::<usize>() else { return whole };
        let last = last.parse().unwrap_or(usize::MAX).min(bytes.len().saturating_sub(1));
        if first > last {
            return Response { status: 416, body: Vec::new(), ..whole }
                .with_header("Content-Range", &format!("bytes */{}", bytes.len()));
        }
        let content_range = format!("bytes {first}-{last}/{}", bytes.len());
        let part = Response { status: 206, body: bytes[first..=last].to_vec(), ..whole };
        part.with_header("Content-Range", &content_range)
    }

    fn account(&mut self, method: &str, parts: &[&str]) -> Response {
        match (method, parts) {
            ("POST", ["verification", "pat"]) => {
                Response::json(200, &json!({"id": 1, "sub": "1", "role": null}))
            }
            ("GET", ["licences"]) => {
                let accepted = if self.settings.licence_accepted { vec![licence()] } else { Vec::new() };
                Response::json(200, &json!({"licences": accepted}))
            }
            ("PUT", ["licences", LICENCE]) => {
                self.settings.licence_accepted = true;
                Response::json(200, &json!({"revision": 1}))
            }
            _ => error(404, "not found", "no such path", None),
        }
    }
}

fn catalogue(parts: &[&str]) -> Response {
    match parts {
        ["messages"] => Response::json(200, &json!({"messages": []})),
        ["vocabularies", "licences"] => Response::json(200, &json!({"licences": [licence()]})),
        ["datasets"] => {
            let collections: Vec<Value> = DATASETS.iter().map(|dataset| json!({"id": dataset})).collect();
            Response::json(200, &json!({"collections": collections, "links": []}))
        }
        ["collections", dataset] if DATASETS.contains(dataset) => {
            Response::json(200, &json!({"type": "Collection", "id": dataset, "title": dataset, "links": []}))
        }
        _ => error(404, "not found", "no such path", None),
    }
}

fn licence() -> Value {
    json!({"id": LICENCE, "revision": 1, "label": "CC-BY licence", "scope": "dataset"})
}

/// Values of the gridded dataset: its lists multiplied; days of the time series.
fn cost(inputs: &Value) -> f64 {
    let length = |name: &str| inputs.get(name).and_then(Value::as_array).map_or(1, Vec::len) as f64;
    if let Some(span) = inputs.pointer("/date/0").and_then(Value::as_str) {
        let (first, last) = span.split_once('/').unwrap_or((span, span));
        let day = |text| contract::calendar::parse_date(text).unwrap_or(0);
        return ((day(last) - day(first)) / contract::calendar::DAY_US + 1) as f64;
    }
    ["variable", "year", "month", "day", "time"].into_iter().map(length).product()
}

fn no_dataset(dataset: &str) -> Response {
    error(404, "process not found", &format!("dataset {dataset} not found"), None)
}

/// An error as the store writes it.
fn error(status: u16, title: &str, detail: &str, traceback: Option<&String>) -> Response {
    let mut document = json!({"type": title, "title": title, "status": status, "trace_id": TRACE});
    if !detail.is_empty() {
        document["detail"] = json!(detail);
    }
    if let Some(traceback) = traceback {
        document["traceback"] = json!(traceback);
    }
    Response::json(status, &document)
}
