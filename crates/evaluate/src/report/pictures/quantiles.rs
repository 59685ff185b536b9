//! Quantiles of generated against real hours.

use super::{HEIGHT, Labels, Picture};
use crate::curves::{Curve, Curves};
use crate::plot::{self, Colour, Line, Panel};

pub(crate) fn quantiles(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let curve = labels.levels(&curves.quantiles);
    let caption = format!(
        "Quantiles from 0.1 to 99.9 % of all hours against those of the {}. On the line of equality both have the same distribution.",
        labels.real
    );
    let picture = Picture::new("quantiles", "Quantile against quantile", &caption);
    let label = format!("generated, {}", labels.units.level);
    quantile_picture(&curve, &label, |_, value| value, labels, picture)
}

pub(crate) fn quantile_differences(curves: &Curves, labels: &Labels) -> anyhow::Result<Option<Picture>> {
    let curve = labels.levels(&curves.quantiles);
    let caption = format!(
        "The same, with the quantiles of the {} subtracted, so that small differences show.",
        labels.real
    );
    let picture = Picture::new("quantile-differences", "Quantile minus quantile", &caption);
    let label = format!("difference, {}", labels.units.difference);
    quantile_picture(&curve, &label, |real, value| value - real, labels, picture)
}

/// Something of the real quantile and another side's, against the real one.
fn quantile_picture(
    curve: &Curve,
    y_label: &str,
    of: impl Fn(f64, f64) -> f64,
    labels: &Labels,
    mut picture: Picture,
) -> anyhow::Result<Option<Picture>> {
    let against = |values: &[f64]| -> Vec<(f64, f64)> {
        curve.real.iter().zip(values).map(|(&real, &value)| (real, of(real, value))).collect()
    };
    let sides = [
        (Colour::Ink, against(&curve.real)),
        (Colour::OtherReal, against(&curve.other_real)),
        (Colour::Generated, against(&curve.generated)),
    ];
    let all = || sides.iter().flat_map(|(_, points)| points);
    let x = plot::axis(&format!("{}, {}", labels.real, labels.units.level), all().map(|point| point.0), 6);
    let y = plot::axis(y_label, all().map(|point| point.1), 6);
    let (Some(x), Some(y), false) = (x, y, curve.generated.is_empty()) else { return Ok(None) };
    let legend = sides.iter().rev().filter(|(_, points)| !points.is_empty());
    picture.legend = legend.map(|(colour, _)| labels.key(*colour)).collect();
    let line = |(colour, points)| Line { colour, dashed: colour != Colour::Generated, points };
    let lines = sides.into_iter().map(line).collect();
    picture.svg = plot::svg(&[Panel { heading: String::new(), height: HEIGHT, x, y, lines }])?;
    Ok(Some(picture))
}
