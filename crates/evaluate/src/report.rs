//! The stage `report`: one self-contained page. It draws what `evaluate` and, where the pipeline has it,
//! `score-tasks` have left, beside the loss history, the place, the trend, the stages, the settings and the digests of what it was made from. It holds no
//! time of day, no fingerprint and no path of the machine.

mod delivered;
mod findings;
mod inputs;
mod page;
mod pictures;
mod place;
mod scorecard;
mod settings;
mod stages;
mod targets;
mod tasks;
mod units;

use contract::artifact;
use contract::config::Fault;
use contract::stage::{Inputs, Outputs, Stage};
use diagram::Diagram;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use inputs::Documents;
use page::Page;
use stages::Graph;

/// The stage; see the module.
pub struct Report;

/// All tables of the pipeline file: those of the other stages are shown as they are.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportTables {
    ingest: Map<String, Value>,
    preprocess: Map<String, Value>,
    model: Map<String, Value>,
    train: Map<String, Value>,
    generate: Map<String, Value>,
    trials: Map<String, Value>,
    evaluate: Map<String, Value>,
    report: ReportTable,
    /// What the stages of this pipeline read; not from the file, where nobody can write it.
    stages: Graph,
}

/// The page with the results.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ReportTable {
    /// Its heading, in words; one made of the place without it.
    #[schemars(length(min = 1), extend("examples" = ["Phoenix, Arizona"]))]
    title: Option<String>,
}

/// The same, checked.
#[derive(Clone, Debug)]
pub struct ReportConfig {
    pub(crate) title: Option<String>,
    /// The tables as the report shows them.
    pub(crate) settings: String,
    /// The stages that ran; `None` where the request does not list them.
    pub(crate) stages: Option<Diagram>,
}

impl Stage for Report {
    const NAME: &'static str = "report";
    const READS: &'static [&'static str] = &[
        "evaluate/metrics.json",
        "evaluate/curves.json",
        "compare-models/models.json",
        "train/history.parquet",
        "ingest/source.json",
        "preprocess/transform.json",
        "held-out/held_out.parquet",
        "preprocess/observed.parquet",
        "generate/generated.parquet",
        "score-tasks/tasks.json",
    ];
    type Tables = ReportTables;
    type Config = ReportConfig;

    fn check(tables: ReportTables) -> Result<ReportConfig, Fault> {
        let title = tables.report.title;
        if title.as_ref().is_some_and(|title| title.trim().is_empty()) {
            return Err(Fault::value("report.title", "empty", "some text, or no such key"));
        }
        let settings = settings::describe(&[
            ("ingest", &tables.ingest),
            ("preprocess", &tables.preprocess),
            ("model", &tables.model),
            ("train", &tables.train),
            ("generate", &tables.generate),
            ("trials", &tables.trials),
            ("evaluate", &tables.evaluate),
        ]);
        Ok(ReportConfig { title, settings, stages: stages::diagram(tables.stages)? })
    }

    fn run(config: &ReportConfig, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let page = Page::of(config, &Documents::read(inputs)?)?;
        let path = outputs.file(artifact::REPORT);
        std::fs::write(&path, page.render()?)
            .map_err(|error| anyhow::anyhow!("cannot write {}: {error}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tables: Value) -> Result<ReportConfig, String> {
        let tables = contract::config::parse(tables.as_object().unwrap());
        tables.and_then(Report::check).map_err(|fault| fault.message)
    }

    #[test]
    fn tables_of_other_stages_are_opaque_and_unknown_tables_are_refused() {
        let config = check(serde_json::json!({"train": {"epochs": 3}, "report": {"title": "A"}})).unwrap();
        assert_eq!(config.settings, "[train]\nepochs = 3\n");
        assert_eq!(config.title.as_deref(), Some("A"));
        let message = check(serde_json::json!({"trian": {}})).unwrap_err();
        assert!(message.contains("has no key \"trian\""), "{message}");
        assert!(message.contains("did you mean \"train\"?"), "{message}");
    }

    #[test]
    fn stages_that_are_no_diagram_are_refused() {
        let message = check(serde_json::json!({"stages": {"train": ["ingest"]}})).unwrap_err();
        assert_eq!(message, "says that \"train\" reads \"ingest\", which it does not have");
        let config = check(serde_json::json!({"stages": {"train": ["ingest"], "ingest": []}})).unwrap();
        let names: Vec<_> =
            config.stages.iter().flat_map(Diagram::nodes).map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["ingest", "train"]);
    }

    #[test]
    fn an_empty_title_is_refused() {
        let message = check(serde_json::json!({"report": {"title": " "}})).unwrap_err();
        assert_eq!(message, "is empty; wanted some text, or no such key");
    }
}
