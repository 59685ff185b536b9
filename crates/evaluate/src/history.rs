//! The history of all runs, one Parquet file in long form (a row a setting, a figure or a stage of a run), so that
//! new settings and figures need no new columns. The runner asks for it after each run that it publishes: what was
//! there comes first, as it was, then the rows of the new run.

use std::path::Path;
use std::sync::Arc;

use contract::config::Fault;
use contract::stage::{Inputs, Outputs, Stage};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tables::{Column, Table, Values};

/// The file that is read and written.
const FILE: &str = "history.parquet";

/// The stage; see the module.
pub struct History;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistoryTables {
    history: RunFacts,
}

/// What the runner knows of a run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunFacts {
    /// Its folder below `data/runs`.
    run: String,
    /// Microseconds since 1970, UTC.
    finished_us: i64,
    pipeline: String,
    commit: Option<String>,
    /// By `table.key`.
    settings: Map<String, Value>,
    stages: Vec<StageFacts>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StageFacts {
    stage: String,
    fingerprint: String,
    seconds: f64,
}

/// One row: a number, a text, or both.
#[derive(Debug, PartialEq)]
struct Row {
    kind: &'static str,
    name: String,
    value: Option<f64>,
    text: Option<String>,
}

impl Stage for History {
    const NAME: &'static str = "history";
    const READS: &'static [&'static str] = &["history/history.parquet", "evaluate/metrics.json"];
    type Tables = HistoryTables;
    type Config = RunFacts;

    fn check(tables: HistoryTables) -> Result<RunFacts, Fault> {
        Ok(tables.history)
    }

    fn run(facts: &RunFacts, inputs: &Inputs, outputs: &Outputs) -> anyhow::Result<()> {
        let mut rows = facts.rows();
        if let Ok(path) = inputs.path("evaluate/metrics.json") {
            let metrics: Value = contract::stage::read_json(path)?;
            rows.extend(figures(&metrics));
        }
        let table = facts.table(&rows);
        let earlier = inputs.path("history/history.parquet").ok();
        tables::write(&outputs.file(FILE), &appended(earlier, table)?)
    }
}

impl RunFacts {
    fn rows(&self) -> Vec<Row> {
        let settings = self.settings.iter().map(|(name, value)| Row {
            kind: "setting",
            name: name.clone(),
            value: value.as_f64(),
            text: Some(value.as_str().map_or_else(|| value.to_string(), str::to_string)),
        });
        let stages = self.stages.iter().map(|stage| Row {
            kind: "seconds",
            name: stage.stage.clone(),
            value: Some(stage.seconds),
            text: Some(stage.fingerprint.clone()),
        });
        settings.chain(stages).collect()
    }

    fn table(&self, rows: &[Row]) -> Table {
        let of_run = |text: &str| vec![Some(Arc::from(text)); rows.len()];
        let commit = self.commit.as_deref().map(Arc::from);
        let texts = |text: &dyn Fn(&Row) -> Option<Arc<str>>| Values::Text(rows.iter().map(text).collect());
        Table::new(vec![
            Column::new("run", Values::Text(of_run(&self.run))),
            Column::new("finished", Values::Time(vec![self.finished_us; rows.len()])),
            Column::new("pipeline", Values::Text(of_run(&self.pipeline))),
            Column::new("commit", Values::Text(vec![commit; rows.len()])),
            Column::new("kind", texts(&|row| Some(row.kind.into()))),
            Column::new("name", texts(&|row| Some(row.name.as_str().into()))),
            Column::new(
                "value",
                Values::Float64(rows.iter().map(|row| row.value.unwrap_or(f64::NAN)).collect()),
            ),
            Column::new("text", texts(&|row| row.text.as_deref().map(Arc::from))),
        ])
    }
}

