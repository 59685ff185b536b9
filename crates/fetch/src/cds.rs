//! The Climate Data Store: a request a piece, several jobs at once, waited for, downloaded, unpacked.

mod api;
mod area;
mod jobs;
mod plan;
mod running;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use contract::source::{Dataset, Source};
use contract::variable::Variable;
use serde_json::Value;

use crate::address::Address;
use crate::download::download;
use crate::files::remove_if_there;
use crate::http::Http;
use crate::problem::{Problem, Service, is_too_large};
use crate::workshop::Workshop;
use api::{Api, State};
use jobs::Jobs;
use plan::Piece;
use running::Running;

pub(crate) use plan::Wish;

/// Jobs that the store is asked to work on at the same time.
const MOST_JOBS: usize = 4;
/// How often a job that was just started may be unknown: its copies take a moment to agree.
const MOST_UNKNOWN: u32 = 3;

/// The name of a dataset in the store's addresses.
fn dataset_name(dataset: Dataset) -> &'static str {
    match dataset {
        Dataset::Timeseries => "reanalysis-era5-single-levels-timeseries",
        Dataset::Gridded => "reanalysis-era5-single-levels",
    }
}

/// The store's API, and where its key was found.
pub(crate) struct Store {
    pub(crate) api: Address,
    pub(crate) key_from: String,
}

/// Downloads the variables, and returns the names of the finished pieces.
///
/// # Errors
/// When the store refuses, fails, or is not patient enough; what is finished and what is queued is
/// kept for the next run.
pub(crate) fn fetch(
    http: &Http,
    store: &Store,
    variables: &[&'static Variable],
    source: &Source,
    wish: Wish,
    workshop: &Workshop,
) -> anyhow::Result<Vec<String>> {
    let base = store.api.clone();
    let site = base.to_string();
    let site = site.strip_suffix("/api").unwrap_or(&site).to_string();
    let dataset = dataset_name(wish.dataset);
    let service = Service::ClimateDataStore { dataset, site, key_from: store.key_from.clone() };
    let jobs = Jobs::read(workshop.file("jobs.json"), base.to_string());
    let api = Api { http, base, dataset, service };
    let pieces = plan::pieces(wish.dataset, variables, source).into();
    let mut queue = Queue {
        api,
        wish,
        workshop,
        jobs,
        pieces,
        running: Vec::new(),
        done: Vec::new(),
        costs: BTreeMap::new(),
    };
    queue.run()?;
    Ok(queue.done)
}

/// The pieces on their way.
struct Queue<'a> {
    api: Api<'a>,
    wish: Wish,
    workshop: &'a Workshop<'a>,
    jobs: Jobs,
    /// Not started.
    pieces: VecDeque<Piece>,
    running: Vec<Running>,
    /// The names of the finished ones.
    done: Vec<String>,
    /// Whether the limit allows requests of a shape; `None` where the store does not say.
    costs: BTreeMap<(usize, i8, i8), Option<bool>>,
}

