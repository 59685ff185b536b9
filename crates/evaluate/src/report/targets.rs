//! The targets as a table: what is wanted, what was reached.

use serde::Serialize;

use super::units::{Units, fixed, number};
use crate::metrics::Metrics;
use crate::targets::{Autocorrelation, Target, Variability};

/// A row of the table.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    title: String,
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
        targets.judge.as_ref().map(judge),
        targets.memorisation.as_ref().map(memorisation),
        targets.likelihood.as_ref().map(likelihood),
    ];
    rows.into_iter().flatten().collect()
}

const MONTHS: &str = "Difference between months (standard deviation of their anomalies)";
const YEARS: &str = "Difference between years (standard deviation of their anomalies)";

impl Row {
    pub(super) fn of(title: impl Into<String>, value: String, wanted: String, met: bool) -> Row {
        let title = title.into();
        let (class, sign, word) = match met {
            true => ("close", "\u{2713}", "reached"),
            false => ("outside", "\u{2717}", "missed"),
        };
        Row { title, value, wanted, class, sign, word }
    }
}

/// The value and the limit above with so many decimals.
fn shown(target: &Target, decimals: usize) -> [String; 2] {
    [Some(target.value), target.at_most].map(|one| one.map_or(String::new(), |one| fixed(one, decimals)))
}

fn mean_e(target: &Target) -> Row {
    let [value, limit] = shown(target, 2);
    let wanted = format!("at most {limit}, the training years' own");
    Row::of("Mean E over all figures", value, wanted, target.met)
}

fn mean_e_knn(target: &Target) -> Row {
    let [value, limit] = shown(target, 2);
    let wanted = format!("below {limit}, of chained real days");
    Row::of("The same beside the best rival", value, wanted, target.met)
}

fn outside(target: &Target) -> Row {
    let [value, limit] = shown(target, 0);
    let wanted = format!("at most {limit}, one more than the training years");
    Row::of("Figures outside", value, wanted, target.met)
}

fn variability(title: &'static str, found: &Variability, units: &Units) -> Row {
    let unit = &units.difference;
    let [low, high] = found.interval_90.map(|limit| number(limit, 3));
    let near =
        found.ratio_within.map(|[_, most]| format!(", or within {} %", fixed(100.0 * (most - 1.0), 0)));
    let wanted = format!("{low} to {high} {unit}{}", near.unwrap_or_default());
    let value = format!("{} {unit}, real {}", number(found.generated, 3), number(found.real, 3));
    Row::of(title, value, wanted, found.met)
}

fn autocorrelation(found: &Autocorrelation) -> Option<Row> {
    let value = format!("{} off at most", fixed(found.largest_difference?, 3));
    let wanted = format!("at most {} off at any lag", fixed(found.at_most, 2));
    Some(Row::of("Memory over 1 to 30 days (autocorrelation)", value, wanted, found.met?))
}

fn judge(target: &Target) -> Row {
    let [value, limit] = shown(target, 2);
    Row::of(
        "Judge, distance from 0.5 beyond that between real halves",
        value,
        format!("at most {limit}"),
        target.met,
    )
}

fn memorisation(target: &Target) -> Row {
    let [value, limit] = shown(target, 2);
    let at_least = target.at_least.map_or(String::new(), |limit| format!("{} to ", fixed(limit, 2)));
    let wanted = format!("{at_least}{limit}");
    Row::of("Distance to training days by that of unseen days", value, wanted, target.met)
}

fn likelihood(target: &Target) -> Row {
    let [value, limit] = shown(target, 3);
    let wanted = format!("at most {limit}");
    Row::of("Likelihood bound minus the autoregression's, nats per hour", value, wanted, target.met)
}
