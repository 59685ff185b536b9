//! The diagram as SVG, from left to right. States differ by word and by border, and colours follow the reader's
//! light or dark style. There is nothing in it to run and nothing to load.

use crate::layout::{BOX_HEIGHT, Item, Layout, PORT_GAP, Placed};
use crate::{Diagram, Node, State};

const MARGIN: f64 = 10.0;
const COLUMN_GAP: f64 = 46.0;
const LETTER: f64 = 7.6;
const LEAST_WIDTH: f64 = 76.0;
const ARROW: f64 = 6.0;
const CORNER: f64 = 6.0;

/// The colours of a file of its own; in a page, they are the page's.
const STYLE: &str = "<style>svg{color:#1c2733;background:#fff;--page:#fff;--soft:#5b6875;--close:#1d7a46;\
    --inside:#8a6100;font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif}\
    @media(prefers-color-scheme:dark){svg{color:#e3e8ed;background:#14191e;--page:#14191e;--soft:#9aa7b3;\
    --close:#6fce99;--inside:#e9bd5a}}</style>";

/// Where the SVG is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file, with colours of its own.
    File,
    /// Inside a page, in the page's font, its text colour, and its `--page`, `--soft`, `--close` and `--inside`.
    Page,
}

struct Drawing<'a> {
    diagram: &'a Diagram,
    reads: Vec<Vec<usize>>,
    layout: Layout,
    box_width: f64,
}

/// A line between two columns, from the right side of one item to the left of another.
#[derive(Clone, Copy, Debug)]
struct Line {
    source: usize,
    from: [f64; 2],
    to: [f64; 2],
    /// False where it goes on as a trunk.
    arrives: bool,
}

impl Diagram {
    /// One `svg` element; in a page its ids begin with `stages-`.
    pub fn svg(&self, place: Place) -> String {
        Drawing::of(self).svg(place)
    }

    /// How wide the SVG is at its natural size, in pixels.
    pub fn svg_width(&self) -> f64 {
        Drawing::of(self).width()
    }
}

impl Drawing<'_> {
    fn of(diagram: &Diagram) -> Drawing<'_> {
        let reads = diagram.reads();
        let longest = diagram.nodes.iter().map(|node| node.name.chars().count()).max().unwrap_or(0);
        let box_width = (LETTER * longest as f64 + 20.0).round().max(LEAST_WIDTH);
        Drawing { diagram, layout: Layout::of(&reads), reads, box_width }
    }

    fn width(&self) -> f64 {
        let columns = self.layout.columns.len() as f64;
        2.0 * MARGIN + columns * self.box_width + (columns - 1.0).max(0.0) * COLUMN_GAP
    }

    fn svg(&self, place: Place) -> String {
        let width = self.width();
        let height = 2.0 * MARGIN + self.layout.height;
        let (name_space, style) = match place {
            Place::File => (" xmlns=\"http://www.w3.org/2000/svg\"", STYLE),
            Place::Page => ("", ""),
        };
        let mut text = format!(
            "<svg{name_space} viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-labelledby=\"stages-title\" aria-describedby=\"stages-words\" \
             font-size=\"13\">{style}<title id=\"stages-title\">Stages</title><desc id=\"stages-words\">{}</desc>",
            escape(&self.diagram.describe())
        );
        (0..self.diagram.nodes.len()).for_each(|source| text += &self.wires(source));
        for (column, items) in self.layout.columns.iter().enumerate() {
            for placed in items {
                if let Item::Node(node) = placed.item {
                    text += &node_box(&self.diagram.nodes[node], self.left(column), placed, self.box_width);
                }
            }
        }
        text + "</svg>\n"
    }

    fn left(&self, column: usize) -> f64 {
        MARGIN + column as f64 * (self.box_width + COLUMN_GAP)
    }

    /// All that leads from one node, as one path and its arrow heads.
    fn wires(&self, source: usize) -> String {
        let (mut path, mut heads) = (String::new(), String::new());
        for line in self.lines().iter().filter(|line| line.source == source) {
            let ([x0, y0], [x1, y1]) = (line.from, line.to);
            let middle = (x0 + x1) / 2.0;
            path += &match y0 == y1 {
                true => format!("M{x0} {y0}H{x1}"),
                false => format!("M{x0} {y0}C{middle} {y0} {middle} {y1} {x1} {y1}"),
            };
            if line.arrives {
                let half = ARROW / 2.0;
                heads += &format!("M{x1} {}l{ARROW} {half}l-{ARROW} {half}z", y1 - half);
            } else {
                path += &format!("h{}", self.box_width);
            }
        }
        if path.is_empty() {
            return String::new();
        }
        let readers = (0..self.reads.len()).filter(|&reader| self.reads[reader].contains(&source));
        let readers: Vec<_> = readers.map(|reader| self.diagram.nodes[reader].name.as_str()).collect();
        let title = format!("{} is read by {}", self.diagram.nodes[source].name, readers.join(", "));
        format!(
            "<g><title>{}</title><path d=\"{path}\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\".5\" \
             stroke-width=\"1.3\"/><path d=\"{heads}\" fill=\"currentColor\" fill-opacity=\".75\"/></g>",
            escape(&title)
        )
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for column in 1..self.layout.columns.len() {
            let before = &self.layout.columns[column - 1];
            let links = self.layout.links(column, &self.reads);
            for (placed, links) in self.layout.columns[column].iter().zip(links) {
                let arrives = matches!(placed.item, Item::Node(_));
                let middle = (links.len() as f64 - 1.0) / 2.0;
                for (port, from) in links.into_iter().enumerate() {
                    let (Item::Node(source) | Item::Trunk(source)) = before[from].item;
                    let x = self.left(column) - if arrives { ARROW } else { 0.0 };
                    lines.push(Line {
                        source,
                        from: [self.left(column) - COLUMN_GAP, before[from].centre + MARGIN],
                        to: [x, placed.centre + MARGIN + PORT_GAP * (port as f64 - middle)],
                        arrives,
                    });
                }
            }
        }
        lines
    }
}

