//! The figures of a run's `metrics.json`, as `list` and `compare` show them. What they mean is the business of
//! `evaluate`.

pub(crate) mod tasks;

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use contract::artifact::{FORMAT, METRICS};
use serde_json::Value;

/// A run's `metrics.json`.
#[derive(Clone, Debug)]
pub(crate) struct Scores(Value);

/// One number of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Figure {
    /// `mean_e`, `targets.judge`, `figures.spectrum.e` ...; the same in every run.
    pub key: String,
    pub title: String,
    /// `1` without one.
    pub unit: String,
    /// True for those that are shown unless all are asked for.
    pub is_main: bool,
    pub value: f64,
}

/// Of each target: its key, its name, which of its numbers is shown.
const TARGETS: &[(&str, &str, &str)] = &[
    ("sd_monthly_anomaly", "Variability of months, by the real one", "ratio"),
    ("sd_yearly_anomaly", "Variability of years, by the real one", "ratio"),
    ("autocorrelation", "Memory over 1 to 30 days, largest difference", "largest_difference"),
    ("judge", "Judge, distance from 0.5 beyond that between real halves", "value"),
    ("memorisation", "Distance to training days by that of unseen days", "value"),
    ("likelihood", "Likelihood bound minus the autoregression's, nats per hour", "value"),
];

impl Scores {
    /// Of a run's folder; `None` where it has none.
    ///
    /// # Errors
    /// When it is not one, or of another version.
    pub fn read(folder: &Path) -> anyhow::Result<Option<Scores>> {
        let path = folder.join(METRICS);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let value: Value =
            serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        let format = value["format"].as_u64();
        if format != Some(u64::from(FORMAT)) {
            let format = format.map_or("no".to_string(), |format| format.to_string());
            let path = path.display();
            bail!(
                "{path} has artifact format {format}, this version reads format {FORMAT}; make it again with this version"
            );
        }
        Ok(Some(Scores(value)))
    }

    /// The generated years' mean E.
    pub fn mean_e(&self) -> Option<f64> {
        self.model()?["mean_e"].as_f64()
    }

    /// How many targets are met, and of how many; of those that could be looked at.
    pub fn targets_met(&self) -> Option<(usize, usize)> {
        let targets = self.0["targets"].as_object()?;
        let met: Vec<bool> = targets.values().filter_map(|target| target["met"].as_bool()).collect();
        Some((met.iter().filter(|met| **met).count(), met.len()))
    }

    /// Every number, in the order in which they are shown.
    pub fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        let mut add = |key: String, title: String, unit: &str, is_main: bool, value: &Value| {
            let value = value.as_f64().filter(|value| value.is_finite());
            figures.extend(value.map(|value| Figure { key, title, unit: unit.to_string(), is_main, value }));
        };
        let model = self.model().unwrap_or(&Value::Null);
        add("mean_e".into(), "Mean E".into(), "1", true, &model["mean_e"]);
        add(
            "outside".into(),
            "Figures outside what real years differ by".into(),
            "1",
            true,
            &model["outside"],
        );
        for (key, title, number) in TARGETS {
            let value = &self.0["targets"][key][number];
            add(format!("targets.{key}"), title.to_string(), "1", true, value);
        }
        add("judge.auc".into(), "Judge's area".into(), "1", false, &model["judge"]["auc"]);
        let bound = &self.0["likelihood"]["model_bound"];
        add("likelihood.model_bound".into(), "Likelihood bound".into(), "nat h-1", false, bound);
        for row in self.0["figures"].as_array().into_iter().flatten() {
            let (Some(key), Some(title)) = (row["key"].as_str(), row["title"].as_str()) else { continue };
            let score = self.score(key).unwrap_or(&Value::Null);
            add(format!("figures.{key}.e"), format!("E of {title}"), "1", true, &score["e"]);
            let error_unit = row["error_unit"].as_str().unwrap_or("1");
            add(
                format!("figures.{key}.error"),
                format!("Error of {title}"),
                error_unit,
                false,
                &score["error"],
            );
            let unit = row["unit"].as_str().unwrap_or("1");
            add(
                format!("figures.{key}.generated"),
                title.to_string(),
                unit,
                false,
                &row["values"]["generated"],
            );
        }
        figures
    }

    fn model(&self) -> Option<&Value> {
        self.0["candidates"].as_array()?.iter().find(|candidate| candidate["kind"] == "model")
    }

    /// The generated years' row of a figure.
    fn score(&self, key: &str) -> Option<&Value> {
        self.model()?["rows"].as_array()?.iter().find(|row| row["key"] == key)
    }
}
