//! The stage `score-tasks` on trials with known errors, and the report's part of it.

use serde_json::Value;
use tables::{Column, Values};

use crate::fixture::{Case, Run};
use crate::trials::{self, ALARM_EVERY, SD};

fn scored() -> (Run, trials::Real) {
    let run = Run::of(&Case::default());
    let real = trials::write(&run);
    run.score_tasks().unwrap();
    (run, real)
}

fn method<'a>(scores: &'a Value, name: &str) -> &'a Value {
    scores["methods"].as_array().unwrap().iter().find(|method| method["method"] == name).unwrap()
}

fn near(value: &Value, expected: f64, tolerance: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() < tolerance, "{value}, not {expected}");
}

#[test]
fn an_ensemble_of_known_errors_has_the_scores_of_its_closed_form() {
    let (run, _) = scored();
    let scores = run.json("tasks.json");
    let gaps = &scores["imputation"][0];
    assert_eq!((gaps["pattern"].as_str(), gaps["gap_hours"].as_u64()), (Some("gap-24"), Some(24)));
    assert_eq!(gaps["hours"].as_u64().unwrap(), 24 * gaps["gaps"].as_u64().unwrap());
    let model = method(gaps, "model");
    // E|x - y| - E|x - x'| / 2 of independent normal values is sd / sqrt(pi); some 2,400 hours.
    // M members as they stand score 1 + 1 / M times that.
    near(&model["crps"], SD / std::f64::consts::PI.sqrt() * (1.0 + 1.0 / 19.0), 0.08);
    // 19 members: the 90 % interval ends at the first and the last, the 50 % one at the fifth and the fifteenth.
    near(&model["coverage"][1], 0.9, 0.03);
    near(&model["coverage"][0], 0.5, 0.04);
    let forecast = &scores["forecasts"][1];
    assert_eq!(forecast["horizon_hours"], 24);
    near(&method(forecast, "model")["crps"], SD / std::f64::consts::PI.sqrt(), 0.12);
    assert!(forecast["pit"]["p_value"].as_f64().unwrap() > 0.001, "{forecast}");
}

#[test]
fn baselines_are_as_good_as_the_fixtures_weather_allows() {
    let (run, _) = scored();
    let scores = run.json("tasks.json");
    let crps = |scores: &Value, name: &str| method(scores, name)["crps"].as_f64().unwrap();
    let gaps = &scores["imputation"][0];
    // Two autoregressions of the first order: the linear filter knows more than the line and the climatology.
    assert!(crps(gaps, "autoregression") < crps(gaps, "linear").min(crps(gaps, "climatology")));
    near(&method(gaps, "autoregression")["coverage"][1], 0.9, 0.04);
    let ahead = &scores["forecasts"].as_array().unwrap()[2];
    assert_eq!(ahead["horizon_hours"], 48);
    assert!(crps(ahead, "autoregression") < crps(ahead, "persistence").min(crps(ahead, "climatology")));
    near(&method(ahead, "autoregression")["coverage"][1], 0.9, 0.05);
    near(&method(ahead, "persistence")["coverage"][1], 0.9, 0.05);
    near(&method(ahead, "climatology")["coverage"][1], 0.9, 0.05);
}

#[test]
fn faults_and_false_alarms_are_counted() {
    let (run, real) = scored();
    let detection = &run.json("tasks.json")["detection"];
    let scores = &detection["faults"][0];
    assert_eq!(scores["fault"], "level-shift");
    // No hour without a fault has so small a p-value; a third of the faults, of size 1, is without an alarm.
    assert_eq!(scores["model"]["area"], 1.0);
    near(&scores["model"]["found"], 2.0 / 3.0, 0.02);
    assert_eq!(scores["model"]["delay_hours"], 5.0);
    assert!(scores["autoregression"]["area"].as_f64().unwrap() < 0.5, "{scores}");
    let alarms = &detection["false_alarms"];
    assert_eq!(alarms["model"], real.times.len().div_ceil(ALARM_EVERY));
    near(&alarms["years"], real.times.len() as f64 / 8766.0, 1e-5);
    near(&detection["p_value_shares"][2], 0.1, 0.001);
    let excerpt = &detection["excerpts"][0];
    assert_eq!(excerpt["alarms"], serde_json::json!([[77, 96, "drift"]]));
    assert_eq!(excerpt["fault_hours"], serde_json::json!([72, 96]));
}

