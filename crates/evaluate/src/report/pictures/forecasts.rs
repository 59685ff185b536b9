//! Forecasts of the held-out years: their scores by horizon, the ranks of what came, and some of them.

use super::clock;
use super::imputed::{ensemble, hours, legend, values};
use super::{HEIGHT, Key, Labels, Picture, SMALL_WIDTH, WIDTH};
use crate::plot::{self, Axis, Colour, Layer, LineStyle, Panel};
use crate::tasks::document::{Fan, HorizonScores, Method};
use crate::tasks::targets::find;

const METHODS: [(Method, Colour, LineStyle, &str); 4] = [
    (Method::Persistence, Colour::Training, LineStyle::Thin, "persistence"),
    (Method::Climatology, Colour::OtherReal, LineStyle::Solid, "climatology"),
    (Method::Autoregression, Colour::Ink, LineStyle::Dashed, "Periodic AR(26)"),
    (Method::Model, Colour::Generated, LineStyle::Solid, "Isotherm"),
];

pub(crate) fn scores(scores: &[HorizonScores], labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let line = |(method, colour, style, _): (Method, Colour, LineStyle, &str)| {
        let point =
            |scores: &HorizonScores| Some((scores.horizon_hours as f64, find(&scores.methods, method)?.crps));
        Layer::Line { colour, style, points: scores.iter().filter_map(point).collect() }
    };
    let layers: Vec<Layer> = METHODS.map(line).to_vec();
    let y = plot::axis(
        &format!("CRPS, {}", labels.units.difference),
        values(&layers).into_iter().chain([0.0]),
        5,
    );
    let (Some(y), Some(last)) = (y, scores.last()) else { return Ok(None) };
    let tick = |scores: &HorizonScores| (scores.horizon_hours as f64, scores.horizon_hours.to_string());
    let x = Axis {
        label: "hours ahead".to_string(),
        range: 0.0..last.horizon_hours as f64,
        ticks: scores.iter().map(tick).collect(),
        is_log: false,
    };
    let mut picture = Picture::new(
        "forecast-scores",
        "How good forecasts are",
        "The mean score of forecasts by how far they look ahead. Lower is better; the climatology is what can be said without any recent hour.",
    );
    picture.legend = METHODS.map(|(_, colour, style, name)| Key::line(colour, style, name)).to_vec();
    picture.draw(&[Panel { heading: String::new(), width: WIDTH, height: HEIGHT, x, y, layers }])
}

pub(crate) fn ranks(scores: &[HorizonScores]) -> anyhow::Result<Option<Picture>> {
    if scores.is_empty() {
        return Ok(None);
    }
    let panels: Vec<Panel> = scores.iter().map(histogram).collect();
    let mut picture = Picture::new(
        "forecast-ranks",
        "Where among the members the real hour lies",
        "The share of forecasts in each tenth of the ensemble (the histogram of the probability integral transform), by hours ahead. The dashed line is a perfect ensemble's. High at both ends: too narrow; high in the middle: too wide; aslant: too warm or too cold.",
    );
    picture.legend = vec![
        Key::band(Colour::Generated, "forecasts"),
        Key::line(Colour::Ink, LineStyle::Dashed, "a perfect ensemble"),
    ];
    picture.draw(&panels)
}

fn histogram(scores: &HorizonScores) -> Panel {
    let total = f64::from(scores.pit.counts.iter().sum::<u32>()).max(1.0);
    let bins = scores.pit.counts.len() as f64;
    let bars = scores.pit.counts.iter().enumerate().flat_map(|(bin, count)| {
        let share = 100.0 * f64::from(*count) / total;
        [(bin as f64 / bins, share), ((bin + 1) as f64 / bins, share)]
    });
    let high: Vec<(f64, f64)> = bars.collect();
    let even = 100.0 / bins;
    let x = Axis {
        label: String::new(),
        range: 0.0..1.0,
        ticks: [0.0, 0.5, 1.0].map(|share| (share, share.to_string())).to_vec(),
        is_log: false,
    };
    let ticks = [0.0, 5.0, 10.0, 15.0, 20.0].map(|share| (share, share.to_string())).to_vec();
    let y = Axis { label: "%".to_string(), range: 0.0..22.0, ticks, is_log: false };
    let colour = Colour::Generated;
    let layers = vec![
        Layer::Band { colour, low: vec![(0.0, 0.0), (1.0, 0.0)], high: high.clone() },
        Layer::Line { colour, style: LineStyle::Thin, points: high },
        Layer::Line { colour: Colour::Ink, style: LineStyle::Dashed, points: vec![(0.0, even), (1.0, even)] },
    ];
    let heading = format!("{} hours", scores.horizon_hours);
    Panel { heading, width: SMALL_WIDTH * 4 / 5, height: HEIGHT * 3 / 5, x, y, layers }
}

pub(crate) fn fans(fans: &[Fan], labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let panels: Vec<Panel> = fans.iter().filter_map(|one| fan(one, labels)).collect();
    if panels.is_empty() {
        return Ok(None);
    }
    let mut picture = Picture::new(
        "forecast-fans",
        "Some forecasts",
        "Forecasts at equal distances through the held-out years, with what came. The bands are the central 50 and 90 % of the members; they should widen until they are the season's usual range.",
    );
    picture.legend = legend("real");
    picture.draw(&panels)
}

fn fan(fan: &Fan, labels: &Labels) -> Option<Panel> {
    let before = fan.seen.len();
    let mut layers = ensemble(&fan.ahead, before, labels);
    let mut points = hours(&fan.seen, 0, labels);
    points.extend(hours(&fan.truth, before, labels));
    layers.push(Layer::Line { colour: Colour::Real, style: LineStyle::Solid, points });
    let y = plot::axis(&labels.units.level, values(&layers).into_iter(), 5)?;
    let now = Layer::Mark { x: before as f64 - 1.0, text: "now".to_string(), side: plot::Side::Left };
    layers.push(now);
    let x = clock::axis(&fan.first, before + fan.truth.len());
    let heading = format!("From {}", fan.origin.replace('T', " "));
    Some(Panel { heading, width: WIDTH, height: HEIGHT - 60, x, y, layers })
}
