//! How many warm and cold spells last how long.

use super::{HALVES, HEIGHT, Labels, Picture, WIDTH, all_values, is_complete, outlines};
use crate::curves::{Curve, Curves, LONGEST_DAYS};
use crate::plot::{self, Axis, Panel};

pub(crate) fn spells(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let (warm, cold) = (&curves.warm_spells, &curves.cold_spells);
    if !is_complete(warm) || !is_complete(cold) {
        return Ok(None);
    }
    let y = plot::log_axis("spells a year", all_values(warm).chain(all_values(cold)));
    let Some(y) = y else { return Ok(None) };
    let mut picture = Picture::new(
        "spells",
        "How long warm and cold spells last",
        "Spells a year by their length, on a logarithmic axis. A day is warm if its largest value is above what nine in ten days of the same season reach, and cold if its smallest is below what nine in ten exceed, each side by its own days. Look for orange steps at the height of the blue ones: lower at the right, long spells are too rare. Steps on the axis are lengths that never occurred.",
    );
    picture.legend = labels.legend(warm, HALVES);
    picture.draw(&[panel("Warm spells", warm, &y), panel("Cold spells", cold, &y)])
}

fn panel(heading: &str, curve: &Curve, y: &Axis) -> Panel {
    let name = |days: usize| match days {
        LONGEST_DAYS => format!("{days}+"),
        _ => days.to_string(),
    };
    let ticks = (1..=LONGEST_DAYS).step_by(2).map(|days| (days as f64, name(days))).collect();
    let range = 0.5..LONGEST_DAYS as f64 + 0.5;
    // Zero has no place on the axis: the band begins at its lower edge, and lines end there.
    let visible = |value: f64| if value > 0.0 { value.max(y.range.start) } else { y.range.start };
    let layers = outlines(curve, |values| steps(values).into_iter().map(|(x, y)| (x, visible(y))).collect());
    let x = Axis { label: "days".to_string(), range, ticks, is_log: false };
    Panel { heading: heading.to_string(), width: WIDTH, height: HEIGHT, x, y: y.clone(), layers }
}

/// The outline of a histogram's bars.
fn steps(values: &[f64]) -> Vec<(f64, f64)> {
    let bar = |(index, &value): (usize, &f64)| [(index as f64 + 0.5, value), (index as f64 + 1.5, value)];
    values.iter().enumerate().flat_map(bar).collect()
}