#[test]
fn a_test_hour_without_a_value_is_hidden_but_not_scored() {
    let run = Run::of(&Case::default());
    let real = trials::write(&run);
    run.score_tasks().unwrap();
    let whole = run.json("tasks.json");
    let of = |name: &str, column: &str, row: usize| {
        tables::read(&run.path(name), &[]).unwrap().times(column).unwrap()[row]
    };
    // A hidden hour, an origin, what is forecast for 24 hours after another, and an hour among the faults.
    let gone = [
        of("imputations.parquet", "time", 5),
        of("forecasts.parquet", "origin", 3),
        of("forecasts.parquet", "origin", 30) + 24 * contract::calendar::HOUR_US,
        real.times[700],
    ];
    let mut table = tables::read(&run.path("observed.parquet"), &[]).unwrap();
    let times = table.times("time").unwrap().to_vec();
    let found = table.columns.iter_mut().find(|column| column.name == "t2m_adjusted").unwrap();
    let Values::Float32(mut values) = found.values.clone() else { panic!("no values") };
    times
        .iter()
        .zip(&mut values)
        .filter(|(time, _)| gone.contains(time))
        .for_each(|(_, value)| *value = f32::NAN);
    *found = Column::with_unit("t2m_adjusted", "K", Values::Float32(values));
    tables::write(&run.path("observed.parquet"), &table).unwrap();
    run.score_tasks().unwrap();
    let gappy = run.json("tasks.json");
    let hours = |scores: &Value| scores["imputation"][0]["hours"].as_u64().unwrap();
    assert_eq!(hours(&gappy), hours(&whole) - 1);
    assert_eq!(gappy["imputation"][0]["gaps"], whole["imputation"][0]["gaps"]);
    let origins = |scores: &Value| scores["forecasts"][1]["origins"].as_u64().unwrap();
    assert_eq!(origins(&gappy), origins(&whole) - 1);
    let crps = |scores: &Value| method(&scores["imputation"][0], "model")["crps"].as_f64().unwrap();
    assert!((crps(&gappy) - crps(&whole)).abs() < 0.01 && crps(&gappy) != crps(&whole));
}

#[test]
fn the_same_trials_are_scored_to_the_same_bytes() {
    let text = |run: &Run| std::fs::read(run.path("tasks.json")).unwrap();
    assert_eq!(text(&scored().0), text(&scored().0));
}

#[test]
fn the_page_has_a_part_for_each_task_where_there_were_trials() {
    let (run, _) = scored();
    run.evaluate().unwrap();
    run.report(&Case::default()).unwrap();
    let page = run.page();
    for id in ["impute", "forecast", "detect", "task-targets"] {
        assert!(page.contains(&format!("<h2 id=\"{id}\">")), "{id}");
    }
    for picture in
        ["imputed", "forecast-scores", "forecast-ranks", "forecast-fans", "fault-curves", "fault-excerpts"]
    {
        assert!(page.contains(&format!("<figure id=\"{picture}\"")), "{picture}");
    }
    assert!(page.contains("gaps of 24 hours") && page.contains("tasks.json"));
}

#[test]
fn without_trials_the_page_says_nothing_of_tasks() {
    let run = Run::of(&Case::default());
    run.evaluate().unwrap();
    run.report(&Case::default()).unwrap();
    let page = run.page();
    assert!(!page.contains("id=\"task-targets\"") && !page.contains("tasks.json"));
}

/// The error of trials of which one column is changed.
fn error(name: &str, column: &str, change: impl Fn(&mut Values)) -> String {
    let run = Run::of(&Case::default());
    trials::write(&run);
    let mut table = tables::read(&run.path(name), &[]).unwrap();
    let found = table.columns.iter_mut().find(|found| found.name == column).unwrap();
    let mut values = found.values.clone();
    change(&mut values);
    *found = Column::new(column, values);
    tables::write(&run.path(name), &table).unwrap();
    let error = format!("{:#}", run.score_tasks().unwrap_err());
    let (before, said) = error.split_once(&format!("{name}: ")).unwrap();
    assert!(before.starts_with("cannot use "), "{error}");
    said.to_string()
}

#[test]
fn trials_that_do_not_fit_the_real_hours_are_refused() {
    let shift = |values: &mut Values| match values {
        Values::Time(times) => times.iter_mut().for_each(|time| *time -= 3 * 365 * 86_400_000_000),
        _ => panic!("no times"),
    };
    let said = error("imputations.parquet", "time", shift);
    assert!(said.starts_with("it has the hour 200"), "{said}");
    assert!(said.ends_with("Z, which is no test hour in observed.parquet"), "{said}");
    let horizon = |values: &mut Values| *values = Values::Int32(vec![0; values.len()]);
    assert_eq!(
        error("forecasts.parquet", "horizon", horizon),
        "row 0 has the horizon 0; wanted at least 1 hour"
    );
    let hole = |values: &mut Values| match values {
        Values::Float32(values) => values[7] = f32::NAN,
        _ => panic!("no values"),
    };
    assert_eq!(error("imputations.parquet", "member_3", hole), "its column member_3 has no value in row 7");
    let size = |values: &mut Values| *values = Values::Int32(vec![4; values.len()]);
    assert_eq!(error("detections.parquet", "size", size), "it has a fault of a size beyond 3");
}
