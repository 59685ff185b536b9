//! The targets of a run's `tasks.json`, for `compare`: how well the tasks do beside their baselines.

use std::fs;
use std::path::Path;

use anyhow::Context;
use contract::artifact::TASKS;
use serde_json::Value;

use super::Figure;

/// The targets' values; none for a run without trials.
///
/// # Errors
/// When the file is there and cannot be read.
pub(crate) fn figures(folder: &Path) -> anyhow::Result<Vec<Figure>> {
    let path = folder.join(TASKS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let tasks: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    Ok(tasks["targets"].as_array().into_iter().flatten().filter_map(figure).collect())
}

/// `{"aim": {"imputation-score": "gap-6"}, "value": 0.98, ...}`, where the aim may also be one word.
fn figure(target: &Value) -> Option<Figure> {
    let (aim, of) = match &target["aim"] {
        Value::Object(aim) => aim.iter().next().map(|(aim, of)| (aim.as_str(), Some(of)))?,
        aim => (aim.as_str()?, None),
    };
    let word = of.map(|of| of.as_str().map_or_else(|| of.to_string(), str::to_string));
    let ahead = if of.is_some_and(Value::is_number) { " hours ahead" } else { "" };
    Some(Figure {
        key: format!("tasks.{aim}{}", word.as_ref().map(|word| format!(".{word}")).unwrap_or_default()),
        title: format!(
            "Task: {}{}",
            aim.replace('-', " "),
            word.map(|word| format!(", {word}{ahead}")).unwrap_or_default()
        ),
        unit: "1".to_string(),
        is_main: false,
        value: target["value"].as_f64().filter(|value| value.is_finite())?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(aim: Value, key: &str, title: &str) {
        let found = figure(&json!({"aim": aim, "value": 2.0, "met": true})).unwrap();
        assert_eq!((found.key.as_str(), found.title.as_str(), found.value), (key, title, 2.0));
    }

    #[test]
    fn every_kind_of_aim_has_a_key_of_its_own() {
        check(
            json!({"imputation-score": "gap-6"}),
            "tasks.imputation-score.gap-6",
            "Task: imputation score, gap-6",
        );
        check(
            json!({"forecast-score": 24}),
            "tasks.forecast-score.24",
            "Task: forecast score, 24 hours ahead",
        );
        check(json!("false-alarms"), "tasks.false-alarms", "Task: false alarms");
    }

    #[test]
    fn a_run_without_trials_has_none() {
        assert_eq!(figures(tempfile::tempdir().unwrap().path()).unwrap(), []);
    }
}
