//! What a run would do and why, without doing it: `status`, `why` and `--dry-run`.

use serde_json::{Value, json};

use crate::cache::Lookup;
use crate::changes::Change;
use crate::console::{OutputFormat, line};
use crate::digest;
use crate::map::Stage;
use crate::pipeline::Pipeline;
use crate::runs::State;
use crate::session::Session;
use crate::workspace::Workspace;

/// How a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Its artifact is in the cache, made from what is there now.
    Fresh,
    /// It has run, but something has changed since.
    Stale,
    /// It has not run in this pipeline.
    Missing,
}

struct Row {
    stage: &'static Stage,
    standing: Standing,
    reason: String,
    /// What differs from the run before, where that is known.
    changes: Vec<Change>,
    /// The stage that has to run first.
    waits_for: Option<&'static str>,
}

impl Standing {
    fn word(self) -> &'static str {
        match self {
            Standing::Fresh => "fresh",
            Standing::Stale => "stale",
            Standing::Missing => "missing",
        }
    }
}

/// Prints one line a stage: fresh, stale or missing, and why; or all of it as JSON.
///
/// # Errors
/// When the pipeline or its files cannot be read.
pub(crate) fn print_status(
    workspace: &Workspace,
    pipeline: Pipeline,
    output: OutputFormat,
) -> anyhow::Result<()> {
    let session = Session::start(workspace, pipeline)?;
    let stages = session.selected(None);
    let (path, results) = (
        session.pipeline.path.clone(),
        workspace.show(&session.runs.path(&session.pipeline.name)).to_string(),
    );
    let rows = rows(session, &stages, |_| false)?;
    let text = || format!("{path} (results in {results})\n") + &lines(&rows, Standing::word);
    output.print(text, || json!({"pipeline": path, "results": results, "stages": values(&rows)}));
    Ok(())
}

/// Prints why a stage would run, a line a field that has changed; of a stage that waits for others, theirs.
///
/// # Errors
/// When the pipeline or its files cannot be read.
pub(crate) fn print_why(
    workspace: &Workspace,
    pipeline: Pipeline,
    stage: &'static Stage,
    output: OutputFormat,
) -> anyhow::Result<()> {
    pipeline.must_run(stage)?;
    let session = Session::start(workspace, pipeline)?;
    let stages = session.selected(Some(stage));
    let mut rows = rows(session, &stages, |_| false)?;
    rows.retain(|row| row.standing != Standing::Fresh || row.stage.name == stage.name);
    output.print(|| rows.iter().map(Row::in_detail).collect(), || json!({"stages": values(&rows)}));
    Ok(())
}

/// A line a stage: its name, a word for its standing, the reason.
fn lines(rows: &[Row], word: fn(Standing) -> &'static str) -> String {
    rows.iter().map(|row| line(row.stage.name, word(row.standing), &row.reason) + "\n").collect()
}

fn values(rows: &[Row]) -> Vec<Value> {
    rows.iter().map(Row::json).collect()
}

impl Row {
    /// A line, and one for each field that has changed.
    fn in_detail(&self) -> String {
        let reason = if self.changes.is_empty() { &self.reason } else { "what has changed:" };
        let mut text = line(self.stage.name, self.standing.word(), reason) + "\n";
        self.changes.iter().for_each(|change| text += &format!("  {change}\n"));
        text
    }

    fn json(&self) -> Value {
        json!({
            "stage": self.stage.name,
            "state": self.standing.word(),
            "reason": self.reason,
            "waits_for": self.waits_for,
            "changes": self.changes,
        })
    }
}

/// Prints what `run` would take from the cache and what it would run.
///
/// # Errors
/// When the sources cannot be read.
pub(crate) fn print_dry_run(
    session: Session,
    stages: &[&'static Stage],
    forced: impl Fn(&Stage) -> bool,
    output: OutputFormat,
) -> anyhow::Result<()> {
    let rows = rows(session, stages, forced)?;
    let word = |standing| if standing == Standing::Fresh { "cached" } else { "run" };
    output.print(|| lines(&rows, word), || json!({"stages": values(&rows)}));
    Ok(())
}

/// How each stage of the session's pipeline stands.
///
/// # Errors
/// When the sources cannot be read.
pub(crate) fn standings(session: Session) -> anyhow::Result<Vec<(&'static str, Standing)>> {
    let stages = session.selected(None);
    let rows = rows(session, &stages, |_| false)?;
    Ok(rows.into_iter().map(|row| (row.stage.name, row.standing)).collect())
}

fn rows(
    mut session: Session,
    stages: &[&'static Stage],
    forced: impl Fn(&Stage) -> bool,
) -> anyhow::Result<Vec<Row>> {
    let published = session.published();
    let has_run = |stage: &Stage| {
        published.as_ref().is_some_and(|run| run.stages.iter().any(|run| run.stage == stage.name))
    };
    let mut rows = Vec::new();
    for &stage in stages {
        let unfinished = if has_run(stage) { Standing::Stale } else { Standing::Missing };
        let waits_for = session.waits_for(stage);
        let row = |standing, reason: String| Row { stage, standing, reason, changes: Vec::new(), waits_for };
        rows.push(match session.ready(stage)? {
            None => row(unfinished, waits_for.map_or_else(String::new, |other| format!("waits for {other}"))),
            Some(_) if forced(stage) => row(unfinished, "--force".to_string()),
            Some(ready) => match session.lookup(stage, &ready)? {
                Lookup::Missing => {
                    let why = session.why(stage, &ready);
                    Row { changes: why.changes().to_vec(), ..row(unfinished, why.to_string()) }
                }
                Lookup::Corrupt(reason) => {
                    row(Standing::Stale, format!("its cache entry is corrupt: {reason}"))
                }
                Lookup::Intact(manifest) => {
                    let text = digest::describe(&manifest.outputs);
                    session.finish(stage, *manifest, State::Cached);
                    row(Standing::Fresh, text)
                }
            },
        });
    }
    Ok(rows)
}
