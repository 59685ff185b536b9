//! Gaps of the held-out years, filled.

use super::clock;
use super::{HEIGHT, Key, Labels, Picture, WIDTH};
use crate::plot::{self, Colour, Layer, LineStyle, Panel};
use crate::report::tasks::pattern_name;
use crate::tasks::document::{Excerpt, PatternScores, Spread};

pub(crate) fn gaps(scores: &[PatternScores], labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let excerpts = scores.iter().filter_map(|scores| Some((scores, scores.excerpt.as_ref()?)));
    let panels: Vec<Panel> = excerpts
        .filter_map(|(scores, excerpt)| panel(&pattern_name(&scores.pattern), excerpt, labels))
        .collect();
    if panels.is_empty() {
        return Ok(None);
    }
    let mut picture = Picture::new(
        "imputed",
        "Gaps, filled",
        "Of each kind the gap whose score is the median of all. The bands are the central 50 and 90 % of the members; the thin line is one of them, which is a possible course of the weather.",
    );
    picture.legend = legend("real (hidden in the gap)");
    picture.draw(&panels)
}

/// Of a picture with an ensemble.
pub(super) fn legend(real: &str) -> Vec<Key> {
    vec![
        Key::line(Colour::Real, LineStyle::Solid, real),
        Key::band(Colour::Generated, "50 and 90 % of the members"),
        Key::line(Colour::Generated, LineStyle::Thin, "one member"),
    ]
}

/// An ensemble whose first hour stands at `start`, below other layers.
pub(super) fn ensemble(spread: &Spread, start: usize, labels: &Labels) -> Vec<Layer> {
    let points = |values: &[f64]| -> Vec<(f64, f64)> {
        let shown = labels.level(values).into_iter().enumerate();
        shown.map(|(hour, value)| ((start + hour) as f64, value)).collect()
    };
    let [q05, q25, _, q75, q95] = &spread.quantiles;
    let colour = Colour::Generated;
    vec![
        Layer::Band { colour, low: points(q05), high: points(q95) },
        Layer::Band { colour, low: points(q25), high: points(q75) },
        Layer::Line { colour, style: LineStyle::Thin, points: points(&spread.member) },
    ]
}

/// Hours from `start` on; missing ones are skipped.
pub(super) fn hours(values: &[Option<f64>], start: usize, labels: &Labels) -> Vec<(f64, f64)> {
    let there = values.iter().enumerate().filter_map(|(hour, value)| Some((hour, (*value)?)));
    there.map(|(hour, value)| ((start + hour) as f64, labels.units.level_of(value))).collect()
}

/// All values that are drawn.
pub(super) fn values(layers: &[Layer]) -> Vec<f64> {
    let points = layers.iter().flat_map(|layer| match layer {
        Layer::Line { points, .. } => points.clone(),
        Layer::Band { low, high, .. } => [low.as_slice(), high].concat(),
        _ => Vec::new(),
    });
    points.map(|(_, value)| value).collect()
}

fn panel(heading: &str, excerpt: &Excerpt, labels: &Labels) -> Option<Panel> {
    let mut layers = ensemble(&excerpt.hidden, excerpt.before, labels);
    let points = hours(&excerpt.truth, 0, labels);
    layers.push(Layer::Line { colour: Colour::Real, style: LineStyle::Solid, points });
    let y = plot::axis(&labels.units.level, values(&layers).into_iter(), 5)?;
    let x = clock::axis(&excerpt.first, excerpt.truth.len());
    let year = excerpt.first.get(..4).unwrap_or_default();
    Some(Panel { heading: format!("{heading}, {year}"), width: WIDTH, height: HEIGHT - 60, x, y, layers })
}
