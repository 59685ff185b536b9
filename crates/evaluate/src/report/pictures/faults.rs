//! Faults in the held-out years: how well they are found, and one of each kind.

use super::clock;
use super::imputed::{hours, values};
use super::{HEIGHT, Key, Labels, Picture, SMALL_WIDTH, WIDTH};
use crate::plot::{self, Axis, Colour, Layer, LineStyle, Panel, Side};
use crate::report::tasks::fault_name;
use crate::tasks::document::{FaultExcerpt, FaultScores};

pub(crate) fn curves(faults: &[FaultScores]) -> anyhow::Result<Option<Picture>> {
    if faults.is_empty() {
        return Ok(None);
    }
    let share = |label: &str| Axis {
        label: label.to_string(),
        range: 0.0..1.02,
        ticks: [0.0, 0.5, 1.0].map(|share| (share, share.to_string())).to_vec(),
        is_log: false,
    };
    let panel = |scores: &FaultScores| {
        let other = scores.autoregression.as_ref().map(|other| Layer::Line {
            colour: Colour::Ink,
            style: LineStyle::Dashed,
            points: other.curve.clone(),
        });
        let own = Layer::Line {
            colour: Colour::Generated,
            style: LineStyle::Solid,
            points: scores.model.curve.clone(),
        };
        Panel {
            heading: fault_name(&scores.fault),
            width: SMALL_WIDTH * 4 / 5,
            height: HEIGHT * 4 / 5,
            x: share("recall"),
            y: share("precision"),
            layers: other.into_iter().chain([own]).collect(),
        }
    };
    let panels: Vec<Panel> = faults.iter().map(panel).collect();
    let mut picture = Picture::new(
        "fault-curves",
        "Precision and recall",
        "As the limit for an odd hour is lowered, more of the faulty hours are found (recall, to the right) and fewer of those found are faulty (precision, down). The larger the area below the line, the better.",
    );
    picture.legend = vec![
        Key::line(Colour::Generated, LineStyle::Solid, "Isotherm"),
        Key::line(Colour::Ink, LineStyle::Dashed, "Periodic AR(26) residuals"),
    ];
    picture.draw(&panels)
}

pub(crate) fn excerpts(excerpts: &[FaultExcerpt], labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let panels: Vec<Panel> = excerpts.iter().filter_map(|excerpt| panel(excerpt, labels)).collect();
    if panels.is_empty() {
        return Ok(None);
    }
    let mut picture = Picture::new(
        "fault-excerpts",
        "A fault of each kind",
        "The first of the largest faults of each kind that was found. The mark is where the fault begins; the alarms are what the model flags, with the kind that it takes them for.",
    );
    picture.legend = vec![
        Key::line(Colour::Real, LineStyle::Solid, "real"),
        Key::line(Colour::Generated, LineStyle::Solid, "with the fault"),
        Key::band(Colour::Training, "alarm"),
    ];
    picture.draw(&panels)
}

fn panel(excerpt: &FaultExcerpt, labels: &Labels) -> Option<Panel> {
    let line = |colour, points| Layer::Line { colour, style: LineStyle::Solid, points };
    // From the last hour before the fault to the first after it; the others are the real ones.
    let [start, end] = excerpt.fault_hours;
    let (start, end) = (start.saturating_sub(1), (end + 1).min(excerpt.faulty.len()));
    let faulty = hours(&excerpt.faulty[start..end], start, labels);
    let lines = [line(Colour::Real, hours(&excerpt.truth, 0, labels)), line(Colour::Generated, faulty)];
    let y = plot::axis(&labels.units.level, values(&lines).into_iter(), 5)?;
    let (low, high) = (y.range.start, y.range.end);
    let alarm = |(start, end, _): &(usize, usize, String)| {
        // An alarm of one hour is to be seen as well.
        let ends = [*start as f64 - 0.5, *end as f64 - 0.5];
        let edge = |value: f64| ends.map(|x| (x, value)).to_vec();
        Layer::Band { colour: Colour::Training, low: edge(low), high: edge(high) }
    };
    let mut layers: Vec<Layer> = excerpt.alarms.iter().map(alarm).collect();
    layers.extend(lines);
    let begins = excerpt.fault_hours[0] as f64;
    layers.push(Layer::Mark { x: begins, text: "begins".to_string(), side: Side::Left });
    let mut kinds: Vec<String> = excerpt.alarms.iter().map(|(.., kind)| fault_name(kind)).collect();
    kinds.dedup();
    let x = clock::axis(&excerpt.first, excerpt.truth.len());
    let heading = format!("{}, taken for: {}", fault_name(&excerpt.fault), kinds.join(", "));
    Some(Panel { heading, width: WIDTH, height: HEIGHT - 60, x, y, layers })
}
