//! The delivered model beside the one that the scorecard is of: a sentence at the top, and their distances from the
//! training years.

use serde::Serialize;

use super::units::fixed;
use crate::compare_models::{Distances, Models};
use crate::metrics::Metrics;

/// What the page says of the delivered model.
#[derive(Debug, Serialize)]
pub(crate) struct Delivered {
    sentence: String,
    went_wrong: bool,
    /// Empty where there is one model, or no yardstick.
    rows: Vec<Row>,
    held_out_years: usize,
    delivered_years: usize,
}

/// One figure's E against the training years.
#[derive(Debug, Serialize)]
struct Row {
    title: String,
    held_out: String,
    delivered: String,
}

impl Delivered {
    pub(crate) fn of(models: &Models, metrics: &Metrics) -> Delivered {
        let pair = models.held_out.as_ref().zip(models.delivered.as_ref()).filter(|_| !models.is_one);
        Delivered {
            sentence: models.sentence(),
            went_wrong: models.went_wrong == Some(true),
            rows: pair.map_or_else(Vec::new, |(held_out, delivered)| rows(metrics, held_out, delivered)),
            held_out_years: models.held_out_years,
            delivered_years: models.delivered_years,
        }
    }
}

fn rows(metrics: &Metrics, held_out: &Distances, delivered: &Distances) -> Vec<Row> {
    let shown = |e: Option<f64>| e.map_or("\u{2013}".to_string(), |e| fixed(e, 2));
    let e_of = |distances: &Distances, key: &str| {
        shown(distances.rows.iter().find(|row| row.key == key).and_then(|row| row.e))
    };
    let figures =
        metrics.figures.iter().filter(|figure| held_out.rows.iter().any(|row| row.key == figure.key));
    let mean = Row {
        title: "Mean".to_string(),
        held_out: fixed(held_out.mean_e, 2),
        delivered: fixed(delivered.mean_e, 2),
    };
    let outside = Row {
        title: "Figures outside".to_string(),
        held_out: held_out.outside.to_string(),
        delivered: delivered.outside.to_string(),
    };
    let of_figure = |figure: &crate::metrics::FigureRow| Row {
        title: figure.title.clone(),
        held_out: e_of(held_out, &figure.key),
        delivered: e_of(delivered, &figure.key),
    };
    [mean, outside].into_iter().chain(figures.map(of_figure)).collect()
}
