//! The tasks' part of the page: how well missing hours, coming hours and faults of the held-out years were found.

use serde::Serialize;

use super::pictures::{Labels, Picture, faults, forecasts, imputed};
use super::targets::Row as TargetRow;
use super::units::fixed;
use crate::tasks::TaskScores;
use crate::tasks::document::{
    Change, DetectorScores, FalseAlarms, FaultScores, HorizonScores, Method, MethodScores, PatternScores,
};
use crate::tasks::targets::{Aim, TaskTarget, find};

/// What the template shows.
#[derive(Debug, Serialize)]
pub(crate) struct Tasks {
    targets: Vec<TargetRow>,
    sections: Vec<Section>,
    notes: Vec<String>,
}

/// One task.
#[derive(Debug, Serialize)]
struct Section {
    id: &'static str,
    title: &'static str,
    about: String,
    heads: Vec<String>,
    rows: Vec<Cells>,
    /// Below the table.
    findings: Vec<String>,
    pictures: Vec<Picture>,
}

#[derive(Debug, Serialize)]
struct Cells {
    name: String,
    cells: Vec<String>,
}

impl Tasks {
    /// # Errors
    /// When a picture cannot be drawn.
    pub(crate) fn of(scores: &TaskScores, labels: &Labels) -> anyhow::Result<Tasks> {
        let sections =
            vec![imputation(scores, labels)?, forecast(scores, labels)?, detection(scores, labels)?];
        Ok(Tasks {
            targets: scores.targets.iter().map(target_row).collect(),
            sections: sections.into_iter().filter(|section| !section.rows.is_empty()).collect(),
            notes: scores.notes.clone(),
        })
    }
}

/// What a pattern of hidden hours is called.
pub(crate) fn pattern_name(pattern: &str) -> String {
    match pattern.split_once('-') {
        Some(("gap", hours)) => format!("gaps of {hours} hours"),
        Some(("random", percent)) => format!("{percent} % of the hours, at random"),
        _ => pattern.to_string(),
    }
}

/// What a kind of fault is called.
pub(crate) fn fault_name(fault: &str) -> String {
    fault.replace('-', " ")
}

fn imputation(scores: &TaskScores, labels: &Labels) -> anyhow::Result<Section> {
    let unit = &labels.units.difference;
    let methods = [Method::Model, Method::Linear, Method::Climatology, Method::Autoregression];
    let mut heads = vec!["Hidden".to_string(), "Hours".to_string(), format!("Isotherm, {unit}")];
    heads.extend(
        ["Straight line", "Climatology", "Periodic AR(26)", "Beside it", "In 50 %", "In 90 %"]
            .map(String::from),
    );
    heads.push(format!("Step at edges, {unit}"));
    let row = |scores: &PatternScores| {
        let mut cells = vec![scores.hours.to_string()];
        cells.extend(methods.map(|method| crps(&scores.methods, method)));
        cells.push(beside(scores.beside_autoregression.as_ref()));
        cells.extend(inside(&scores.methods));
        cells.push(format!("{} (real {})", fixed(scores.edges.member, 2), fixed(scores.edges.truth, 2)));
        Cells { name: pattern_name(&scores.pattern), cells }
    };
    Ok(Section {
        id: "impute",
        title: "Missing hours",
        about: "Hours of the held-out years were hidden and filled by 50 members. The figures are the continuous ranked probability score (CRPS), which is the mean absolute error for a single value and rewards an ensemble for being close and no wider than it must be: lower is better. \"Beside it\" is the difference to the periodic AR(26), an autoregression whose coefficients change with season and hour, with a Kalman smoother, with its 95 % interval over blocks of 30 days. In 50 % and In 90 %: the share of hours inside the ensemble's central intervals. Step at edges: root mean square of the step between the last hour seen and the first filled by one member, and at the other end.".to_string(),
        heads,
        rows: scores.imputation.iter().map(row).collect(),
        findings: Vec::new(),
        pictures: imputed::gaps(&scores.imputation, labels)?.into_iter().collect(),
    })
}

fn forecast(scores: &TaskScores, labels: &Labels) -> anyhow::Result<Section> {
    let methods = [Method::Model, Method::Persistence, Method::Climatology, Method::Autoregression];
    let mut heads = vec!["Ahead".to_string(), "Forecasts".to_string()];
    heads.push(format!("Isotherm, {}", labels.units.difference));
    heads.extend(
        ["Persistence", "Climatology", "Periodic AR(26)", "Beside it", "In 50 %", "In 90 %"]
            .map(String::from),
    );
    heads.push("Flat ranks, p".to_string());
    let row = |scores: &HorizonScores| {
        let mut cells = vec![scores.origins.to_string()];
        cells.extend(methods.map(|method| crps(&scores.methods, method)));
        cells.push(beside(scores.beside_autoregression.as_ref()));
        cells.extend(inside(&scores.methods));
        cells.push(fixed(scores.pit.p_value, 3));
        Cells { name: format!("{} hours", scores.horizon_hours), cells }
    };
    let pictures = [
        forecasts::scores(&scores.forecasts, labels)?,
        forecasts::ranks(&scores.forecasts)?,
        forecasts::fans(&scores.fans, labels)?,
    ];
    Ok(Section {
        id: "forecast",
        title: "Forecasts",
        about: "Every 61 hours of the held-out years a forecast of 100 members was made from the hours before. CRPS as above. Persistence is the last value seen of the same hour of the day, dressed with the errors that this has in the training years. Flat ranks: a chi-square test, on forecasts at least 15 days apart, that what came lies anywhere among the members with the same probability.".to_string(),
        heads,
        rows: scores.forecasts.iter().map(row).collect(),
        findings: Vec::new(),
        pictures: pictures.into_iter().flatten().collect(),
    })
}

