//! `dag`: the stages of a pipeline, how each stands, and what it reads from which. The drawing itself is the
//! business of the crate `diagram`.

use std::fs;

use anyhow::{Context, anyhow};
use diagram::{Diagram, Node, Place, State};
use serde_json::{Value, json};

use crate::cli::dag::{DagArguments, Drawing};
use crate::console::OutputFormat;
use crate::pipeline::Pipeline;
use crate::plan::{self, Standing};
use crate::session::Session;
use crate::workspace::Workspace;

/// Prints the drawing, or writes it and prints where; JSON has the nodes, and the file if there is one.
///
/// # Errors
/// When the pipeline or its files cannot be read, or the file cannot be written.
pub(crate) fn dag(
    workspace: &Workspace,
    arguments: &DagArguments,
    output: OutputFormat,
) -> anyhow::Result<()> {
    let overrides = &arguments.overrides;
    let pipeline = Pipeline::load(workspace, &arguments.pipeline, &overrides.set, overrides.name.as_deref())?;
    let path = pipeline.path.clone();
    let diagram = diagram(workspace, pipeline)?;
    let drawing = || match arguments.drawing {
        Drawing::Text => diagram.text(),
        Drawing::Svg => diagram.svg(Place::File),
        Drawing::Mermaid => diagram.mermaid(),
    };
    let file = arguments.output.as_ref().map(|file| workspace.show(file));
    if let Some(file) = &arguments.output {
        fs::write(file, drawing()).with_context(|| format!("cannot write {}", file.display()))?;
    }
    output.print(
        || file.as_ref().map_or_else(drawing, |file| format!("{file}\n")),
        || json!({"pipeline": path, "file": file, "stages": diagram.nodes().iter().map(value).collect::<Vec<_>>()}),
    );
    Ok(())
}

fn diagram(workspace: &Workspace, pipeline: Pipeline) -> anyhow::Result<Diagram> {
    let links = pipeline.graph();
    let standings = plan::standings(Session::start(workspace, pipeline)?)?;
    let state =
        |name: &str| standings.iter().find(|(stage, _)| *stage == name).map(|(_, standing)| *standing);
    let nodes = links.into_iter().map(|link| Node {
        name: link.name.to_string(),
        state: link.stage.and_then(|stage| state(stage.name)).map(State::from),
        reads: link.reads.into_iter().map(str::to_string).collect(),
    });
    Diagram::of(nodes.collect()).map_err(|fault| anyhow!("the map of the stages {fault}"))
}

fn value(node: &Node) -> Value {
    json!({"name": node.name, "state": node.state.map(State::word), "reads": node.reads})
}

impl From<Standing> for State {
    fn from(standing: Standing) -> State {
        match standing {
            Standing::Fresh => State::Fresh,
            Standing::Stale => State::Stale,
            Standing::Missing => State::Missing,
        }
    }
}
