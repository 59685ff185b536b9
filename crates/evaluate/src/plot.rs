//! Line charts as inline SVG. Text and axes take the page's colour and font, so that they follow its
//! light and dark style; the two sides have the same colours in every chart.

use std::ops::Range;

use anyhow::anyhow;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::RGBColor;

/// Width of a panel at its natural size, CSS pixels; phones show it at three quarters of that.
const WIDTH: u32 = 480;
/// Plotters rounds to whole pixels, so charts are drawn larger by this factor.
const SCALE: u32 = 4;
const FONT: u32 = 13;

/// Stands for the page's text colour; no other colour of a chart is this one.
const INK: RGBColor = RGBColor(1, 1, 1);
const INK_IN_SVG: &str = "#010101";

/// Who a line is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Real,
    Generated,
    /// The other real years.
    OtherReal,
    /// The training loss, which is of neither side.
    Training,
    /// What is neither: the line of equality.
    Ink,
}

impl Colour {
    fn rgb(self) -> RGBColor {
        match self {
            Colour::Real => RGBColor(0x2a, 0x84, 0xc0),
            Colour::Generated => RGBColor(0xd9, 0x5f, 0x0e),
            Colour::OtherReal => RGBColor(0x8f, 0xb4, 0xcc),
            Colour::Training => RGBColor(0x8a, 0x6f, 0xb8),
            Colour::Ink => INK,
        }
    }

    /// For style sheets: `#2a84c0`.
    pub(crate) fn css(self) -> String {
        if self == Colour::Ink {
            return "currentColor".to_string();
        }
        let RGBColor(red, green, blue) = self.rgb();
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) colour: Colour,
    pub(crate) dashed: bool,
    /// Points that are not finite break nothing; they are skipped.
    pub(crate) points: Vec<(f64, f64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// With the unit; may be empty.
    pub(crate) label: String,
    pub(crate) range: Range<f64>,
    pub(crate) ticks: Vec<(f64, String)>,
}

/// One panel.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    /// Above the panel; may be empty.
    pub(crate) heading: String,
    pub(crate) height: u32,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// Drawn in this order.
    pub(crate) lines: Vec<Line>,
}

