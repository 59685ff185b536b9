//! `verify`: makes a recorded run again, in a cache of its own, and says what agrees. On a machine like
//! the recorded one every byte has to; on another one the figures have to within the tolerances of
//! [`figures`].

mod figures;
mod surroundings;

use std::fs;

use anyhow::Context;
use contract::artifact::METRICS;
use serde_json::{Value, json};

use crate::cache::{Cache, Manifest, TEMPORARY};
use crate::console::{Console, LogFormat, OutputFormat, line};
use crate::digest::Content;
use crate::failure::Failure;
use crate::map::{self, Stage};
use crate::pipeline::Pipeline;
use crate::process;
use crate::record::{From, Record};
use crate::run::{self, Runner};
use crate::session::Session;
use crate::workspace::Workspace;
use surroundings::Surroundings;

/// What to verify.
pub(crate) struct Options {
    /// Of a frozen or a published run.
    pub name: String,
    pub from: From,
    /// Only this one; those before it are taken from the cache where it has them.
    pub stage: Option<&'static Stage>,
    pub log_format: LogFormat,
    pub output: OutputFormat,
}

/// One row of the table: what, the verdict, and in what it consists.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    name: String,
    verdict: Verdict,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    /// Not the same bytes, and within the tolerance.
    Close,
    /// Another one than recorded, which by itself says nothing.
    Other,
    /// Not compared, because bytes of other machines differ.
    Skipped,
    Differs,
}

impl Row {
    /// True if the scorecards were compared and agree.
    fn shows_figures(&self) -> bool {
        self.name == figures::NAME && matches!(self.verdict, Verdict::Same | Verdict::Close)
    }
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Close => "close",
            Verdict::Other => "other",
            Verdict::Skipped => "skipped",
            Verdict::Differs => "differs",
        }
    }
}

/// Makes the run again and prints what agrees.
///
/// # Errors
/// When it cannot be made again, or something differs that should not ([`Failure::Differs`]).
pub(crate) fn verify(workspace: &Workspace, options: &Options) -> anyhow::Result<()> {
    let record = Record::find(workspace, &options.name, options.from)?;
    let scratch = workspace.cache().join(format!("{TEMPORARY}verify-{}", process::next_token()));
    fs::create_dir_all(&scratch).with_context(|| format!("cannot create {}", scratch.display()))?;
    let made = again(workspace, &record, options, &scratch);
    let compared = made.and_then(|manifests| {
        let metrics =
            manifests.iter().find(|manifest| manifest.outputs.iter().any(|output| output.name == METRICS));
        let metrics = metrics.map(|manifest| {
            let path =
                Cache::new(scratch.clone()).artifact(&manifest.stage, &manifest.fingerprint).join(METRICS);
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_str::<Value>(&text).with_context(|| format!("{} is not JSON", path.display()))
        });
        let surroundings = Surroundings::of(&record, &manifests);
        Ok((rows(&record, &manifests, metrics.transpose()?.as_ref(), &surroundings), surroundings))
    });
    let _ = fs::remove_dir_all(&scratch);
    let (rows, surroundings) = compared?;
    conclude(workspace, &record, &rows, &surroundings, options.output)
}

/// Runs what was recorded; the manifests of what that leaves.
fn again(
    workspace: &Workspace,
    record: &Record,
    options: &Options,
    scratch: &std::path::Path,
) -> anyhow::Result<Vec<Manifest>> {
    let mut own = workspace.clone();
    own.settings.cache_folder = Some(scratch.to_path_buf());
    let pipeline = Pipeline::of_record(&record.run.pipeline, &record.name, &record.run.tables);
    let console = Console::new(options.log_format);
    let session = Session::start(&own, pipeline)?;
    let selected = session.selected(options.stage);
    let known = Cache::new(workspace.cache());
    let _cache = known.enter("verify", &console)?;
    let mut run_options = run::Options::all(&record.run.pipeline, options.log_format);
    run_options.last = options.stage;
    let mut runner = Runner::new(session, console, run_options);
    runner.finish(|runner, next| {
        let is_wanted = options.stage.is_none_or(|stage| stage.name == next.stage.name);
        Ok(!is_wanted && known.lend(&next.fingerprint, next.stage.name, &runner.session.cache)?)
    })?;
    let wanted =
        selected.into_iter().filter(|stage| options.stage.is_none_or(|only| only.name == stage.name));
    let finished = wanted.filter_map(|stage| Some(runner.session.finished(stage)?.manifest.clone()));
    Ok(finished.collect())
}

