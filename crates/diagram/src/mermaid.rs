//! The diagram in Mermaid's language, which GitHub and other readers of Markdown draw themselves.

use crate::{Diagram, Node, State};

/// Borders only, so that text and filling follow the reader's theme, light or dark.
const CLASSES: &str = "  classDef fresh stroke:#2e9e63,stroke-width:2px
  classDef stale stroke:#e0a526,stroke-width:2px,stroke-dasharray:6 3
  classDef missing stroke:#8a949e,stroke-width:2px,stroke-dasharray:2 3
";

impl Diagram {
    /// A flow chart from left to right, with its final newline.
    pub fn mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_string();
        for (index, node) in self.nodes.iter().enumerate() {
            text += &format!("  {}\n", declaration(index, node));
        }
        for (index, reads) in self.reads().iter().enumerate() {
            for read in reads {
                text += &format!("  n{read} --> n{index}\n");
            }
        }
        if self.nodes.iter().any(|node| node.state.is_some()) {
            text += CLASSES;
        }
        text
    }
}

/// `n3["train<br/>stale"]:::stale`. Nodes are numbered, because words such as `end` mean something in Mermaid.
fn declaration(index: usize, node: &Node) -> String {
    let name = node.name.replace('&', "#amp;").replace('"', "#quot;").replace('<', "#lt;");
    match (node.state.map(State::word), node.reads.is_empty()) {
        (Some(word), _) => format!("n{index}[\"{name}<br/>{word}\"]:::{word}"),
        (None, true) => format!("n{index}([\"{name}\"])"),
        (None, false) => format!("n{index}[\"{name}\"]"),
    }
}

#[cfg(test)]
mod tests {
    use crate::Diagram;
    use crate::example::{node, small};

    #[test]
    fn states_are_classes_and_words() {
        assert_eq!(
            small().mermaid(),
            "flowchart LR\n  \
               n0([\"files\"])\n  \
               n1[\"ingest<br/>fresh\"]:::fresh\n  \
               n2[\"train<br/>stale\"]:::stale\n  \
               n3[\"report<br/>missing\"]:::missing\n  \
               n0 --> n1\n  \
               n1 --> n2\n  \
               n1 --> n3\n  \
               n2 --> n3\n  \
               classDef fresh stroke:#2e9e63,stroke-width:2px\n  \
               classDef stale stroke:#e0a526,stroke-width:2px,stroke-dasharray:6 3\n  \
               classDef missing stroke:#8a949e,stroke-width:2px,stroke-dasharray:2 3\n"
        );
    }

    #[test]
    fn a_name_cannot_end_its_text() {
        let odd = Diagram::of(vec![node("a\"]<b>", None, &[])]).unwrap();
        assert_eq!(odd.mermaid(), "flowchart LR\n  n0([\"a#quot;]#lt;b>\"])\n");
    }
}