/// Draws the panels below each other.
///
/// # Errors
/// When plotters fails, which it does not for finite ranges.
pub(crate) fn svg(panels: &[Panel]) -> anyhow::Result<String> {
    let height: u32 = panels.iter().map(|panel| panel.height).sum();
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (WIDTH * SCALE, height * SCALE)).into_drawing_area();
        let mut rest = root;
        for panel in panels {
            let (area, below) = rest.split_vertically(panel.height * SCALE);
            draw(&area, panel).map_err(|error| anyhow!("cannot draw {:?}: {error}", panel.y.label))?;
            rest = below;
        }
        rest.present().map_err(|error| anyhow!("cannot draw: {error}"))?;
    }
    Ok(inline(&text))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw(area: &Area<'_>, panel: &Panel) -> Result<(), Box<dyn std::error::Error>> {
    let style = |size: u32| {
        // The SVG backend divides font sizes by 1.24.
        TextStyle::from(("sans-serif", f64::from(size * SCALE) * 1.24).into_font()).color(&INK)
    };
    let mut builder = ChartBuilder::on(area);
    builder
        .margin_top(10 * SCALE)
        .margin_right(14 * SCALE)
        .x_label_area_size(if panel.x.label.is_empty() { 24 } else { 42 } * SCALE)
        .y_label_area_size(56 * SCALE);
    if !panel.heading.is_empty() {
        builder.caption(&panel.heading, style(FONT));
    }
    let mut chart = builder.build_cartesian_2d(panel.x.clone(), panel.y.clone())?;
    chart
        .configure_mesh()
        .max_light_lines(0)
        .set_all_tick_mark_size(4 * SCALE)
        .bold_line_style(INK.mix(0.13).stroke_width(SCALE))
        .axis_style(INK.mix(0.45).stroke_width(SCALE))
        .label_style(style(FONT - 1))
        .axis_desc_style(style(FONT))
        .x_desc(&panel.x.label)
        .y_desc(&panel.y.label)
        .draw()?;
    for line in &panel.lines {
        let width = if line.colour == Colour::Ink { SCALE } else { SCALE * 3 / 2 };
        let style = line.colour.rgb().mix(0.95).stroke_width(width);
        let points = line.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite());
        if line.dashed {
            let (dash, gap) = (5 * SCALE, 3 * SCALE);
            chart.draw_series(DashedLineSeries::new(points, dash, gap, style))?;
        } else {
            chart.draw_series(LineSeries::new(points, style))?;
        }
    }
    Ok(())
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (low, high): (i32, i32)) -> i32 {
        let share = (value - self.range.start) / (self.range.end - self.range.start);
        low + (share * f64::from(high - low)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(value, _)| *value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(tick, _)| tick == value);
        tick.map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

/// Makes the document a part of a page: no size of its own, the page's colour and font.
fn inline(document: &str) -> String {
    let start = document.find("viewBox").unwrap_or(0);
    let body = document[start..].replace(" xmlns=\"http://www.w3.org/2000/svg\"", "");
    let body = body.replace(INK_IN_SVG, "currentColor").replace(" font-family=\"sans-serif\"", "");
    format!("<svg aria-hidden=\"true\" {body}")
}

/// About `count` round numbers in the range of `values`, and the range itself with a margin, or
/// `None` if no value is finite.
pub(crate) fn axis(label: &str, values: impl Iterator<Item = f64>, count: usize) -> Option<Axis> {
    let mut bounds = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.filter(|value| value.is_finite()) {
        bounds = (bounds.0.min(value), bounds.1.max(value));
    }
    let (low, high) = bounds;
    if low > high {
        return None;
    }
    let margin = ((high - low) * 0.04).max(1e-6 * high.abs().max(1.0));
    let range = low - margin..high + margin;
    Some(Axis { label: label.to_string(), ticks: ticks(&range, count), range })
}

fn ticks(range: &Range<f64>, count: usize) -> Vec<(f64, String)> {
    let rough = (range.end - range.start) / count as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough).unwrap_or(10.0);
    let step = factor * power;
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let first = (range.start / step).ceil() as i64;
    let last = (range.end / step).floor() as i64;
    (first..=last)
        .map(|i| {
            let text = format!("{:.decimals$}", (i as f64 * step).abs());
            (i as f64 * step, if i < 0 { format!("\u{2212}{text}") } else { text })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_inside_the_range() {
        let check = |range: Range<f64>, wanted: &str| {
            let texts: Vec<String> = ticks(&range, 5).into_iter().map(|(_, text)| text).collect();
            assert_eq!(texts.join(" "), wanted);
        };
        check(-7.0..21.0, "0 10 20");
        check(0.0..1.0, "0.0 0.2 0.4 0.6 0.8 1.0");
        check(-0.83..1.4, "\u{2212}0.5 0.0 0.5 1.0");
    }

    #[test]
    fn charts_carry_no_size_and_no_font() {
        let x = axis("x", [0.0, 1.0].into_iter(), 3).unwrap();
        let lines = vec![Line { colour: Colour::Real, dashed: true, points: vec![(0.0, 0.0), (1.0, 1.0)] }];
        let panel = Panel { heading: "h".into(), height: 200, x: x.clone(), y: x, lines };
        let svg = svg(&[panel]).unwrap();
        assert!(svg.starts_with("<svg aria-hidden=\"true\" viewBox=\"0 0 1920 800\""), "{}", &svg[..80]);
        assert!(svg.contains("currentColor") && svg.contains("#2A84C0"));
        assert!(!svg.contains("http") && !svg.contains("font-family"), "{svg}");
    }
}
