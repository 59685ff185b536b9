//! The scorecard of a run beside the recorded one, for machines on which bytes need not be the same.
//! What follows from the data alone has to agree to rounding; what the trained model is judged by may be twice as far
//! off as runs that differ in nothing but rounding, because training makes much of it (docs/reproducing.md).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Row, Verdict};

/// What its row is called.
pub(super) const NAME: &str = "figures";

/// Of figures that follow from the data: sums in another order.
const DATA: f64 = 1e-4;
/// Of a row's error in yardsticks; runs that differ in rounding only differ by up to 1.01.
const ROW: f64 = 2.0;
/// Of their mean; there up to 0.15.
const MEAN: f64 = 0.3;
/// Of the likelihood beside the baseline's, in nats per hour; there up to 0.008.
const LIKELIHOOD: f64 = 0.016;

/// The verdict on all figures.
pub(super) fn row(recorded: &Value, again: &Value) -> Row {
    let name = NAME.to_string();
    if recorded == again {
        return Row { name, verdict: Verdict::Same, text: "the scorecard, digit by digit".to_string() };
    }
    let (then, now) = (figures(recorded), figures(again));
    let mut off: Vec<String> = Vec::new();
    let mut largest = 0.0f64;
    for (name, figure) in &then {
        let Some(now) = now.get(name) else {
            off.push(format!("{name} is missing"));
            continue;
        };
        let share = (figure.value - now.value).abs() / figure.tolerance;
        largest = largest.max(share);
        if share > 1.0 {
            off.push(format!("{name} {} -> {}", figure.value, now.value));
        }
    }
    if then.is_empty() {
        let text = "the recorded scorecard has none that could be compared".to_string();
        return Row { name, verdict: Verdict::Differs, text };
    }
    if off.is_empty() {
        let text = format!(
            "{} within their tolerances, of which at most {:.0} % are used",
            then.len(),
            100.0 * largest
        );
        return Row { name, verdict: Verdict::Close, text };
    }
    let more = if off.len() > 3 { format!(" and {} more", off.len() - 3) } else { String::new() };
    off.truncate(3);
    Row { name, verdict: Verdict::Differs, text: format!("{}{more}", off.join(", ")) }
}

#[derive(Debug, PartialEq)]
struct Figure {
    value: f64,
    tolerance: f64,
}

/// The figures that are compared, by name.
fn figures(metrics: &Value) -> BTreeMap<String, Figure> {
    let mut found = BTreeMap::new();
    let mut add = |name: String, value: &Value, tolerance: f64| {
        if let Some(value) = value.as_f64() {
            found.insert(name, Figure { value, tolerance });
        }
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for figure in list(&metrics["figures"]) {
        let key = figure["key"].as_str().unwrap_or_default();
        for years in ["observed", "training", "held_out"] {
            let value = &figure["values"][years];
            add(
                format!("{key} of the {years} years"),
                value,
                DATA * value.as_f64().map_or(1.0, |v| v.abs().max(1.0)),
            );
        }
    }
    for candidate in list(&metrics["candidates"]).iter().filter(|candidate| candidate["name"] == "generated")
    {
        add("mean_e".to_string(), &candidate["mean_e"], MEAN);
        for row in list(&candidate["rows"]) {
            add(format!("{}.e", row["key"].as_str().unwrap_or_default()), &row["e"], ROW);
        }
    }
    add("likelihood.difference".to_string(), &metrics["likelihood"]["difference"], LIKELIHOOD);
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metrics(held_out: f64, mean_e: f64, likelihood: f64) -> Value {
        json!({
            "figures": [{"key": "sd", "values": {"held_out": held_out, "generated": 3.0}}],
            "candidates": [{"name": "generated", "mean_e": mean_e, "rows": [{"key": "sd", "e": 1.0}]}],
            "likelihood": {"difference": likelihood},
        })
    }

    fn check(again: &Value, verdict: Verdict, text: &str) {
        let row = row(&metrics(5.0, 1.0, -0.1), again);
        assert_eq!((row.verdict, row.text.as_str()), (verdict, text));
    }

    #[test]
    fn rounding_is_close_and_more_is_not() {
        check(&metrics(5.0, 1.0, -0.1), Verdict::Same, "the scorecard, digit by digit");
        let close = "4 within their tolerances, of which at most 50 % are used";
        check(&metrics(5.0, 1.15, -0.1), Verdict::Close, close);
        check(&metrics(5.1, 1.0, -0.1), Verdict::Differs, "sd of the held_out years 5 -> 5.1");
        check(&metrics(5.0, 1.8, -0.1), Verdict::Differs, "mean_e 1 -> 1.8");
        check(&metrics(5.0, 1.0, -0.2), Verdict::Differs, "likelihood.difference -0.1 -> -0.2");
        let without = json!({"likelihood": {"difference": -0.1}});
        check(
            &without,
            Verdict::Differs,
            "mean_e is missing, sd of the held_out years is missing, sd.e is missing",
        );
    }
}
