//! Which stages run in a pipeline, and what each of them reads from which: data for diagrams.

use serde_json::{Value, json};

use crate::map::{FETCH, FILES, STAGES, Stage};
use crate::pipeline::Pipeline;

/// A stage, or the user's files.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    pub name: &'static str,
    /// `None` for the user's files.
    pub stage: Option<&'static Stage>,
    /// The names of others, each earlier than this one.
    pub reads: Vec<&'static str>,
}

impl Pipeline {
    /// The user's files or the download, and then the stages that run, in order.
    pub fn graph(&self) -> Vec<Link> {
        let (origin, download) = if self.has_source() { (FETCH.name, Some(&FETCH)) } else { (FILES, None) };
        let mut links = vec![Link { name: origin, stage: download, reads: Vec::new() }];
        for stage in STAGES.iter().filter(|stage| self.runs(stage)) {
            let sources =
                stage.sources().into_iter().map(|source| if source == FILES { origin } else { source });
            let reads = sources.filter(|source| links.iter().any(|link| link.name == *source)).collect();
            links.push(Link { name: stage.name, stage: Some(stage), reads });
        }
        links
    }

    /// The same, as the report's request carries it: `{"files": [], "ingest": ["files"], ...}`.
    pub(super) fn graph_table(&self) -> Value {
        self.graph().into_iter().map(|link| (link.name.to_string(), json!(link.reads))).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::map::{GRAPH, stage, tables};
    use crate::pipeline::parse;

    fn check(text: &str, name: &str, reads: Option<&[&str]>) {
        let graph = parse("x.toml", text, &[]).unwrap().graph();
        let link = graph.into_iter().find(|link| link.name == name);
        assert_eq!(link.map(|link| link.reads), reads.map(<[_]>::to_vec), "{name} of {text:?}");
    }

    #[test]
    fn a_stage_reads_only_from_those_that_run() {
        check("", "evaluate", Some(&["preprocess", "held-out", "bound"]));
        let report = ["ingest", "preprocess", "train", "held-out", "generate", "evaluate", "compare-models"];
        check("", "report", Some(&report));
        check("", "trials", None);
        check("[trials]", "trials", Some(&["preprocess", "train", "calibrate-held-out"]));
        let mut with_trials = report.to_vec();
        with_trials.insert(5, "score-tasks");
        check("[trials]", "report", Some(&with_trials));
    }

    #[test]
    fn a_download_takes_the_place_of_files() {
        check("", "ingest", Some(&["files"]));
        check("", "fetch", None);
        let source = "[ingest]\nsource = { kind = \"cds\" }";
        check(source, "ingest", Some(&["fetch"]));
        check(source, "files", None);
    }

    #[test]
    fn the_report_is_given_the_graph_and_nobody_can_write_it() {
        let pipeline = parse("x.toml", "", &[]).unwrap();
        let given = pipeline.tables_of(stage("report").unwrap());
        assert_eq!(given[GRAPH]["train"], json!(["preprocess"]));
        assert!(!tables().contains(&GRAPH));
        let message = parse("x.toml", "[stages]", &[]).unwrap_err().to_string();
        assert!(
            message.starts_with("x.toml: has no table [stages]; its tables are about, ingest, "),
            "{message}"
        );
    }
}