/// The figures of a scorecard, by name: of the generated years their values, errors, targets and likelihood.
fn figures(metrics: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |name: String, value: &Value| {
        if let Some(value) = value.as_f64() {
            rows.push(Row { kind: "figure", name, value: Some(value), text: None });
        }
    };
    let list = |name: &str| metrics[name].as_array().cloned().unwrap_or_default();
    for candidate in list("candidates").iter().filter(|candidate| candidate["name"] == "generated") {
        for name in ["mean_e", "below_one", "outside"] {
            add(name.to_string(), &candidate[name]);
        }
        add("judge.auc".to_string(), &candidate["judge"]["auc"]);
        add("memorisation.ratio".to_string(), &candidate["memorisation"]["ratio"]);
        for row in candidate["rows"].as_array().into_iter().flatten() {
            if let Some(key) = row["key"].as_str() {
                add(format!("{key}.error"), &row["error"]);
                add(format!("{key}.e"), &row["e"]);
            }
        }
    }
    for figure in list("figures") {
        if let Some(key) = figure["key"].as_str() {
            add(format!("{key}.generated"), &figure["values"]["generated"]);
        }
    }
    for (key, target) in metrics["targets"].as_object().into_iter().flatten() {
        add(
            format!("target.{key}.met"),
            &target["met"].as_bool().map_or(Value::Null, |met| u8::from(met).into()),
        );
    }
    for (key, value) in metrics["likelihood"].as_object().into_iter().flatten() {
        add(format!("likelihood.{key}"), value);
    }
    rows
}

/// The earlier rows, then those of `table`.
fn appended(earlier: Option<&Path>, table: Table) -> anyhow::Result<Table> {
    let Some(path) = earlier else { return Ok(table) };
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let mut all = tables::read(path, &names)?;
    for (column, new) in all.columns.iter_mut().zip(table.columns) {
        match (&mut column.values, new.values) {
            (Values::Text(values), Values::Text(new)) => values.extend(new),
            (Values::Time(values), Values::Time(new)) => values.extend(new),
            (Values::Float64(values), Values::Float64(new)) => values.extend(new),
            _ => anyhow::bail!(
                "{} has a column {:?} of another kind; move the file away, and a new one is begun",
                path.display(),
                column.name
            ),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts(run: &str) -> RunFacts {
        let facts = json!({
            "run": run, "finished_us": 5, "pipeline": "pipelines/x.toml", "commit": null,
            "settings": {"train.epochs": 3, "model.preset": "isotherm", "ingest.files": ["a.nc"]},
            "stages": [{"stage": "train", "fingerprint": "f", "seconds": 1.5}],
        });
        serde_json::from_value(facts).unwrap()
    }

    fn rows(table: &Table) -> Vec<String> {
        let (names, texts) = (table.texts("name").unwrap(), table.texts("text").unwrap());
        let (runs, values) = (table.texts("run").unwrap(), table.f64s("value").unwrap());
        let text = |texts: &[Option<Arc<str>>], at: usize| texts[at].as_deref().unwrap_or("-").to_string();
        let row = |at| format!("{} {} {} {}", text(runs, at), text(names, at), values[at], text(texts, at));
        (0..table.rows()).map(row).collect()
    }

    #[test]
    fn a_run_is_added_to_those_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let first = facts("a").table(&facts("a").rows());
        tables::write(&path, &appended(None, first).unwrap()).unwrap();
        let second =
            facts("b").table(&[Row { kind: "figure", name: "mean_e".into(), value: Some(1.25), text: None }]);
        let expected = [
            "a ingest.files NaN [\"a.nc\"]",
            "a model.preset NaN isotherm",
            "a train.epochs 3 3",
            "a train 1.5 f",
            "b mean_e 1.25 -",
        ];
        assert_eq!(rows(&appended(Some(&path), second).unwrap()), expected);
    }

    #[test]
    fn figures_are_those_of_the_generated_years() {
        let metrics = json!({
            "candidates": [
                {"name": "generated", "mean_e": 1.5, "judge": null, "rows": [{"key": "sd", "error": 0.25, "e": null}]},
                {"name": "training", "mean_e": 9.0},
            ],
            "figures": [{"key": "sd", "values": {"generated": 3.0, "observed": 4.0}}],
            "targets": {"mean_e": {"met": true}, "judge": null},
            "likelihood": {"unit": "nat h-1", "difference": -0.5},
        });
        let shown: Vec<_> = figures(&metrics).into_iter().map(|row| (row.name, row.value.unwrap())).collect();
        let expected = [
            ("mean_e", 1.5),
            ("sd.error", 0.25),
            ("sd.generated", 3.0),
            ("target.mean_e.met", 1.0),
            ("likelihood.difference", -0.5),
        ];
        assert_eq!(shown, expected.map(|(name, value)| (name.to_string(), value)));
    }
}
