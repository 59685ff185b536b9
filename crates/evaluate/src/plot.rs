//! Charts as inline SVG, one document a panel. Text and axes take the page's colour and font, so that
//! they follow its light and dark style; each side has the same colour in every chart.

mod axis;
mod colour;

use anyhow::anyhow;
use plotters::element::{Circle, PathElement, Polygon, Rectangle, Text};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub(crate) use axis::{Axis, axis, log_axis};
pub(crate) use colour::{Colour, Scale, Shade, State};
use colour::{INK, INK_IN_SVG};

/// Plotters rounds to whole pixels, so charts are drawn larger by this factor.
const SCALE: u32 = 4;
const FONT: u32 = 13;
/// Share of a band's colour.
const BAND_OPACITY: f64 = 0.2;

type Points = Vec<(f64, f64)>;

/// One panel. Lengths are CSS pixels at its natural size; phones show it somewhat smaller.
#[derive(Clone, Debug)]
pub(crate) struct Panel {
    /// Above the panel; may be empty.
    pub(crate) heading: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    /// Drawn in this order.
    pub(crate) layers: Vec<Layer>,
}

/// Something drawn in a panel. Points that are not finite break nothing; they are skipped.
#[derive(Clone, Debug)]
pub(crate) enum Layer {
    Line {
        colour: Colour,
        style: LineStyle,
        points: Points,
    },
    /// What lies between two curves.
    Band {
        colour: Colour,
        low: Points,
        high: Points,
    },
    Dots {
        colour: Colour,
        points: Points,
    },
    /// A large open circle, of a value that is computed rather than seen.
    Ring {
        colour: Colour,
        point: (f64, f64),
    },
    /// A vertical line with a word beside its top.
    Mark {
        x: f64,
        text: String,
        side: Side,
    },
    Cells(Vec<Cell>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineStyle {
    Solid,
    Thin,
    Dashed,
}

/// Where a mark's word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A rectangle of one colour.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// Two opposite corners.
    pub(crate) corners: [(f64, f64); 2],
    pub(crate) shade: Shade,
}

/// Draws a panel.
///
/// # Errors
/// When plotters fails, which it does not for finite ranges.
pub(crate) fn svg(panel: &Panel) -> anyhow::Result<String> {
    let mut text = String::new();
    {
        let size = (panel.width * SCALE, panel.height * SCALE);
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&root, panel).map_err(|error| anyhow!("cannot draw {:?}: {error}", panel.y.label))?;
        root.present().map_err(|error| anyhow!("cannot draw: {error}"))?;
    }
    Ok(inline(&text))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;
type Outcome = Result<(), Box<dyn std::error::Error>>;

fn text_style(size: u32) -> TextStyle<'static> {
    // The SVG backend divides font sizes by 1.24.
    TextStyle::from(("sans-serif", f64::from(size * SCALE) * 1.24).into_font()).color(&INK)
}

fn draw(area: &Area<'_>, panel: &Panel) -> Outcome {
    let has_label = |axis: &Axis| !axis.label.is_empty();
    let mut builder = ChartBuilder::on(area);
    builder
        .margin_top(10 * SCALE)
        .margin_right(14 * SCALE)
        .x_label_area_size(if has_label(&panel.x) { 42 } else { 24 } * SCALE)
        .y_label_area_size(if has_label(&panel.y) { 56 } else { 38 } * SCALE);
    if !panel.heading.is_empty() {
        builder.caption(&panel.heading, text_style(FONT));
    }
    let mut chart = builder.build_cartesian_2d(panel.x.clone(), panel.y.clone())?;
    let is_map = panel.layers.iter().any(|layer| matches!(layer, Layer::Cells(_)));
    let grid = if is_map { 0.0 } else { 0.13 };
    chart
        .configure_mesh()
        .max_light_lines(0)
        .set_all_tick_mark_size(4 * SCALE)
        .bold_line_style(INK.mix(grid).stroke_width(SCALE))
        .axis_style(INK.mix(0.45).stroke_width(SCALE))
        .label_style(text_style(FONT - 1))
        .axis_desc_style(text_style(FONT))
        .x_desc(&panel.x.label)
        .y_desc(&panel.y.label)
        .draw()?;
    panel.layers.iter().try_for_each(|layer| draw_layer(&mut chart, layer, panel))
}

