//! A pipeline on its way through the stages: which are finished, what the next one is given, and
//! whether the cache has it. `run`, `status` and `--dry-run` all walk it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use contract::stage::{InputFile, Inputs, Outputs, REQUEST_FORMAT, Request};

use crate::cache::{Cache, Lookup, Manifest};
use crate::changes::{Change, Kind, Why};
use crate::code::Code;
use crate::digest::Content;
use crate::fingerprint::{Parts, differing, short};
use crate::map::{self, FETCH, FILES, Stage, source_and_name};
use crate::pipeline::{Pipeline, files};
use crate::runs::{Run, Runs, State};
use crate::workspace::Workspace;

pub(crate) struct Session {
    pub workspace: Workspace,
    pub pipeline: Pipeline,
    pub code: Arc<Code>,
    pub cache: Cache,
    /// Where downloads are.
    raw: Cache,
    pub runs: Runs,
    /// The user's own files; empty if they are downloaded.
    files: Vec<InputFile>,
    finished: BTreeMap<&'static str, Finished>,
    /// Takes entries that other code has made of the same settings and inputs.
    pub trust_code: bool,
    trusted: Vec<&'static str>,
}

/// A stage whose artifact is in the cache.
pub(crate) struct Finished {
    pub manifest: Manifest,
    pub state: State,
}

/// A stage whose inputs are all there.
pub(crate) struct Ready {
    pub inputs: Inputs,
    pub parts: Parts,
    pub fingerprint: String,
}

impl Session {
    /// # Errors
    /// When the user's files or the sources cannot be read.
    pub fn start(workspace: &Workspace, pipeline: Pipeline) -> anyhow::Result<Session> {
        let files = files::expand(workspace, &pipeline)?;
        Ok(Session {
            files,
            code: Arc::new(Code::load(workspace)?),
            cache: Cache::new(workspace.cache()),
            raw: Cache::new(workspace.raw()),
            runs: Runs::new(workspace.runs()),
            workspace: workspace.clone(),
            pipeline,
            finished: BTreeMap::new(),
            trust_code: false,
            trusted: Vec::new(),
        })
    }

    /// The same for another pipeline; the code is read once.
    ///
    /// # Errors
    /// When the user's files cannot be read.
    pub fn start_another(&self, pipeline: Pipeline) -> anyhow::Result<Session> {
        let has_same_files = self.pipeline.tables["ingest"] == pipeline.tables["ingest"];
        let files =
            if has_same_files { self.files.clone() } else { files::expand(&self.workspace, &pipeline)? };
        Ok(Session {
            files,
            code: self.code.clone(),
            cache: self.cache.clone(),
            raw: self.raw.clone(),
            runs: self.runs.clone(),
            workspace: self.workspace.clone(),
            pipeline,
            finished: BTreeMap::new(),
            trust_code: self.trust_code,
            trusted: Vec::new(),
        })
    }

    /// The stages that `last` needs and that run in this pipeline, in order, the download before them if
    /// there is one.
    pub fn selected(&self, last: Option<&'static Stage>) -> Vec<&'static Stage> {
        if last.is_some_and(Stage::is_download) {
            return vec![&FETCH];
        }
        let download = self.pipeline.has_source().then_some(&FETCH);
        let stages = map::up_to(last, &|stage| self.pipeline.runs(stage));
        download.into_iter().chain(stages).collect()
    }

    /// Where the stage's entries are.
    pub fn cache_of(&self, stage: &Stage) -> &Cache {
        if stage.is_download() { &self.raw } else { &self.cache }
    }

    /// The stage that a stage waits for, if it is not finished.
    fn unfinished(&self, source: &str) -> Option<&'static str> {
        let stage = match source {
            FILES if self.pipeline.has_source() => FETCH.name,
            FILES => return None,
            source => {
                let stage = map::STAGES.iter().find(|stage| stage.name == source)?;
                self.pipeline.runs(stage).then_some(stage.name)?
            }
        };
        (!self.finished.contains_key(stage)).then_some(stage)
    }

