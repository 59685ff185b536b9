//! What the judge, the audit and the likelihood say, in plain sentences, and the table of likelihoods.

use serde::Serialize;

use super::units::fixed;
use crate::audit::PASSES;
use crate::likelihood::Likelihood;
use crate::metrics::Metrics;

/// How much farther from 0.5 than between real halves a judge's area may be and still count as not telling.
const CLOSE: f64 = 0.03;

/// Sentences under the verdict; as many as there is something to say.
pub(crate) fn findings(metrics: &Metrics) -> Vec<String> {
    [judge(metrics), audit(metrics), likelihood(metrics)].into_iter().flatten().collect()
}

fn judge(metrics: &Metrics) -> Option<String> {
    let auc = metrics.model()?.judge.as_ref()?.auc;
    let halves = metrics.judge_yardstick.as_ref().map(|yardstick| yardstick.mean);
    let beside = halves.map(|auc| format!(", against {auc:.2} between halves of the real years"));
    let beside = beside.unwrap_or_default();
    let says = match (auc - 0.5).abs() - (halves.unwrap_or(0.5) - 0.5).abs() {
        more if more <= CLOSE => "cannot tell them from real ones",
        _ if auc < 0.5 => "finds that what tells some of their years from real ones is wrong for others",
        _ if auc < 0.6 => "can tell them from real ones now and then",
        _ if auc < 0.75 => "can often tell them from real ones",
        _ if auc < 0.95 => "can mostly tell them from real ones",
        _ => "can nearly always tell them from real ones",
    };
    Some(format!(
        "A judge that is shown eight days at a time {says} ({auc:.2}{beside}; 0.5 is guessing, 1 is certainty)."
    ))
}

fn audit(metrics: &Metrics) -> Option<String> {
    let audit = metrics.model()?.memorisation.as_ref()?;
    let says = match audit.ratio {
        ratio if ratio < *PASSES.start() => {
            "Generated days lie nearer to training days than unseen real days do: they copy"
        }
        ratio if ratio > *PASSES.end() => {
            "Generated days lie farther from training days than unseen real days do: they are no copies, but stray from real weather"
        }
        _ => "Generated days are as far from training days as unseen real days are: nothing points to copies",
    };
    Some(format!("{says} (ratio {:.2}).", audit.ratio))
}

fn likelihood(metrics: &Metrics) -> Option<String> {
    let difference = metrics.likelihood.as_ref()?.difference?;
    let (word, amount) = match difference < 0.0 {
        true => ("more", -difference),
        false => ("less", difference),
    };
    Some(format!(
        "To the model the held-out hours are {word} probable than to an autoregression, by {} nats per hour.",
        fixed(amount, 2)
    ))
}

/// A line of the table of likelihoods.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    name: &'static str,
    /// Nats per hour.
    figure: String,
}

/// The model's bound beside the autoregressions; empty where there is none.
pub(crate) fn lines(likelihood: Option<&Likelihood>) -> Vec<Line> {
    let Some(likelihood) = likelihood else { return Vec::new() };
    let baseline = &likelihood.baseline;
    let lines = [
        ("Model, upper bound", likelihood.model_bound),
        ("Seasonal AR(26), one set of coefficients", Some(baseline.seasonal_ar26)),
        ("Periodic AR(26)", baseline.periodic_ar26),
    ];
    let latents = likelihood.latents.map(|cost| {
        [
            ("Latents of the training years, prior trained against", Some(cost.learned)),
            ("Latents of the training years, prior fitted after training", Some(cost.refitted)),
        ]
    });
    let shown = |figure: Option<f64>| figure.map_or("\u{2013}".to_string(), |figure| fixed(figure, 3));
    let lines = lines.into_iter().chain(latents.into_iter().flatten());
    lines.map(|(name, figure)| Line { name, figure: shown(figure) }).collect()
}