fn draw_layer(chart: &mut Chart<'_, '_>, layer: &Layer, panel: &Panel) -> Outcome {
    match layer {
        Layer::Line { colour, style, points } => draw_line(chart, *colour, *style, &finite(points))?,
        Layer::Band { colour, low, high } => {
            let edge = finite(low).into_iter().chain(finite(high).into_iter().rev());
            let style = colour.rgb().mix(BAND_OPACITY).filled();
            chart.draw_series([Polygon::new(edge.collect::<Points>(), style)])?;
        }
        Layer::Dots { colour, points } => {
            let style = colour.rgb().mix(0.95).filled();
            let radius = 3 * SCALE;
            chart.draw_series(finite(points).into_iter().map(|point| Circle::new(point, radius, style)))?;
        }
        Layer::Ring { colour, point } => {
            let style = colour.rgb().mix(0.95).stroke_width(SCALE * 7 / 4);
            chart.draw_series([Circle::new(*point, 6 * SCALE, style)])?;
        }
        Layer::Mark { x, text, side } => {
            let (low, high) = (panel.y.range.start, panel.y.range.end);
            let style = INK.mix(0.4).stroke_width(SCALE);
            chart.draw_series([PathElement::new(vec![(*x, low), (*x, high)], style)])?;
            let (anchor, text) = match side {
                Side::Left => (HPos::Right, format!("{text}\u{a0}")),
                Side::Right => (HPos::Left, format!("\u{a0}{text}")),
            };
            let style = text_style(FONT - 2).pos(Pos::new(anchor, VPos::Top));
            chart.draw_series([Text::new(text, (*x, high), style)])?;
        }
        Layer::Cells(cells) => {
            let rectangle = |cell: &Cell| Rectangle::new(cell.corners, cell.shade.rgb().filled());
            chart.draw_series(cells.iter().map(rectangle))?;
        }
    }
    Ok(())
}

fn draw_line(chart: &mut Chart<'_, '_>, colour: Colour, line: LineStyle, points: &Points) -> Outcome {
    let is_heavy = line != LineStyle::Thin && colour != Colour::Ink;
    let style = colour.rgb().mix(0.95).stroke_width(if is_heavy { SCALE * 7 / 4 } else { SCALE });
    let points = points.iter().copied();
    if line == LineStyle::Dashed {
        chart.draw_series(DashedLineSeries::new(points, 5 * SCALE, 3 * SCALE, style))?;
    } else {
        chart.draw_series(LineSeries::new(points, style))?;
    }
    Ok(())
}

fn finite(points: &Points) -> Points {
    points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
}

/// Makes the document a part of a page: no size of its own, the page's colour and font.
fn inline(document: &str) -> String {
    let start = document.find("viewBox").unwrap_or(0);
    let body = document[start..].replace(" xmlns=\"http://www.w3.org/2000/svg\"", "");
    let body = body.replace(INK_IN_SVG, "currentColor").replace(" font-family=\"sans-serif\"", "");
    let body = body.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "").replace(" \"/>", "\"/>");
    format!("<svg aria-hidden=\"true\" {}", body.replace(">\n<", "><"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(layers: Vec<Layer>) -> Panel {
        let x = axis("x", [0.0, 1.0].into_iter(), 3).unwrap();
        Panel { heading: "h".into(), width: 480, height: 200, x: x.clone(), y: x, layers }
    }

    #[test]
    fn charts_carry_no_size_and_no_font() {
        let points = vec![(0.0, 0.0), (1.0, 1.0)];
        let line = Layer::Line { colour: Colour::Real, style: LineStyle::Dashed, points };
        let svg = svg(&panel(vec![line])).unwrap();
        assert!(svg.starts_with("<svg aria-hidden=\"true\" viewBox=\"0 0 1920 800\""), "{}", &svg[..80]);
        assert!(svg.contains("currentColor") && svg.contains("#2A84C0"));
        assert!(!svg.contains("http") && !svg.contains("font-family"), "{svg}");
    }

    #[test]
    fn a_band_is_one_polygon_and_a_cell_one_rectangle() {
        let band = Layer::Band {
            colour: Colour::Real,
            low: vec![(0.0, 0.0), (f64::NAN, 0.1), (1.0, 0.2)],
            high: vec![(0.0, 0.5), (1.0, 0.7)],
        };
        let cell = Cell { corners: [(0.0, 0.0), (0.5, 0.5)], shade: Scale::Magnitude.shade(0.0) };
        let svg = svg(&panel(vec![band, Layer::Cells(vec![cell])])).unwrap();
        let corners = svg.split("<polygon").nth(1).unwrap().split("points=\"").nth(1).unwrap();
        let corners = corners.split('"').next().unwrap().split(' ').count();
        assert_eq!(corners, 4, "{svg}");
        assert_eq!(svg.matches("<rect").count(), 1, "{svg}");
    }

    #[test]
    fn a_mark_has_its_word() {
        let svg = svg(&panel(vec![Layer::Mark { x: 0.5, text: "a week".into(), side: Side::Left }])).unwrap();
        assert!(svg.contains("a week"));
    }
}