    /// The first stage that has to be finished before this one can run.
    pub fn waits_for(&self, stage: &Stage) -> Option<&'static str> {
        stage.sources().into_iter().find_map(|source| self.unfinished(source))
    }

    /// What the stage is given, or `None` while a stage that it reads from is not finished.
    ///
    /// # Errors
    /// When its sources cannot be read.
    pub fn ready(&self, stage: &Stage) -> anyhow::Result<Option<Ready>> {
        if self.waits_for(stage).is_some() {
            return Ok(None);
        }
        let inputs = self.inputs(stage);
        let parts = Parts::of(stage, &self.pipeline, &self.code, &inputs)?;
        Ok(Some(Ready { inputs, fingerprint: parts.fingerprint(), parts }))
    }

    /// The inputs of a stage as far as they are there; every source is named, also one that
    /// does not run in this pipeline.
    pub fn inputs(&self, stage: &Stage) -> Inputs {
        let mut inputs = Inputs::default();
        for read in stage.reads {
            let (source, name) = source_and_name(read);
            let files = inputs.0.entry(source.to_string()).or_default();
            if source == FILES {
                files.extend(self.files.iter().cloned());
                files.extend(self.outputs(&self.raw, FETCH.name));
            } else {
                files.extend(self.outputs(&self.cache, source).filter(|file| file.name == name));
            }
        }
        inputs
    }

    /// The files that a stage has left in its cache; none if it is not finished.
    fn outputs<'a>(&'a self, cache: &Cache, stage: &str) -> impl Iterator<Item = InputFile> + use<'a> {
        let manifest = self.finished.get(stage).map(|finished| &finished.manifest);
        let folder =
            manifest.map_or_else(PathBuf::new, |manifest| cache.artifact(stage, &manifest.fingerprint));
        manifest.into_iter().flat_map(|manifest| &manifest.outputs).map(move |output| InputFile {
            name: output.name.clone(),
            path: folder.join(&output.name),
            digest: output.digest.clone(),
        })
    }

    /// Where the downloaded files are, once they are there.
    pub fn download_folder(&self) -> Option<PathBuf> {
        let finished = self.finished.get(FETCH.name)?;
        Some(self.raw.artifact(FETCH.name, &finished.manifest.fingerprint))
    }

    /// What the stage is asked to do.
    pub fn request(&self, stage: &Stage, outputs: Outputs, log: Option<PathBuf>) -> Request {
        Request {
            format: REQUEST_FORMAT,
            stage: stage.name.to_string(),
            pipeline: self.pipeline.path.clone(),
            config: self.pipeline.tables_of(stage),
            inputs: self.inputs(stage),
            outputs,
            log,
        }
    }

    /// What the cache has for the stage; with `trust_code` also what other code has made, the latest.
    ///
    /// # Errors
    /// After Ctrl-C.
    pub fn lookup(&self, stage: &Stage, ready: &Ready) -> anyhow::Result<Lookup> {
        let cache = self.cache_of(stage);
        let found = cache.lookup(stage.name, &ready.fingerprint)?;
        if !self.trust_code || !matches!(found, Lookup::Missing) {
            return Ok(found);
        }
        let mut others = cache.manifests(stage.name);
        others.retain(|other| other.parts.asks_the_same(&ready.parts));
        let latest = others.into_iter().max_by(|a, b| a.started.cmp(&b.started));
        latest.map_or(Ok(found), |latest| cache.lookup(stage.name, &latest.fingerprint))
    }

    pub fn finish(&mut self, stage: &'static Stage, manifest: Manifest, state: State) {
        let is_as_asked = |ready: Ready| ready.fingerprint == manifest.fingerprint;
        if self.trust_code && !self.ready(stage).ok().flatten().is_some_and(is_as_asked) {
            self.trusted.push(stage.name);
        }
        self.finished.insert(stage.name, Finished { manifest, state });
    }

    /// The stages whose entries other code has made.
    pub fn trusted(&self) -> &[&'static str] {
        &self.trusted
    }

    pub fn finished(&self, stage: &Stage) -> Option<&Finished> {
        self.finished.get(stage.name)
    }

    /// The state that was published last.
    pub fn published(&self) -> Option<Run> {
        self.runs.read(&self.pipeline.name)
    }

    /// Why the stage is not in the cache, judged by the state that was published last.
    pub fn why(&self, stage: &Stage, ready: &Ready) -> Why {
        if stage.is_download() {
            return Why::NotDownloaded;
        }
        let Some(published) = self.published() else { return Why::HasNotRun };
        let earlier = published.stages.iter().find(|run| run.stage == stage.name);
        let Some(earlier) = earlier else { return Why::HasNotRun };
        let manifest = self.cache.manifest(stage.name, &earlier.fingerprint);
        // Of an entry that is gone the run still has it.
        let manifest = manifest.or_else(|| self.runs.manifest(&self.pipeline.name, stage.name));
        let changes = manifest.map(|manifest| ready.parts.changes_since(&manifest.parts)).unwrap_or_default();
        let changes: Vec<Change> =
            changes.into_iter().flat_map(|change| self.by_column(change, &published)).collect();
        if changes.is_empty() { Why::EntryGone } else { Why::Changed(changes) }
    }

    /// The columns in which an input has changed, where that is known; else the change itself.
    fn by_column(&self, change: Change, published: &Run) -> Vec<Change> {
        let columns = |content: Option<&Content>| content.map(|content| content.columns.clone());
        let (stage, name) = change.name.split_once('/').unwrap_or((&change.name, ""));
        let named = |outputs: &[Content]| columns(outputs.iter().find(|content| content.name == name));
        let before = published.stages.iter().find(|run| run.stage == stage);
        let before = before.and_then(|run| named(&run.outputs)).unwrap_or_default();
        let after = self.finished.get(stage).and_then(|finished| named(&finished.manifest.outputs));
        let after = after.unwrap_or_default();
        if change.kind != Kind::Input || before.is_empty() || after.is_empty() || before == after {
            return vec![change];
        }
        let named = |columns: BTreeMap<String, String>| -> BTreeMap<String, String> {
            columns
                .into_iter()
                .map(|(column, digest)| (format!("{} column {column}", change.name), digest))
                .collect()
        };
        differing(Kind::Input, &named(before), &named(after), short)
    }
}
