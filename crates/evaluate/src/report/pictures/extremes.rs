//! The largest and the smallest hour of each year against how often it is reached.

use super::{HALVES, HEIGHT, Key, Labels, Picture, WIDTH};
use crate::curves::{Curves, Extremes};
use crate::plot::{self, Axis, Colour, Layer, Panel, Side};
use crate::report::units;

/// Marked, and compared in the caption.
const LEVEL_YEARS: f64 = 20.0;
const TICK_YEARS: [f64; 8] = [1.1, 1.5, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];

pub(crate) fn extremes(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let (maxima, minima) = (&curves.annual_maxima, &curves.annual_minima);
    let drawn = [("Largest hour of the year", maxima), ("Smallest hour of the year", minima)];
    let panels = drawn.map(|(heading, extremes)| panel(heading, extremes, labels));
    let [Some(largest), Some(smallest)] = panels else { return Ok(None) };
    let mut picture = Picture::new(
        "extremes",
        "The extremes of a year",
        &format!(
            "Each dot is one year's largest or smallest hour, against the mean number of years between such years (plotting position: number of years plus one, divided by the rank; Gumbel's axis). Look for orange dots that go on where the blue ones end, inside the band. The rings are what comes once in twenty years. {}",
            levels(maxima, minima, labels)
        ),
    );
    picture.legend = vec![
        Key::dot(Colour::Real, &format!("real ({})", labels.real)),
        Key::dot(Colour::Generated, "generated"),
    ];
    if !maxima.years.other_real.is_empty() {
        picture.legend.push(Key::dot(Colour::OtherReal, &format!("real ({})", labels.other_real)));
    }
    if !maxima.years.band_low.is_empty() {
        picture.legend.push(Key::band(Colour::Real, HALVES));
    }
    picture.draw(&[largest, smallest])
}

/// What is reached once in twenty years, in a sentence.
fn levels(maxima: &Extremes, minima: &Extremes, labels: &Labels) -> String {
    let unit = &labels.units.level;
    let sides = |extremes: &Extremes| {
        let show = |level: f64| units::level(labels.units.level_of(level));
        let (real, generated) = (extremes.real_level?, extremes.generated_level?);
        Some(format!("{} {unit} real and {} {unit} generated", show(real), show(generated)))
    };
    match (sides(maxima), sides(minima)) {
        (Some(above), Some(below)) => format!(
            "By Gumbel's distribution, fitted by moments, the largest hour then reaches {above}, the smallest {below}."
        ),
        _ => String::new(),
    }
}

fn panel(heading: &str, extremes: &Extremes, labels: &Labels) -> Option<Panel> {
    let years = &labels.levels(&extremes.years);
    if years.real.is_empty() || years.generated.is_empty() {
        return None;
    }
    let levels = [(Colour::Generated, extremes.generated_level), (Colour::Real, extremes.real_level)];
    let levels =
        levels.into_iter().filter_map(|(colour, level)| Some((colour, labels.units.level_of(level?))));
    let levels: Vec<(Colour, f64)> = levels.collect();
    let shown = super::all_values(years).chain(levels.iter().map(|(_, level)| *level));
    let y = plot::axis(&labels.units.level, shown, 5)?;
    let most = years.real.len().max(years.generated.len()).max(years.other_real.len());
    let range = variate(1.03)..variate((most as f64 + 1.0).max(2.0 * LEVEL_YEARS)) + 0.1;
    let ticks = TICK_YEARS.iter().map(|&years| (variate(years), years.to_string()));
    let ticks = ticks.filter(|(x, _)| range.contains(x)).collect();
    let x = Axis { label: "years between".to_string(), range, ticks, is_log: false };
    let dots = |colour, values: &[f64]| Layer::Dots { colour, points: positions(values) };
    let text = format!("{LEVEL_YEARS:.0} years");
    let mut layers = vec![Layer::Mark { x: variate(LEVEL_YEARS), text, side: Side::Left }];
    if !years.band_low.is_empty() {
        let (low, high) = (positions(&years.band_low), positions(&years.band_high));
        layers.push(Layer::Band { colour: Colour::Real, low, high });
    }
    layers.push(dots(Colour::OtherReal, &years.other_real));
    layers.push(dots(Colour::Generated, &years.generated));
    layers.push(dots(Colour::Real, &years.real));
    let rings = levels.into_iter().map(|(colour, level)| (colour, (variate(LEVEL_YEARS), level)));
    layers.extend(rings.map(|(colour, point)| Layer::Ring { colour, point }));
    Some(Panel { heading: heading.to_string(), width: WIDTH, height: HEIGHT, x, y, layers })
}

/// Values from the most extreme on, each at its plotting position.
fn positions(values: &[f64]) -> Vec<(f64, f64)> {
    let years = values.len() as f64 + 1.0;
    (1..).zip(values).map(|(rank, &value)| (variate(years / f64::from(rank)), value)).collect()
}

/// Gumbel's reduced variate, on which his distribution is a straight line.
fn variate(return_period_years: f64) -> f64 {
    -(-(1.0 - 1.0 / return_period_years).ln()).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_extreme_of_nineteen_years_comes_once_in_twenty() {
        let values: Vec<f64> = (0..19).map(|i| 50.0 - f64::from(i)).collect();
        let positions = positions(&values);
        assert!((positions[0].0 - 2.970_195).abs() < 1e-6, "{:?}", positions[0]);
        assert_eq!(positions[18].1, 32.0);
        assert!(positions.is_sorted_by(|a, b| a.0 > b.0));
    }
}