impl Queue<'_> {
    fn run(&mut self) -> anyhow::Result<()> {
        loop {
            while self.running.len() < MOST_JOBS {
                let Some(piece) = self.pieces.pop_front() else { break };
                self.begin(piece)?;
            }
            let Some(next) = (0..self.running.len()).min_by_key(|index| self.running[*index].next_look)
            else {
                return Ok(());
            };
            let clock = &self.api.http.pace.clock;
            clock.sleep(self.running[next].next_look.saturating_sub(clock.now()));
            let running = self.running.remove(next);
            if let Some(running) = self.look(running)? {
                self.running.push(running);
            }
        }
    }

    fn begin(&mut self, piece: Piece) -> anyhow::Result<()> {
        let stem = piece.stem(self.wish.dataset);
        if self.workshop.is_done(&stem) {
            self.done.push(stem);
            return Ok(());
        }
        let inputs = piece.inputs(&self.wish);
        if let Some(job) = self.jobs.find(self.api.dataset, &inputs) {
            self.api.http.tell(&format!("going on with job {} ({})", job.as_str(), piece.days.label()));
            let mut running = Running::new(piece, inputs, job, self.next_number(), self.now());
            running.is_remembered = true;
            self.running.push(running);
            return Ok(());
        }
        if self.wish.dataset == Dataset::Gridded && !self.fits(&piece, &inputs) {
            return self
                .split(piece, &Problem::TooLarge("the store's limit allows no single day".to_string()));
        }
        self.submit(piece, inputs)
    }

    /// False if the store says that a request costs too much; a limit that is not told is found out.
    fn fits(&mut self, piece: &Piece, inputs: &Value) -> bool {
        let shape = piece.shape();
        if !self.costs.contains_key(&shape) {
            let cost = self.api.cost(inputs);
            if let Some(cost) = cost {
                self.api.http.tell(&format!(
                    "a request like {} costs {} of at most {}",
                    piece.days.label(),
                    cost.cost,
                    cost.limit
                ));
            }
            self.costs.insert(shape, cost.map(|cost| cost.cost <= cost.limit));
        }
        self.costs.get(&shape).copied().flatten().unwrap_or(true)
    }

    fn submit(&mut self, piece: Piece, inputs: Value) -> anyhow::Result<()> {
        let status = match self.api.submit(&inputs) {
            Ok(status) => status,
            Err(problem @ Problem::TooLarge(_)) => return self.split(piece, &problem),
            Err(problem) => anyhow::bail!("{problem}{}", self.advice(&problem.to_string())),
        };
        self.jobs.remember(self.api.dataset, &inputs, &status.job)?;
        let mut running = Running::new(piece, inputs, status.job.clone(), self.next_number(), self.now());
        running.note(self.api.http, &status, self.total());
        if status.state != State::Successful {
            running.wait(&self.api.http.pace)?;
        }
        self.running.push(running);
        Ok(())
    }

    fn now(&self) -> Duration {
        self.api.http.pace.clock.now()
    }

    /// The number of the piece that is started next, for messages.
    fn next_number(&self) -> usize {
        self.done.len() + self.running.len() + 1
    }

    /// All pieces, with the one at hand.
    fn total(&self) -> usize {
        self.done.len() + self.running.len() + self.pieces.len() + 1
    }

    /// Puts the halves of a piece in its place.
    fn split(&mut self, piece: Piece, problem: &Problem) -> anyhow::Result<()> {
        let Some(halves) = piece.halves() else { anyhow::bail!("{problem}") };
        self.api.http.tell(&format!("{} is too large for one request; halving it", piece.days.label()));
        for half in halves.into_iter().rev() {
            self.pieces.push_front(half);
        }
        Ok(())
    }

    /// Looks at a job, and returns it if it is to be looked at again.
    fn look(&mut self, mut running: Running) -> anyhow::Result<Option<Running>> {
        let status = match self.api.status(&running.job) {
            Ok(status) => status,
            Err(Problem::Gone(text)) => return self.unknown(running, &text),
            Err(problem) => anyhow::bail!("{problem}"),
        };
        running.unknown = 0;
        running.note(self.api.http, &status, self.total());
        match status.state {
            State::Accepted | State::Running => {
                running.wait(&self.api.http.pace)?;
                Ok(Some(running))
            }
            State::Successful => self.collect(running).map(|()| None),
            State::Failed | State::Rejected => self.failed(running, status.state).map(|()| None),
            State::Dismissed if running.is_remembered => self.again(running, "was dismissed").map(|()| None),
            State::Dismissed => anyhow::bail!(
                "{} was dismissed at the store; run this again to start it anew",
                running.name()
            ),
        }
    }

    fn unknown(&mut self, mut running: Running, text: &str) -> anyhow::Result<Option<Running>> {
        if running.is_remembered {
            return self.again(running, "is no longer known").map(|()| None);
        }
        running.unknown += 1;
        if running.unknown > MOST_UNKNOWN {
            anyhow::bail!(
                "job {} was started and is not known: {text}; run this again",
                running.job.as_str()
            );
        }
        running.wait(&self.api.http.pace)?;
        Ok(Some(running))
    }

    /// Starts the job of an earlier run once more.
    fn again(&mut self, running: Running, why: &str) -> anyhow::Result<()> {
        self.api.http.tell(&format!("job {} {why}; starting it anew", running.job.as_str()));
        self.jobs.forget(self.api.dataset, &running.inputs)?;
        self.submit(running.piece, running.inputs)
    }

    fn failed(&mut self, running: Running, state: State) -> anyhow::Result<()> {
        if running.is_remembered {
            return self.again(running, "came to nothing");
        }
        let reason = self.api.reason(&running.job);
        if is_too_large(&reason) {
            self.jobs.forget(self.api.dataset, &running.inputs)?;
            return self.split(running.piece, &Problem::TooLarge(reason));
        }
        anyhow::bail!(
            "{} {} at the store: {reason}{}",
            running.name(),
            if state == State::Rejected { "was rejected" } else { "failed" },
            self.advice(&reason)
        )
    }

    /// Downloads what a successful job made.
    fn collect(&mut self, running: Running) -> anyhow::Result<()> {
        let part = self.workshop.file(&format!("{}.part", running.job.as_str()));
        let got =
            self.api.results(&running.job).and_then(|asset| match download(self.api.http, &asset, &part) {
                // A link that is no longer valid is asked for once more.
                Err(Problem::Gone(_)) => {
                    self.api.results(&running.job).and_then(|asset| download(self.api.http, &asset, &part))
                }
                other => other,
            });
        match got {
            Ok(()) => {}
            Err(Problem::Gone(_)) if running.is_remembered => {
                remove_if_there(&part)?;
                return self.again(running, "has no file any more");
            }
            Err(problem) => anyhow::bail!("{problem}"),
        }
        let stem = running.piece.stem(self.wish.dataset);
        let finished = self.workshop.finish(&stem, &part);
        // Also when its file cannot be used: the next run starts another.
        self.jobs.forget(self.api.dataset, &running.inputs)?;
        for name in finished? {
            self.api.http.tell(&format!("{name:?} of {stem}'s archive is neither NetCDF nor CSV; left out"));
        }
        self.done.push(stem);
        Ok(())
    }

    /// What to do about a variable that is not there.
    fn advice(&self, reason: &str) -> &'static str {
        if self.wish.dataset == Dataset::Timeseries && reason.to_lowercase().contains("variable") {
            return "; the time series do not have every variable: set dataset = \"gridded\" in source";
        }
        ""
    }
}
