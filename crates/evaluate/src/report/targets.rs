//! The targets as a table: what is wanted, what was reached.

use serde::Serialize;

use super::units::{Units, number};
use crate::metrics::Metrics;
use crate::targets::{Autocorrelation, Target, Targets, Variability};

/// A row of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    title: &'static str,
    value: String,
    wanted: String,
    class: &'static str,
    sign: &'static str,
    word: &'static str,
}

/// Those that could be looked at.
pub(crate) fn targets(metrics: &Metrics, units: &Units) -> Vec<Row> {
    let Some(targets) = &metrics.targets else { return Vec::new() };
    let rows = [
        targets.mean_e.as_ref().map(mean_e),
        targets.mean_e_knn.as_ref().map(mean_e_knn),
        targets.outside.as_ref().map(outside),
        targets.sd_monthly_anomaly.as_ref().map(|months| variability(MONTHS, months, units)),
        targets.sd_yearly_anomaly.as_ref().map(|years| variability(YEARS, years, units)),
        autocorrelation(&targets.autocorrelation),
        judge(targets),
        targets.memorisation.as_ref().map(memorisation),
        targets.likelihood.as_ref().map(likelihood),
    ];
    rows.into_iter().flatten().collect()
}

const MONTHS: &str = "Difference between months (standard deviation of their anomalies)";
const YEARS: &str = "Difference between years (standard deviation of their anomalies)";

impl Row {
    fn of(title: &'static str, value: String, wanted: String, met: bool) -> Row {
        let (class, sign, word) = match met {
            true => ("close", "\u{2713}", "reached"),
            false => ("outside", "\u{2717}", "missed"),
        };
        Row { title, value, wanted, class, sign, word }
    }
}

/// The limit above, or nothing.
fn limit(target: &Target) -> String {
    target.at_most.map_or(String::new(), |limit| number(limit, 3))
}

fn mean_e(target: &Target) -> Row {
    let wanted = format!("at most {}, the training years' own", limit(target));
    Row::of("Mean E over all figures", number(target.value, 3), wanted, target.met)
}

fn mean_e_knn(target: &Target) -> Row {
    let wanted = format!("below {}, of chained real days", limit(target));
    Row::of("The same beside the best rival", number(target.value, 3), wanted, target.met)
}

fn outside(target: &Target) -> Row {
    let wanted = format!("at most {}, one more than the training years", limit(target));
    Row::of("Figures outside", number(target.value, 3), wanted, target.met)
}

fn variability(title: &'static str, found: &Variability, units: &Units) -> Row {
    let unit = &units.difference;
    let [low, high] = found.interval_90.map(|limit| number(limit, 3));
    let near =
        found.ratio_within.map(|[_, most]| format!(", or within {} %", number(100.0 * (most - 1.0), 1)));
    let wanted = format!("{low} to {high} {unit}{}", near.unwrap_or_default());
    let value = format!("{} {unit}, real {}", number(found.generated, 3), number(found.real, 3));
    Row::of(title, value, wanted, found.met)
}

fn autocorrelation(found: &Autocorrelation) -> Option<Row> {
    let value = format!("{} off at most", number(found.largest_difference?, 2));
    let wanted = format!("at most {} off at any lag", number(found.at_most, 2));
    Some(Row::of("Memory over 1 to 30 days (autocorrelation)", value, wanted, found.met?))
}

fn judge(targets: &Targets) -> Option<Row> {
    let target = targets.judge.as_ref()?;
    let wanted = format!("at most {}", limit(target));
    Some(Row::of("Judge, above what it has between real halves", number(target.value, 2), wanted, target.met))
}

fn memorisation(target: &Target) -> Row {
    let at_least = target.at_least.map_or(String::new(), |limit| format!("{} to ", number(limit, 2)));
    let wanted = format!("{at_least}{}", limit(target));
    Row::of("Distance to training days by that of unseen days", number(target.value, 3), wanted, target.met)
}

fn likelihood(target: &Target) -> Row {
    let wanted = format!("at most {}", limit(target));
    let value = number(target.value, 2);
    Row::of("Likelihood bound minus the autoregression's, nats per hour", value, wanted, target.met)
}