fn detection(scores: &TaskScores, labels: &Labels) -> anyhow::Result<Section> {
    let heads = [
        "Fault",
        "Faults",
        "Isotherm",
        "Periodic AR(26)",
        "Sizes 1, 2, 3",
        "Found",
        "by AR(26)",
        "Delay, h",
        "of AR(26)",
    ];
    let row = |scores: &FaultScores| {
        let other = scores.autoregression.as_ref();
        let of_other = |show: fn(&DetectorScores) -> String| other.map_or(String::new(), show);
        let area = |scores: &DetectorScores| fixed(scores.area, 3);
        let found = |scores: &DetectorScores| format!("{} %", fixed(100.0 * scores.found, 0));
        let delay =
            |scores: &DetectorScores| scores.delay_hours.map_or(String::new(), |hours| fixed(hours, 0));
        let sizes =
            scores.model.area_by_size.map(|area| area.map_or("none".to_string(), |area| fixed(area, 2)));
        let cells = vec![
            scores.faults.to_string(),
            area(&scores.model),
            of_other(area),
            sizes.join(", "),
            found(&scores.model),
            of_other(found),
            delay(&scores.model),
            of_other(delay),
        ];
        Cells { name: fault_name(&scores.fault), cells }
    };
    let detection = &scores.detection;
    let shares = detection.p_value_shares.map(|shares| {
        let [of_1, of_5, of_10] = shares.map(|share| fixed(100.0 * share, 1));
        format!("Of the hours without faults {of_1} % have a p-value of at most 0.01, {of_5} % of at most 0.05 and {of_10} % of at most 0.1.")
    });
    let pictures = [faults::curves(&detection.faults)?, faults::excerpts(&detection.excerpts, labels)?];
    Ok(Section {
        id: "detect",
        title: "Faults",
        about: "Faults of five kinds and three sizes were put into copies of the held-out years. Isotherm and periodic AR(26): area under precision and recall of hours, for the model's p-values and for the size of the autoregression's innovations; 1 is perfect, and the share of faulty hours is what guessing reaches. Found: the share of the faults that an alarm overlaps when 12 false alarms a year are asked for. Delay: median of the hours from the first faulty one to the first in an alarm.".to_string(),
        heads: heads.map(String::from).to_vec(),
        rows: detection.faults.iter().map(row).collect(),
        findings: detection.false_alarms.as_ref().map(alarms).into_iter().chain(shares).collect(),
        pictures: pictures.into_iter().flatten().collect(),
    })
}

fn alarms(alarms: &FalseAlarms) -> String {
    let [low, high] = alarms.poisson_interval;
    let other = alarms
        .autoregression
        .map_or(String::new(), |count| format!("; the autoregression's test raises {count}"));
    format!(
        "In {} held-out years without faults there are {} alarms, where {} a year were asked for: a series without faults has {low} to {high} of them with a probability of 95 %{other}.",
        fixed(alarms.years, 1),
        alarms.model,
        fixed(alarms.asked_per_year, 0),
    )
}

fn crps(methods: &[MethodScores], method: Method) -> String {
    find(methods, method).map_or(String::new(), |scores| fixed(scores.crps, 3))
}

/// `−4.0 % (−5.8 to −2.2)`.
fn beside(change: Option<&Change>) -> String {
    let Some(Change { percent, interval_percent: [low, high] }) = change else { return String::new() };
    format!("{} % ({} to {})", fixed(*percent, 1), fixed(*low, 1), fixed(*high, 1))
}

/// The model's shares inside its intervals.
fn inside(methods: &[MethodScores]) -> [String; 2] {
    let coverage = find(methods, Method::Model).and_then(|scores| scores.coverage);
    coverage
        .map_or_else(Default::default, |shares| shares.map(|share| format!("{} %", fixed(100.0 * share, 1))))
}

fn target_row(target: &TaskTarget) -> TargetRow {
    let hours = |hours: &usize| format!("{hours} hours ahead");
    let (title, decimals) = match &target.aim {
        Aim::ImputationScore(pattern) => {
            (format!("CRPS of {}, by the best baseline's", pattern_name(pattern)), 3)
        }
        Aim::ImputationCoverage(pattern) => {
            (format!("Inside the 90 % interval, {}", pattern_name(pattern)), 3)
        }
        Aim::ForecastScore(ahead) => {
            (format!("CRPS of forecasts {}, by the periodic AR(26)'s", hours(ahead)), 3)
        }
        Aim::ForecastFlatness(ahead) => (format!("Flat ranks of forecasts {}, p-value", hours(ahead)), 4),
        Aim::DetectionArea(fault) => {
            (format!("Area for {}, minus the periodic AR(26)'s", fault_name(fault)), 3)
        }
        Aim::FalseAlarms => ("Alarms in years without faults".to_string(), 0),
    };
    let wanted = match (target.at_least, target.at_most) {
        (Some(least), Some(most)) => format!("{} to {}", fixed(least, decimals), fixed(most, decimals)),
        (Some(least), None) => format!("at least {}", fixed(least, decimals)),
        (None, Some(most)) => format!("at most {}", fixed(most, decimals)),
        (None, None) => String::new(),
    };
    TargetRow::of(title, fixed(target.value, decimals), wanted, target.met)
}
