//! What the report is made from.

use std::path::Path;

use anyhow::Context;
use contract::credit::Credit;
use contract::stage::{Inputs, Stage, read_json};
use contract::transform::Transform;
use serde::{Deserialize, Serialize};

use super::Report;
use crate::compare_models::Models;
use crate::curves::Curves;
use crate::metrics::Metrics;
use crate::plot::State;
use crate::score_tasks::ScoreTasks;
use crate::tasks::TaskScores;

/// Everything that the report is made from.
pub(crate) struct Documents {
    pub(crate) metrics: Metrics,
    pub(crate) curves: Curves,
    pub(crate) models: Models,
    /// `None` in pipelines without trials.
    pub(crate) tasks: Option<TaskScores>,
    pub(crate) source: Source,
    pub(crate) transform: Transform,
    pub(crate) history: History,
    /// Of every input that is there, in the order of [`Stage::READS`].
    pub(crate) digests: Vec<Digest>,
}

impl Documents {
    /// # Errors
    /// When an input is missing or not as its stage writes it.
    pub(crate) fn read(inputs: &Inputs) -> anyhow::Result<Documents> {
        Ok(Documents {
            metrics: read_json(inputs.path("evaluate/metrics.json")?)?,
            curves: read_json(inputs.path("evaluate/curves.json")?)?,
            models: read_json(inputs.path("compare-models/models.json")?)?,
            tasks: match inputs.files(ScoreTasks::NAME) {
                [] => None,
                _ => Some(read_json(inputs.path("score-tasks/tasks.json")?)?),
            },
            source: read_json(inputs.path("ingest/source.json")?)?,
            transform: read_json(inputs.path("preprocess/transform.json")?)?,
            history: History::read(inputs.path("train/history.parquet")?)?,
            digests: digests(inputs)?,
        })
    }
}

fn digests(inputs: &Inputs) -> anyhow::Result<Vec<Digest>> {
    let mut digests = Vec::with_capacity(Report::READS.len());
    for read in Report::READS {
        let (stage, name) = read.split_once('/').unwrap_or((read, ""));
        let files = inputs.files(stage);
        if stage == ScoreTasks::NAME && files.is_empty() {
            continue;
        }
        let file = files.iter().find(|file| file.name == name);
        let file = file.with_context(|| format!("the request does not name the input {read}"))?;
        digests.push(Digest { name: read.to_string(), digest: file.digest.clone() });
    }
    Ok(digests)
}

/// `source.json`, as `ingest` writes it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Source {
    pub(crate) latitude_deg: f64,
    pub(crate) longitude_deg: f64,
    pub(crate) requested_latitude_deg: f64,
    pub(crate) requested_longitude_deg: f64,
    pub(crate) distance_km: f64,
    /// `grid-point`, `between-grid-points` or `station`.
    pub(crate) site: String,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) hours: u64,
    /// Runs of hours that no file has.
    pub(crate) gaps: Vec<Run>,
    /// Runs of hours with a flag other than that of filled ones.
    pub(crate) flagged: Vec<Run>,
    pub(crate) files: Vec<Digest>,
    /// What has to be said of the data; documents of earlier versions don't.
    #[serde(default)]
    pub(crate) credit: Credit,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Run {
    pub(crate) variable: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) hours: u64,
    /// What filled a gap, or `missing`; or the name of a flag.
    #[serde(alias = "fill", alias = "flag")]
    pub(crate) kind: String,
}

impl Source {
    /// The gaps and the flagged hours of a variable.
    pub(crate) fn runs_of<'a>(&'a self, variable: &str) -> impl Iterator<Item = &'a Run> {
        self.gaps.iter().chain(&self.flagged).filter(move |run| run.variable == variable)
    }
}

impl Run {
    pub(crate) fn state(&self) -> State {
        match self.kind.as_str() {
            "missing" => State::Missing,
            "linear" | "diurnal" => State::Filled,
            "preliminary" => State::Preliminary,
            _ => State::Doubtful,
        }
    }
}

/// A file and the BLAKE3 of its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Digest {
    pub(crate) name: String,
    pub(crate) digest: String,
}

/// The columns of `history.parquet` that the page draws; `[train, validation]`, nats per hour.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) epoch: Vec<f64>,
    pub(crate) loss: [Vec<f64>; 2],
    pub(crate) reconstruction: [Vec<f64>; 2],
    pub(crate) kl: [Vec<f64>; 2],
}

impl History {
    /// # Errors
    /// When the file is not as `train` writes it.
    pub(crate) fn read(path: &Path) -> anyhow::Result<History> {
        let parts = ["loss", "reconstruction", "kl"];
        let names = parts.map(|part| [format!("train_{part}"), format!("validation_{part}")]);
        let columns: Vec<&str> =
            std::iter::once("epoch").chain(names.as_flattened().iter().map(String::as_str)).collect();
        let table = tables::read(path, &columns)?;
        let column = |name: &String| table.f64s(name).map(<[f64]>::to_vec);
        let read = || -> anyhow::Result<History> {
            let [loss, reconstruction, kl] = &names;
            Ok(History {
                epoch: table.i32s("epoch")?.iter().copied().map(f64::from).collect(),
                loss: [column(&loss[0])?, column(&loss[1])?],
                reconstruction: [column(&reconstruction[0])?, column(&reconstruction[1])?],
                kl: [column(&kl[0])?, column(&kl[1])?],
            })
        };
        read().with_context(|| format!("cannot use {}", path.display()))
    }
}
