//! How the report was made: the stages that ran, as the request lists them, drawn by the crate `diagram`. No times,
//! states or fingerprints, which are of a moment and not of the result.

use std::collections::BTreeMap;

use contract::config::Fault;
use diagram::{Diagram, Node, Place};
use serde::Serialize;

/// What each stage reads, by its name; empty where the request does not say.
pub(crate) type Graph = BTreeMap<String, Vec<String>>;

/// What the template shows.
#[derive(Debug, Serialize)]
pub(crate) struct Stages {
    svg: String,
    /// The SVG's natural width, CSS pixels.
    width: f64,
    /// The same as text.
    text: String,
}

/// The diagram of the stages; `None` where the request lists none.
///
/// # Errors
/// When it is none, which only a program that is not `xtask` can bring about.
pub(crate) fn diagram(graph: Graph) -> Result<Option<Diagram>, Fault> {
    let node = |(name, reads)| Node { name, state: None, reads };
    let diagram = Diagram::of(graph.into_iter().map(node).collect());
    let diagram = diagram.map_err(|fault| Fault { key: "stages".to_string(), message: fault })?;
    Ok(Some(diagram).filter(|diagram| !diagram.nodes().is_empty()))
}

impl Stages {
    pub(crate) fn of(diagram: &Diagram) -> Stages {
        Stages { svg: diagram.svg(Place::Page), width: diagram.svg_width(), text: diagram.text() }
    }
}
