//! The report's pictures: one file a kind.

mod clock;
mod comparisons;
mod excerpts;
mod extremes;
pub(crate) mod faults;
pub(crate) mod forecasts;
mod gaps;
pub(crate) mod imputed;
mod losses;
mod maps;
mod quantiles;
mod spectrum;
mod spells;

use serde::Serialize;

use super::units::Units;
use crate::curves::{Curve, Curves};
use crate::plot::{self, Colour, Layer, LineStyle, Panel, Scale, State};

pub(crate) use gaps::map as gap_map;
pub(crate) use losses::losses;

/// Size of a panel, CSS pixels at its natural size; two of them fill the page.
const WIDTH: u32 = 430;
const HEIGHT: u32 = 310;
/// Where three or four panels stand side by side.
const SMALL_WIDTH: u32 = 320;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

type Draw = fn(&Curves, &Labels) -> anyhow::Result<Option<Picture>>;

/// Every picture of the series: the sections' titles, and in each the pictures with what they are
/// called where they cannot be drawn.
const SECTIONS: &[(&str, &[(&str, Draw)])] = &[
    (
        "Real beside generated",
        &[("a year of days", excerpts::median_year), ("two weeks of hours", excerpts::two_weeks)],
    ),
    (
        "Memory and rhythm",
        &[("the autocorrelation", comparisons::autocorrelation), ("the spectrum", spectrum::spectrum)],
    ),
    (
        "Distribution",
        &[
            ("quantiles by season", quantiles::quantiles),
            ("quantile differences by season", quantiles::differences),
            ("standard deviation by month and hour", maps::month_hour_sd),
        ],
    ),
    (
        "Spells and extremes",
        &[("warm and cold spells", spells::spells), ("annual extremes", extremes::extremes)],
    ),
    (
        "Mean courses",
        &[
            ("the seasonal profile", comparisons::seasonal_profile),
            ("the diurnal profile", comparisons::diurnal_profile),
            ("the diurnal range", comparisons::diurnal_range),
        ],
    ),
];

/// The pictures of the series by section, and what could not be drawn.
#[derive(Debug, Serialize)]
pub(crate) struct Gallery {
    sections: Vec<Section>,
    /// A sentence, if something was left out.
    left_out: Option<String>,
}

#[derive(Debug, Serialize)]
struct Section {
    title: &'static str,
    /// True where the pictures stand three in a row.
    is_three: bool,
    pictures: Vec<Picture>,
}

impl Gallery {
    /// # Errors
    /// When plotters fails.
    pub(crate) fn of(curves: &Curves, labels: &Labels) -> anyhow::Result<Gallery> {
        let (mut sections, mut left_out) = (Vec::new(), Vec::new());
        for (title, entries) in SECTIONS {
            let mut pictures = Vec::new();
            for (name, draw) in *entries {
                match draw(curves, labels)? {
                    Some(picture) => pictures.push(picture),
                    None => left_out.push(*name),
                }
            }
            if !pictures.is_empty() {
                let is_three = pictures.len() == 3 && !pictures.iter().any(|picture| picture.is_wide);
                sections.push(Section { title, is_three, pictures });
            }
        }
        let left_out = (!left_out.is_empty()).then(|| {
            format!(
                "Not drawn, because the real or the generated hours are too few: {}.",
                left_out.join("; ")
            )
        });
        Ok(Gallery { sections, left_out })
    }
}

/// A picture with its caption.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Picture {
    /// Anchor in the page.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    /// What it shows and what to look for, for people and screen readers.
    pub(crate) caption: String,
    pub(crate) legend: Vec<Key>,
    /// SVG documents that stand side by side where there is room.
    pub(crate) panels: Vec<String>,
    /// The width below which panels stand below each other, CSS pixels.
    pub(crate) least_width: u32,
    /// True for a picture that takes the page's whole width.
    pub(crate) is_wide: bool,
}

impl Picture {
    /// A picture that is still to be drawn.
    fn new(id: &'static str, title: &str, caption: &str) -> Picture {
        let (title, caption) = (title.to_string(), caption.to_string());
        let (legend, panels) = (Vec::new(), Vec::new());
        Picture { id, title, caption, legend, panels, least_width: 0, is_wide: false }
    }

    /// Draws the panels; several of them take the page's whole width.
    fn draw(mut self, panels: &[Panel]) -> anyhow::Result<Option<Picture>> {
        self.panels = panels.iter().map(plot::svg).collect::<anyhow::Result<_>>()?;
        self.least_width = panels.iter().map(|panel| panel.width).max().unwrap_or(WIDTH) * 9 / 10;
        self.is_wide = panels.len() > 1;
        Ok(Some(self))
    }
}

