//! The report's pictures: one file a kind.

mod comparisons;
mod excerpts;
mod losses;
mod quantiles;

use serde::Serialize;

use super::units::Units;
use crate::curves::{Curve, Curves};
use crate::plot::Colour;

pub(crate) use losses::losses;

/// Of a whole picture, CSS pixels at its natural size.
const HEIGHT: u32 = 330;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The two pictures that say most.
pub(crate) fn first(curves: &Curves, labels: &Labels) -> anyhow::Result<Vec<Picture>> {
    gather([excerpts::last_weeks(curves, labels)?, comparisons::autocorrelation(curves, labels)?])
}

/// All others of the series.
pub(crate) fn others(curves: &Curves, labels: &Labels) -> anyhow::Result<Vec<Picture>> {
    gather([
        excerpts::last_year(curves, labels)?,
        comparisons::seasonal_profile(curves, labels)?,
        comparisons::diurnal_profile(curves, labels)?,
        comparisons::diurnal_range(curves, labels)?,
        quantiles::quantiles(curves, labels)?,
        quantiles::quantile_differences(curves, labels)?,
    ])
}

fn gather<const N: usize>(pictures: [Option<Picture>; N]) -> anyhow::Result<Vec<Picture>> {
    Ok(pictures.into_iter().flatten().collect())
}

/// A picture with its caption.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Picture {
    /// Anchor in the page.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    /// What it shows, for people and screen readers.
    pub(crate) caption: String,
    pub(crate) legend: Vec<Key>,
    pub(crate) svg: String,
}

impl Picture {
    /// A picture that is still to be drawn.
    fn new(id: &'static str, title: &str, caption: &str) -> Picture {
        let (title, caption) = (title.to_string(), caption.to_string());
        Picture { id, title, caption, legend: Vec::new(), svg: String::new() }
    }
}

/// An entry of the legend.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Key {
    colour: String,
    dashed: bool,
    name: String,
}

/// What the sides are called, and the units.
pub(crate) struct Labels {
    pub(crate) real: String,
    pub(crate) other_real: String,
    pub(crate) units: Units,
}

impl Labels {
    fn key(&self, colour: Colour) -> Key {
        let (name, dashed) = match colour {
            Colour::Real => (self.real.clone(), false),
            Colour::Generated => ("generated".to_string(), false),
            Colour::OtherReal => (self.other_real.clone(), true),
            Colour::Training => ("training".to_string(), false),
            Colour::Ink => ("equal".to_string(), true),
        };
        Key { colour: colour.css(), dashed, name }
    }

    fn level(&self, values: &[f64]) -> Vec<f64> {
        values.iter().map(|&value| self.units.level_of(value)).collect()
    }

    fn levels(&self, curve: &Curve) -> Curve {
        Curve {
            real: self.level(&curve.real),
            generated: self.level(&curve.generated),
            other_real: self.level(&curve.other_real),
        }
    }
}
