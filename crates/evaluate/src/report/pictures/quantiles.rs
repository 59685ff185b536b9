//! Quantiles of generated against real hours, by season.

use super::{Key, Labels, Picture};
use crate::curves::{Curve, Curves, SEASONS};
use crate::plot::{self, Axis, Colour, Layer, LineStyle, Panel};

/// Four panels side by side fill the page.
const WIDTH: u32 = 262;
const HEIGHT: u32 = 250;

pub(crate) fn quantiles(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let mut picture = Picture::new(
        "quantiles",
        "Quantile against quantile, by season",
        &format!(
            "Quantiles from 0.1 to 99.9 % of all hours of a season, generated and {} against those of the {}. On the dashed line both have the same distribution; an end that bends away from it is a tail that is too long or too short.",
            labels.other_real, labels.real
        ),
    );
    picture.legend = legend(labels, false);
    let label = format!("generated, {}", labels.units.level);
    let panels = panels(curves, labels, &label, &|curve| {
        let mut layers = vec![line(Colour::Ink, &curve.real, &curve.real)];
        layers.push(line(Colour::OtherReal, &curve.real, &curve.other_real));
        layers.push(line(Colour::Generated, &curve.real, &curve.generated));
        layers
    });
    panels.map_or(Ok(None), |panels| picture.draw(&panels))
}

pub(crate) fn differences(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let mut picture = Picture::new(
        "quantile-differences",
        "Quantile minus quantile, by season",
        &format!(
            "The same with the quantiles of the {} subtracted, so that small differences show. Look for an orange line inside the blue band: so much do two halves of the real years differ from each other.",
            labels.real
        ),
    );
    picture.legend = legend(labels, !curves.season_quantiles.iter().all(|curve| curve.band_low.is_empty()));
    let label = format!("difference, {}", labels.units.difference);
    let panels = panels(curves, labels, &label, &|curve| {
        let minus = |values: &[f64]| -> Vec<f64> {
            values.iter().zip(&curve.real).map(|(value, real)| value - real).collect()
        };
        let mut layers = vec![line(Colour::Ink, &curve.real, &vec![0.0; curve.real.len()])];
        if !curve.band_low.is_empty() {
            layers.push(Layer::Band {
                colour: Colour::Real,
                low: points(&curve.real, &curve.band_low),
                high: points(&curve.real, &curve.band_high),
            });
        }
        layers.push(line(Colour::OtherReal, &curve.real, &minus(&curve.other_real)));
        layers.push(line(Colour::Generated, &curve.real, &minus(&curve.generated)));
        layers
    });
    panels.map_or(Ok(None), |panels| picture.draw(&panels))
}

fn legend(labels: &Labels, has_band: bool) -> Vec<Key> {
    let mut legend = vec![labels.generated_key(), labels.other_real_key()];
    legend.push(Key::line(Colour::Ink, LineStyle::Dashed, "equal"));
    if has_band {
        legend.push(Key::band(Colour::Real, "one half of the real years minus the other, nine in ten"));
    }
    legend
}

/// A panel for each season with the layers of its curve; `None` without two whole seasons or more.
fn panels(
    curves: &Curves,
    labels: &Labels,
    y_label: &str,
    layers: &dyn Fn(&Curve) -> Vec<Layer>,
) -> Option<Vec<Panel>> {
    let seasons = curves.season_quantiles.iter().zip(SEASONS);
    let complete = seasons.filter(|(curve, _)| !curve.real.is_empty() && !curve.generated.is_empty());
    let drawn: Vec<(&str, Curve, Vec<Layer>)> = complete
        .map(|(curve, (name, _))| {
            // The band is of differences, which have no zero point.
            let curve = Curve {
                band_low: curve.band_low.clone(),
                band_high: curve.band_high.clone(),
                ..labels.levels(curve)
            };
            let layers = layers(&curve);
            (name, curve, layers)
        })
        .collect();
    let is_difference = drawn.iter().flat_map(|(.., layers)| heights(layers)).any(|value| value == 0.0);
    let shared = plot::axis(y_label, drawn.iter().flat_map(|(.., layers)| heights(layers)), 5)?;
    let panel = |(name, curve, layers): (&str, Curve, Vec<Layer>)| {
        let x =
            plot::axis(&format!("{}, {}", labels.real_short, labels.units.level), curve.real.into_iter(), 4)?;
        // Differences share their axis, so that seasons can be compared.
        let y: Axis = if is_difference { shared.clone() } else { plot::axis(y_label, heights(&layers), 4)? };
        Some(Panel { heading: name.to_string(), width: WIDTH, height: HEIGHT, x, y, layers })
    };
    drawn.into_iter().map(panel).collect::<Option<Vec<_>>>().filter(|panels| !panels.is_empty())
}

fn heights(layers: &[Layer]) -> impl Iterator<Item = f64> {
    layers.iter().flat_map(|layer| match layer {
        Layer::Line { points, .. } => points.iter().map(|point| point.1).collect(),
        Layer::Band { low, high, .. } => low.iter().chain(high).map(|point| point.1).collect(),
        _ => Vec::new(),
    })
}

fn points(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    x.iter().copied().zip(y.iter().copied()).collect()
}

fn line(colour: Colour, x: &[f64], y: &[f64]) -> Layer {
    let style = match colour {
        Colour::Ink => LineStyle::Dashed,
        Colour::OtherReal => LineStyle::Thin,
        _ => LineStyle::Solid,
    };
    Layer::Line { colour, style, points: points(x, y) }
}
