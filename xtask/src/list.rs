//! `list`: the published runs, a line each, the newest last.

use serde_json::{Value, json};

use crate::columns::align;
use crate::console::OutputFormat;
use crate::digest::describe_bytes;
use crate::runs::{Run, Runs};
use crate::scores::Scores;
use crate::workspace::Workspace;

const HEADER: [&str; 8] = ["run", "pipeline", "finished", "mean E", "targets", "stages", "size", "set"];
/// The columns of words.
const WORDS: [usize; 4] = [0, 1, 2, 7];

struct Listed {
    name: String,
    run: Run,
    /// `None` for a run that has not been evaluated, or whose figures cannot be read.
    scores: Option<Scores>,
}

/// A run that cannot be shown, or not whole, and why.
struct Unreadable {
    name: String,
    reason: String,
}

/// Prints the runs; those that cannot be read are named on standard error, and in JSON beside them.
pub(crate) fn list(workspace: &Workspace, output: OutputFormat) {
    let (listed, unreadable) = read_all(&Runs::new(workspace.runs()));
    if output == OutputFormat::Text {
        for Unreadable { name, reason } in &unreadable {
            eprintln!("{name} {reason}");
        }
        if listed.is_empty() {
            eprintln!(
                "there are no runs in {} yet; cargo xtask run-all makes one",
                workspace.show(&workspace.runs())
            );
        }
    }
    output.print(
        || if listed.is_empty() { String::new() } else { table(&listed) },
        || {
            let runs: Vec<Value> = listed.iter().map(Listed::json).collect();
            let unreadable = unreadable.iter().map(|run| json!({"name": run.name, "reason": run.reason}));
            json!({"runs": runs, "unreadable": unreadable.collect::<Vec<_>>()})
        },
    );
}

/// All runs by the time they finished, and those that cannot be read.
fn read_all(runs: &Runs) -> (Vec<Listed>, Vec<Unreadable>) {
    let (mut listed, mut unreadable) = (Vec::new(), Vec::new());
    for name in runs.names() {
        let run = match runs.open(&name) {
            Ok(run) => run,
            Err(reason) => {
                unreadable.push(Unreadable { reason: format!("is left out: {reason}"), name });
                continue;
            }
        };
        let scores = Scores::read(&runs.path(&name)).unwrap_or_else(|error| {
            let reason = format!("is shown without figures: {error:#}");
            unreadable.push(Unreadable { reason, name: name.clone() });
            None
        });
        listed.push(Listed { name, run, scores });
    }
    listed.sort_by(|a, b| (&a.run.finished, &a.name).cmp(&(&b.run.finished, &b.name)));
    (listed, unreadable)
}

fn table(runs: &[Listed]) -> String {
    let header = HEADER.map(str::to_string).to_vec();
    let rows: Vec<Vec<String>> = [header].into_iter().chain(runs.iter().map(Listed::cells)).collect();
    align(&rows, |column| WORDS.contains(&column))
}

impl Listed {
    fn cells(&self) -> Vec<String> {
        let Listed { name, run, scores } = self;
        let mean_e = scores.as_ref().and_then(Scores::mean_e).map(|e| format!("{e:.2}"));
        let targets =
            scores.as_ref().and_then(Scores::targets_met).map(|(met, all)| format!("{met} of {all}"));
        let pipeline = run.pipeline.trim_start_matches("pipelines/").trim_end_matches(".toml");
        vec![
            name.clone(),
            pipeline.to_string(),
            minute(&run.finished),
            mean_e.unwrap_or_else(|| "-".to_string()),
            targets.unwrap_or_else(|| "-".to_string()),
            run.stages.len().to_string(),
            describe_bytes(self.bytes()),
            run.overrides.join(" "),
        ]
    }

    fn json(&self) -> Value {
        let Listed { name, run, scores } = self;
        let targets = scores.as_ref().and_then(Scores::targets_met);
        json!({
            "name": name,
            "pipeline": run.pipeline,
            "finished": run.finished,
            "set": run.overrides,
            "stages": run.stages.iter().map(|stage| &stage.stage).collect::<Vec<_>>(),
            "bytes": self.bytes(),
            "commit": run.commit,
            "mean_e": scores.as_ref().and_then(Scores::mean_e),
            "targets_met": targets.map(|(met, _)| met),
            "targets": targets.map(|(_, all)| all),
        })
    }

    fn bytes(&self) -> u64 {
        self.run.stages.iter().flat_map(|stage| &stage.outputs).map(|output| output.bytes).sum()
    }
}

/// `2026-11-24 23:52` of an RFC 3339 time.
fn minute(time: &str) -> String {
    time.get(..16).map_or_else(|| time.to_string(), |minute| minute.replace('T', " "))
}
