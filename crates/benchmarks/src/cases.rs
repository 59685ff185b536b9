//! The cases in the order of the table, and what a case has to say.

use anyhow::Context;
use contract::benchmark::{Benchmark, Case, Path};
use contract::config;
use contract::stage::Stage;
use model::config::ModelConfig;
use serde_json::json;
use train::config::Config;
use train::stage::Train;

/// Hours of the article's windows.
const WINDOW_HOURS: usize = 1536;
/// The ways to compute, the one that a user gets first.
const PATHS: [Path; 2] = [Path::Fast, Path::Portable];
/// And those of a training step.
const STEP_PATHS: [Path; 3] = [Path::Fast, Path::Operations, Path::Portable];
/// The preset of [`Case::preset`].
const ISOTHERM: &str = "isotherm";

pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    let of = |name, path| Case { path: Some(path), ..Case::of(name) };
    for path in STEP_PATHS {
        for filters in [20, 40, 128] {
            for batch in [32, 256] {
                let of = of(Benchmark::TrainStep, path);
                let sizes = (Some(batch), Some(filters), Some(WINDOW_HOURS));
                cases.push(Case { batch: sizes.0, filters: sizes.1, length_hours: sizes.2, ..of });
            }
        }
    }
    let preset = Some(ISOTHERM.to_string());
    for path in STEP_PATHS {
        let of = of(Benchmark::TrainStep, path);
        cases.push(Case { preset: preset.clone(), batch: Some(8), length_hours: Some(WINDOW_HOURS), ..of });
    }
    for path in PATHS {
        let of = of(Benchmark::Validation, path);
        cases.push(Case { batch: Some(57), filters: Some(40), length_hours: Some(WINDOW_HOURS), ..of });
    }
    for (members, years) in [(1, 50), (1000, 1)] {
        for path in PATHS {
            let of = of(Benchmark::Decode, path);
            cases.push(Case { filters: Some(40), members: Some(members), years: Some(years), ..of });
        }
    }
    let generate = Case { filters: Some(40), ..Case::of(Benchmark::Generate) };
    cases.push(Case { members: Some(100), years: Some(100), ..generate });
    let of = |name| Case { preset: preset.clone(), ..Case::of(name) };
    let isotherm = of(Benchmark::GenerateIsotherm);
    cases.push(Case { members: Some(10), years: Some(100), ..isotherm });
    cases.push(Case { members: Some(100), years: Some(50), ..of(Benchmark::Impute) });
    cases.push(Case { members: Some(1000), length_hours: Some(240), ..of(Benchmark::Forecast) });
    cases.push(Case { years: Some(50), ..of(Benchmark::Detect) });
    cases
}

/// A number of the case.
///
/// # Errors
/// When the case lacks it.
pub(crate) fn number(case: &Case, key: &str, value: Option<usize>) -> anyhow::Result<usize> {
    value
        .filter(|&value| value > 0)
        .with_context(|| format!("the case {} lacks {key}, a number from 1 on", case.name.name()))
}

/// The tables `[model]` and `[train]` of the case: the article's with that number of filters, or those of
/// another preset.
///
/// # Errors
/// When the stage refuses them.
pub(crate) fn configuration(case: &Case) -> anyhow::Result<Config> {
    let model = match case.preset.as_deref() {
        Some(preset) => json!({"preset": preset}),
        None => {
            let filters = case.filters.unwrap_or(ModelConfig::article().filters);
            json!({"preset": "article", "filters": filters})
        }
    };
    let tables = json!({"model": model});
    let tables = tables.as_object().context("tables are an object")?;
    let checked = config::parse(tables).and_then(Train::check);
    checked.map_err(|fault| anyhow::anyhow!(fault.describe("the case's model")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_a_model_and_stands_once() {
        let cases = all();
        for (position, case) in cases.iter().enumerate() {
            assert!(!cases[..position].contains(case), "{case:?}");
            configuration(case).unwrap();
        }
    }

    #[test]
    fn a_case_without_a_number_is_told_which() {
        let case = Case::of(Benchmark::Decode);
        let error = number(&case, "years", case.years).unwrap_err().to_string();
        assert_eq!(error, "the case decode lacks years, a number from 1 on");
    }
}
