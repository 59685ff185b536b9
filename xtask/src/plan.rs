//! What a run would do and why, without doing it: `status` and `--dry-run`.

use crate::cache::Lookup;
use crate::console::line;
use crate::digest;
use crate::map::Stage;
use crate::pipeline::Pipeline;
use crate::runs::State;
use crate::session::Session;
use crate::workspace::Workspace;

/// How a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
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
}

/// Prints one line a stage: fresh, stale or missing, and why.
///
/// # Errors
/// When the pipeline or its files cannot be read.
pub(crate) fn print_status(workspace: &Workspace, pipeline: Pipeline) -> anyhow::Result<()> {
    let session = Session::start(workspace, pipeline)?;
    let stages = session.selected(None);
    println!(
        "{} (results in {})",
        session.pipeline.path,
        workspace.show(&session.runs.path(&session.pipeline.name))
    );
    for row in rows(session, &stages, |_| false)? {
        let word = match row.standing {
            Standing::Fresh => "fresh",
            Standing::Stale => "stale",
            Standing::Missing => "missing",
        };
        println!("{}", line(row.stage.name, word, &row.reason));
    }
    Ok(())
}

/// Prints what `run` would take from the cache and what it would run.
///
/// # Errors
/// When the sources cannot be read.
pub(crate) fn print_dry_run(
    session: Session,
    stages: &[&'static Stage],
    forced: impl Fn(&Stage) -> bool,
) -> anyhow::Result<()> {
    for row in rows(session, stages, forced)? {
        let word = if row.standing == Standing::Fresh { "cached" } else { "run" };
        println!("{}", line(row.stage.name, word, &row.reason));
    }
    Ok(())
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
        let (standing, reason) = match session.ready(stage)? {
            None => (
                unfinished,
                session.waits_for(stage).map_or_else(String::new, |other| format!("waits for {other}")),
            ),
            Some(_) if forced(stage) => (unfinished, "--force".to_string()),
            Some(ready) => match session.lookup(stage, &ready)? {
                Lookup::Missing => (unfinished, session.why(stage, &ready)),
                Lookup::Corrupt(reason) => (Standing::Stale, format!("its cache entry is corrupt: {reason}")),
                Lookup::Intact(manifest) => {
                    let text = digest::describe(&manifest.outputs);
                    session.finish(stage, *manifest, State::Cached);
                    (Standing::Fresh, text)
                }
            },
        };
        rows.push(Row { stage, standing, reason });
    }
    Ok(rows)
}