fn rows(
    record: &Record,
    again: &[Manifest],
    metrics: Option<&Value>,
    surroundings: &Surroundings,
) -> Vec<Row> {
    let mut rows = surroundings.rows();
    for manifest in again.iter().filter(|manifest| manifest.stage != map::FETCH.name) {
        rows.push(match record.manifest(&manifest.stage) {
            Some(recorded) => stage_row(recorded, manifest, surroundings),
            None => Row {
                name: manifest.stage.clone(),
                verdict: Verdict::Other,
                text: "was not recorded".to_string(),
            },
        });
    }
    let is_whole = again.iter().any(|manifest| Some(manifest.stage.as_str()) == record.last_stage());
    let was_made = |stage: &Manifest| again.iter().any(|manifest| manifest.stage == stage.stage);
    for gone in record.manifests.iter().filter(|stage| is_whole && !was_made(stage)) {
        let text = "was recorded, and there is no such stage now".to_string();
        rows.push(Row { name: gone.stage.clone(), verdict: Verdict::Differs, text });
    }
    if let (Some(recorded), Some(metrics)) = (&record.metrics, metrics) {
        rows.push(figures::row(recorded, metrics));
    }
    rows
}

fn stage_row(recorded: &Manifest, again: &Manifest, surroundings: &Surroundings) -> Row {
    let find = |name: &str| again.outputs.iter().find(|output| output.name == name);
    let is_same = |output: &&Content| find(&output.name).is_some_and(|found| found.is_same(output));
    let changed: Vec<&Content> = recorded.outputs.iter().filter(|output| !is_same(output)).collect();
    let name = again.stage.clone();
    if changed.is_empty() && recorded.outputs.len() == again.outputs.len() {
        let plural = if again.outputs.len() == 1 { "" } else { "s" };
        let text = format!("{} file{plural}, bit by bit", again.outputs.len());
        return Row { name, verdict: Verdict::Same, text };
    }
    let shown: Vec<String> = changed.iter().map(|output| describe(output, find(&output.name))).collect();
    let verdict = if surroundings.promise_bytes() { Verdict::Differs } else { Verdict::Skipped };
    Row { name, verdict, text: shown.join(", ") }
}

/// A file that differs; of Parquet the columns in which it does.
fn describe(recorded: &Content, again: Option<&Content>) -> String {
    let Some(again) = again else { return format!("{} is missing", recorded.name) };
    let differs =
        |(name, digest): (&String, &String)| (again.columns.get(name) != Some(digest)).then(|| name.clone());
    let columns: Vec<String> = recorded.columns.iter().filter_map(differs).collect();
    match columns.len() {
        0 => recorded.name.clone(),
        count if count == recorded.columns.len() => format!("{} in all columns", recorded.name),
        _ => format!("{} in {}", recorded.name, columns.join(" and ")),
    }
}

fn conclude(
    workspace: &Workspace,
    record: &Record,
    rows: &[Row],
    surroundings: &Surroundings,
    output: OutputFormat,
) -> anyhow::Result<()> {
    let has = |verdict: Verdict| rows.iter().any(|row| row.verdict == verdict);
    let (is_verified, sentence) = if has(Verdict::Differs) {
        (false, surroundings.why_not(record))
    } else if has(Verdict::Skipped) && !rows.iter().any(Row::shows_figures) {
        let why = "bytes of other machines differ, and no figures were made to compare";
        (false, format!("not verified: {why}; verify the whole run, or on a machine like the recorded one"))
    } else if has(Verdict::Skipped) || has(Verdict::Close) {
        (true, "verified: the figures agree within the tolerances of docs/reproducing.md".to_string())
    } else {
        (true, "verified: every byte is as recorded".to_string())
    };
    let from = workspace.show(&record.folder);
    let text = || {
        let commit =
            record.run.commit.as_deref().map_or("no commit", |commit| &commit[..commit.len().min(12)]);
        let mut text = format!("{from}, made {} from {commit}\n", record.run.finished);
        rows.iter().for_each(|row| text += &(line(&row.name, row.verdict.word(), &row.text) + "\n"));
        text + &sentence + "\n"
    };
    let values =
        rows.iter().map(|row| json!({"name": row.name, "verdict": row.verdict.word(), "text": row.text}));
    output.print(text, || {
        json!({"record": from, "verified": is_verified, "conclusion": sentence, "rows": values.collect::<Vec<_>>()})
    });
    if is_verified { Ok(()) } else { Err(Failure::Differs.into()) }
}