/// An entry of the legend.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Key {
    /// Of the sign before the name.
    style: String,
    name: String,
    /// At the other end of a scale of colours.
    end: Option<String>,
}

impl Key {
    fn line(colour: Colour, style: LineStyle, name: &str) -> Key {
        let (width, kind) = match style {
            LineStyle::Solid => (3, "solid"),
            LineStyle::Thin => (2, "solid"),
            LineStyle::Dashed => (3, "dashed"),
        };
        let style = format!("border-top: {width}px {kind} {}", colour.css());
        Key { style, name: name.to_string(), end: None }
    }

    fn dot(colour: Colour, name: &str) -> Key {
        let style =
            format!("width: .65rem; height: .65rem; border-radius: 50%; background: {}", colour.css());
        Key { style, name: name.to_string(), end: None }
    }

    fn band(colour: Colour, name: &str) -> Key {
        let style = format!("height: .85rem; opacity: .3; background: {}", colour.css());
        Key { style, name: name.to_string(), end: None }
    }

    /// A rectangle of a map.
    fn block(state: State, name: &str) -> Key {
        let style = format!("height: .85rem; background: {}", state.shade().css());
        Key { style, name: name.to_string(), end: None }
    }

    /// A scale of colours between two values.
    fn scale(scale: Scale, low: &str, high: &str) -> Key {
        let style = format!("width: 6rem; height: .85rem; background: {}", scale.css());
        Key { style, name: low.to_string(), end: Some(high.to_string()) }
    }
}

/// What the sides are called, and the units.
pub(crate) struct Labels {
    /// `held-out years`.
    pub(crate) real: String,
    /// `held-out`, for the axes of small panels.
    pub(crate) real_short: String,
    /// `training years`.
    pub(crate) other_real: String,
    pub(crate) units: Units,
}

impl Labels {
    fn real_key(&self) -> Key {
        Key::line(Colour::Real, LineStyle::Solid, &format!("real ({})", self.real))
    }

    fn other_real_key(&self) -> Key {
        Key::line(Colour::OtherReal, LineStyle::Thin, &format!("real ({})", self.other_real))
    }

    fn generated_key(&self) -> Key {
        Key::line(Colour::Generated, LineStyle::Solid, "generated")
    }

    fn level(&self, values: &[f64]) -> Vec<f64> {
        values.iter().map(|&value| self.units.level_of(value)).collect()
    }

    fn levels(&self, curve: &Curve) -> Curve {
        Curve {
            real: self.level(&curve.real),
            generated: self.level(&curve.generated),
            other_real: self.level(&curve.other_real),
            band_low: self.level(&curve.band_low),
            band_high: self.level(&curve.band_high),
        }
    }

    /// The legend of a curve: what is drawn of it.
    fn legend(&self, curve: &Curve, band: &str) -> Vec<Key> {
        let mut legend = vec![self.real_key(), self.generated_key()];
        if !curve.other_real.is_empty() {
            legend.push(self.other_real_key());
        }
        if !curve.band_low.is_empty() {
            legend.push(Key::band(Colour::Real, band));
        }
        legend
    }
}

const HALVES: &str = "nine in ten random halves of the real years";

/// The layers of a curve, real under generated, with a position for each value.
fn layers(curve: &Curve, x: impl Fn(usize) -> f64) -> Vec<Layer> {
    outlines(curve, |values| values.iter().enumerate().map(|(i, &value)| (x(i), value)).collect())
}

/// The same for any outline of the values.
fn outlines(curve: &Curve, points: impl Fn(&[f64]) -> Vec<(f64, f64)>) -> Vec<Layer> {
    let mut layers = Vec::new();
    if !curve.band_low.is_empty() {
        let (low, high) = (points(&curve.band_low), points(&curve.band_high));
        layers.push(Layer::Band { colour: Colour::Real, low, high });
    }
    let sides = [
        (Colour::OtherReal, LineStyle::Thin, &curve.other_real),
        (Colour::Real, LineStyle::Solid, &curve.real),
        (Colour::Generated, LineStyle::Solid, &curve.generated),
    ];
    for (colour, style, values) in sides.into_iter().filter(|(.., values)| !values.is_empty()) {
        layers.push(Layer::Line { colour, style, points: points(values) });
    }
    layers
}

/// All values that a curve's picture shows.
fn all_values(curve: &Curve) -> impl Iterator<Item = f64> {
    let sides = [&curve.real, &curve.generated, &curve.other_real, &curve.band_low, &curve.band_high];
    sides.into_iter().flat_map(|values| values.iter().copied())
}

/// True where both sides of the comparison are there.
fn is_complete(curve: &Curve) -> bool {
    !curve.real.is_empty() && !curve.generated.is_empty()
}
