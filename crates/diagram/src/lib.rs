//! Stages and what each reads from which, drawn as text, SVG or Mermaid. Both `xtask` and the report use
//! it, so it links nothing, and it knows no stage by name. It reads no pipeline and judges no state.
//! The same diagram gives the same bytes.

mod layout;
mod mermaid;
mod svg;
mod text;

pub use svg::Place;

/// Stages in an order in which each comes after all that it reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    nodes: Vec<Node>,
}

/// A stage, or what the first one reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    /// `None` where it has none, or none is to be shown.
    pub state: Option<State>,
    /// The names of other nodes.
    pub reads: Vec<String>,
}

/// How a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is there, made from what there is now.
    Fresh,
    /// It has run, and something has changed since.
    Stale,
    /// It has not run.
    Missing,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            State::Fresh => "fresh",
            State::Stale => "stale",
            State::Missing => "missing",
        }
    }
}

impl Diagram {
    /// Orders the nodes; of those that could come next, the earliest in `nodes` does.
    ///
    /// # Errors
    /// A few words that follow the nodes' name in a sentence, when a name is there twice, a node reads what is not
    /// there, or nodes read each other in a circle.
    pub fn of(nodes: Vec<Node>) -> Result<Diagram, String> {
        for (index, node) in nodes.iter().enumerate() {
            if nodes[..index].iter().any(|other| other.name == node.name) {
                return Err(format!("has {:?} twice", node.name));
            }
            if let Some(read) = node.reads.iter().find(|read| nodes.iter().all(|node| node.name != **read)) {
                return Err(format!("says that {:?} reads {read:?}, which it does not have", node.name));
            }
        }
        let mut rest = nodes;
        let mut ordered: Vec<Node> = Vec::new();
        while !rest.is_empty() {
            let is_next =
                |node: &Node| node.reads.iter().all(|read| ordered.iter().any(|done| done.name == *read));
            let Some(next) = rest.iter().position(is_next) else {
                return Err(format!("says that {:?} reads what is made from it", rest[0].name));
            };
            ordered.push(rest.remove(next));
        }
        Ok(Diagram { nodes: ordered })
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// In words, for those who do not see it: `train reads preprocess; generate, stale, reads train.`
    pub fn describe(&self) -> String {
        let phrase = |node: &Node| {
            let state = node.state.map(|state| format!(", {},", state.word())).unwrap_or_default();
            match node.reads.is_empty() {
                true => format!("{}{} reads no other", node.name, state),
                false => format!("{}{} reads {}", node.name, state, node.reads.join(", ")),
            }
        };
        let phrases: Vec<_> = self.nodes.iter().map(phrase).collect();
        format!("{}.", phrases.join("; "))
    }

    /// For each node the positions of those that it reads, ascending.
    fn reads(&self) -> Vec<Vec<usize>> {
        let position = |name: &String| self.nodes.iter().position(|node| node.name == *name);
        let of_node = |node: &Node| {
            let mut reads: Vec<_> = node.reads.iter().filter_map(position).collect();
            reads.sort_unstable();
            reads.dedup();
            reads
        };
        self.nodes.iter().map(of_node).collect()
    }
}

/// The stages that this repository has had when this was written, for tests.
#[cfg(test)]
mod example {
    use super::*;

    pub fn node(name: &str, state: Option<State>, reads: &[&str]) -> Node {
        Node { name: name.to_string(), state, reads: reads.iter().map(|read| read.to_string()).collect() }
    }

    pub fn small() -> Diagram {
        let nodes = vec![
            node("files", None, &[]),
            node("ingest", Some(State::Fresh), &["files"]),
            node("train", Some(State::Stale), &["ingest"]),
            node("report", Some(State::Missing), &["ingest", "train"]),
        ];
        Diagram::of(nodes).unwrap()
    }

    pub fn large() -> Diagram {
        let of_model = ["train", "calibrate", "ingest"];
        let nodes = vec![
            node("files", None, &[]),
            node("ingest", None, &["files"]),
            node("preprocess", None, &["ingest"]),
            node("train", None, &["preprocess"]),
            node("generate", None, &["train"]),
            node("bound", None, &["train", "preprocess"]),
            node("calibrate", None, &["train", "preprocess"]),
            node("impute", None, &of_model),
            node("forecast", None, &of_model),
            node("detect", None, &of_model),
            node("trials", None, &["train", "calibrate", "preprocess"]),
            node("score-tasks", None, &["preprocess", "trials"]),
            node("evaluate", None, &["preprocess", "generate", "bound"]),
            node("report", None, &["evaluate", "train", "ingest", "preprocess", "generate", "score-tasks"]),
        ];
        Diagram::of(nodes).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::example::{node, small};
    use super::*;

    #[test]
    fn each_node_comes_after_what_it_reads_and_else_as_given() {
        let nodes = vec![
            node("c", None, &["b"]),
            node("b", None, &["a"]),
            node("d", None, &[]),
            node("a", None, &[]),
        ];
        let ordered = Diagram::of(nodes).unwrap();
        let names: Vec<_> = ordered.nodes().iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["d", "a", "b", "c"]);
    }

    #[test]
    fn what_is_no_diagram_is_refused() {
        let check = |nodes: Vec<Node>, message: &str| assert_eq!(Diagram::of(nodes).unwrap_err(), message);
        check(vec![node("a", None, &[]), node("a", None, &[])], "has \"a\" twice");
        check(vec![node("a", None, &["b"])], "says that \"a\" reads \"b\", which it does not have");
        let circle = vec![node("a", None, &["b"]), node("b", None, &["a"])];
        check(circle, "says that \"a\" reads what is made from it");
    }

    #[test]
    fn words_say_the_same_as_the_drawing() {
        assert_eq!(
            small().describe(),
            "files reads no other; ingest, fresh, reads files; train, stale, reads ingest; report, missing, reads \
             ingest, train."
        );
    }
}