fn node_box(node: &Node, left: f64, placed: &Placed, width: f64) -> String {
    let height = if node.reads.is_empty() { BOX_HEIGHT } else { placed.height };
    let (top, middle, centre) =
        (placed.centre + MARGIN - height / 2.0, left + width / 2.0, placed.centre + MARGIN);
    let (border, colour, width_of_border) = match node.state {
        None => ("", "currentColor", 1.2),
        Some(State::Fresh) => ("", "var(--close)", 2.0),
        Some(State::Stale) => (" stroke-dasharray=\"7 4\"", "var(--inside)", 2.0),
        Some(State::Missing) => (" stroke-dasharray=\"1.5 4\" stroke-linecap=\"round\"", "var(--soft)", 2.0),
    };
    // What no stage makes has round ends.
    let corner = if node.reads.is_empty() && node.state.is_none() { height / 2.0 } else { CORNER };
    let name = escape(&node.name);
    let words = match node.state {
        None => format!(
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" fill=\"currentColor\">{name}</text>",
            centre + 4.5
        ),
        Some(state) => format!(
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" fill=\"currentColor\">{name}</text>\
             <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\" fill=\"{colour}\">{}</text>",
            centre - 2.5,
            centre + 12.0,
            state.word()
        ),
    };
    format!(
        "<g><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"{corner}\" \
         fill=\"var(--page)\" stroke=\"{colour}\" stroke-width=\"{width_of_border}\"{border}/>{words}</g>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::{large, node, small};

    /// Points along a line, by the definition of a Bézier curve.
    fn points(line: &Line) -> Vec<[f64; 2]> {
        let ([x0, y0], [x1, y1]) = (line.from, line.to);
        let middle = (x0 + x1) / 2.0;
        let point = |step: u32| {
            let t = f64::from(step) / 50.0;
            let u = 1.0 - t;
            let at = |a: f64, b: f64, c: f64, d: f64| {
                u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
            };
            [at(x0, middle, middle, x1), at(y0, y0, y1, y1)]
        };
        (0..=50).map(point).collect()
    }

    #[test]
    fn no_line_crosses_a_box() {
        let diagram = large();
        let drawing = Drawing::of(&diagram);
        let mut boxes = Vec::new();
        for (column, items) in drawing.layout.columns.iter().enumerate() {
            for placed in items.iter().filter(|placed| matches!(placed.item, Item::Node(_))) {
                let [x, y] = [drawing.left(column), placed.centre + MARGIN - placed.height / 2.0];
                boxes.push([x + 0.5, x + drawing.box_width - 0.5, y, y + placed.height]);
            }
        }
        for line in drawing.lines() {
            let mut points = points(&line);
            if !line.arrives {
                let [x, y] = line.to;
                points.extend((0..=10).map(|step| [x + drawing.box_width * f64::from(step) / 10.0, y]));
            }
            for [x, y] in points {
                let hit = boxes.iter().find(|[left, right, top, bottom]| {
                    (*left..=*right).contains(&x) && (*top..=*bottom).contains(&y)
                });
                assert_eq!(hit, None, "{line:?}");
            }
        }
    }

    #[test]
    fn every_read_arrives_with_an_arrow_head() {
        let diagram = large();
        let count: usize = diagram.reads().iter().map(Vec::len).sum();
        assert_eq!(Drawing::of(&diagram).lines().iter().filter(|line| line.arrives).count(), count);
    }

    #[test]
    fn states_differ_without_colour() {
        let svg = small().svg(Place::Page);
        for part in
            [">fresh<", ">stale<", ">missing<", "stroke-dasharray=\"7 4\"", "stroke-dasharray=\"1.5 4\""]
        {
            assert_eq!(svg.matches(part).count(), 1, "{part}");
        }
    }

    #[test]
    fn a_page_keeps_its_colours_and_a_file_brings_its_own() {
        let (page, file) = (small().svg(Place::Page), small().svg(Place::File));
        assert!(!page.contains("<style>") && file.contains("prefers-color-scheme:dark"));
        assert!(page.contains("<title id=\"stages-title\">Stages</title>"));
        assert_eq!(page, small().svg(Place::Page));
        assert_eq!((page.matches("http").count(), file.matches("http").count()), (0, 1), "the name space");
    }

    #[test]
    fn a_name_cannot_end_its_element() {
        let odd = Diagram::of(vec![node("a<b>&\"", None, &[])]).unwrap();
        let svg = odd.svg(Place::Page);
        assert!(svg.contains(">a&lt;b&gt;&amp;&quot;</text>") && !svg.contains("<b>"));
    }
}
